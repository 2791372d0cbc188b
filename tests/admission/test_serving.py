"""The webhook over HTTPS and as a service of a devcluster: registered, asked, renewed while it runs, and removed."""

from __future__ import annotations

import asyncio
import io
import json
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from kdasync.admission.certificates import Issuer, advance, hosts, verifies
from kdasync.admission.handle import BODY
from kdasync.admission.keeper import SECRET, ClusterKeeper
from kdasync.admission.rotation import Rotator
from kdasync.admission.server import Tls, serve
from kdasync.devcluster.inprocess import InProcessTransport
from kdasync.errors import Conflict
from kdasync.kube.client import Client
from kdasync.settings import Settings

NAMES = hosts("kubedirector-validator", "kubedirector")
HOOKS = "/apis/admissionregistration.k8s.io/v1"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def client(site: Any) -> Client:
    return Client(
        InProcessTransport(site.server),
        settings=Settings(),
        clock=asyncio.get_running_loop().time,
        sleep=asyncio.sleep,
        random=lambda: 0.5,
    )


@pytest.fixture
async def keeper(client: Client) -> ClusterKeeper:
    return ClusterKeeper(client, namespace="kubedirector")


def rotator(keeper: ClusterKeeper, tls: Tls, now: datetime = NOW) -> Rotator:
    return Rotator(keeper, Issuer(hosts=NAMES), serve=tls.take, now=now.timestamp)


async def test_registered_with_a_bundle_that_verifies(site: Any, keeper: ClusterKeeper) -> None:
    made = rotator(keeper, Tls())
    await made.step()
    assert made.ready
    stored = await keeper.load()
    assert stored.material == made.served
    assert verifies(made.served.certificate, await keeper.installed(), NAMES[0], now=NOW)
    secret = await site.must("GET", f"/api/v1/namespaces/kubedirector/secrets/{SECRET}")
    assert set(secret["data"]) == {"app.crt", "app.pem", "ca.crt", "ca.pem"}
    service = await site.must("GET", "/api/v1/namespaces/kubedirector/services/kubedirector-validator")
    assert service["spec"]["ports"][0]["targetPort"] == 8443


async def test_a_stale_version_is_a_conflict(keeper: ClusterKeeper) -> None:
    material = advance(None, Issuer(hosts=NAMES), now=NOW, installed=b"")
    await keeper.save(material, "")
    for version in ("", "1"):
        with pytest.raises(Conflict):
            await keeper.save(material, version)


async def test_somebody_elses_registration_is_put_right(site: Any, keeper: ClusterKeeper) -> None:
    await rotator(keeper, Tls()).step()
    path = f"{HOOKS}/mutatingwebhookconfigurations/kubedirector-webhook"
    body = await site.must("GET", path)
    body["webhooks"] = body["webhooks"][:1]
    body["webhooks"][0]["name"] = "hard-validate-cr.kubedirector.hpe.com"
    body["metadata"]["annotations"] = {}
    await site.must("PUT", path, body)
    assert await keeper.installed() == b""
    await rotator(keeper, Tls()).step()
    names = [hook["name"] for hook in (await site.must("GET", path))["webhooks"]]
    assert names == ["defaults.kubedirector.hpe.com", "claims.kubedirector.hpe.com"]


async def test_removed(site: Any, keeper: ClusterKeeper, app: Any) -> None:
    await rotator(keeper, Tls()).step()
    site.plane.services.clear()
    assert (await site.create(app)).status == 500
    await keeper.remove()
    await keeper.remove()
    for plural in ("mutatingwebhookconfigurations", "validatingwebhookconfigurations"):
        assert (await site.send("GET", f"{HOOKS}/{plural}/kubedirector-webhook")).status == 404
    assert (await site.create(app)).status == 201


async def test_the_service_of_kubedirector_leads_to_us(site: Any, keeper: ClusterKeeper) -> None:
    spec = {"selector": {"name": "kubedirector"}, "ports": [{"port": 443, "targetPort": 8443}]}
    path = "/api/v1/namespaces/kubedirector/services"
    before = await site.must("POST", path, {"metadata": {"name": "kubedirector-validator"}, "spec": spec})
    await rotator(keeper, Tls()).step()
    after = await site.must("GET", f"{path}/kubedirector-validator")
    assert after["spec"]["selector"] == {"app.kubernetes.io/name": "kdasync"}
    assert after["spec"]["clusterIP"] == before["spec"]["clusterIP"]


@pytest.fixture
async def secured(site: Any) -> AsyncIterator[Any]:
    """A port, a TLS client context, and what changes the certificate."""
    tls = Tls()
    material = advance(None, Issuer(hosts=NAMES), now=datetime.now(UTC), installed=b"")
    tls.take(material)
    async with serve(site.serve, host="127.0.0.1", port=0, context=tls.context, ready=lambda: True) as port:
        trusting = ssl.create_default_context(cadata=material.bundle.decode())
        async with aiohttp.ClientSession() as session:

            async def post(path: str, data: bytes, *, context: ssl.SSLContext = trusting) -> Any:
                url = f"https://127.0.0.1:{port}{path}"
                async with session.post(url, data=io.BytesIO(data), ssl=context, server_hostname=NAMES[0]) as answer:
                    return answer.status, await answer.read()

            yield post, tls, material


def review(body: Any) -> bytes:
    asked = {"uid": "u", "kind": {"kind": body["kind"]}, "operation": "CREATE", "namespace": "default", "object": body}
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": asked}).encode()


async def test_over_https(secured: Any, app: Any) -> None:
    post, _, _ = secured
    status, body = await post("/mutate", review(app))
    answer = json.loads(body)
    assert (status, answer["kind"], answer["apiVersion"]) == (200, "AdmissionReview", "admission.k8s.io/v1")
    assert answer["response"]["patchType"] == "JSONPatch"
    bad = {**app, "spec": {**app["spec"], "defaultImageRepoTag": None}}
    status, body = await post("/validate", review(bad))
    assert (status, json.loads(body)["response"]["allowed"]) == (200, False)


async def test_a_body_that_is_too_large(secured: Any) -> None:
    post, _, _ = secured
    status, _ = await post("/validate", b" " * (BODY + 1))
    assert status == 413


async def test_a_new_certificate_counts_for_new_connections(secured: Any) -> None:
    post, tls, material = secured
    later = datetime.now(UTC) + timedelta(minutes=1)
    other = advance(None, Issuer(hosts=NAMES), now=later - timedelta(minutes=1), installed=b"")
    assert (await post("/healthz", b""))[0] == 200
    tls.take(other)
    assert (await post("/healthz", b""))[0] == 200, "the open connection stays"
    trusting = ssl.create_default_context(cadata=other.bundle.decode())
    assert (await post("/healthz", b"", context=trusting))[0] == 200
    assert other.bundle != material.bundle


async def test_the_api_server_reaches_us_by_its_service(site: Any, keeper: ClusterKeeper, app: Any) -> None:
    """Endpoints of the service, our certificate, the installed bundle: nothing in between is pretended."""
    tls = Tls()
    handler = site.plane.services.pop(("kubedirector", "kubedirector-validator"))
    async with serve(handler, host="127.0.0.1", port=0, context=tls.context, ready=lambda: True) as port:
        await rotator(keeper, tls, datetime.now(UTC)).step()
        subsets = [{"addresses": [{"ip": "127.0.0.1"}], "ports": [{"port": port}]}]
        endpoints = {"metadata": {"name": "kubedirector-validator"}, "subsets": subsets}
        await site.must("POST", "/api/v1/namespaces/kubedirector/endpoints", endpoints)
        made = await site.create(app)
        assert made.status == 201
        assert made.json["spec"]["roles"][0]["maxLogSizeDump"] == 256
        bad = {**app, "metadata": {"name": "bad"}, "spec": {**app["spec"], "defaultImageRepoTag": None}}
        assert "NoImage" in json.dumps((await site.create(bad)).json)
