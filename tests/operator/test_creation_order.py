"""Pods start first: members' services, which an API server makes one at a time, are created after every StatefulSet."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.looptime


async def test_services_of_members_come_after_all_stateful_sets(running: Any, make: Any) -> None:
    async with running() as stack:
        sets, services = (stack.plane.storage.feed(resource) for resource in ("apps/statefulsets", "/services"))
        await stack.create("kubedirectorclusters", make())
        await stack.until(lambda: stack.configured("one"))
        made = [change.entry.version for change in sets.take() if change.previous is None]
        added = [change.entry for change in services.take() if change.previous is None]
        members = [entry.version for entry in added if entry.object["spec"].get("clusterIP") != "None"]
        assert (len(made), len(members)) == (2, 3)
        assert max(made) < min(members)
        assert min(entry.version for entry in added) < min(made)  # the headless one gives the pods their names
