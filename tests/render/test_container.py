"""The app container and its pod follow app, role and policy (spec/kubedirector-runtime.md section 2.4)."""

from __future__ import annotations

from typing import Any

import pytest

from kdasync.render.statefulset import pod_spec

LIMITS = {"cpu": "1", "memory": "1Gi"}
NEW_LAYOUT = {"packageURL": "http://x/p.tgz", "useNewSetupLayout": True}


def container(view: Any) -> dict[str, Any]:
    found: dict[str, Any] = pod_spec(view)["containers"][0]
    return found


def environment(view: Any) -> dict[str, str]:
    return {item["name"]: item["value"] for item in container(view).get("env", [])}


def test_the_least(build: Any) -> None:
    body = container(build())
    assert set(body) == {"name", "image", "resources", "lifecycle", "volumeMounts", "ports", "env"}
    assert body["resources"] == {"limits": LIMITS}
    assert body["ports"] == [{"name": "web", "containerPort": 80}]


@pytest.mark.parametrize(
    ("requests", "shown"),
    [
        (None, False),
        ({"nvidia.com/gpu": "0"}, False),
        ({"amd.com/gpu": "1"}, False),
        ({"nvidia.com/gpu": "1"}, True),
        ({"nvidia.com/mig-1g.5gb": 1}, True),
        ({"nvidia.com/gpu": None}, False),
    ],
)
def test_gpus_are_hidden_unless_requested(build: Any, requests: Any, shown: bool) -> None:
    view = build(role={"resources": {"limits": LIMITS, "requests": requests}})
    assert ("NVIDIA_VISIBLE_DEVICES" not in environment(view)) is shown


def test_environment_in_order(build: Any) -> None:
    view = build(app_role={"configPackage": NEW_LAYOUT}, role={"env": [{"name": "A", "value": "1"}, {"name": "B", "value": ""}]})
    assert list(environment(view).items()) == [
        ("A", "1"),
        ("B", ""),
        ("PYTHONUSERBASE", "/usr/local"),
        ("NVIDIA_VISIBLE_DEVICES", "void"),
    ]


def test_old_layout_has_no_user_base(build: Any) -> None:
    assert "PYTHONUSERBASE" not in environment(build(app_role={"configPackage": {"packageURL": "http://x/p.tgz"}}))


def test_capabilities_are_added(build: Any) -> None:
    assert container(build(app={"capabilities": ["SYS_ADMIN"]}))["securityContext"] == {"capabilities": {"add": ["SYS_ADMIN"]}}
    assert "securityContext" not in container(build(app={"capabilities": []}))


def test_terminal(build: Any) -> None:
    body = container(build(app_role={"containerSpec": {"stdin": True, "tty": True}}))
    assert (body["stdin"], body["tty"]) == (True, True)
    assert "stdin" not in container(build(app_role={"containerSpec": {"stdin": False}}))


def test_policy_overrides_the_entrypoint_and_the_grace(build: Any) -> None:
    policy = {"kdasync": {"roles": [{"id": "r", "command": ["sleep", "inf"], "terminationGraceSeconds": 0}, {"id": "other"}]}}
    view = build(app=policy)
    assert container(view)["command"] == ["sleep", "inf"]
    assert pod_spec(view)["terminationGracePeriodSeconds"] == 0
    assert "terminationGracePeriodSeconds" not in pod_spec(build())


def test_service_account_mounts_its_token(build: Any) -> None:
    body = pod_spec(build(role={"serviceAccountName": "sa"}))
    assert (body["serviceAccountName"], body["automountServiceAccountToken"]) == ("sa", True)
    assert pod_spec(build())["automountServiceAccountToken"] is False


def test_affinity_is_passed_through(build: Any) -> None:
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}}
    assert pod_spec(build(role={"affinity": affinity}))["affinity"] == affinity


def test_init_container_is_the_same_image_as_root(build: Any) -> None:
    (init,) = pod_spec(build(role={"storage": {"size": "1Gi"}}))["initContainers"]
    assert (init["name"], init["image"], init["securityContext"]) == ("init", "image", {"runAsUser": 0})
    assert init["resources"] == {"limits": LIMITS}
    assert init["args"][-1] == "/etc"
    assert init["volumeMounts"] == [{"name": "p", "mountPath": "/mnt"}]
