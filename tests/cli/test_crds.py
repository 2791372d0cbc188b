from __future__ import annotations

from collections.abc import Callable

import yaml
from click.testing import Result

from kdasync.cli.access import client_over
from kdasync.cli.definitions import apply_definitions
from kdasync.devcluster.cluster import DevCluster, DevClusterSettings
from kdasync.kube.resource import DEFINITIONS

KINDS = {"KubeDirectorApp", "KubeDirectorCluster", "KubeDirectorConfig", "KubeDirectorStatusBackup"}


def test_prints_all_four_as_one_stream(call: Callable[..., Result]) -> None:
    documents = list(yaml.safe_load_all(call("crds").output))
    assert {document["spec"]["names"]["kind"] for document in documents} == KINDS


async def test_applies_all_and_then_none_again() -> None:
    async with DevCluster(settings=DevClusterSettings(host="")) as cluster:
        client = client_over(cluster.transport)
        assert len(await apply_definitions(client, replace=False)) == 4
        assert await apply_definitions(client, replace=False) == []
        served = (await client.list(DEFINITIONS)).items
        assert len(served) == 4


async def test_replaces_where_asked_to() -> None:
    async with DevCluster(settings=DevClusterSettings(host="")) as cluster:
        client = client_over(cluster.transport)
        await apply_definitions(client, replace=False)
        assert len(await apply_definitions(client, replace=True)) == 4
