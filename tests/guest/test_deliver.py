"""The operator's side of one exec: time limits, the transfer slot, values that no shell can be given."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kdasync.errors import DefinitionError, ExecError
from kdasync.guest.bundle import Encoding, pack
from kdasync.guest.deliver import Pace, deliver
from kdasync.guest.order import Injection, Outcome, PackageFile


def replace_sh(guest: Any, text: str) -> None:
    guest.unlink("sh")
    program = guest.bin / "sh"
    program.write_text(text)
    program.chmod(0o755)


async def test_a_silent_guest_counts_as_cut(guest: Any, setup: Any) -> None:
    replace_sh(guest, "#!/bin/sh\nexec sleep 30\n")
    with pytest.raises(ExecError, match="silent") as caught:
        await guest.deliver(setup(), pace=Pace(silence=0.2))
    assert caught.value.transient


async def test_a_guest_that_takes_nothing_counts_as_cut(guest: Any, setup: Any) -> None:
    replace_sh(guest, "#!/bin/sh\nexec sleep 30\n")
    with pytest.raises(ExecError, match="not taken") as caught:
        await guest.deliver(setup(configmeta=bytes(4_000_000)), pace=Pace(transfer=0.3))
    assert caught.value.transient


async def test_heartbeats_keep_a_long_script_alive(guest: Any, setup: Any, script: Any, package: Any) -> None:
    order = setup(package=package(script("sleep 2.5")))
    assert (await guest.deliver(order, pace=Pace(silence=1.9, beat=0.3))).outcome is Outcome.DONE


async def test_the_slot_is_free_as_soon_as_the_script_runs(guest: Any, setup: Any, script: Any, package: Any) -> None:
    told: list[float] = []
    start = time.monotonic()
    await guest.deliver(setup(package=package(script("sleep 1.2"))), lambda: told.append(time.monotonic()))
    assert len(told) == 1
    assert time.monotonic() - told[0] > 1.1
    assert told[0] > start


async def test_the_slot_is_freed_once_whatever_happens(setup: Any) -> None:
    told: list[int] = []

    @asynccontextmanager
    async def gone(_command: tuple[str, ...]) -> AsyncIterator[Any]:
        raise ExecError("ContainerNotFound", "container not found")
        yield

    with pytest.raises(ExecError, match="not found") as caught:
        await deliver(setup(), gone, on_launched=lambda: told.append(1))
    assert not caught.value.transient
    assert told == [1]


async def test_a_large_bundle_is_taken_by_a_guest_without_tar(guest: Any, setup: Any, script: Any, package: Any) -> None:
    if guest.shell != "busybox":
        guest.unlink("tar")
    large = PackageFile("pkg/large", 0o644, bytes(range(256)) * 4000)
    assert (await guest.deliver(setup(package=package(script(), large)))).outcome is Outcome.DONE
    assert guest.path("/opt/guestconfig/pkg/large").read_bytes() == large.data


@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize(
    "changes",
    [
        {"event": "a b"},
        {"event": "../x"},
        {"args": ("a\0b",)},
        {"injections": (Injection("http://x/a\0", "/d"),)},
        {"injections": (Injection("http://x/a", "/d", mode="0999"),)},
    ],
)
def test_what_no_shell_can_be_given_is_refused(setup: Any, encoding: Encoding, changes: Any) -> None:
    with pytest.raises(DefinitionError) as caught:
        pack(setup(**changes), encoding)
    assert caught.value.remedy


def test_hostile_values_are_only_text(setup: Any) -> None:
    order = setup(container="c'; rm -rf / #", args=("$(reboot)", "`x`", "a\nb", "'"))
    assert b"KD_CONTAINER='c'\"'\"'; rm -rf / #'" in pack(order, Encoding.TAR)
