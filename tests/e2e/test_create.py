"""A new cluster in real containers: configured soon after its scripts end, with few execs."""

from __future__ import annotations

from collections.abc import Callable

from realcluster.audit import counted
from realcluster.lab import Lab, script

EXECS = 3  # a configured member
LATENCY = 1.5  # seconds from the last script's end to configured


def test_a_cluster_is_configured_soon_after_its_scripts_end(labs: Callable[..., Lab], record_property: Callable[..., None]) -> None:
    lab = labs()
    lab.app(script(sleep=1))
    created = lab.create(workers=2)
    seen = lab.configured()
    pods = list(seen.members())
    calls = {pod: lab.calls(pod) for pod in pods}
    assert [[name for _, name in of_pod] for of_pod in calls.values()] == [["--configure"]] * 3
    latency = seen.at - max(at for of_pod in calls.values() for at, _ in of_pod)
    execs = counted(lab.asked())[("get", "pods/exec")]
    print(
        f"\n1 x 3, script of 1 s: configured after {seen.at - created:.1f} s, {latency:.2f} s after the last script, {execs} execs"
    )
    record_property("seconds", seen.at - created)
    record_property("latency", latency)
    assert latency < LATENCY
    assert execs <= EXECS * len(pods)


def test_members_find_each_other_by_name(labs: Callable[..., Lab]) -> None:
    lab = labs()
    lab.app(script())
    lab.create(workers=1)
    first, second = lab.configured().members()
    metadata = lab.inside(first, "cat", "/etc/guestconfig/configmeta.json")
    assert second in metadata
    service = next(item["metadata"]["name"] for item in lab.list("services") if item["spec"].get("clusterIP") == "None")
    name = f"{second}.{service}.{lab.namespace}.svc.cluster.local"
    address = lab.pods()[second]["status"]["podIP"]
    assert lab.inside(first, "getent", "hosts", name).split()[0] == address


def test_a_role_without_a_setup_package_is_configured_without_any_exec(labs: Callable[..., Lab]) -> None:
    lab = labs()
    lab.app(None)
    created = lab.create(workers=2)
    seen = lab.configured()
    print(f"\n1 x 3, no setup package: configured after {seen.at - created:.1f} s")
    assert counted(lab.asked())[("get", "pods/exec")] == 0
