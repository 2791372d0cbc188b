"""The fake etcdctl answers from files: `health-POD`, `status-POD`, `list`; a change is noted and refused while `refuse` exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

DOMAIN = "svc.ns.svc.cluster.local"
FAKE = """
for word in "$@"; do case $word in --endpoints=*) at=${word#*//} at=${at%%.*} ;; esac; done
cd "{folder}"
case $* in
*"endpoint health"*) [ -e "health-$at" ] ;;
*"endpoint status"*) [ -e "status-$at" ] && cat "status-$at" ;;
*"member list"*) cat list ;;
*"member add"*) [ ! -e refuse ] && cat added >>list ;;
*"member promote"*) sed -i 's/true$/false/' list && touch "health-$me" ;;
*"member remove"*) for id in "$@"; do :; done; sed -i "/^$id,/d" list ;;
esac
"""


def line(number: int, *, state: str = "started", learner: bool = False) -> str:
    name = f"m-{number}" if state == "started" else ""
    return f"{number}{number}, {state}, {name}, http://m-{number}.{DOMAIN}:2380, http://x, {str(learner).lower()}\n"


@pytest.fixture
def script(catalog: Path) -> Path:
    return catalog / "etcd/package/startscript"


@pytest.fixture
def etcd(guest: Any, make_role: Any) -> Any:
    guest.program("etcd")

    def member(pod: str, *, members: int = 3) -> Any:
        guest.program("etcdctl", f"me={pod}\n" + FAKE.replace("{folder}", str(guest.folder)))
        guest.meta(pod, role_id="member", roles={"member": make_role(*(f"m-{at}" for at in range(members)))})
        return guest

    return member


def test_oldest_starts_a_cluster_of_one_if_nobody_answers(etcd: Any, script: Path) -> None:
    guest = etcd("m-0")
    (guest.folder / "list").write_text(line(0))
    (guest.folder / "health-m-0").touch()
    assert guest.call(script, "--configure").returncode == 0
    assert "--initial-cluster-state new" in guest.start
    assert f"--initial-cluster m-0=http://m-0.{DOMAIN}:2380 " in guest.start


def test_oldest_starts_nothing_beside_members_without_a_quorum(etcd: Any, script: Path) -> None:
    guest = etcd("m-0")
    (guest.folder / "status-m-1").touch()
    result = guest.call(script, "--configure", ETCD_SECONDS="1")
    assert result.returncode == 1
    assert "a healthy member of the cluster" in result.stderr
    assert not (guest.run_dir / "start").exists()


def test_another_joins_as_learner_and_is_promoted(etcd: Any, script: Path) -> None:
    guest = etcd("m-1")
    (guest.folder / "list").write_text(line(0))
    (guest.folder / "added").write_text(line(1, state="unstarted", learner=True))
    (guest.folder / "health-m-0").touch()
    assert guest.call(script, "--configure").returncode == 0
    assert "--initial-cluster-state existing" in guest.start
    assert f"m-0=http://m-0.{DOMAIN}:2380,m-1=http://m-1.{DOMAIN}:2380 " in guest.start
    assert [call for call in guest.called if "member promote 11" in call]


def test_another_never_starts_a_cluster(etcd: Any, script: Path) -> None:
    guest = etcd("m-1")
    result = guest.call(script, "--configure", ETCD_SECONDS="1")
    assert result.returncode == 1
    assert not (guest.run_dir / "start").exists()


def test_refused_join_is_told_once_and_is_bounded(etcd: Any, script: Path) -> None:
    guest = etcd("m-1")
    (guest.folder / "list").write_text(line(0))
    (guest.folder / "health-m-0").touch()
    (guest.folder / "refuse").touch()
    result = guest.call(script, "--configure", ETCD_SECONDS="1")
    assert result.returncode == 1
    assert result.stdout.count("etcd:") <= 1


def test_lost_data_means_a_new_member(etcd: Any, script: Path) -> None:
    guest = etcd("m-1")
    (guest.folder / "list").write_text(line(0) + line(1))
    (guest.folder / "added").write_text(line(1, state="unstarted", learner=True))
    (guest.folder / "health-m-0").touch()
    assert guest.call(script, "--configure").returncode == 0
    changes = [
        call.split("command-timeout=5s ")[1].split(" --")[0] for call in guest.called if "member " in call and "list" not in call
    ]
    assert changes == ["member remove 11", "member add m-1", "member promote 11"]


def test_known_data_is_kept(etcd: Any, script: Path) -> None:
    guest = etcd("m-1")
    (guest.folder / "etcd/member").mkdir(parents=True)
    (guest.folder / "list").write_text(line(0) + line(1))
    (guest.folder / "health-m-0").touch()
    (guest.folder / "health-m-1").touch()
    assert guest.call(script, "--configure").returncode == 0
    assert (guest.folder / "etcd/member").is_dir()
    assert "--initial-cluster " not in guest.start


def test_data_of_an_earlier_life_is_wiped(etcd: Any, script: Path) -> None:
    guest = etcd("m-1")
    (guest.folder / "etcd/member").mkdir(parents=True)
    (guest.folder / "list").write_text(line(0))
    (guest.folder / "added").write_text(line(1, state="unstarted", learner=True))
    (guest.folder / "health-m-0").touch()
    result = guest.call(script, "--configure")
    assert result.returncode == 0
    assert "it is wiped" in result.stdout
    assert not (guest.folder / "etcd/member").exists()


def test_data_is_kept_while_no_cluster_is_healthy(etcd: Any, script: Path) -> None:
    guest = etcd("m-1")
    (guest.folder / "etcd/member").mkdir(parents=True)
    assert guest.call(script, "--configure", ETCD_SECONDS="1").returncode == 1
    assert (guest.folder / "etcd/member").is_dir()


def test_leaving_members_are_removed_and_twice_is_fine(etcd: Any, script: Path) -> None:
    guest = etcd("m-0", members=1)
    (guest.folder / "list").write_text(line(0) + line(1) + line(2))
    (guest.folder / "health-m-0").touch()
    (guest.folder / "status-m-2").write_text('"MemberID" : 34\n"Leader" : 34\n')
    delete = ("--delnodes", "--role", "member", "--fqdns", f"m-1.{DOMAIN},m-2.{DOMAIN}")
    assert guest.call(script, *delete).returncode == 0
    assert (guest.folder / "list").read_text() == line(0)
    assert [call for call in guest.called if "http://m-2" in call and "move-leader 00" in call]
    assert not [call for call in guest.called if "http://m-1" in call and "move-leader" in call]
    assert guest.call(script, *delete).returncode == 0


def test_without_a_quorum_nobody_leaves(etcd: Any, script: Path) -> None:
    guest = etcd("m-0", members=1)
    (guest.folder / "list").write_text(line(0) + line(1))
    result = guest.call(script, "--delnodes", "--role", "member", "--fqdns", f"m-1.{DOMAIN}", ETCD_LEAVE_SECONDS="1")
    assert result.returncode == 1
    assert "etcd to remove m-1" in result.stderr
