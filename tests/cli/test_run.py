"""`kdasync run` as a program: it serves probes and metrics, and SIGTERM is a clean end."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import aiohttp

from kdasync.cli.access import client_over
from kdasync.cli.definitions import apply_definitions
from kdasync.devcluster.cluster import DevCluster


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def fetch(session: aiohttp.ClientSession, url: str) -> tuple[int, str]:
    try:
        async with session.get(url) as response:
            return response.status, await response.text()
    except aiohttp.ClientConnectionError:
        return 0, ""


async def test_probes_metrics_and_a_clean_end(tmp_path: Path, program: Callable[..., subprocess.Popen[str]]) -> None:
    async with DevCluster() as cluster, aiohttp.ClientSession() as session:
        await apply_definitions(client_over(cluster.transport), replace=True)
        (tmp_path / "kubeconfig").write_text(cluster.kubeconfig())
        port = free_port()
        process = program(
            "run", "--kubeconfig", str(tmp_path / "kubeconfig"), KDASYNC_HTTP_HOST="127.0.0.1", KDASYNC_HTTP_PORT=str(port)
        )
        try:
            async with asyncio.timeout(60):
                while (await fetch(session, f"http://127.0.0.1:{port}/readyz"))[0] != 200:
                    assert process.poll() is None, process.communicate()
                    await asyncio.sleep(0.1)
                assert await fetch(session, f"http://127.0.0.1:{port}/healthz") == (200, "ok")
                status, text = await fetch(session, f"http://127.0.0.1:{port}/metrics")
                assert status == 200
                assert 'kdasync_transitions_total{dest="creating",machine="cluster",source="new",trigger="accepted"} 0.0' in text
                process.send_signal(signal.SIGTERM)
                output, log = await asyncio.to_thread(process.communicate)
        finally:
            process.kill()
        assert (process.returncode, output) == (0, "")
        assert '"event":"ended"' in log
        assert "Traceback" not in log


async def test_a_kubeconfig_that_cannot_be_used_is_a_sentence(
    tmp_path: Path, program: Callable[..., subprocess.Popen[str]]
) -> None:
    (tmp_path / "kubeconfig").write_text("{}")
    process = program("run", "--kubeconfig", str(tmp_path / "kubeconfig"))
    _, log = await asyncio.to_thread(process.communicate)
    assert process.returncode == 1
    assert log.startswith("Error: No usable kubeconfig:")
    assert "Traceback" not in log
