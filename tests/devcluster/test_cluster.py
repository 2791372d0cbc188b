"""The whole devcluster on simulated containers: kubectl applies a StatefulSet, and it runs, scales and goes."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from kdasync.devcluster.cluster import DevCluster
from kdasync.devcluster.runtime.simulated import SimulatedRuntime

SET = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: web
  replicas: 3
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: "web:1"}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


@pytest.fixture
async def dev() -> AsyncIterator[DevCluster]:
    async with DevCluster(SimulatedRuntime(random=random.Random(1))) as cluster:  # noqa: S311 - repeatable on purpose
        yield cluster


async def test_a_stateful_set_runs_scales_and_goes(kubectl: Any) -> None:
    await kubectl("apply", "-f", "-", stdin=SET)
    await kubectl("rollout", "status", "sts/web", "--timeout=30s")
    assert (await kubectl("get", "pods", "-o", "name")).split() == ["pod/web-0", "pod/web-1", "pod/web-2"]
    assert (await kubectl("get", "pvc", "--no-headers")).count(" Bound ") == 3
    await kubectl("scale", "sts/web", "--replicas=1")
    await kubectl("wait", "--for=delete", "pod/web-2", "pod/web-1", "--timeout=30s")
    await kubectl("delete", "sts/web")
    await kubectl("wait", "--for=delete", "pod/web-0", "--timeout=30s")
    assert (await kubectl("get", "pvc", "-o", "name")).count("data-web-") == 3
