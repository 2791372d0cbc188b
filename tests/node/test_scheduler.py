"""Whether the one node takes a pod, in kube-scheduler's words."""

from __future__ import annotations

from typing import Any

from kdasync.devcluster.node.record import Scheduled
from kdasync.devcluster.node.scheduler import decide, ours

Document = dict[str, Any]


def verdict(spec: Document, **more: Any) -> Scheduled:
    pod = {"metadata": {"name": "p", "namespace": "ns"}, "spec": {"containers": [{"name": "app"}], **spec}}
    return decide(pod, **{"claims": {}, "labels": {}, "allocatable": {}, **more})


def gpu(count: int) -> Document:
    return {"containers": [{"name": "app", "resources": {"limits": {"nvidia.com/gpu": str(count), "cpu": "64"}}}]}


def claimed() -> Document:
    return {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]}


def test_a_plain_pod_is_taken() -> None:
    assert verdict({}).done


def test_an_extended_resource_must_be_there() -> None:
    found = verdict(gpu(1))
    assert (found.done, found.reason) == (False, "Unschedulable")
    assert "Insufficient nvidia.com/gpu" in found.message
    assert verdict(gpu(1), allocatable={"nvidia.com/gpu": 2}).done


def test_nothing_asked_of_an_extended_resource_needs_nothing() -> None:
    assert verdict(gpu(0)).done


def test_a_claim_must_exist_and_be_bound() -> None:
    assert 'persistentvolumeclaim "c" not found' in verdict(claimed()).message
    pending = {"metadata": {}, "status": {"phase": "Pending"}}
    assert "unbound immediate PersistentVolumeClaims" in verdict(claimed(), claims={"c": pending}).message
    assert verdict(claimed(), claims={"c": {"metadata": {}, "status": {"phase": "Bound"}}}).done


def test_a_node_selector_must_match() -> None:
    wanted = {"nodeSelector": {"disk": "fast"}}
    assert "didn't match Pod's node affinity/selector" in verdict(wanted).message
    assert verdict(wanted, labels={"disk": "fast"}).done


def test_a_pod_of_another_scheduler_is_left_alone() -> None:
    assert not ours({"spec": {"schedulerName": "nobody"}})
    assert ours({"spec": {"schedulerName": "default-scheduler"}})
    assert ours({"spec": {}})
