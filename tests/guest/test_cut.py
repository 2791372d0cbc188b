"""What is cut off does nothing, or is told apart from an answer."""

from __future__ import annotations

from typing import Any

import pytest

from kdasync.errors import ExecError
from kdasync.guest.bundle import Encoding, command, pack


async def test_a_bundle_that_is_cut_runs_nothing(guest: Any, setup: Any) -> None:
    for encoding in Encoding:
        whole = pack(setup(), encoding)
        end = whole.rstrip(b"\0")
        for size in (0, 100, len(end) // 2, len(end) - 520, len(end) - 8):
            async with guest.exec(command(encoding, root=str(guest.root))) as process:
                await process.write(whole[:size])
                await process.close_stdin()
                while await process.read() is not None:
                    pass
    assert guest.calls == []
    assert not guest.path("/etc/guestconfig/configmeta.json").exists()


async def test_an_exec_that_ends_without_a_result_is_a_transient_error(guest: Any, setup: Any) -> None:
    guest.unlink("sh")
    guest.bin.joinpath("sh").write_text("#!/bin/sh\necho oops >&2; exit 9\n")
    guest.bin.joinpath("sh").chmod(0o755)
    with pytest.raises(ExecError, match="oops") as caught:
        await guest.deliver(setup())
    assert caught.value.transient
