"""The smallest guests: what the operator needs is a POSIX shell, nothing else."""

from __future__ import annotations

import shutil
from typing import Any

import pytest


async def test_a_guest_of_posix_tools_without_bash_tar_curl_nohup_setsid_python(plant: Any, make: Any, script: str) -> None:
    async with plant() as it:
        await it.create("kubedirectorapps", it.app(script=script))
        await it.create("kubedirectorclusters", make())
        await it.until(it.ready)
        pod = next(iter(await it.members()))
        for missing in ("bash", "tar", "curl", "nohup", "setsid", "python3"):
            assert (await it.run(pod, "sh", "-c", f"command -v {missing}"))[0] != 0
        assert await it.calls(pod) == ["--configure"]


@pytest.mark.slow
async def test_a_guest_of_busybox_and_sh_alone(plant: Any, make: Any, script: str) -> None:
    assert shutil.which("busybox"), "install busybox-static"
    async with plant() as it:
        await it.create("kubedirectorapps", it.app(script=script, image="test/busybox:1"))
        await it.create("kubedirectorclusters", make(members=2))
        await it.until(it.ready)
        for pod in await it.members():
            assert (await it.run(pod, "sh", "-c", "echo $(ls /bin)"))[1].split() == [b"busybox", b"sh"]
            assert await it.calls(pod) == ["--configure"]
