from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from kdasync.api.meta import ObjectMeta, OwnerReference
from kdasync.api.workloads import Pod


@pytest.fixture(scope="session", autouse=True)
def _no_forgotten_loop() -> None:
    """Without it, looptime's plugin makes a loop for the first synchronous test, which nobody closes."""
    asyncio.set_event_loop(None)


@pytest.fixture(scope="session")
def pod() -> Callable[..., Pod]:
    def make(name: str, version: int, *, uid: str = "", cluster: str = "", owner: str = "") -> Pod:
        labels = {"kubedirector.hpe.com/kdcluster": cluster} if cluster else {}
        owners = [OwnerReference(uid=owner)] if owner else []
        return Pod(
            metadata=ObjectMeta(
                name=name,
                namespace="ns",
                uid=uid or f"uid-{name}",
                resource_version=str(version),
                labels=labels,
                owner_references=owners,
            )
        )

    return make
