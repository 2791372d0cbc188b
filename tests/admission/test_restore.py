"""Restore marks: an export is no restore, a restore is still sealed, and nobody freezes a live cluster."""

from __future__ import annotations

import copy
from typing import Any

import pytest

BACKUP = "kubedirector.hpe.com/status-backup-exists"
RESTORING = "kubedirector.hpe.com/restoring"


def noted(cluster: Any, value: str, **spec: Any) -> Any:
    result = copy.deepcopy(cluster)
    result["metadata"] |= {"name": "two", "annotations": {BACKUP: value}}
    result["spec"].update(spec)
    return result


async def test_a_backup_is_restored_without_its_surroundings(site: Any, cluster: Any) -> None:
    made = await site.create(noted(cluster, "true"))
    assert made.status == 201
    assert made.json["metadata"]["labels"] == {RESTORING: ""}
    assert "appCatalog" not in made.json["spec"]


@pytest.mark.parametrize("value", ["false", "", "yes"])
async def test_an_export_is_a_new_cluster(running: Any, cluster: Any, value: str) -> None:
    made = await running.create(noted(cluster, value))
    assert made.status == 201
    assert "labels" not in made.json["metadata"]
    assert BACKUP not in made.json["metadata"].get("annotations", {})
    assert made.json["spec"]["appCatalog"] == "local"


async def test_an_export_is_judged(running: Any, cluster: Any) -> None:
    assert (await running.create(noted(cluster, "false", app="nope"))).status == 422


async def test_clear_text_is_sealed_in_a_restore_too(running: Any, cluster: Any) -> None:
    body = noted(cluster, "true")
    body["spec"]["roles"][0]["secretKeys"] = [{"name": "k", "value": "secret"}]
    made = await running.create(body)
    assert set(made.json["spec"]["roles"][0]["secretKeys"][0]) == {"name", "encryptedValue"}
    again = copy.deepcopy(body)
    again["metadata"]["name"] = "three"
    again["spec"]["roles"][0]["secretKeys"] = made.json["spec"]["roles"][0]["secretKeys"]
    assert (await running.create(again)).status == 201
    again["metadata"]["name"] = "four"
    again["spec"]["roles"][0]["secretKeys"] = [{"name": "k", "encryptedValue": "00" * 40}]
    assert (await running.create(again)).status == 422


async def test_the_spec_stays_while_it_lasts(running: Any, cluster: Any) -> None:
    await running.create(noted(cluster, "true"))
    body = noted(cluster, "true", serviceType="NodePort")
    answer = await running.merge(body, {"spec": {"serviceType": "NodePort"}})
    assert "spec: the cluster is being restored. Wait until the restore has ended, or remove the label" in answer.message
    assert (await running.merge(body, {"metadata": {"labels": {"a": "b"}}})).status == 200


async def test_the_end_is_judged_in_full(running: Any, cluster: Any) -> None:
    drop = {"metadata": {"labels": {RESTORING: None}}}
    await running.create(noted(cluster, "true", app="nope"))
    answer = await running.merge(noted(cluster, "true"), drop)
    assert "spec.app: there is no KubeDirectorApp 'nope'" in answer.message
    good = noted(cluster, "true")
    good["metadata"]["name"] = "three"
    await running.create(good)
    path = running.path(good, named=True) + "/status"
    pending = {"roles": [{"id": "worker", "members": [{"pod": "p", "stateDetail": {"pendingNotifyCmds": [{"arguments": ["x"]}]}}]}]}
    await running.must("PATCH", path, {"status": pending}, media="application/merge-patch+json")
    assert (await running.merge(good, drop)).status == 200


async def test_a_live_cluster_is_not_frozen(running: Any, cluster: Any) -> None:
    answer = await running.merge(cluster, {"metadata": {"labels": {RESTORING: ""}}})
    assert f"metadata.labels[{RESTORING}]: only a restore sets this label. Remove it. To stop the operator's work" in answer.message


async def test_deletes_of_clusters_do_not_come_here(running: Any, cluster: Any) -> None:
    running.plane.services.clear()
    assert (await running.delete(cluster)).status == 200
