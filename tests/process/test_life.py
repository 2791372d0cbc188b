"""A cluster of real processes: set up, grown, shrunk, a killed member healed; what the scripts were told."""

from __future__ import annotations

from typing import Any


async def test_a_cluster_of_real_processes_lives(plant: Any, make: Any, script: str) -> None:
    async with plant() as it:
        await it.create("kubedirectorapps", it.app(script=script))
        await it.create("kubedirectorclusters", make(members=2))
        await it.until(it.ready)
        first, second = await it.members()
        assert await it.calls(first) == ["--configure"]

        await it.edit({"spec": make(members=3)["spec"]})
        await it.until(it.ready)
        third = list(await it.members())[2]
        service = (await it.cluster())["status"]["clusterService"]
        domain = f"{service}.default.svc.cluster.local"
        added = f"--addnodes --nodegroup 1 --role node --fqdns {third}.{domain}"
        assert await it.calls(second) == ["--configure", added]
        assert await it.calls(third) == ["--configure"]

        await it.edit({"spec": make(members=2)["spec"]})
        await it.until(it.ready)
        assert await it.calls(first) == ["--configure", added, added.replace("--addnodes", "--delnodes")]

        before = await it.run(second, "cat", "/proc/1/stat")
        await kill(it, second)
        await it.until(lambda: not_ready(it))
        await it.until(it.ready)
        assert await it.run(second, "cat", "/proc/1/stat") != before
        assert await it.calls(second) == ["--configure"]
        assert (await it.calls(first))[1:] == [added, added.replace("--addnodes", "--delnodes")]


async def not_ready(it: Any) -> bool:
    return not await it.ready()


async def kill(it: Any, pod: str) -> None:
    """End a member's main process."""
    container = it.dev.plane.access._task("default", pod, "app").running()
    await container.stop(grace=0)
