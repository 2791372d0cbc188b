"""Labels and annotations: KubeDirector's keys, then the role's, then the global config's; later wins."""

from __future__ import annotations

from typing import Any

from kdasync.render.keys import ROLE
from kdasync.render.service import headless_service, member_service
from kdasync.render.statefulset import statefulset

ROLE_MAPS = {
    "podLabels": {"a": "role", "b": "role", ROLE: "mine"},
    "podAnnotations": {"a": "role", "b": "role"},
    "serviceLabels": {"a": "role", "b": "role"},
    "serviceAnnotations": {"a": "role", "b": "role"},
}
CONFIG_MAPS = {key: {"b": "config"} for key in ROLE_MAPS}


def test_pods(build: Any) -> None:
    spec = statefulset(build(role=ROLE_MAPS, config=CONFIG_MAPS), 1).body["spec"]
    labels, annotations = spec["template"]["metadata"]["labels"], spec["template"]["metadata"]["annotations"]
    assert (labels["a"], labels["b"], labels[ROLE]) == ("role", "config", "mine")
    assert (annotations["a"], annotations["b"]) == ("role", "config")
    assert spec["selector"]["matchLabels"] == labels


def test_member_services(build: Any) -> None:
    meta = member_service(build(role=ROLE_MAPS, config=CONFIG_MAPS), 0).body["metadata"]
    assert (meta["labels"]["a"], meta["labels"]["b"]) == ("role", "config")
    assert (meta["annotations"]["a"], meta["annotations"]["b"]) == ("role", "config")


def test_the_rest_has_our_keys_only(build: Any) -> None:
    view = build(role=ROLE_MAPS, config=CONFIG_MAPS)
    for made in (statefulset(view, 1), headless_service(view.cluster, view.app)):
        meta = made.body["metadata"]
        assert all(key.startswith("kubedirector.hpe.com/") for key in (*meta["labels"], *meta["annotations"]))


def test_an_app_without_a_title_gives_no_annotation(build: Any) -> None:
    assert statefulset(build(app={"label": {}}), 1).body["metadata"]["annotations"] == {}


def test_owner(build: Any) -> None:
    assert statefulset(build(), 1).body["metadata"]["ownerReferences"] == [
        {
            "apiVersion": "kubedirector.hpe.com/v1beta1",
            "kind": "KubeDirectorCluster",
            "name": "c",
            "uid": "u-1",
            "controller": True,
            "blockOwnerDeletion": False,
        }
    ]
