"""An app that clusters use is neither changed nor deleted; what says so are the clusters."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kdasync.admission.handle import Webhook

APPS = "/apis/kubedirector.hpe.com/v1beta1/namespaces/default/kubedirectorapps"
SAID = (
    "spec: app demo cannot be changed while clusters use it: default/one. "
    "Create a new app under another name, or delete these clusters first."
)


def other(app: Any, **spec: Any) -> Any:
    result = copy.deepcopy(app)
    result["spec"].update(spec)
    return result


async def test_a_change_is_refused(running: Any, app: Any) -> None:
    answer = await running.update(other(app, distroID="acme/other"))
    assert (answer.status, SAID in answer.message) == (422, True)


async def test_a_delete_is_refused_and_names_the_way_out(running: Any, app: Any) -> None:
    answer = await running.delete(app)
    assert answer.status == 422
    assert "metadata.name: app demo cannot be deleted while clusters use it: default/one." in answer.message


async def test_both_work_when_the_cluster_is_gone(running: Any, app: Any, cluster: Any) -> None:
    assert (await running.delete(cluster)).status == 200
    assert (await running.update(other(app, distroID="acme/other"))).status == 200
    assert (await running.delete(app)).status == 200


async def test_the_same_manifest_again(running: Any, app: Any) -> None:
    for body in (app, other(app, defaultMaxLogSizeDump=256)):
        answer = await running.update(body)
        assert answer.status == 200, answer.message


async def test_an_app_stored_without_a_log_size_is_the_same_as_one_with_the_default(running: Any, app: Any) -> None:
    entry = running.plane.storage.get("kubedirector.hpe.com/kubedirectorapps", "default", "demo")
    old = entry.copy()
    for role in old["spec"]["roles"]:
        del role["maxLogSizeDump"]
    running.plane.storage.put("kubedirector.hpe.com/kubedirectorapps", old)
    assert (await running.update(app)).status == 200


async def test_labels_may_change(running: Any, app: Any) -> None:
    assert (await running.merge(app, {"metadata": {"labels": {"a": "b"}}})).status == 200


async def test_times_may_change(running: Any, app: Any) -> None:
    assert (await running.update(other(app, kdasync={"roles": [{"id": "master", "configureSeconds": 5}]}))).status == 200
    answer = await running.update(other(app, kdasync={"roles": [{"id": "master", "command": ["x"]}]}))
    assert answer.status == 422


async def test_deletecollection(running: Any, app: Any) -> None:
    answer = await running.send("DELETE", APPS)
    assert answer.status == 422
    assert (await running.send("GET", f"{APPS}/demo")).status == 200
    assert app["metadata"]["name"] == "demo"


async def test_a_restarted_operator_knows_it_too(running: Any, app: Any) -> None:
    running.webhook = Webhook(running.known(), running.ask)
    assert (await running.delete(app)).status == 422


async def test_an_app_of_the_same_name_elsewhere_is_free(running: Any, app: Any) -> None:
    system = {**app, "metadata": {"name": "demo", "namespace": "kubedirector"}}
    await running.must("POST", running.path(system), system)
    assert (await running.delete(system)).status == 200


async def test_a_system_app_is_held_from_any_namespace(running: Any, app: Any, cluster: Any) -> None:
    system = {**app, "metadata": {"name": "shared", "namespace": "kubedirector"}}
    await running.must("POST", running.path(system), system)
    two = {**cluster, "metadata": {"name": "two", "namespace": "default"}, "spec": {**cluster["spec"], "app": "shared"}}
    made = await running.create(two)
    assert made.json["spec"]["appCatalog"] == "system"
    assert "default/two" in (await running.delete(system)).message


@pytest.mark.parametrize(("right", "status"), [(True, 200), (False, 422)])
async def test_the_bypass_needs_the_mark_and_the_right(running: Any, app: Any, right: bool, status: int) -> None:
    running.may = lambda wanted: wanted.verb == "bypass" and right
    assert (await running.delete(app)).status == 422
    assert (await running.merge(app, {"metadata": {"annotations": {"kdasync.io/bypass-admission": "true"}}})).status == 200
    assert (await running.delete(app)).status == status
