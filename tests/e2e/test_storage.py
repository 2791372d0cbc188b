"""Directories on claims: filled at first, kept over containers and pods, and never deleted as a side effect."""

from __future__ import annotations

from collections.abc import Callable

from realcluster.lab import Lab, script

STORAGE = {"storage": {"size": "1Gi", "storageClassName": "real"}}
PERSIST = {"defaultPersistDirs": ["/opt/data", "/etc"]}


def test_a_member_with_kept_directories_is_not_set_up_again(labs: Callable[..., Lab]) -> None:
    lab = labs()
    lab.app(script("mkdir -p /opt/data; echo kept >> /opt/data/file"), **PERSIST)
    lab.create(workers=1, **STORAGE)
    seen = lab.configured()
    pod = min(seen.members())
    assert lab.inside(pod, "cat", "/etc/debian_version")
    uid = lab.pods()[pod]["metadata"]["uid"]
    lab.send("DELETE", lab.path("pods", pod))
    lab.eventually(lambda: lab.pods().get(pod, {}).get("metadata", {}).get("uid") not in {None, uid})
    lab.eventually(lambda: lab.pods()[pod]["status"]["phase"] == "Running")
    container = lab.pods()[pod]["status"]["containerStatuses"][0]["containerID"]
    lab.until(lambda now: now.ready() and container in str(now.status["roles"]))
    assert lab.inside(pod, "cat", "/opt/data/file").split() == ["kept"]


def test_claims_outlive_a_smaller_cluster_as_the_class_says(labs: Callable[..., Lab]) -> None:
    lab = labs()
    lab.app(script(), **PERSIST)
    lab.create(workers=2, **STORAGE)
    lab.configured()
    claims = {item["metadata"]["name"] for item in lab.list("persistentvolumeclaims")}
    started = lab.edit({"roles": lab.roles(1, **STORAGE)})
    lab.configured(since=started)
    left = {item["metadata"]["name"] for item in lab.list("persistentvolumeclaims")}
    print(f"\nclaims before {len(claims)}, after a shrink by one {len(left)}")
    assert left <= claims
    assert len(left) >= 2
