"""Growing and shrinking tell the members that stay, in the right order."""

from __future__ import annotations

import time
from collections.abc import Callable

from realcluster.lab import Lab, script


def notified(lab: Lab, pod: str, word: str) -> list[str]:
    return [call for _, call in lab.calls(pod) if call.startswith(word)]


def test_growing_configures_the_new_members_and_tells_the_old_ones(labs: Callable[..., Lab]) -> None:
    lab = labs()
    lab.app(script(sleep=1))
    lab.create(workers=1)
    old = set(lab.configured().members())
    started = lab.edit({"roles": lab.roles(4)})
    seen = lab.configured(since=started)
    print(f"\nworker 1 -> 4, script of 1 s: {seen.at - started:.1f} s")
    new = set(seen.members()) - old
    assert len(new) == 3
    assert all([call for _, call in lab.calls(pod)] == ["--configure"] for pod in new)
    for pod in old:
        lab.eventually(lambda pod=pod: notified(lab, pod, "--addnodes"))
        (call,) = notified(lab, pod, "--addnodes")
        assert all(name in call for name in new)


def test_leaving_members_are_announced_before_their_pods_go(labs: Callable[..., Lab]) -> None:
    lab = labs()
    lab.app(script(sleep=1))
    lab.create(workers=4)
    before = set(lab.configured().members())
    position, started = lab.audit.position(), lab.edit({"roles": lab.roles(1)})
    seen = lab.configured(since=started)
    print(f"\nworker 4 -> 1, script of 1 s: {seen.at - started:.1f} s, requests {len(lab.asked(position))}")
    gone = before - set(seen.members())
    assert len(gone) == 3
    lab.eventually(lambda: not gone & set(lab.pods()))
    for pod in seen.members():
        calls = [(at, call) for at, call in lab.calls(pod) if call.startswith("--delnodes")]
        assert calls
        assert all(any(name in call for _, call in calls) for name in gone)
        assert max(at for at, _ in calls) < time.time()


def test_pods_leave_only_after_everybody_was_told(labs: Callable[..., Lab]) -> None:
    lab = labs()
    lab.app(script('[ "$1" != --delnodes ] || sleep 3'))
    lab.create(workers=2)
    before = set(lab.configured().members())
    lab.edit({"roles": lab.roles(1)})
    lab.eventually(lambda: any("deletionTimestamp" in pod["metadata"] for pod in lab.pods().values()) or len(lab.pods()) < 3)
    leaving = before - {name for name, pod in lab.pods().items() if "deletionTimestamp" not in pod["metadata"]}
    for pod in before - leaving:
        assert notified(lab, pod, "--delnodes")
