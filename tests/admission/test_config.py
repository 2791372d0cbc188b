"""The global config: defaults, place, key; and what it changes for clusters."""

from __future__ import annotations

from typing import Any

import pytest

from kdasync.guest.secretkeys import encrypt


async def test_defaults(site: Any, config: Any) -> None:
    made = await site.must("POST", site.path(config), config)
    key = made["spec"].pop("masterEncryptionKey")
    assert encrypt("x", key, nonce=bytes)
    assert len(key) == 64
    assert made["spec"] == {
        "defaultServiceType": "LoadBalancer",
        "nativeSystemdSupport": False,
        "clusterSvcDomainBase": ".svc.cluster.local",
        "defaultNamingScheme": "UID",
        "backupClusterStatus": False,
        "allowRestoreWithoutConnections": False,
    }


async def test_other_namespace(site: Any, config: Any) -> None:
    answer = await site.create({**config, "metadata": {"name": "kd-global-config", "namespace": "default"}})
    assert "metadata.namespace: namespace default is not the operator's. Create it in kubedirector." in answer.message


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"defaultStorageClassName": "nope"}, "spec.defaultStorageClassName: there is no StorageClass nope."),
        ({"masterEncryptionKey": "xyz"}, "spec.masterEncryptionKey: is no key. Set it to 32, 48 or 64 hex digits."),
        ({"podLabels": {"-": "x"}}, "spec.podLabels: '-' is no key."),
        ({"serviceAnnotations": {"-": "x"}}, "spec.serviceAnnotations: '-' is no key."),
        ({"podLabels": {"kubedirector.hpe.com/kdcluster": "x"}}, "is set by the operator. Remove it."),
    ],
)
async def test_refused(site: Any, config: Any, spec: Any, message: str) -> None:
    answer = await site.create({**config, "spec": spec})
    assert (answer.status, message in answer.message) == (422, True), answer.message


@pytest.mark.parametrize(
    "spec", [{"masterEncryptionKey": "00" * 16}, {"podLabels": {"a": "b"}}, {"defaultServiceType": "NodePort"}]
)
async def test_accepted(site: Any, config: Any, spec: Any) -> None:
    answer = await site.create({**config, "spec": spec})
    assert answer.status == 201, answer.message


async def test_in_use(running: Any, config: Any, cluster: Any) -> None:
    changed = await running.merge(config, {"spec": {"masterEncryptionKey": "00" * 32}})
    assert "spec.masterEncryptionKey: the key cannot change while clusters exist: default/one." in changed.message
    deleted = await running.delete(config)
    assert "the config cannot be deleted while clusters exist: default/one. Delete the clusters first" in deleted.message
    assert (await running.delete(cluster)).status == 200
    assert (await running.merge(config, {"spec": {"masterEncryptionKey": "00" * 32}})).status == 200
    assert (await running.delete(config)).status == 200


async def test_a_manifest_without_the_key_keeps_it(running: Any, config: Any) -> None:
    before = await running.must("GET", running.path(config, named=True))
    answer = await running.update(config)
    assert answer.status == 200, answer.message
    assert answer.json["spec"]["masterEncryptionKey"] == before["spec"]["masterEncryptionKey"]


async def test_required_prefix(running: Any, config: Any, cluster: Any) -> None:
    assert (await running.merge(config, {"spec": {"requiredSecretPrefix": "ok-"}})).status == 200
    await running.must("POST", "/api/v1/namespaces/default/secrets", {"metadata": {"name": "ok-1"}})
    for spec, field in (
        ({"defaultSecret": {"name": "s1", "mountPath": "/s"}}, "spec.defaultSecret.name"),
        ({"connections": {"secrets": ["s1"]}}, "spec.connections.secrets[0]"),
        ({"roles": [{**cluster["spec"]["roles"][0], "secret": {"name": "s1", "mountPath": "/s"}}]}, "spec.roles[0].secret.name"),
    ):
        body = {**cluster, "metadata": {"name": "two"}, "spec": {**cluster["spec"], "connections": {}, **spec}}
        answer = await running.create(body)
        assert f"{field}: Secret s1 may not be used. Name one that starts with 'ok-'" in answer.message
    good = {"defaultSecret": {"name": "ok-1", "mountPath": "/s"}, "connections": {"secrets": ["ok-2"]}}
    assert (await running.create({**cluster, "metadata": {"name": "two"}, "spec": {**cluster["spec"], **good}})).status == 201


@pytest.mark.parametrize(("support", "status"), [(False, 422), (True, 201), (None, 201)])
async def test_shared_memory(running: Any, config: Any, cluster: Any, support: bool | None, status: int) -> None:
    assert (await running.merge(config, {"spec": {"forceSharedMemorySizeSupport": support}})).status == 200
    roles = [{**cluster["spec"]["roles"][0], "sharedMemory": "1Gi"}, cluster["spec"]["roles"][1]]
    answer = await running.create({**cluster, "metadata": {"name": "two"}, "spec": {**cluster["spec"], "roles": roles}})
    assert answer.status == status
    assert (status == 201) or "spec.roles[0].sharedMemory: shared memory sizes are switched off. Remove it" in answer.message


async def test_defaults_of_clusters_follow_the_config_at_once(running: Any, config: Any, cluster: Any) -> None:
    spec = {"defaultServiceType": "NodePort", "defaultNamingScheme": "CrNameRole"}
    assert (await running.merge(config, {"spec": spec})).status == 200
    made = await running.create({**cluster, "metadata": {"name": "two"}})
    assert (made.json["spec"]["serviceType"], made.json["spec"]["namingScheme"]) == ("NodePort", "CrNameRole")
