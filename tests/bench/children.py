"""Child processes of a benchmark: one JSON value a line on standard input asks, one on standard output answers."""

from __future__ import annotations

import asyncio
import gc
import resource
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

LINE = 256 * 2**20  # a recording is one line
HERE = Path(__file__).parent


class Child:
    def __init__(self, process: Process) -> None:
        self._process = process

    async def ask(self, question: str, value: Any = None) -> Any:
        """The answer; ends the benchmark if the child has ended."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(msgspec.json.encode([question, value]) + b"\n")
        await stdin.drain()
        line = await stdout.readline()
        if not line:
            sys.exit(f"A child process ended with {await self._process.wait()} when asked for {question}. Its error is above.")
        return msgspec.json.decode(line)


@asynccontextmanager
async def child(name: str, *arguments: str) -> AsyncIterator[Child]:
    """Start `NAME.py` of this directory; it ends when its standard input does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(HERE / f"{name}.py"), *arguments, stdin=PIPE, stdout=PIPE, limit=LINE
    )
    try:
        yield Child(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()
            await process.wait()


async def serve(answers: dict[str, Callable[[Any], Awaitable[Any]]]) -> None:
    """Answer until standard input ends (in a child)."""
    reader = asyncio.StreamReader(limit=LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        question, value = msgspec.json.decode(line)
        sys.stdout.buffer.write(msgspec.json.encode(await answers[question](value)) + b"\n")
        sys.stdout.buffer.flush()


def cpu() -> float:
    """CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident() -> float:
    """Resident memory in MiB after a collection."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20
