"""devcluster answers each conversation as the real server did, but for the listed differences."""

from __future__ import annotations

from pathlib import Path

import pytest
from conformance import catalogue, grounds
from conformance.compare import judge
from conformance.talk import Talk


@pytest.mark.parametrize("http", [False, True], ids=["in process", "https"])
@pytest.mark.parametrize("name", catalogue.conversations())
async def test_answers_as_the_real_server(name: str, http: bool, tmp_path: Path) -> None:
    folder = tmp_path if name.startswith("exec.") else None
    async with grounds.devcluster(http=http, folder=folder) as ground:
        steps = await catalogue.run(catalogue.conversations()[name], Talk(ground))
    verdict = judge(catalogue.load(name), steps, catalogue.accepted(name))
    assert not verdict, f"\n{verdict}"
