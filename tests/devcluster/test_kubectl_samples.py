"""Every KubeDirector sample is accepted by kubectl apply and comes back with every field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml


def contained(part: Any, whole: Any) -> bool:
    """True if `whole` has all of `part`; a null may be gone, as the API server drops those that no schema allows."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(contained(item, whole.get(key)) for key, item in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and len(part) == len(whole) and all(map(contained, part, whole))
    return bool(part == whole)


async def test_samples_come_back_as_applied(kubectl: Any, shared: Path, crds: list[Path]) -> None:
    for crd in crds:
        await kubectl("apply", "-f", str(crd))
    samples = [path for folder in ("apps", "clusters", "configs") for path in sorted((shared / folder).iterdir())]
    assert len(samples) == 16
    for index, path in enumerate(samples):
        space = f"sample-{index}"
        await kubectl("create", "namespace", space)
        await kubectl("-n", space, "apply", "-f", str(path))
        for document in filter(None, yaml.safe_load_all(path.read_text())):
            name = document["metadata"]["name"]
            stored = yaml.safe_load(await kubectl("-n", space, "get", document["kind"], name, "-o", "yaml"))
            assert contained(document, stored), json.dumps(stored)
