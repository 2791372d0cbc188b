"""Which calls a StatefulSet asks for, as a function of what is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kdasync.devcluster.controllers.calls import Call, Create, Delete, Patch
from kdasync.devcluster.controllers.revision import revision_name, store_revision
from kdasync.devcluster.controllers.statefulset import Seen, decide

Document = dict[str, Any]
Make = Callable[..., Document]

CLAIM = {"metadata": {"name": "p", "labels": {"own": "1"}}, "spec": {"accessModes": ["ReadWriteOnce"]}}


def run(
    stateful_set: Document, *pods: Document, claims: dict[str, Document] | None = None, revisions: list[Document] | None = None
) -> list[Call]:
    return decide(
        Seen(
            stateful_set=stateful_set,
            pods={pod["metadata"]["name"]: pod for pod in pods},
            claims=claims or {},
            revisions=revisions or [],
        )
    )


def created(calls: list[Call], kind: str = "Pod") -> list[str]:
    return [call.body["metadata"]["name"] for call in calls if isinstance(call, Create) and call.kind.kind == kind]


def deleted(calls: list[Call]) -> list[str]:
    return [call.key[1] for call in calls if isinstance(call, Delete)]


def test_ordered_ready_creates_one_after_the_other(stateful_set: Make, pod: Make) -> None:
    assert created(run(stateful_set())) == ["web-0"]
    assert created(run(stateful_set(), pod("web-0", ready=False))) == []
    assert created(run(stateful_set(), pod("web-0"))) == ["web-1"]


def test_parallel_creates_all_at_once(stateful_set: Make) -> None:
    assert created(run(stateful_set(podManagementPolicy="Parallel"))) == ["web-0", "web-1", "web-2"]


def test_pod_has_kubernetes_names_and_labels(stateful_set: Make) -> None:
    wanted = stateful_set(replicas=1)
    body = next(call.body for call in run(wanted) if isinstance(call, Create) and call.kind.kind == "Pod")
    assert body["metadata"]["generateName"] == "web-"
    assert body["metadata"]["labels"] == {
        "app": "web",
        "apps.kubernetes.io/pod-index": "0",
        "controller-revision-hash": revision_name(wanted),
        "statefulset.kubernetes.io/pod-name": "web-0",
    }
    assert (body["spec"]["hostname"], body["spec"]["subdomain"]) == ("web-0", "web-hs")
    assert body["metadata"]["ownerReferences"][0]["blockOwnerDeletion"] is True


def test_start_ordinal_is_respected(stateful_set: Make) -> None:
    calls = run(stateful_set(podManagementPolicy="Parallel", ordinals={"start": 5}, replicas=2))
    assert created(calls) == ["web-5", "web-6"]


def test_claims_come_before_their_pod_with_the_selectors_labels(stateful_set: Make) -> None:
    calls = run(stateful_set(replicas=1, volumeClaimTemplates=[CLAIM]))
    kinds = [call.kind.kind for call in calls if isinstance(call, Create)]
    assert kinds == ["ControllerRevision", "PersistentVolumeClaim", "Pod"]
    claim = next(call.body for call in calls if isinstance(call, Create) and call.kind.kind == "PersistentVolumeClaim")
    assert claim["metadata"] == {"name": "p-web-0", "namespace": "ns", "labels": {"own": "1", "app": "web"}}
    assert "ownerReferences" not in claim["metadata"]


def test_no_pod_while_its_claim_is_being_deleted(stateful_set: Make) -> None:
    going = {"metadata": {"name": "p-web-0", "namespace": "ns", "deletionTimestamp": "now"}}
    wanted = stateful_set(replicas=1, volumeClaimTemplates=[CLAIM])
    assert created(run(wanted, claims={"p-web-0": going})) == []
    there = {"metadata": {"name": "p-web-0", "namespace": "ns"}}
    assert created(run(wanted, claims={"p-web-0": there})) == ["web-0"]


def test_scale_down_takes_the_highest_first(stateful_set: Make, pod: Make) -> None:
    pods = [pod(f"web-{ordinal}") for ordinal in range(4)]
    assert deleted(run(stateful_set(replicas=1), *pods)) == ["web-3"]
    assert deleted(run(stateful_set(replicas=1, podManagementPolicy="Parallel"), *pods)) == ["web-3", "web-2", "web-1"]


def test_ordered_scale_down_waits_for_the_one_that_is_going(stateful_set: Make, pod: Make) -> None:
    pods = [pod("web-0"), pod("web-1"), pod("web-2", deletionTimestamp="now")]
    assert deleted(run(stateful_set(replicas=1), *pods)) == []


def test_a_pod_that_ended_is_replaced(stateful_set: Make, pod: Make) -> None:
    failed = pod("web-0")
    failed["status"]["phase"] = "Failed"
    assert deleted(run(stateful_set(replicas=1), failed)) == ["web-0"]


def test_deletes_carry_the_uid(stateful_set: Make, pod: Make) -> None:
    calls = run(stateful_set(replicas=0), pod("web-0"))
    assert [call.uid for call in calls if isinstance(call, Delete)] == ["uid-web-0"]


def test_foreign_pods_are_left_alone(stateful_set: Make, pod: Make) -> None:
    calls = run(stateful_set(replicas=0), pod("web-0", owner="another"))
    assert deleted(calls) == []


def test_matching_orphans_are_adopted(stateful_set: Make, pod: Make) -> None:
    calls = run(stateful_set(replicas=1), pod("web-0", owner=""))
    patches = [call for call in calls if isinstance(call, Patch) and call.kind.kind == "Pod"]
    assert patches[0].body["metadata"]["uid"] == "uid-web-0"
    assert patches[0].body["metadata"]["ownerReferences"][0]["uid"] == "set-uid"
    assert created(calls) == []


def test_rolling_update_goes_down_one_at_a_time(stateful_set: Make, pod: Make) -> None:
    wanted = stateful_set(podManagementPolicy="Parallel")
    new = revision_name(wanted)
    old = [pod(f"web-{ordinal}", revision="old") for ordinal in range(3)]
    assert deleted(run(wanted, *old)) == ["web-2"]
    assert deleted(run(wanted, *old[:2], pod("web-2", revision=new, ready=False))) == []
    assert deleted(run(wanted, *old[:2], pod("web-2", revision=new))) == ["web-1"]


def test_partition_protects_lower_ordinals(stateful_set: Make, pod: Make) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    wanted = stateful_set(updateStrategy=strategy)
    old = [pod(f"web-{ordinal}", revision="old") for ordinal in range(3)]
    assert deleted(run(wanted, *old)) == ["web-2"]
    assert deleted(run(wanted, *old[:2], pod("web-2", revision=revision_name(wanted)))) == []


def test_below_the_partition_a_pod_comes_back_as_it_was(stateful_set: Make) -> None:
    before = stateful_set()
    stored = store_revision(before, [])[0].body
    wanted = stateful_set(
        podManagementPolicy="Parallel", updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}, replicas=2
    )
    wanted["spec"]["template"] = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "new"}]}}
    wanted["status"] = {"currentRevision": revision_name(before)}
    pods = [call.body for call in run(wanted, revisions=[stored]) if isinstance(call, Create) and call.kind.kind == "Pod"]
    assert [body["spec"]["containers"][0]["image"] for body in pods] == ["i", "new"]


def test_on_delete_replaces_nothing_by_itself(stateful_set: Make, pod: Make) -> None:
    wanted = stateful_set(updateStrategy={"type": "OnDelete"})
    assert deleted(run(wanted, *[pod(f"web-{ordinal}", revision="old") for ordinal in range(3)])) == []


def test_nothing_to_do_is_no_call(stateful_set: Make, pod: Make) -> None:
    wanted = stateful_set()
    name = revision_name(wanted)
    pods = [pod(f"web-{ordinal}", revision=name) for ordinal in range(3)]
    stored = store_revision(wanted, [])[0].body
    status = run(wanted, *pods, revisions=[stored])
    assert [type(call) for call in status] == [Patch]
    assert isinstance(status[0], Patch)
    assert status[0].body["status"]["readyReplicas"] == 3
    wanted["status"] = status[0].body["status"]
    assert run(wanted, *pods, revisions=[stored]) == []


def test_a_set_that_is_being_deleted_does_nothing(stateful_set: Make) -> None:
    wanted = stateful_set()
    wanted["metadata"]["deletionTimestamp"] = "now"
    assert run(wanted) == []
