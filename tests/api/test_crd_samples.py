"""KubeDirector's own samples pass our CRDs, keep every field, and decode."""

from __future__ import annotations

from typing import Any

import msgspec

from kdasync.api.app import KubeDirectorApp
from kdasync.api.cluster import KubeDirectorCluster
from kdasync.api.config import KubeDirectorConfig

TYPES = {"KubeDirectorApp": KubeDirectorApp, "KubeDirectorCluster": KubeDirectorCluster, "KubeDirectorConfig": KubeDirectorConfig}


def test_sample_is_valid(kinds: Any, sample: Any) -> None:
    assert kinds[sample["kind"]].errors(sample) == []


def test_sample_keeps_every_field(kinds: Any, sample: Any) -> None:
    assert kinds[sample["kind"]].prune(sample) == sample


def test_sample_decodes(sample: Any) -> None:
    decoded = msgspec.convert(sample, TYPES[sample["kind"]])
    assert decoded.metadata.name == sample["metadata"]["name"]
