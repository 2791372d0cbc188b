"""Whatever decodes renders: no input makes a pure function raise, and every name stays valid."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from kdasync.api.app import AppSpec, KubeDirectorApp
from kdasync.api.cluster import ClusterSpec, KubeDirectorCluster
from kdasync.api.config import ConfigSpec
from kdasync.render.checks import check_app, check_cluster
from kdasync.render.defaults import default_app, default_cluster
from kdasync.render.service import headless_service, member_service
from kdasync.render.statefulset import statefulset
from kdasync.render.view import role_view

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
WORDS = st.sampled_from(
    ["", "r", "web", "1", "N+", "1+", "10Gi", "500m", "/etc", "/etc/x", "nvidia.com/gpu", "A_b.c", "ü ñ", "CrNameRole"]
)
TEXT = WORDS | st.text(max_size=6)
SCALARS = {
    inspect.StrType: TEXT,
    inspect.IntType: st.integers(-3, 9),
    inspect.FloatType: st.floats(0, 9),
    inspect.BoolType: st.booleans(),
    inspect.NoneType: st.none(),
    inspect.AnyType: st.none() | TEXT | st.integers(-1, 3) | st.floats(allow_nan=False) | st.booleans(),
}


def of(node: inspect.Type) -> st.SearchStrategy[Any]:
    """The wire form of any value of a type."""
    match node:
        case inspect.StructType():
            needed = {item.encode_name: of(item.type) for item in node.fields if item.required}
            rest = {item.encode_name: of(item.type) for item in node.fields if not item.required}
            return st.fixed_dictionaries(needed, optional=rest)
        case inspect.ListType():
            return st.lists(of(node.item_type), max_size=2)
        case inspect.DictType():
            return st.dictionaries(TEXT, of(node.value_type), max_size=2)
        case inspect.UnionType():
            return st.one_of([of(kind) for kind in node.types])
        case _:
            return SCALARS[type(node)]


SPECS = st.tuples(*(of(inspect.type_info(kind)) for kind in (AppSpec, ClusterSpec, ConfigSpec)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(specs=SPECS, id=st.sampled_from(["r", "A_b.c", "9"]), scheme=st.sampled_from(["UID", "CrNameRole", None]))
def test_renders(specs: Any, id: str, scheme: str | None) -> None:  # noqa: A002 - the wire's word
    app_spec, cluster_spec, config = specs
    for role in [*app_spec.get("roles", [])[:1], *cluster_spec.get("roles", [])[:1]]:
        role["id"] = id
    cluster_spec["namingScheme"] = scheme
    app = default_app(msgspec.convert({"metadata": {"name": "a"}, "spec": app_spec}, KubeDirectorApp))
    wanted = msgspec.convert(
        {"metadata": {"name": "9c.x", "namespace": "n", "uid": "u"}, "spec": cluster_spec}, KubeDirectorCluster
    )
    settings_ = msgspec.convert(config, ConfigSpec)
    cluster = default_cluster(wanted, app, settings_, default_storage_class=None, app_is_system=True)
    findings = (*check_app(app), *check_cluster(cluster, app, settings_))
    assert all(error.field and error.remedy and error.message for error in findings)
    assert LABEL.fullmatch(headless_service(cluster, app).name)
    known = {role.id for role in app.spec.roles}
    for role in cluster.spec.roles:
        if role.id in known:
            view = role_view(cluster, app, settings_, role.id)
            made = [statefulset(view, 1), *filter(None, [member_service(view, 0)])]
            assert all(LABEL.fullmatch(item.name) for item in made)
            assert all(msgspec.json.decode(item.encode())["metadata"]["name"] == item.name for item in made)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(specs=SPECS)
def test_defaults_are_idempotent(specs: Any) -> None:
    app = default_app(msgspec.convert({"metadata": {"name": "a"}, "spec": specs[0]}, KubeDirectorApp))
    assert default_app(app) == app
    settings_ = msgspec.convert(specs[2], ConfigSpec)
    once = msgspec.convert({"metadata": {"name": "c"}, "spec": specs[1]}, KubeDirectorCluster)
    for _ in range(2):
        before, once = once, default_cluster(once, app, settings_, default_storage_class="std", app_is_system=False)
    assert once == before
