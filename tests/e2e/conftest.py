"""A real Kubernetes for each session of tests: the one that `make cluster-up` runs, else one of its own that ends with the session.

A missing tool fails every test here; nothing is skipped.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest
from realcluster import cluster as clusters
from realcluster.cluster import Cluster
from realcluster.kubectl import install_crds
from realcluster.lab import Lab, lab


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the real cluster."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.real)


@pytest.fixture(scope="session")
def real() -> Iterator[Cluster]:
    """A ready cluster with our CRDs."""
    running = clusters.find("main")
    own = running or clusters.start(f"test-{os.getpid()}", say=lambda text: print(text, file=sys.stderr))
    try:
        install_crds(own)
        yield own
    finally:
        if running is None:
            own.stop()


@pytest.fixture
def labs(real: Cluster, tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    """Makes labs; knobs as KDASYNC_* keywords."""
    with ExitStack() as stack:

        def make(**knobs: str) -> Lab:
            made: AbstractContextManager[Lab] = lab(real, tmp_path, **knobs)
            return stack.enter_context(made)

        yield make
