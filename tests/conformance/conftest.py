"""Transcripts of the real server, and the ground under a conversation."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from realcluster import cluster as clusters
from realcluster.cluster import Cluster


@pytest.fixture(scope="session")
def real_cluster() -> Iterator[Cluster]:
    """A ready cluster: the one of `make cluster-up`, else one of its own that ends with the session."""
    running = clusters.find(os.environ.get("KDASYNC_CONFORMANCE_CLUSTER", "main"))
    own = running or clusters.start(f"conformance-{os.getpid()}", say=lambda text: print(text, file=sys.stderr))
    try:
        yield own
    finally:
        if running is None:
            own.stop()
