"""kubectl exec and logs reach a process, with stdin, both streams and the exit code."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
async def running(kubectl: Any, dev: Any, access: Any) -> Any:
    dev.plane.access = access
    await kubectl(
        "apply",
        "-f",
        "-",
        stdin="{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {nodeName: here, containers: [{name: app, image: x}]}}",
    )
    return kubectl


async def test_exec_gives_streams_and_exit_code(running: Any) -> None:
    code, out, err = await running.run("exec", "-i", "p", "--", "sh", "-c", "cat; echo bad >&2; exit 3", stdin="hello\n")
    assert (code, out) == (3, "hello\n")
    assert "bad\n" in err
    assert "exit code 3" in err


async def test_exec_of_a_missing_program_says_so(running: Any) -> None:
    code, _, err = await running.run("exec", "p", "--", "no-such-program")
    assert code == 1
    assert 'exec: "no-such-program": executable file not found in $PATH' in err


async def test_logs(running: Any) -> None:
    assert await running("logs", "p") == "one\ntwo\nthree\n"
    assert await running("logs", "p", "--tail=1") == "three\n"
    assert await running("logs", "p", "-f") == "one\ntwo\nthree\nfour\nfive\n"
    code, _, err = await running.run("logs", "p", "-p")
    assert code == 1
    assert 'previous terminated container "app" in pod "p" not found' in err
