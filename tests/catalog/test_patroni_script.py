from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

DOMAIN = "svc.ns.svc.cluster.local"
DELETE = ("--delnodes", "--role", "db", "--fqdns", f"d-1.{DOMAIN},d-2.{DOMAIN}")


@pytest.fixture
def script(catalog: Path) -> Path:
    return catalog / "patroni/package/startscript"


@pytest.fixture
def db(guest: Any, make_role: Any) -> Any:
    for name in ("patroni", "postgres", "python3", "setpriv", "chown"):
        guest.program(name)
    guest.program("id", "case $* in -u) echo 0 ;; *) echo 999 ;; esac")

    def member(pod: str = "d-0", *, dcs: tuple[str, ...] = ("e-0", "e-1"), connections: dict[str, Any] | None = None) -> Any:
        secrets = {"superuser": 'a"b $c', "replication": "r"}
        roles = {"db": make_role("d-0", "d-1", "d-2", first_id=3, secret_keys=secrets)}
        if dcs:
            roles["dcs"] = make_role(*dcs)
        guest.meta(pod, role_id="db", roles=roles, connections=connections)
        return guest

    return member


def rendered(guest: Any) -> str:
    return next(call for call in guest.called if "render.py" in call)


def test_patroni_starts_as_an_ordinary_user(db: Any, script: Path) -> None:
    guest = db()
    assert guest.call(script, "--configure").returncode == 0
    assert guest.start == f"exec setpriv --reuid=999 --regid=999 --init-groups patroni {guest.folder}/patroni/patroni.yml\n"
    assert [call.rsplit(":", 1)[1] for call in guest.called[-2:]] == ["8008/health", "8008/readiness"]


def test_root_of_one_user_becomes_postgres_in_a_nested_namespace(db: Any, script: Path) -> None:
    guest = db()
    guest.program("setpriv", "exit 1")
    guest.program("unshare")
    assert guest.call(script, "--configure").returncode == 0
    assert guest.start.startswith("exec unshare --user --map-user=999 --map-group=999 patroni ")


def test_a_root_that_cannot_change_is_refused(db: Any, script: Path) -> None:
    guest = db()
    guest.program("setpriv", "exit 1")
    guest.program("unshare", "exit 1")
    result = guest.call(script, "--configure")
    assert result.returncode == 1
    assert "CAP_SETUID" in result.stderr
    assert not (guest.run_dir / "start").exists()


def test_etcd_is_the_role_dcs_by_name(db: Any, script: Path) -> None:
    guest = db()
    assert guest.call(script, "--reconnect").returncode == 0
    assert rendered(guest).endswith(f"--etcd e-0.{DOMAIN}:2379 e-1.{DOMAIN}:2379")


def test_etcd_is_a_connected_cluster(db: Any, script: Path, make_role: Any) -> None:
    store = {"store": {"nodegroups": {"1": {"roles": {"member": make_role("x-0")}}}}}
    guest = db(dcs=(), connections=store)
    assert guest.call(script, "--reconnect").returncode == 0
    assert rendered(guest).endswith(f"--etcd x-0.{DOMAIN}:2379")


def test_no_etcd_at_all_is_refused(db: Any, script: Path) -> None:
    result = db(dcs=()).call(script, "--configure")
    assert result.returncode == 1
    assert "spec.connections.clusters" in result.stderr


def test_silent_etcd_is_named(db: Any, script: Path) -> None:
    guest = db()
    guest.program("python3", "exit 1")
    result = guest.call(script, "--configure", PATRONI_DCS_SECONDS="1")
    assert result.returncode == 1
    assert f"etcd (e-0.{DOMAIN} e-1.{DOMAIN}) to be healthy" in result.stderr


def test_secret_keys_reach_the_settings_unchanged(db: Any, script: Path) -> None:
    guest = db()
    guest.program("python3", f'env >"{guest.folder}/environment"')
    assert guest.call(script, "--reconnect").returncode == 0
    assert 'KD_SECRET_SUPERUSER=a"b $c\n' in (guest.folder / "environment").read_text()


def test_leadership_moves_before_members_go(db: Any, script: Path) -> None:
    guest = db()
    assert guest.call(script, *DELETE).returncode == 0
    assert guest.called[-1].endswith(f"leave.py {guest.folder}/patroni/patroni.yml d-1 d-2")


def test_members_stay_while_one_of_them_leads(db: Any, script: Path) -> None:
    guest = db()
    guest.program("python3", "exit 1")
    result = guest.call(script, *DELETE, PATRONI_LEAVE_SECONDS="1")
    assert result.returncode == 1
    assert "instead of one of d-1 d-2" in result.stderr


def test_leaving_etcd_members_are_no_business_of_the_database(db: Any, script: Path) -> None:
    guest = db()
    assert guest.call(script, "--delnodes", "--role", "dcs", "--fqdns", "e-1.x").returncode == 0
    assert not [call for call in guest.called if call.startswith("python3")]


def test_unknown_role_is_refused(guest: Any, script: Path, make_role: Any) -> None:
    guest.meta("p-0", role_id="proxy", roles={"proxy": make_role("p-0")})
    result = guest.call(script, "--configure")
    assert result.returncode == 1
    assert json.dumps("proxy").strip('"') in result.stderr
