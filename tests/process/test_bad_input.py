"""Bad input and poor guests, on real processes: a reason and a remedy, and the neighbour is not harmed."""

from __future__ import annotations

from typing import Any

import pytest


async def start(it: Any, make: Any, **app: Any) -> None:
    """The broken app and its cluster, and beside it a good one."""
    await it.create("kubedirectorapps", it.app(**app))
    await it.create("kubedirectorclusters", make())


async def neighbour(it: Any, make: Any, script: str) -> bool:
    await it.create("kubedirectorapps", it.app(name="good", script=script))
    await it.create("kubedirectorclusters", make("two", app="good"))
    await it.until(lambda: it.ready("two"))
    return True


async def test_a_script_that_fails_shows_its_code_and_its_last_words(plant: Any, make: Any, script: str) -> None:
    async with plant() as it:
        await start(it, make, script="#!/bin/sh\necho 'disk of node 7 is missing' >&2\nexit 3\n")
        await it.until(lambda: it.stalled("ScriptFailed"))
        member = (await it.cluster())["status"]["roles"][0]["members"][0]
        assert member["state"] == "config error"
        assert "3" in member["stateDetail"]["configErrorDetail"]
        assert "disk of node 7 is missing" in member["stateDetail"]["startScriptStderrMessage"]
        assert "retry-config" in (await it.condition("Ready"))["message"]
        assert await neighbour(it, make, script)


async def test_a_script_without_execute_bit_simply_works(plant: Any, make: Any, script: str, package: Any) -> None:
    async with plant() as it:
        app = it.app(script=script)
        it.packages.archives["http://packages/demo.tgz"] = package({"app/startscript": script}, mode=0o644)
        await it.create("kubedirectorapps", app)
        await it.create("kubedirectorclusters", make())
        await it.until(it.ready)
        assert await it.calls(next(iter(await it.members()))) == ["--configure"]


@pytest.mark.parametrize(
    ("archive", "reason"),
    [(b"<html>404</html>", "PackageMalformed"), ("dots", "PackageUnsafe"), ("empty", "PackageMalformed")],
)
async def test_a_bad_package_never_reaches_a_guest(
    plant: Any, make: Any, script: str, package: Any, archive: Any, reason: str
) -> None:
    made = {"dots": package({"app/startscript": script, "app/../../etc/passwd": "x"}), "empty": package({"app/readme": "x"})}
    async with plant() as it:
        app = it.app(script=script)
        it.packages.archives["http://packages/demo.tgz"] = made.get(archive, archive) if isinstance(archive, str) else archive
        await it.create("kubedirectorapps", app)
        await it.create("kubedirectorclusters", make())
        await it.until(lambda: it.stalled(reason))
        assert await it.calls(next(iter(await it.members()))) == []
        assert await neighbour(it, make, script)


async def test_a_guest_without_a_shell_is_named(plant: Any, make: Any, script: str) -> None:
    async with plant() as it:
        await start(it, make, script=script, image="test/nothing:1")
        await it.until(lambda: stalled(it), seconds=90)
        assert "/bin/sh" in (await it.condition("Stalled"))["message"]
        assert await neighbour(it, make, script)


async def stalled(it: Any) -> bool:
    return (await it.condition("Stalled"))["status"] == "True"


async def test_a_missing_interpreter_is_named(plant: Any, make: Any, script: str) -> None:
    async with plant() as it:
        await start(it, make, script="#!/usr/bin/python3\nprint()\n")
        await it.until(lambda: it.stalled("GuestNoInterpreter"))
        assert "/usr/bin/python3" in (await it.condition("Stalled"))["message"]
        assert await neighbour(it, make, script)


async def test_an_image_that_does_not_exist_is_named(tmp_path: Any, plant: Any, make: Any, script: str) -> None:
    async with plant() as it:
        it.dev._runtime._images._default = ""
        await start(it, make, script=script, image="test/missing:1")
        await it.until(stalled_fetch(it))
        assert "image" in (await it.condition("Stalled"))["message"]
        del tmp_path


def stalled_fetch(it: Any) -> Any:
    async def check() -> bool:
        return (await it.condition("Stalled"))["reason"] in (
            "ErrImagePull",
            "ImagePullBackOff",
            "CreateContainerError",
            "RunContainerError",
        )

    return check


async def test_a_script_that_never_returns_is_ended_at_its_deadline(plant: Any, make: Any) -> None:
    async with plant() as it:
        await start(it, make, script="#!/bin/sh\nsleep 1000\n", policy={"configureSeconds": 3})
        await it.until(lambda: it.stalled("SetupOverdue"))
        pod = next(iter(await it.members()))

        async def ended() -> bool:
            return (await it.run(pod, "sh", "-c", "ps -e | grep -c '[s]leep 1000'"))[1].strip() == b"0"

        await it.until(ended)
        assert "configureSeconds" in (await it.condition("Stalled"))["message"]
