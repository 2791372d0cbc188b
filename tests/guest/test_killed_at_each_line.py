"""The launcher killed before each of its lines, in each of its processes: the script never runs twice, and the order still ends."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
import signal
import subprocess
import tarfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from kdasync.errors import ExecError
from kdasync.guest.order import Order, Outcome, Result

HOOK = """kd_step() {
    case $KD_STEPS in
    log) printf '%s %s\\n' "$kd_process" "$1" >>"$GUEST/steps" ;;
    "$kd_process $1") kill -s KILL $$ ;;
    esac
}
kd_process=$1
"""
SIMPLE = re.compile(r"    +(?! |then|else|elif|fi|do|done|esac|in\b|;;|\}|\)|[^()]*\))")


def _instrumented(text: str) -> str:
    """A step before each line where a command may stand."""
    lines, result, open_text = text.splitlines(), [HOOK], False
    for number, line in enumerate((re.sub(r"(^|\s)# .*", "", line) for line in lines), start=1):
        before = lines[number - 2].rstrip() if number > 1 else ""
        if not open_text and "$?" not in line and SIMPLE.match(line) and not before.endswith(("\\", "|", "&&", "in", "(")):
            result.append(f"kd_step {number}")
        result.append(line)
        open_text ^= line.count("'") % 2 == 1 or line.count('"') % 2 == 1
    return "\n".join(result) + "\n"


LAUNCHER = _instrumented(files("kdasync.guest").joinpath("launcher.sh").read_text())


def _exchange(bundle: bytes) -> bytes:
    """The bundle with the instrumented launcher."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(bundle)) as old, tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as new:
        for member in old:
            source = old.extractfile(member)
            data = source.read() if source else b""
            if member.name == "launcher.sh":
                data = LAUNCHER.encode()
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


async def _first(guest: Any, order: Order, steps: str) -> Result | None:
    """Deliver with the instrumented launcher; None if it was cut."""
    guest.exchange, guest.environment["KD_STEPS"] = _exchange, steps
    try:
        return await guest.deliver(order)
    except ExecError:
        return None
    finally:
        guest.exchange = None


def _cases() -> list[Any]:
    """One in `make test`, all in CI."""
    cases = [(shell, detach) for shell in ("dash", "bash", "busybox") if shutil.which(shell) for detach in ("setsid", "plain")]
    return [cases[0], *(pytest.param(*case, marks=pytest.mark.slow) for case in cases[1:])]


async def _again(guest: Any, order: Order) -> Result:
    for _ in range(20):
        result: Result = await guest.deliver(order)
        if result.outcome is not Outcome.BUSY:
            return result
        await asyncio.sleep(0.2)
    raise AssertionError("busy for ever")


async def _check(guest: Any, order: Order, step: str) -> str:
    first = await _first(guest, order, step)
    result = await _again(guest, order)
    calls = len(guest.calls)
    if step.startswith("start ") and result.exit_code == 128 + signal.SIGKILL:
        return "killed between permission and start"
    assert result.outcome in (Outcome.DONE, Outcome.LOST), (step, result)
    assert calls <= 1, step
    assert calls == 1 or result.outcome is Outcome.LOST, step
    assert first is None or first.outcome is result.outcome, step
    if result.outcome is Outcome.LOST:
        retried = Order(**{**{name: getattr(order, name) for name in order.__struct_fields__}, "attempt": 2})
        assert (await _again(guest, retried)).outcome is Outcome.DONE, step
        assert len(guest.calls) == calls + 1, step
    assert guest.text("/opt/guestconfig/configure.status") == "containerd://c1=0", step
    return result.outcome.value


@pytest.mark.parametrize(("shell", "detach"), _cases())
async def test_killed_before_each_line(
    shell: str, detach: str, tmp_path: Path, setup: Any, script: Any, package: Any, new_guest: Callable[[Path, str], Any]
) -> None:
    order = setup(package=package(script("sleep 0.05")), configcli=True)

    def make(name: str) -> Any:
        guest = new_guest(tmp_path / name, shell)
        if detach == "plain":
            guest.unlink("setsid")
        return guest

    scout = make("scout")
    assert (await _first(scout, order, "log")).outcome is Outcome.DONE  # type: ignore[union-attr]
    steps = list(dict.fromkeys(scout.text("steps").splitlines()))
    assert len([step for step in steps if step.startswith("deliver")]) > 60
    assert len([step for step in steps if step.startswith("wrap")]) > 8
    assert len([step for step in steps if step.startswith("start")]) > 8
    limit = asyncio.Semaphore(6)

    async def one(number: int, step: str) -> str:
        async with limit:
            return await _check(make(str(number)), order, step)

    async with asyncio.TaskGroup() as group:
        checks = [group.create_task(one(number, step)) for number, step in enumerate(steps)]
    assert {check.result() for check in checks} >= {"done", "lost"}


def test_the_instrumented_launcher_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "launcher.sh"
    path.write_text(LAUNCHER)
    assert subprocess.run(["sh", "-n", str(path)], check=False).returncode == 0
