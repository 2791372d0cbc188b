"""What a guest gets before its script runs."""

from __future__ import annotations

import contextlib
import http.server
import io
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kdasync.guest.order import Injection, Outcome


def mode(guest: Any, path: str) -> int:
    bits: int = guest.path(path).stat().st_mode & 0o777
    return bits


@pytest.mark.parametrize(("new", "folder", "lib"), [(False, 0o755, "/usr/lib"), (True, 0o700, "/usr/local/lib")])
async def test_places_and_modes_of_both_layouts(guest: Any, setup: Any, new: bool, folder: int, lib: str) -> None:
    await guest.deliver(setup(new_layout=new, configcli=True))
    assert mode(guest, "/etc/guestconfig") == folder
    assert mode(guest, "/etc/guestconfig/configmeta.json") == 0o644
    assert mode(guest, "/opt/guestconfig") == 0o700
    assert guest.path(f"{lib}/kdasync/configcli/program.py").exists()
    binary = "/usr/local/bin" if new else "/usr/bin"
    assert mode(guest, f"{binary}/configcli") == 0o755
    assert {str(guest.path(f"{binary}/{name}").readlink()) for name in ("bdvcli", "bd_vcli", "ccli", "configmacro")} == {
        "configcli"
    }


async def test_a_refresh_keeps_the_permissions_that_a_script_gave(guest: Any, setup: Any) -> None:
    await guest.deliver(setup(new_layout=True))
    guest.path("/etc/guestconfig").chmod(0o711)
    guest.path("/etc/guestconfig/configmeta.json").chmod(0o640)
    refresh = setup(event="refresh-8", setup=False, args=(), package=None, configmeta=b"{}", new_layout=True)
    assert (await guest.deliver(refresh)).outcome is Outcome.DONE
    assert guest.text("/etc/guestconfig/configmeta.json") == "{}"
    assert mode(guest, "/etc/guestconfig/configmeta.json") == 0o640
    assert mode(guest, "/etc/guestconfig") == 0o711


async def test_a_setup_brings_a_fresh_package(guest: Any, setup: Any) -> None:
    await guest.deliver(setup())
    guest.path("/opt/guestconfig/pkg/left").touch()
    guest.path("/opt/guestconfig/other").mkdir()
    await guest.deliver(setup(attempt=2))
    assert sorted(path.name for path in guest.path("/opt/guestconfig").glob("[!.]*")) == [
        "configure.status",
        "configure.stderr",
        "configure.stdout",
        "pkg",
    ]
    assert not guest.path("/opt/guestconfig/pkg/left").exists()


async def test_a_helper_that_came_with_the_image_stays(guest: Any, setup: Any) -> None:
    own = guest.path("/usr/bin/configcli")
    own.parent.mkdir(parents=True)
    own.write_text("#!/bin/sh\n# of the image\n")
    await guest.deliver(setup(configcli=True))
    assert "of the image" in own.read_text()
    assert not guest.path("/usr/lib/kdasync").exists()


async def test_a_setup_without_arguments_runs_nothing_and_counts_as_done(guest: Any, setup: Any) -> None:
    result = await guest.deliver(setup(args=()))
    assert (result.outcome, result.exit_code) == (Outcome.DONE, None)
    assert guest.calls == []
    assert guest.text("/opt/guestconfig/configure.status") == "containerd://c1=0"


async def test_nothing_of_the_bundle_is_left(guest: Any, setup: Any) -> None:
    await guest.deliver(setup())
    assert list(guest.path("/opt/guestconfig/.kdasync/stage").iterdir()) == []


@pytest.mark.parametrize(
    ("limit", "expected"), [(0, ""), (5, ""), (6, "three\n"), (12, "two\nthree\n"), (100, "onetwo\nthree\n"), (13, "two\nthree\n")]
)
async def test_tails_are_whole_lines(guest: Any, setup: Any, script: Any, package: Any, limit: int, expected: str) -> None:
    text = "printf 'one\\ntwo\\nthree\\n'; exit 1"
    whole = "one\ntwo\nthree\n"
    result = await guest.deliver(setup(package=package(script(text)), tail=limit))
    assert result.stdout == (whole if limit >= len(whole) else expected)


async def test_the_environment_of_the_script_is_the_containers(guest: Any, setup: Any, script: Any, package: Any) -> None:
    guest.environment["LC_ALL"] = "POSIX"
    await guest.deliver(setup(package=package(script('env >"$GUEST/env"; umask >"$GUEST/umask"; pwd >"$GUEST/pwd"'))))
    names = {line.split("=")[0] for line in guest.text("env").splitlines()}
    assert names - {"_", "PWD", "OLDPWD", "SHLVL"} == set(guest.environment)
    assert guest.text("pwd").strip() == str(Path.cwd())
    assert guest.text("umask").strip() == f"{0o22:04o}"


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name in names:
            data = b'#!/bin/sh\necho "$*" >>"$GUEST/calls"\n'
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o644
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (archive("pkg/startscript", "pkg/x"), ""),
        (archive("pkg/x"), "PackageMalformed"),
        (archive("pkg/startscript", "stray"), "PackageMalformed"),
        (archive("pkg/startscript", "pkg/../../x"), "PackageUnsafe"),
        (archive("pkg/startscript", "/abs"), "PackageUnsafe"),
        (b"no archive", "PackageMalformed"),
        (None, "PackageNotFound"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_package_inside_the_guest(guest: Any, setup: Any, data: bytes | None, reason: str) -> None:
    if data is not None:
        guest.path("my package.tgz").write_bytes(data)
    result = await guest.deliver(setup(package=None, package_path="/my package.tgz"))
    if guest.shell == "busybox" and reason == "PackageUnsafe":
        assert result.reason in ("PackageUnsafe", "PackageMalformed")  # its tar lists /abs as abs
    else:
        assert result.reason == reason, result
    assert result.outcome is (Outcome.BROKEN if reason else Outcome.DONE)
    assert guest.calls == ([] if reason else ["--configure"])


async def test_a_package_inside_the_guest_needs_tar(guest: Any, setup: Any) -> None:
    guest.path("p.tgz").write_bytes(archive("pkg/startscript"))
    if guest.shell != "busybox":
        guest.unlink("tar")
        assert (await guest.deliver(setup(package=None, package_path="/p.tgz"))).reason == "GuestNoTar"
    else:
        assert (await guest.deliver(setup(package=None, package_path="/p.tgz"))).outcome is Outcome.DONE


class Files(http.server.BaseHTTPRequestHandler):
    """Answers every path with itself, but for those that contain 404."""

    def do_GET(self) -> None:
        self.send_response(404 if "404" in self.path else 200)
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def files() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def downloader(guest: Any, name: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        guest.unlink(name)
    if name == "python3":
        guest.bin.joinpath(name).symlink_to(sys.executable)
    else:
        guest.link(name, "busybox" if guest.shell == "busybox" else name)


@pytest.mark.parametrize("program", ["curl", "wget", "python3"])
async def test_files_are_injected_by_what_the_guest_has(guest: Any, setup: Any, files: str, program: str) -> None:
    if guest.shell == "busybox" and program == "curl":
        program = "wget"
    downloader(guest, program)
    injected = Injection(f"{files}/a/b.txt?x=1", "/data/my dir;touch pwned", mode="640")
    result = await guest.deliver(setup(injections=(injected,)))
    assert result.outcome is Outcome.DONE, result
    path = guest.path("/data/my dir;touch pwned/b.txt?x=1")
    assert path.read_text() == "/a/b.txt?x=1"
    assert path.stat().st_mode & 0o777 == 0o640
    result = await guest.deliver(setup(attempt=2, injections=(Injection(f"{files}/404", "/data"),)))
    assert (result.outcome, result.reason) == (Outcome.BROKEN, "InjectionFailed"), result
    assert len(guest.calls) == 1


async def test_without_a_downloader_an_injection_says_so(guest: Any, setup: Any, files: str) -> None:
    result = await guest.deliver(setup(injections=(Injection(f"{files}/a", "/data"),)))
    wanted = (Outcome.DONE, "") if guest.shell == "busybox" else (Outcome.BROKEN, "GuestNoDownloader")  # wget is built in
    assert (result.outcome, result.reason) == wanted


async def test_systemd_is_awaited(guest: Any, setup: Any) -> None:
    program = guest.bin / "systemctl"
    program.write_text('#!/bin/sh\necho x >>"$GUEST/asked"\n[ "$(cat "$GUEST/asked" | tail -n +3)" ]\n')
    program.chmod(0o755)
    assert (await guest.deliver(setup(systemd=True))).outcome is Outcome.DONE
    assert len(guest.text("asked").splitlines()) == 3


async def test_without_systemd_a_systemd_app_says_so(guest: Any, setup: Any) -> None:
    result = await guest.deliver(setup(systemd=True))
    assert (result.outcome, result.reason) == (Outcome.BROKEN, "GuestNoSystemd")
