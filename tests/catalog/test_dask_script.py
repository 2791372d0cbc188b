from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

DELETE = (
    "--delnodes",
    "--nodegroup",
    "1",
    "--role",
    "worker",
    "--fqdns",
    "w-1.svc.ns.svc.cluster.local,w-2.svc.ns.svc.cluster.local",
)


@pytest.fixture
def script(catalog: Path) -> Path:
    return catalog / "dask/package/startscript"


@pytest.fixture
def dask(guest: Any, make_role: Any) -> Any:
    guest.program("dask")
    guest.program("python3")
    roles = {"scheduler": make_role("s-0"), "worker": make_role("w-0", "w-1", "w-2", first_id=2)}

    def member(pod: str, role_id: str) -> Any:
        guest.meta(pod, role_id=role_id, roles=roles)
        return guest

    return member


def test_scheduler_is_started_and_asked(dask: Any, script: Path) -> None:
    guest = dask("s-0", "scheduler")
    assert guest.call(script, "--configure").returncode == 0
    assert guest.start.startswith("exec dask scheduler --host s-0.svc.ns.svc.cluster.local --port 8786")
    assert guest.called[-1].endswith("health.py http://s-0.svc.ns.svc.cluster.local:8787/health")


def test_worker_is_named_after_its_pod_and_sized_by_its_limits(dask: Any, script: Path) -> None:
    guest = dask("w-1", "worker")
    # the folder for results is outside the fake guest: a program stands for mkdir of it
    guest.program("mkdir", '[ "$2" = /data ] || exec /bin/mkdir "$@"')
    assert guest.call(script, "--configure").returncode == 0
    assert "exec dask worker tcp://s-0.svc.ns.svc.cluster.local:8786 --name w-1" in guest.start
    assert "--nthreads 2 --memory-limit 900MiB" in guest.start
    assert guest.called[-1].endswith("registered.py http://s-0.svc.ns.svc.cluster.local:8787/json/identity.json w-1")


def test_worker_that_never_registers_is_an_error_with_a_reason(dask: Any, script: Path) -> None:
    guest = dask("w-1", "worker")
    guest.program("mkdir", '[ "$2" = /data ] || exec /bin/mkdir "$@"')
    guest.program("python3", "exit 1")
    result = guest.call(script, "--configure", DASK_SECONDS="1")
    assert result.returncode == 1
    assert "to know worker w-1" in result.stderr


def test_image_without_dask_is_refused(dask: Any, script: Path) -> None:
    guest = dask("s-0", "scheduler")
    (guest.bin / "dask").unlink()
    result = guest.call(script, "--configure")
    assert result.returncode == 1
    assert "no 'dask' in PATH" in result.stderr


def test_scheduler_retires_all_that_leave(dask: Any, script: Path) -> None:
    guest = dask("s-0", "scheduler")
    assert guest.call(script, *DELETE).returncode == 0
    assert guest.called[-1].endswith("retire.py tcp://s-0.svc.ns.svc.cluster.local:8786 540 w-1 w-2")


def test_failed_retirement_keeps_the_members(dask: Any, script: Path) -> None:
    guest = dask("s-0", "scheduler")
    guest.program("python3", "exit 1")
    result = guest.call(script, *DELETE)
    assert result.returncode == 1
    assert "w-1 w-2 could not be retired" in result.stderr


def test_workers_leave_it_to_the_scheduler(dask: Any, script: Path) -> None:
    guest = dask("w-0", "worker")
    assert guest.call(script, *DELETE).returncode == 0
    assert not [call for call in guest.called if call.startswith("python3")]


@pytest.mark.parametrize("event", ["--reconnect", "--addnodes"])
def test_other_events_are_nothing_to_do(dask: Any, script: Path, event: str) -> None:
    more = ("--role", "worker", "--fqdns", "x.y") if event == "--addnodes" else ()
    assert dask("s-0", "scheduler").call(script, event, *more).returncode == 0


def test_no_event_is_refused(dask: Any, script: Path) -> None:
    assert dask("s-0", "scheduler").call(script, "--unknown").returncode == 1
