"""Passwords that nobody gave are made once: against a small etcd over real HTTP that knows create-if-absent."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest


class Etcd(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.stored: dict[str, str] = {}

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Etcd

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = request["compare"][0]["key"]
        created = key not in self.server.stored
        self.server.stored.setdefault(key, request["success"][0]["request_put"]["value"])
        kvs = [{"key": key, "value": self.server.stored[key]}]
        answer: dict[str, Any] = {"succeeded": True} if created else {"responses": [{"response_range": {"kvs": kvs}}]}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def etcd() -> Iterator[Etcd]:
    with Etcd() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def render(catalog: Path, tmp_path: Path) -> Any:
    def run(name: str, *etcd: str, **environ: str) -> Any:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        options = {
            "scope": "c",
            "cluster-id": "uid",
            "name": name,
            "fqdn": f"{name}.x",
            "memory": "1000",
            "binaries": "/b",
            "home": "/h",
        }
        words = [word for key, value in options.items() for word in (f"--{key}", value)]
        program = str(catalog / "patroni/package/lib/render.py")
        command = [sys.executable, program, *words, "--config", str(folder), "--etcd", *etcd]
        done = subprocess.run(command, env=environ, text=True, capture_output=True, timeout=30, check=False)
        return done, json.loads((folder / "patroni.yml").read_text()) if done.returncode == 0 else {}

    return run


def test_all_members_get_the_same_passwords(render: Any, etcd: Etcd) -> None:
    one, two = (render(name, etcd.name)[1] for name in ("d-0", "d-1"))
    assert one["postgresql"]["authentication"] == two["postgresql"]["authentication"]
    assert len(one["postgresql"]["authentication"]["superuser"]["password"]) >= 32
    assert len(set(etcd.stored.values())) == 3


def test_secret_keys_win_and_are_not_stored(render: Any, etcd: Etcd) -> None:
    given = {"KD_SECRET_SUPERUSER": 's"\\:', "KD_SECRET_REPLICATION": "r"}
    _, settings = render("d-0", etcd.name, **given)
    words = settings["postgresql"]["authentication"]
    assert (words["superuser"]["password"], words["replication"]["password"]) == ('s"\\:', "r")
    assert len(etcd.stored) == 1


def test_a_member_that_is_down_is_passed_over(render: Any, etcd: Etcd) -> None:
    done, _ = render("d-0", "127.0.0.1:1", etcd.name)
    assert done.returncode == 0


def test_no_etcd_means_no_settings(render: Any) -> None:
    done, _ = render("d-0", "127.0.0.1:1")
    assert done.returncode == 1
    assert "no etcd member keeps the password" in done.stderr


def test_files_are_for_their_owner_only(render: Any, etcd: Etcd, tmp_path: Path) -> None:
    render("d-0", etcd.name)
    assert {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "d-0").iterdir()} == {
        "patroni.yml": 0o600,
        "superuser": 0o600,
    }


def test_memory_limit_sizes_the_buffers(render: Any, etcd: Etcd) -> None:
    assert render("d-0", etcd.name)[1]["postgresql"]["parameters"]["shared_buffers"] == "250MB"
