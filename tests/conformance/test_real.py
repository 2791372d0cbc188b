"""The real server still says what its transcripts say; so devcluster, which is held against them, is held against it."""

from __future__ import annotations

import pytest
from conformance import catalogue, grounds
from conformance.compare import judge
from conformance.talk import Talk
from realcluster.cluster import Cluster


@pytest.mark.real
@pytest.mark.parametrize("name", catalogue.conversations())
async def test_transcript_is_what_it_says(name: str, real_cluster: Cluster) -> None:
    async with grounds.real(real_cluster) as ground:
        steps = await catalogue.run(catalogue.conversations()[name], Talk(ground))
    verdict = judge(catalogue.load(name), steps, ())
    assert not verdict, f"\n{verdict}"
