"""Who writes a cluster must be allowed to use what it names; only a plain yes counts, and only what is new is asked."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kdasync.admission.ask import review
from kdasync.admission.handle import Webhook
from kdasync.admission.live import Question
from kdasync.admission.request import User
from kdasync.admission.world import Permission
from kdasync.errors import ServerError

ACCOUNT = Permission("get", "", "serviceaccounts", "default", "strong")
PODS = Permission("create", "", "pods", "default")
SECRET = Permission("get", "", "secrets", "default", "s1")
CLAIM = Permission("get", "", "persistentvolumeclaims", "default", "data")
MAP = Permission("get", "", "configmaps", "default", "cm")
OTHER = Permission("get", "kubedirector.hpe.com", "kubedirectorclusters", "default", "one")


def asking(cluster: Any) -> Any:
    result = copy.deepcopy(cluster)
    result["metadata"]["name"] = "two"
    result["spec"]["roles"][0] |= {
        "serviceAccountName": "strong",
        "secret": {"name": "s1", "mountPath": "/s"},
        "volumeProjections": [{"pvcName": "data", "mountPath": "/d"}],
    }
    result["spec"]["connections"] = {"configmaps": ["cm"], "clusters": ["one"], "secrets": ["s1"]}
    return result


@pytest.fixture
async def things(running: Any) -> Any:
    core = "/api/v1/namespaces/default"
    await running.must("POST", f"{core}/serviceaccounts", {"metadata": {"name": "strong"}})
    spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}}
    await running.must("POST", f"{core}/persistentvolumeclaims", {"metadata": {"name": "data"}, "spec": spec})
    return running


async def test_everything_is_asked_once(things: Any, cluster: Any) -> None:
    assert (await things.create(asking(cluster))).status == 201
    asked = [item for item in things.asked if isinstance(item, Permission)]
    assert sorted(map(str, asked)) == sorted(map(str, [ACCOUNT, PODS, SECRET, CLAIM, MAP, OTHER]))


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (
            ACCOUNT,
            "spec.roles[0].serviceAccountName: you may not get serviceaccounts strong in namespace default. Ask an administrator",
        ),
        (PODS, "spec.roles[0].serviceAccountName: you may not create pods in namespace default."),
        (SECRET, "spec.roles[0].secret.name: you may not get secrets s1 in namespace default."),
        (CLAIM, "spec.roles[0].volumeProjections[0].pvcName: you may not get persistentvolumeclaims data in namespace default."),
        (MAP, "spec.connections.configmaps[0]: you may not get configmaps cm in namespace default."),
        (OTHER, "spec.connections.clusters[0]: you may not get kubedirectorclusters one in namespace default."),
    ],
)
async def test_each_right(things: Any, cluster: Any, missing: Permission, message: str) -> None:
    things.may = lambda wanted: wanted not in (missing, Permission("bypass", "", "", ""))
    answer = await things.create(asking(cluster))
    assert (answer.status, message in answer.message) == (422, True), answer.message


async def test_what_was_there_before_is_not_asked_again(things: Any, cluster: Any) -> None:
    await things.create(asking(cluster))
    things.may = lambda _wanted: False
    body = asking(cluster)
    body["spec"]["roles"][1]["members"] = 7
    assert (await things.update(body)).status == 200


async def test_a_question_that_fails_is_a_refusal(things: Any, cluster: Any) -> None:
    async def fail(_user: User, _questions: set[Question]) -> dict[Question, Any]:
        raise ServerError(500, "InternalError", "etcd is away")

    things.webhook = Webhook(things.known(), fail)
    answer = await things.create(asking(cluster))
    assert answer.status == 422
    assert "the API server did not answer, so this could not be judged. Try again" in answer.message


def test_the_question_is_in_the_words_of_rbac() -> None:
    user = User(username="u", uid="1", groups=("g",), extra={"k": ("v",)})
    assert review(user, OTHER)["spec"] == {
        "user": "u",
        "uid": "1",
        "groups": ["g"],
        "extra": {"k": ["v"]},
        "resourceAttributes": {
            "verb": "get",
            "group": "kubedirector.hpe.com",
            "resource": "kubedirectorclusters",
            "namespace": "default",
            "name": "one",
        },
    }
