"""Setup packages for tests: made in memory, served over HTTP on the loopback, where the operator fetches them."""

from __future__ import annotations

import io
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

FOLDER = "appconfig"


def package(script: str) -> bytes:
    """A gzip tar with one start script."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        data = script.encode()
        member = tarfile.TarInfo(f"{FOLDER}/startscript")
        member.size, member.mode = len(data), 0o755
        archive.addfile(member, io.BytesIO(data))
    return target.getvalue()


class PackageServer:
    """Serves packages by name; use it as a context."""

    def __init__(self) -> None:
        self._packages: dict[str, bytes] = {}
        packages = self._packages

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = packages.get(self.path.lstrip("/"))
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_arguments: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def serve(self, name: str, script: str) -> str:
        """The URL of a package with that script."""
        self._packages[name] = package(script)
        return f"http://127.0.0.1:{self._server.server_port}/{name}"
