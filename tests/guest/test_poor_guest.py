"""Guests that lack something, or are broken: they work, or they say what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from kdasync.errors import ExecError
from kdasync.guest.deliver import deliver
from kdasync.guest.order import Outcome, PackageFile


async def test_sh_and_the_named_utilities_are_enough(guest: Any, setup: Any, script: Any, package: Any) -> None:
    guest.unlink("tar", "setsid", "env", *(["gzip"] if guest.shell != "busybox" else []))
    order = setup(package=package(script("echo done")), configcli=True, new_layout=True)
    result = await guest.deliver(order)
    assert result.outcome is Outcome.DONE, result
    assert guest.calls == ["--configure"]
    assert (await guest.deliver(order)).outcome is Outcome.DONE
    assert len(guest.calls) == 1


async def test_without_tar_every_byte_and_mode_and_link_arrives(guest: Any, setup: Any, script: Any, package: Any) -> None:
    data = bytes(range(256)) * 40 + b"%s 'q' \\n"
    more = (
        PackageFile("pkg/odd name's", 0o640, data),
        PackageFile("pkg/empty", 0o755),
        PackageFile("pkg/link", 0o777, link="odd name's"),
        PackageFile("pkg/closed", 0o555, directory=True),
        PackageFile("pkg/closed/in", 0o600, b"x"),
    )
    for attempt, tools in enumerate((True, False), start=1):
        if not tools:
            guest.unlink("tar")
        result = await guest.deliver(setup(attempt=attempt, package=package(script(), *more)))
        assert result.outcome is Outcome.DONE, result
        folder = guest.path("/opt/guestconfig/pkg")
        assert (folder / "odd name's").read_bytes() == data
        assert (folder / "odd name's").stat().st_mode & 0o777 == 0o640
        assert (folder / "empty").stat().st_mode & 0o777 == 0o755
        assert (folder / "link").readlink() == Path("odd name's")
        assert (folder / "closed").stat().st_mode & 0o777 == 0o555


async def test_without_sh_nothing_can_be_done() -> None:
    from kdasync.guest.order import Order, Provenance

    @asynccontextmanager
    async def refuse(command: tuple[str, ...]) -> Any:
        raise ExecError("CommandNotFound", f"{command[0]}: executable file not found")
        yield

    order = Order(container="c", event="configure", attempt=1, commit=1, provenance=Provenance("u", "r", 1))
    result = await deliver(order, refuse)
    assert (result.outcome, result.reason) == (Outcome.BROKEN, "GuestNoShell")
    assert result.remedy


@pytest.mark.parametrize("line", ["#!/no/such/python", "#!/usr/bin/env no-such-python"])
async def test_a_missing_interpreter_is_named(guest: Any, setup: Any, package: Any, line: str) -> None:
    result = await guest.deliver(setup(package=package(f"{line}\nprint(1)\n")))
    assert (result.outcome, result.exit_code) in ((Outcome.SCRIPT_FAILED, 127), (Outcome.SCRIPT_FAILED, 126))
    assert result.reason == "GuestNoInterpreter"
    assert line.replace("/", " ").rsplit(maxsplit=1)[-1] in result.detail
    assert result.remedy


async def test_a_script_that_exits_127_itself_has_just_failed(guest: Any, setup: Any, script: Any, package: Any) -> None:
    result = await guest.deliver(setup(package=package(script("exit 127"))))
    assert (result.outcome, result.reason) == (Outcome.SCRIPT_FAILED, "ScriptFailed")


async def test_a_script_without_execute_bit_and_without_first_line_works(guest: Any, setup: Any, package: Any) -> None:
    result = await guest.deliver(setup(package=package('echo "$@" >>"$GUEST/calls"\n', mode=0o644)))
    assert result.outcome is Outcome.DONE
    assert guest.calls == ["--configure"]


async def test_a_script_that_needs_the_helper_without_python_says_so(guest: Any, setup: Any, script: Any, package: Any) -> None:
    order = setup(package=package(script('"$GUEST/usr/bin/bd_vcli" --get node.id || exit 111')), configcli=True)
    result = await guest.deliver(order)
    assert (result.outcome, result.reason) == (Outcome.SCRIPT_FAILED, "ConfigcliUnavailable")
    assert "Python" in result.remedy


async def test_with_python_the_same_script_works(guest: Any, setup: Any, script: Any, package: Any) -> None:
    guest.bin.joinpath("python").symlink_to(sys.executable)
    order = setup(package=package(script('"$GUEST/usr/bin/bd_vcli" --version >"$GUEST/version"')), configcli=True)
    result = await guest.deliver(order)
    assert result.outcome is Outcome.DONE, result
    assert guest.text("version") == "1.0\n"


async def test_a_guest_without_proc_is_refused(guest: Any, setup: Any) -> None:
    guest.path("proc/1/stat").unlink()
    result = await guest.deliver(setup())
    assert (result.outcome, result.reason) == (Outcome.BROKEN, "GuestNoProc")
    assert guest.calls == []


async def test_a_shared_pid_namespace_is_refused(guest: Any, setup: Any) -> None:
    guest.path("proc/1/root").mkdir()
    result = await guest.deliver(setup())
    assert (result.outcome, result.reason) == (Outcome.BROKEN, "GuestSharedPid")


async def test_an_unwritable_place_is_named(guest: Any, setup: Any) -> None:
    guest.path("etc").write_text("a file where a directory belongs")
    result = await guest.deliver(setup())
    assert (result.outcome, result.reason) == (Outcome.BROKEN, "GuestWriteFailed")
    assert "mkdir" in result.detail
    assert guest.calls == []
    guest.path("etc").unlink()
    assert (await guest.deliver(setup())).outcome is Outcome.DONE


def _run(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _tmpfs(target: Path, options: str) -> bool:
    if os.getuid() != 0 or not shutil.which("mount"):
        return False
    return _run("mount", "-t", "tmpfs", "-o", options, "none", str(target))


@pytest.mark.slow
@pytest.mark.parametrize("size", ["16k", "64k", "128k", "160k"])
async def test_a_full_disk_is_named_and_nothing_runs(guest: Any, setup: Any, script: Any, package: Any, size: str) -> None:
    disk = guest.path("/opt/guestconfig")
    disk.mkdir(parents=True)
    assert _tmpfs(disk, f"size={size}")
    try:
        order = setup(package=package(script(), PackageFile("pkg/large", 0o644, bytes(200_000))))
        result = await guest.deliver(order)
        assert (result.outcome, result.reason) == (Outcome.BROKEN, "GuestDiskFull"), result
        assert guest.calls == []
        guest.unlink("tar")
        result = await guest.deliver(order)
        assert (result.outcome, result.reason) == (Outcome.BROKEN, "GuestDiskFull"), result
        _run("mount", "-o", "remount,size=4m", str(disk))
        assert (await guest.deliver(order)).outcome is Outcome.DONE
        assert guest.calls == ["--configure"]
    finally:
        _run("umount", str(disk))


@pytest.mark.slow
async def test_a_read_only_file_system_is_named(guest: Any, setup: Any) -> None:
    disk = guest.path("/opt")
    disk.mkdir()
    assert _tmpfs(disk, "ro")
    try:
        result = await guest.deliver(setup())
        assert (result.outcome, result.reason) == (Outcome.BROKEN, "GuestReadOnly"), result
    finally:
        _run("umount", str(disk))


@pytest.mark.slow
async def test_busybox_with_sh_alone(setup: Any, tmp_path: Path, new_guest: Any, script: Any, package: Any) -> None:
    guest = new_guest(tmp_path / "alone", "busybox")
    for program in guest.bin.iterdir():
        if program.name != "sh":
            program.unlink()
    result = await guest.deliver(setup(package=package(script()), configcli=True, new_layout=True))
    assert result.outcome is Outcome.DONE, result
    assert guest.calls == ["--configure"]
