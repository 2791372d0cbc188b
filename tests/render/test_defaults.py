"""Admission defaults where the samples are silent (spec/kubedirector-api.md sections 2.8 and 2.9)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kdasync.api.app import KubeDirectorApp, SetupPackage
from kdasync.api.cluster import KubeDirectorCluster
from kdasync.api.config import ConfigSpec
from kdasync.errors import DefinitionError
from kdasync.render.defaults import cardinality, default_app, default_cluster

PACKAGE = {"packageURL": "http://x/p.tgz"}


def app_role(role: dict[str, Any] | None = None, **defaults: Any) -> Any:
    body = {"spec": {**defaults, "roles": [{"id": "r", "cardinality": "2+", **(role or {})}]}}
    return default_app(msgspec.convert(body, KubeDirectorApp)).spec.roles[0]


def spec(cluster: dict[str, Any], *, config: dict[str, Any] | None = None, system: bool = False, cls: str | None = "std") -> Any:
    app = msgspec.convert(
        {"spec": {"roles": [{"id": "r", "cardinality": "2+"}, {"id": "bad", "cardinality": "many"}]}}, KubeDirectorApp
    )
    wanted = msgspec.convert({"spec": cluster}, KubeDirectorCluster)
    settings = msgspec.convert(config or {}, ConfigSpec)
    return default_cluster(wanted, app, settings, default_storage_class=cls, app_is_system=system).spec


def role(**fields: Any) -> dict[str, Any]:
    return {"roles": [{"id": "r", **fields}]}


@pytest.mark.parametrize(
    ("own", "default", "result"),
    [
        ({}, {}, None),
        ({}, {"defaultConfigPackage": None}, None),
        ({}, {"defaultConfigPackage": PACKAGE}, SetupPackage(package_url="http://x/p.tgz")),
        ({"configPackage": None}, {"defaultConfigPackage": PACKAGE}, None),
        ({"configPackage": PACKAGE}, {"defaultConfigPackage": None}, SetupPackage(package_url="http://x/p.tgz")),
    ],
)
def test_setup_package(own: Any, default: Any, result: Any) -> None:
    assert app_role(own, **default).config_package == result


def test_an_empty_event_list_is_respected() -> None:
    assert app_role({"eventList": []}, defaultEventList=["configure"]).event_list == []
    assert app_role(defaultEventList=["configure"]).event_list == ["configure"]


def test_log_size() -> None:
    assert app_role().max_log_size_dump == 256
    assert app_role(defaultMaxLogSizeDump=0).max_log_size_dump == 0
    assert app_role({"maxLogSizeDump": 7}, defaultMaxLogSizeDump=9).max_log_size_dump == 7


def test_members() -> None:
    assert spec(role()).roles[0].members == 2
    assert spec(role(members=0)).roles[0].members == 0


def test_members_of_a_role_that_the_app_cannot_tell_stay_absent() -> None:
    assert [item.members for item in spec({"roles": [{"id": "unknown"}, {"id": "bad"}]}).roles] == [None, None]


def test_catalog() -> None:
    assert spec(role()).app_catalog == "local"
    assert spec(role(), system=True).app_catalog == "system"
    assert spec({**role(), "appCatalog": "local"}, system=True).app_catalog == "local"


@pytest.mark.parametrize(
    ("own", "config", "cluster", "result"),
    [("a", "b", "c", "a"), (None, "b", "c", "b"), (None, None, "c", "c"), (None, None, None, None)],
)
def test_storage_class(own: str | None, config: str | None, cluster: str | None, result: str | None) -> None:
    wanted = role(storage={"size": "1Gi", "storageClassName": own})
    assert spec(wanted, config={"defaultStorageClassName": config}, cls=cluster).roles[0].storage.storage_class_name == result


def test_service_type_and_naming_scheme() -> None:
    assert (spec(role()).service_type, spec(role()).naming_scheme) == ("LoadBalancer", "UID")
    config = {"defaultServiceType": "NodePort", "defaultNamingScheme": "CrNameRole"}
    assert (spec(role(), config=config).service_type, spec(role(), config=config).naming_scheme) == ("NodePort", "CrNameRole")
    own = {**role(), "serviceType": "ClusterIP", "namingScheme": "UID"}
    assert (spec(own, config=config).service_type, spec(own, config=config).naming_scheme) == ("ClusterIP", "UID")


def test_default_secret_goes_to_roles_without_one() -> None:
    default = {"name": "d", "mountPath": "/d"}
    assert spec({**role(), "defaultSecret": default}).roles[0].secret.name == "d"
    assert spec({**role(secret={"name": "own", "mountPath": "/o"}), "defaultSecret": default}).roles[0].secret.name == "own"


@pytest.mark.parametrize(("text", "result"), [("3", (3, False)), ("0+", (0, True)), ("12+", (12, True))])
def test_cardinality(text: str, result: tuple[int, bool]) -> None:
    assert cardinality(text) == result


@pytest.mark.parametrize("text", ["", "+", "1++", "-1", "1-3", "\u0661", " 1"])
def test_no_cardinality(text: str) -> None:
    with pytest.raises(DefinitionError, match="no cardinality"):
        cardinality(text)
