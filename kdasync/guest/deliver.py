"""One order to one guest, through one exec (two where the guest has no tar).

Flow: open the exec, write the bundle, end stdin, read answer lines until `end`. `on_launched` is called as soon as nothing of this
exec is left but waiting, so that a transfer slot can be given to another guest while the script runs.

Guarantees: a result is the guest's own word; whatever cuts the exec before `end` raises a transient ExecError or TransportError, and the
same order can be delivered again: the claim in the guest makes that an attach. Nothing is retried here.

Assumptions: `exec_` starts the command in the container that the order names and raises ExecError as `kdasync.kube.exec` does; the
caller checks with a live read that the container is still the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from kdasync.errors import ExecError
from kdasync.guest.answer import REMEDIES, Answer
from kdasync.guest.bundle import BEAT, Encoding, command, pack
from kdasync.guest.order import Order, Outcome, Result

_STDOUT = 1
_NOISE = 2000  # bytes of stderr kept for the message of a failed exec


class Process(Protocol):
    """A running exec, as `kdasync.kube.exec.ExecProcess`."""

    exit_code: int | None

    async def write(self, data: bytes) -> None:
        """To stdin."""
        ...

    async def close_stdin(self) -> None:
        """End of stdin."""
        ...

    async def read(self) -> tuple[int, bytes] | None:
        """Next (1 stdout or 2 stderr, bytes); None once it ended, with `exit_code` set."""
        ...


Exec = Callable[[tuple[str, ...]], AbstractAsyncContextManager[Process]]


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """Time limits in seconds: the bundle on the wire; silence that counts as a cut; the guest's heartbeats."""

    transfer: float = 120
    silence: float = 6 * BEAT
    beat: float = BEAT


async def deliver(
    order: Order,
    exec_: Exec,
    *,
    on_launched: Callable[[], None] = lambda: None,
    pace: Pace = Pace(),  # noqa: B008 - frozen
    root: str = "",
) -> Result:
    """Do `order` in the guest that `exec_` reaches.

    Args:
        order: what to do.
        exec_: opens an exec of a command, with stdin.
        on_launched: called exactly once: when only the script's end is awaited, at the latest when this returns or raises.
        pace: time limits.
        root: put before every path in the guest (tests).

    Raises:
        ExecError: transient if cut; `ContainerNotFound` or `NotFound` if the container is gone.
        TransportError: the wire failed.
        DefinitionError: the order has a value that no shell can be given.
    """
    conversation = _Conversation(order, exec_, on_launched, pace, root)
    try:
        answer = await conversation.hold(Encoding.TAR)
        if answer.no_tar:
            answer = await conversation.hold(Encoding.SCRIPT)
    except ExecError as error:
        if error.reason != "CommandNotFound":
            raise
        return Result(outcome=Outcome.BROKEN, reason="GuestNoShell", detail=error.message, remedy=REMEDIES["GuestNoShell"])
    finally:
        conversation.launched()
    return answer.result()


class _Conversation:
    """The execs of one delivery."""

    def __init__(self, order: Order, exec_: Exec, on_launched: Callable[[], None], pace: Pace, root: str) -> None:
        self._order = order
        self._exec = exec_
        self._on_launched: Callable[[], None] | None = on_launched
        self._pace = pace
        self._root = root

    def launched(self) -> None:
        """Tell the caller, once."""
        tell, self._on_launched = self._on_launched, None
        if tell:
            tell()

    async def hold(self, encoding: Encoding) -> Answer:
        """One exec, until the guest's last line.

        Raises:
            ExecError, TransportError: it ended before.
        """
        bundle = pack(self._order, encoding, beat=self._pace.beat)
        async with self._exec(command(encoding, root=self._root)) as process:
            try:
                async with asyncio.timeout(self._pace.transfer):
                    await process.write(bundle)
                    await process.close_stdin()
            except TimeoutError as error:
                raise ExecError("Timeout", f"The bundle was not taken within {self._pace.transfer:g} s.") from error
            return await self._listen(process)

    async def _listen(self, process: Process) -> Answer:
        answer, noise = Answer(tail=self._order.tail), b""
        while not (answer.ended or answer.no_tar):
            piece = await self._next(process)
            if piece is None:
                raise ExecError("Cut", _cut(process.exit_code, noise))
            if piece[0] == _STDOUT:
                answer.feed(piece[1])
            else:
                noise = (noise + piece[1])[-_NOISE:]
            if answer.launched:
                self.launched()
        return answer

    async def _next(self, process: Process) -> tuple[int, bytes] | None:
        try:
            async with asyncio.timeout(self._pace.silence):
                return await process.read()
        except TimeoutError as error:
            raise ExecError("Timeout", f"The guest was silent for {self._pace.silence:g} s.") from error


def _cut(code: int | None, noise: bytes) -> str:
    said = noise.decode("utf-8", "replace").strip()
    return f"The launcher ended with exit code {code} before it had a result. {said}".strip()
