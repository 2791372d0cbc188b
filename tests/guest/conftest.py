"""Guests that are a directory: real processes of a chosen shell, paths under a root of their own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from kdasync.guest.deliver import Pace, deliver
from kdasync.guest.order import Order, Package, PackageFile, Provenance, Result

UTILITIES = ("cat", "chmod", "cp", "ln", "ls", "mkdir", "mv", "rm", "sleep", "tail")
SHELLS = ("dash", "bash", "busybox")
PACE = Pace(transfer=20, silence=20, beat=0.5)


class LocalProcess:
    """A local exec with the shape of `ExecProcess`."""

    def __init__(self, process: asyncio.subprocess.Process, exchange: Callable[[bytes], bytes] | None) -> None:
        self.process = process
        self._exchange = exchange
        self.exit_code: int | None = None
        self._pieces: asyncio.Queue[tuple[int, bytes] | None] = asyncio.Queue()
        assert process.stdout
        assert process.stderr
        self._readers = [asyncio.create_task(self._copy(1, process.stdout)), asyncio.create_task(self._copy(2, process.stderr))]
        self._open = 2

    async def _copy(self, stream: int, source: asyncio.StreamReader) -> None:
        while data := await source.read(65536):
            self._pieces.put_nowait((stream, data))
        self._open -= 1
        if not self._open:
            self.exit_code = await self.process.wait()
            self._pieces.put_nowait(None)

    async def write(self, data: bytes) -> None:
        assert self.process.stdin
        try:
            self.process.stdin.write(self._exchange(data) if self._exchange else data)
            await self.process.stdin.drain()
        except ConnectionError:
            return

    async def close_stdin(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()

    async def read(self) -> tuple[int, bytes] | None:
        return await self._pieces.get()

    async def close(self) -> None:
        for reader in self._readers:
            reader.cancel()
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        self.process._transport.close()  # type: ignore[attr-defined]


class LocalGuest:
    """A guest under `root` with programs only from `bin`."""

    def __init__(self, root: Path, shell: str) -> None:
        self.root = root
        self.shell = shell
        self.bin = root / "programs"
        self.bin.mkdir(parents=True)
        self.environment = {"PATH": str(self.bin), "HOME": "/", "GUEST": str(root)}
        self.exchange: Callable[[bytes], bytes] | None = None
        self.boot("4242")
        if shell == "busybox":
            self.link("sh", "busybox")
            for name in (*UTILITIES, "tar", "setsid", "env"):
                self.link(name, "busybox")
        else:
            self.link("sh", shell)
            for name in (*UTILITIES, "tar", "setsid", "env", "gzip"):
                self.link(name)

    def link(self, name: str, program: str = "") -> None:
        found = shutil.which(program or name)
        assert found
        (self.bin / name).unlink(missing_ok=True)
        (self.bin / name).symlink_to(found)

    def unlink(self, *names: str) -> None:
        for name in names:
            (self.bin / name).unlink()

    def boot(self, start: str) -> None:
        """A new container: PID 1 started at another time."""
        stat = self.root / "proc/1/stat"
        stat.parent.mkdir(parents=True, exist_ok=True)
        stat.write_text(f"1 (init (x)) S 0 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 {start} 1 1\n")
        (self.root / "proc/sys/kernel/random").mkdir(parents=True, exist_ok=True)
        (self.root / "proc/sys/kernel/random/boot_id").write_text("b001\n")

    def path(self, name: str) -> Path:
        return self.root / name.lstrip("/")

    def text(self, name: str) -> str:
        return self.path(name).read_text()

    @property
    def calls(self) -> list[str]:
        """Arguments of each start of the script, in order."""
        log = self.path("calls")
        return log.read_text().splitlines() if log.exists() else []

    @asynccontextmanager
    async def exec(self, command: tuple[str, ...]) -> AsyncIterator[LocalProcess]:
        program = self.bin / command[0]
        process = LocalProcess(
            await asyncio.create_subprocess_exec(
                str(program),
                *command[1:],
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=self.environment,
                start_new_session=True,
            ),
            self.exchange,
        )
        try:
            yield process
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.process.wait(), 2)
        finally:
            await process.close()

    async def deliver(self, order: Order, on_launched: Callable[[], None] = lambda: None, pace: Pace = PACE) -> Result:
        return await deliver(order, self.exec, on_launched=on_launched, pace=pace, root=str(self.root))

    def close(self) -> None:
        """End every process that works in this guest."""
        mark = f"GUEST={self.root}".encode()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    ours = mark in (entry / "environ").read_bytes().split(b"\0")
                except OSError:
                    continue
                if ours and int(entry.name) != os.getpid():
                    os.kill(int(entry.name), signal.SIGKILL)


def script(*lines: str) -> str:
    return "\n".join(("#!/bin/sh", 'echo "$*" >>"$GUEST/calls"', *lines, ""))


def package(text: str, *more: PackageFile, mode: int = 0o755) -> Package:
    files = (PackageFile("pkg", 0o755, directory=True), PackageFile("pkg/startscript", mode, text.encode()), *more)
    return Package(digest=f"digest-{len(text)}", root="pkg", files=files)


def setup(**changes: object) -> Order:
    order = Order(
        container="containerd://c1",
        event="configure",
        attempt=1,
        commit=5,
        provenance=Provenance("uid-1", "worker", 3, "digest"),
        args=("--configure",),
        configmeta=b'{"version":"7"}',
        package=package(script()),
        setup=True,
    )
    return msgspec.structs.replace(order, **changes)


@pytest.fixture(params=[shell for shell in SHELLS if shutil.which(shell)])
def guest(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalGuest]:
    local = LocalGuest(tmp_path / "guest", request.param)
    yield local
    local.close()


@pytest.fixture(name="setup")
def setup_fixture() -> Callable[..., Order]:
    return setup


@pytest.fixture(name="script")
def script_fixture() -> Callable[..., str]:
    return script


@pytest.fixture(name="package")
def package_fixture() -> Callable[..., Package]:
    return package


@pytest.fixture
def new_guest() -> Iterator[Callable[[Path, str], LocalGuest]]:
    made: list[LocalGuest] = []

    def make(root: Path, shell: str) -> LocalGuest:
        made.append(LocalGuest(root, shell))
        return made[-1]

    yield make
    for local in made:
        local.close()


@pytest.fixture
def notify() -> dict[str, object]:
    """Changes that make a notification of a setup order."""
    return {"event": "add-7", "setup": False, "package": None, "configmeta": None, "args": ("--addnodes", "--fqdns", "a,b c'd")}


async def _until(condition: Callable[[], object]) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen")


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """Waits until a condition holds, ten seconds at most."""
    return _until
