"""The postStart hook, run by every shell that is here."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from kdasync.render.hook import post_start

SHELLS = [shell for shell in (["sh"], ["dash"], ["bash", "--posix"], ["busybox", "sh"]) if shutil.which(shell[0])]


class Guest:
    def __init__(self, root: Path, shell: list[str]) -> None:
        self.resolv = root / "resolv.conf"
        self.log = root / "log"
        self.root = root
        self._shell = [shutil.which(shell[0]) or "", *shell[1:]]
        self.path = "/usr/bin:/bin"

    def run(self) -> subprocess.CompletedProcess[bytes]:
        _, flag, text, name, service = post_start("kdhs-x")["exec"]["command"]
        text = text.replace("/etc/resolv.conf", str(self.resolv)).replace("/tmp/kd-postcluster.log", str(self.log))  # noqa: S108
        text = text.replace("chmod 755 /run", f"chmod 755 {self.root}")
        return subprocess.run(
            [*self._shell, flag, text, name, service], check=False, env={"PATH": self.path}, timeout=30, capture_output=True
        )


@pytest.fixture(params=SHELLS, ids=["-".join(shell) for shell in SHELLS])
def guest(request: pytest.FixtureRequest, tmp_path: Path) -> Guest:
    return Guest(tmp_path, request.param)


def test_the_service_comes_first(guest: Guest) -> None:
    guest.resolv.write_text("nameserver 10.0.0.10\nsearch ns.svc.cluster.local svc.cluster.local\noptions ndots:5\n")
    assert guest.run().returncode == 0
    assert guest.resolv.read_text() == (
        "nameserver 10.0.0.10\nsearch kdhs-x.ns.svc.cluster.local ns.svc.cluster.local svc.cluster.local\noptions ndots:5\n"
    )


def test_twice_is_once(guest: Guest) -> None:
    guest.resolv.write_text("search ns.svc.cluster.local")
    guest.run()
    first = guest.resolv.read_text()
    guest.run()
    assert guest.resolv.read_text() == first == "search kdhs-x.ns.svc.cluster.local ns.svc.cluster.local\n"


def test_other_lines_stay_as_they_are(guest: Guest) -> None:
    text = "# a  *  comment\n\n\tnameserver 1.1.1.1\noptions   a\\b\n"
    guest.resolv.write_text(text)
    assert guest.run().returncode == 0
    assert guest.resolv.read_text() == text


def test_a_shell_alone_is_enough(guest: Guest) -> None:
    guest.path = "/nowhere"
    guest.resolv.write_text("search d\n")
    assert guest.run().returncode == 0
    assert guest.resolv.read_text() == "search kdhs-x.d d\n"


def test_an_empty_file_is_waited_for_ten_times_at_most(tmp_path: Path) -> None:
    (tmp_path / "sleep").write_text(f"#!/bin/sh\necho $1 >>{tmp_path}/slept\n")
    (tmp_path / "sleep").chmod(0o755)
    guest = Guest(tmp_path, ["sh"])
    guest.path = f"{tmp_path}:/usr/bin:/bin"
    guest.resolv.touch()
    assert guest.run().returncode == 0
    assert (tmp_path / "slept").read_text() == "1\n" * 10
    assert guest.resolv.read_text() == ""


def test_without_sleep_an_empty_file_delays_nothing(tmp_path: Path) -> None:
    guest = Guest(tmp_path, ["sh"])
    guest.path = "/nowhere"
    started = time.monotonic()
    assert guest.run().returncode == 0
    assert time.monotonic() - started < 5
    assert not guest.resolv.exists()


def test_unwritable_places_are_no_failure(guest: Guest) -> None:
    guest.resolv.mkdir()
    guest.log.mkdir()
    result = guest.run()
    assert (result.returncode, result.stdout) == (0, b"")
