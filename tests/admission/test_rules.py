"""Every rule of the table, through the API server: one object that it refuses, in its words, and one that it lets pass."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kdasync.admission.rule import Home
from kdasync.admission.rules import RULES

Json = dict[str, Any]
LIMITS = {"memory": "1Gi", "cpu": "1"}

# rule, what is changed in the base object (refused), what it is changed to instead (accepted), the refusal
APPS: tuple[tuple[str, Json, Json, str], ...] = (
    (
        "Duplicate",
        {"config.selectedRoles": ["master", "master"]},
        {"config.selectedRoles": ["master", "worker"]},
        "spec.config.selectedRoles: role master is given twice. Remove one of them.",
    ),
    (
        "UnknownReference",
        {"config.selectedRoles": ["boss"]},
        {"config.selectedRoles": ["master"]},
        "spec.config.selectedRoles: role 'boss' is not defined. Defined by the app: master, worker.",
    ),
    (
        "NoImage",
        {"defaultImageRepoTag": None},
        {"defaultImageRepoTag": "x:1"},
        "spec.roles[0].imageRepoTag: role master has no image. Set it, or spec.defaultImageRepoTag for all roles.",
    ),
    (
        "TerminalWithoutInput",
        {"roles.0.containerSpec": {"tty": True}},
        {"roles.0.containerSpec": {"tty": True, "stdin": True}},
        "spec.roles[0].containerSpec.tty: role master wants a terminal without stdin. Set stdin to true as well.",
    ),
    (
        "NoScheme",
        {"services.1.endpoint": {"port": 22, "isDashboard": True}},
        {"services.1.endpoint": {"port": 22, "isDashboard": False}},
        "spec.services[1].endpoint.urlScheme: dashboard ssh has no URL scheme. Set it, for example to http.",
    ),
    (
        "InvalidDirectory",
        {"roles.0.persistDirs": ["//."]},
        {"roles.0.persistDirs": ["/x"]},
        "spec.roles[0].persistDirs: '//.' is the root directory. Name the directories to keep instead.",
    ),
    (
        "InvalidSize",
        {"roles.0.minStorage": {"size": "1.2.3"}},
        {"roles.0.minStorage": {"size": "1.2"}},
        "spec.roles[0].minStorage.size: '1.2.3' is no size. Write a quantity such as 10Gi.",
    ),
    (
        "OutOfRange",
        {"roles.0.maxLogSizeDump": 2**31},
        {"roles.0.maxLogSizeDump": 2**31 - 1},
        "spec.roles[0].maxLogSizeDump: 2147483648 is out of range. Use a number of at most 2147483647.",
    ),
)
CLUSTERS: tuple[tuple[str, Json, Json, str], ...] = (
    (
        "Duplicate",
        {"roles.1.id": "master"},
        {},
        "spec.roles: role master is given twice. Remove one of them.",
    ),
    (
        "AppNotFound",
        {"app": "nope"},
        {"app": "demo"},
        (
            "spec.app: there is no KubeDirectorApp 'nope' in namespace default or kubedirector. "
            "Create the app first, or correct the name (`kubectl get kdapp -A`)."
        ),
    ),
    (
        "AppNotFound",
        {"appCatalog": "system"},
        {"appCatalog": "local"},
        "spec.app: there is no KubeDirectorApp 'demo' in namespace kubedirector. ",
    ),
    (
        "UnknownRole",
        {"roles.1.id": "boss"},
        {},
        "spec.roles[1].id: role 'boss' is not defined. Defined by the app: master, worker.",
    ),
    ("MissingRole", {"roles": []}, {}, "spec.roles: role master is missing. Add it with 1 members."),
    (
        "CardinalityBroken",
        {"roles.0.members": 3},
        {"roles.0.members": 1},
        "spec.roles[0].members: role master has 3 members, the app allows 1. Ask for exactly 1.",
    ),
    (
        "TooManyMembers",
        {"roles.1.members": 1000},
        {"roles.1.members": 999},
        "spec.roles: 1001 members are too many. Ask for at most 1000 in all roles together.",
    ),
    (
        "InvalidQuantity",
        {"roles.0.resources.limits": {**LIMITS, "acme.com/card": "lots"}},
        {"roles.0.resources.limits": {**LIMITS, "acme.com/card": 2}},
        "spec.roles[0].resources.limits[acme.com/card]: 'lots' is no quantity. Write a number with an optional suffix, such as 500m or 4Gi.",
    ),
    (
        "RequestAboveLimit",
        {"roles.0.resources.requests": {"cpu": "1001m"}},
        {"roles.0.resources.requests": {"cpu": "1000m"}},
        "spec.roles[0].resources.requests[cpu]: 1001m is more than the limit of 1. Lower the request or raise the limit.",
    ),
    (
        "BelowMinimum",
        {"app": "large", "roles.0.resources.requests": {"cpu": "499m"}},
        {"app": "large", "roles.0.resources.requests": {"cpu": "0.5"}},
        "spec.roles[0].resources.requests[cpu]: the app needs more cpu. Ask for at least 0.5.",
    ),
    (
        "InvalidSize",
        {"roles.0.storage": {"size": "0"}},
        {"roles.0.storage": {"size": "1"}},
        "spec.roles[0].storage.size: '0' is no size. Write a quantity above zero such as 10Gi.",
    ),
    (
        "TooManyDevices",
        {"roles.0.blockStorage": {"pathPrefix": "/dev/x", "numDevices": 101, "storageClassName": "std"}},
        {"roles.0.blockStorage": {"pathPrefix": "/dev/x", "numDevices": 100, "storageClassName": "std"}},
        "spec.roles[0].blockStorage.numDevices: 101 devices are too many. Ask for at most 100 per member.",
    ),
    (
        "InvalidLabel",
        {"roles.0.podLabels": {"a": "-"}},
        {"roles.0.podLabels": {"a": ""}},
        "spec.roles[0].podLabels[a]: '-' is no label value. Use at most 63 letters",
    ),
    (
        "ReservedKey",
        {"roles.0.podLabels": {"kubedirector.hpe.com/headless": "other"}},
        {"roles.0.podLabels": {"kubedirector.hpe.com/mine": "other"}},
        "spec.roles[0].podLabels[kubedirector.hpe.com/headless]: kubedirector.hpe.com/headless is set by the operator. Remove it.",
    ),
    (
        "InvalidPort",
        {"app": "ports"},
        {},
        "spec.roles[1].id: two of the app's services in role worker use port 22. In the app, give them different ports",
    ),
    (
        "MountClash",
        {"roles.0.storage": {"size": "1Gi"}, "roles.0.secret": {"name": "s1", "mountPath": "/etc"}},
        {"roles.0.storage": {"size": "1Gi"}, "roles.0.secret": {"name": "s1", "mountPath": "/keys"}},
        "spec.roles[0]: /etc is mounted more than once. Give the Secret or the projected claim another mountPath.",
    ),
    (
        "NoStorageClass",
        {"roles.0.storage": {"size": "1Gi", "storageClassName": "nope"}},
        {"roles.0.storage": {"size": "1Gi"}},
        "spec.roles[0].storage.storageClassName: there is no StorageClass nope. Name one that exists (`kubectl get storageclass`).",
    ),
    (
        "NotFound",
        {"roles.0.serviceAccountName": "nope"},
        {"roles.0.serviceAccountName": "default"},
        "spec.roles[0].serviceAccountName: there is no ServiceAccount nope in namespace default. Create it first, or correct the name.",
    ),
    (
        "NotFound",
        {"defaultSecret": {"name": "nope", "mountPath": "/s"}},
        {"defaultSecret": {"name": "s1", "mountPath": "/s"}},
        "spec.defaultSecret.name: there is no Secret nope in namespace default.",
    ),
    (
        "NotFound",
        {"roles.0.volumeProjections": [{"pvcName": "nope", "mountPath": "/s"}]},
        {"roles.0.volumeProjections": [{"pvcName": "own", "mountPath": "/s"}]},
        "spec.roles[0].volumeProjections[0].pvcName: there is no PersistentVolumeClaim nope in namespace default.",
    ),
    (
        "ClaimMode",
        {"roles.0.volumeProjections": [{"pvcName": "raw", "mountPath": "/s"}]},
        {"roles.0.volumeProjections": [{"pvcName": "shared", "mountPath": "/s"}]},
        "spec.roles[0].volumeProjections[0].pvcName: claim raw is a raw device. Use a claim with volumeMode Filesystem.",
    ),
    (
        "ClaimNotShared",
        {"roles.1.volumeProjections": [{"pvcName": "own", "mountPath": "/s"}]},
        {"roles.1.volumeProjections": [{"pvcName": "shared", "mountPath": "/s"}]},
        (
            "spec.roles: claim own would be mounted by 2 members, but it cannot be shared. "
            "Use a claim with access mode ReadWriteMany or ReadOnlyMany, or one member."
        ),
    ),
    (
        "InvalidUrl",
        {"roles.0.fileInjections": [{"srcURL": "http://:80/x", "destDir": "/x"}]},
        {"roles.0.fileInjections": [{"srcURL": "http://nowhere.invalid:80/x", "destDir": "/x"}]},
        "spec.roles[0].fileInjections[0].srcURL: 'http://:80/x' is no URL. Write http:// or https:// with a host and a path.",
    ),
    (
        "SecretKeyPlaced",
        {"roles.0.secretKeys": [{"name": "k", "encryptedValue": "00"}]},
        {"roles.0.secretKeys": [{"name": "k", "value": "v", "encryptedValue": "00"}]},
        (
            "spec.roles[0].secretKeys[0].encryptedValue: secret key k has an encryptedValue that is not the stored one. "
            "Give the clear text as `value` instead; it is encrypted for you."
        ),
    ),
    (
        "OutOfRange",
        {"roles.0.fileInjections": [{"srcURL": "http://h/x", "destDir": "/x", "permissions": {"fileMode": 2**40}}]},
        {"roles.0.fileInjections": [{"srcURL": "http://h/x", "destDir": "/x", "permissions": {"fileMode": 420}}]},
        "spec.roles[0].fileInjections[0].permissions.fileMode: 1099511627776 is out of range.",
    ),
)
ELSEWHERE = {  # rules about changes, deletes, the config, rights: tests of their own
    "AppInUse": "test_app_in_use.py",
    "ConfigInUse": "test_config.py",
    "Immutable": "test_changes.py",
    "InvalidCardinality": "test_pure.py",
    "InvalidMasterKey": "test_config.py",
    "MasterKeyFixed": "test_config.py",
    "NameTooLong": "test_pure.py",
    "NoMasterKey": "test_secret_keys.py",
    "NotPermitted": "test_permissions.py",
    "RestoreMark": "test_restore.py",
    "Restoring": "test_restore.py",
    "RoleInUse": "test_changes.py",
    "RoleLeaving": "test_changes.py",
    "SecretKeyClear": "test_secret_keys.py",
    "SecretPrefix": "test_config.py",
    "SharedMemoryOff": "test_config.py",
    "WrongNamespace": "test_config.py",
}


def changed(body: Json, changes: Json) -> Json:
    """`body` with values set at dotted paths below `spec`; None removes."""
    result = copy.deepcopy(body)
    for path, value in changes.items():
        *above, last = path.split(".")
        place = result["spec"]
        for step in above:
            place = place[int(step)] if isinstance(place, list) else place[step]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return result


@pytest.fixture
async def furnished(site: Any, app: Json) -> Any:
    """Apps, and one of each thing that a cluster may name."""
    await site.must("POST", site.path(app), app)
    large = changed(app, {"roles.0.minResources": {"cpu": "0.5"}})
    ports = changed(
        app, {"services.0.endpoint": {"port": 22}, "config.roleServices": [{"roleID": "worker", "serviceIDs": ["ui", "ssh"]}]}
    )
    for name, body in (("large", large), ("ports", ports)):
        await site.must("POST", site.path(app), {**body, "metadata": {"name": name, "namespace": "default"}})
    notes = {"storageclass.kubernetes.io/is-default-class": "true"}
    await site.must(
        "POST", "/apis/storage.k8s.io/v1/storageclasses", {"metadata": {"name": "std", "annotations": notes}, "provisioner": "x/y"}
    )
    core = "/api/v1/namespaces/default"
    await site.must("POST", f"{core}/serviceaccounts", {"metadata": {"name": "default"}})
    await site.must("POST", f"{core}/secrets", {"metadata": {"name": "s1"}})
    await site.must("POST", "/apis/kubedirector.hpe.com/v1beta1/namespaces/kubedirector/kubedirectorconfigs", CONFIG)
    for name, mode, access in (
        ("own", "Filesystem", "ReadWriteOnce"),
        ("shared", "Filesystem", "ReadWriteMany"),
        ("raw", "Block", "ReadWriteOnce"),
    ):
        spec = {"accessModes": [access], "volumeMode": mode, "resources": {"requests": {"storage": "1Gi"}}}
        await site.must("POST", f"{core}/persistentvolumeclaims", {"metadata": {"name": name}, "spec": spec})
    return site


CONFIG = {
    "apiVersion": "kubedirector.hpe.com/v1beta1",
    "kind": "KubeDirectorConfig",
    "metadata": {"name": "kd-global-config", "namespace": "kubedirector"},
}


def refused(answer: Any, rule: str, message: str) -> bool:
    causes = answer.json.get("details", {}).get("causes", [])
    assert answer.status == 422, answer.json
    assert message in answer.message, answer.message
    return rule in {cause["reason"] for cause in causes}


@pytest.mark.parametrize(("rule", "bad", "good", "message"), APPS, ids=[f"{case[0]}-{number}" for number, case in enumerate(APPS)])
async def test_app(site: Any, app: Json, rule: str, bad: Json, good: Json, message: str) -> None:
    assert refused(await site.create(changed(app, bad)), rule, message)
    accepted = await site.create(changed(app, good))
    assert accepted.status == 201, accepted.message


@pytest.mark.parametrize(
    ("rule", "bad", "good", "message"), CLUSTERS, ids=[f"{case[0]}-{number}" for number, case in enumerate(CLUSTERS)]
)
async def test_cluster(furnished: Any, cluster: Json, rule: str, bad: Json, good: Json, message: str) -> None:
    assert refused(await furnished.create(changed(cluster, bad)), rule, message)
    accepted = await furnished.create(changed(cluster, good))
    assert accepted.status == 201, accepted.message


def test_no_rule_is_without_a_test() -> None:
    tested = {case[0] for case in (*APPS, *CLUSTERS)} | set(ELSEWHERE)
    assert {rule.id for rule in RULES if rule.home is Home.WEBHOOK} == tested
