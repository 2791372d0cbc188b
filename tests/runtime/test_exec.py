"""Exec: streams, exit codes, kills."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from typing import Any

import pytest


async def test_exit_codes_and_separate_streams(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0")
    assert await run(pod, "sh", "-c", "echo out; echo err >&2; exit 3") == (3, b"out\n", b"err\n")
    assert (await run(pod, "sh", "-c", "kill -9 $$"))[0] == 137
    assert (await run(pod, "true"))[0] == 0


async def test_stdin_until_end_of_file(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0")
    assert await run(pod, "cat", stdin=b"one\ntwo") == (0, b"one\ntwo", b"")
    assert await run(pod, "cat", stdin=b"") == (0, b"", b"")


async def test_without_stdin_there_is_an_end_at_once(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0")
    assert await run(pod, "cat") == (0, b"", b"")


async def test_large_binary_streams_both_ways_at_once(start_pod: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0")
    data = os.urandom(8 << 20)
    process = await pod.exec(("cat",), stdin=True, tty=False)
    digest = hashlib.sha256()

    async def feed() -> None:
        await process.write(data)
        await process.close_stdin()

    async with asyncio.TaskGroup() as group:
        group.create_task(feed())
        while (piece := await process.read()) is not None:
            digest.update(piece[1])
    assert digest.digest() == hashlib.sha256(data).digest()
    assert await process.wait() == 0


async def test_input_for_a_process_that_does_not_read_is_dropped(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0")
    assert await run(pod, "true", stdin=bytes(1 << 20)) == (0, b"", b"")


async def test_a_missing_program_is_told_apart(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        await pod.exec(("nowhere",), stdin=False, tty=False)
    await run(pod, "touch", "/plain")
    with pytest.raises(FileNotFoundError, match="/plain: Permission denied"):
        await pod.exec(("/plain",), stdin=False, tty=False)


async def test_a_killed_exec_leaves_its_detached_child(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0")
    script = "(while :; do touch /beat; sleep 0.02; done) </dev/null >/dev/null 2>&1 & echo ready; wait"
    process = await pod.exec(("sh", "-c", script), stdin=False, tty=False)
    assert await process.read() == (1, b"ready\n")
    process.kill()
    assert await process.wait() == 137
    assert await process.read() is None
    assert (await run(pod, "sh", "-c", "rm -f /beat; sleep 0.2; ls /beat"))[1] == b"/beat\n"


async def test_a_child_that_holds_the_streams_does_not_hold_the_exec(
    start_pod: Callable[..., Any], run: Callable[..., Any]
) -> None:
    _, pod = await start_pod("a-0")
    async with asyncio.timeout(5):
        assert await run(pod, "sh", "-c", "sleep 100 & echo done") == (0, b"done\n", b"")


async def test_a_terminal(start_pod: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0")
    process = await pod.exec(("sh", "-c", "test -t 0 && test -t 1 && read x && echo got $x"), stdin=True, tty=True)
    await process.write(b"it\n")
    seen = b""
    while (piece := await process.read()) is not None:
        seen += piece[1]
    assert seen == b"it\r\ngot it\r\n"
    assert await process.wait() == 0


async def test_no_exec_in_an_ended_container(start_pod: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0", command=("true",))
    assert await pod.wait() == 0
    with pytest.raises(RuntimeError, match="not running"):
        await pod.exec(("true",), stdin=False, tty=False)


async def test_many_execs_at_once(start_pod: Callable[..., Any], run: Callable[..., Any]) -> None:
    _, pod = await start_pod("a-0")
    results = await asyncio.gather(*(run(pod, "sh", "-c", f"echo {number}") for number in range(60)))
    assert [out for _, out, _ in results] == [f"{number}\n".encode() for number in range(60)]
