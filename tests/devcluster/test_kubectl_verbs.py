"""kubectl's everyday verbs work on a built-in and on a custom kind."""

from __future__ import annotations

import asyncio
import json
from typing import Any

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, ports: [{port: 80}], selector: {app: a}}
"""


async def test_apply_get_describe_delete(kubectl: Any) -> None:
    assert await kubectl("apply", "-f", "-", stdin=SERVICE) == "service/web created\n"
    assert await kubectl("apply", "-f", "-", stdin=SERVICE) == "service/web unchanged\n"
    assert await kubectl("apply", "-f", "-", stdin=SERVICE.replace("80", "81")) == "service/web configured\n"
    header, row = (await kubectl("get", "svc", "-o", "wide")).splitlines()
    assert header.split() == ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE", "SELECTOR"]
    assert row.split()[:2] == ["web", "NodePort"]
    assert row.split()[4].startswith("81:3")
    assert "IP Family Policy:" in await kubectl("describe", "svc", "web")
    assert await kubectl("delete", "svc", "web") == 'service "web" deleted from default namespace\n'


async def test_wait_for_a_condition_and_custom_columns(kubectl: Any, crds: list[Any]) -> None:
    for crd in crds:
        await kubectl("apply", "-f", str(crd))
    assert (await kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=10s")).count("condition met") == len(
        crds
    )
    assert "No resources found" in (await kubectl.run("get", "kdcluster"))[2]


async def test_strict_validation_names_the_unknown_field(kubectl: Any) -> None:
    code, _, err = await kubectl.run("apply", "-f", "-", stdin=SERVICE.replace("selector:", "selecter:"))
    assert code == 1
    assert 'strict decoding error: unknown field "spec.selecter"' in err


async def test_explain_reads_our_schema(kubectl: Any, crds: list[Any]) -> None:
    for crd in crds:
        await kubectl("apply", "-f", str(crd))
    assert "limits\t<Object> -required-" in await kubectl("explain", "kubedirectorclusters.spec.roles.resources")


async def test_server_side_apply_reports_a_conflict(kubectl: Any) -> None:
    await kubectl("apply", "-f", "-", stdin=SERVICE)
    code, _, err = await kubectl.run("apply", "--server-side", "-f", "-", stdin=SERVICE.replace("app: a", "app: b"))
    assert code == 1
    assert 'conflict with "kubectl-client-side-apply" using v1: .spec.selector' in err
    await kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=SERVICE.replace("app: a", "app: b"))
    assert json.loads(await kubectl("get", "svc", "web", "-o", "json"))["spec"]["selector"] == {"app": "b"}


async def test_create_label_scale_and_edit_by_patch(kubectl: Any) -> None:
    await kubectl("create", "configmap", "c", "--from-literal=a=1")
    await kubectl("label", "configmap", "c", "x=y")
    await kubectl("patch", "configmap", "c", "-p", '{"data":{"b":"2"}}')
    assert json.loads(await kubectl("get", "cm", "-l", "x=y", "-o", "json"))["items"][0]["data"] == {"a": "1", "b": "2"}


async def test_a_kind_that_is_not_served_is_named(kubectl: Any) -> None:
    deployment = '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"}}'
    code, _, err = await kubectl.run("apply", "-f", "-", stdin=deployment)
    assert code == 1
    assert 'no matches for kind "Deployment" in version "apps/v1"' in err


async def test_watching_a_table(kubectl: Any) -> None:
    await kubectl("create", "configmap", "c", "--from-literal=a=1")
    watching = asyncio.create_task(kubectl.run("get", "cm", "c", "-w", "--request-timeout=4s"))
    await asyncio.sleep(2)
    await kubectl("patch", "configmap", "c", "-p", '{"data":{"b":"2"}}')
    _, out, _ = await watching
    assert [line.split()[:2] for line in out.splitlines()] == [["NAME", "DATA"], ["c", "1"], ["c", "2"]]


async def test_a_service_account_token(kubectl: Any) -> None:
    await kubectl("create", "serviceaccount", "robot")
    token = (await kubectl("create", "token", "robot")).strip()
    assert len(token) > 32
    assert "default" in await kubectl("--token", token, "get", "namespaces")
