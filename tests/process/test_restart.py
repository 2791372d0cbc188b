"""The operator is killed while scripts run, and started again: it attaches, and nothing runs twice."""

from __future__ import annotations

import asyncio
from typing import Any

SLOW = """#!/bin/sh
echo "$*" >>/tmp/calls
sleep 3
echo "$* done" >>/tmp/calls
"""


async def test_a_running_script_is_attached_to(plant: Any, make: Any) -> None:
    async with plant() as it:
        await it.create("kubedirectorapps", it.app(script=SLOW))
        await it.create("kubedirectorclusters", make(members=2))

        async def running() -> bool:
            return list((await it.members()).values()) == ["creating"] * 2 and all(
                [await it.calls(pod) for pod in await it.members()]
            )

        await it.until(running)
        await it.kill_operator()
        await asyncio.sleep(1)
        it.start_operator()
        await it.until(it.ready)
        for pod in await it.members():
            assert await it.calls(pod) == ["--configure", "--configure done"]


async def test_a_script_that_ended_while_no_operator_ran_counts(plant: Any, make: Any) -> None:
    async with plant() as it:
        await it.create("kubedirectorapps", it.app(script=SLOW))
        await it.create("kubedirectorclusters", make())

        async def running() -> bool:
            members = list(await it.members())
            return bool(members) and bool(await it.calls(members[0]) if (await it.members())[members[0]] == "creating" else False)

        await it.until(running)
        await it.kill_operator()
        await asyncio.sleep(4)
        it.start_operator()
        await it.until(it.ready)
        assert await it.calls(next(iter(await it.members()))) == ["--configure", "--configure done"]
