"""Derived names: KubeDirector's patterns, always DNS labels, always the same."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdasync.api.cluster import KubeDirectorCluster
from kdasync.render import names

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
SERVICE = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
CLUSTER_NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?){0,3}", fullmatch=True)
ROLES = st.from_regex(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", fullmatch=True)
SCHEMES = st.sampled_from(["UID", "CrNameRole", None])


def cluster(name: str, *, uid: str = "u-1", scheme: str | None = None) -> KubeDirectorCluster:
    return msgspec.convert({"metadata": {"name": name, "uid": uid}, "spec": {"namingScheme": scheme}}, KubeDirectorCluster)


@given(name=CLUSTER_NAMES, role=ROLES, scheme=SCHEMES, uid=st.uuids().map(str))
def test_every_name_is_a_dns_label(name: str, role: str, scheme: str | None, uid: str) -> None:
    of = cluster(name, uid=uid, scheme=scheme)
    pod = names.pod(names.stateful_set(of, role), 9999)
    for label in (names.stateful_set(of, role), pod, names.claim(pod), names.journal(of)):
        assert LABEL.fullmatch(label), label
    for service in (names.headless_service(of), names.member_service(pod, naming_scheme=scheme)):
        assert SERVICE.fullmatch(service), service


@given(name=CLUSTER_NAMES, role=ROLES, scheme=SCHEMES)
def test_a_controller_revision_still_fits_a_label(name: str, role: str, scheme: str | None) -> None:
    assert len(names.stateful_set(cluster(name, scheme=scheme), role)) + 11 <= 63


@given(name=CLUSTER_NAMES, role=ROLES, scheme=SCHEMES)
def test_another_identity_has_another_name(name: str, role: str, scheme: str | None) -> None:
    one, other = (cluster(name, uid=uid, scheme=scheme) for uid in ("u-1", "u-2"))
    assert names.stateful_set(one, role) == names.stateful_set(one, role) != names.stateful_set(other, role)
    assert names.headless_service(one) != names.headless_service(other)
    assert names.stateful_set(one, role) != names.stateful_set(one, role + "x")


def test_names_never_change_between_versions() -> None:
    of = cluster("c")
    assert names.headless_service(of) == "kdhs-8skj8lgxbq"
    assert names.stateful_set(of, "r") == "kdss-8lvd8vprr4"
    by_name = cluster("My.c", scheme="CrNameRole")
    assert names.headless_service(by_name) == "my-c8skj8"
    assert names.stateful_set(by_name, "Web_r") == "my-c-web-r-hzltz"


@pytest.mark.parametrize(
    ("text", "munged"),
    [
        ("Cluster-Role_1.x", "cluster-role-1-x"),
        ("a" * 60, "a" * 46),
        ("a" * 45 + "_b", "a" * 45),
        ("a" * 45 + ".b", "a" * 45),
        ("a" * 44 + "_b", "a" * 44 + "-b"),
        ("1st", "kd-1st"),
    ],
)
def test_munge(text: str, munged: str) -> None:
    assert names.munge(text) == munged


def test_names_of_a_member() -> None:
    assert names.pod("kdss-x", 3) == "kdss-x-3"
    assert names.member_service("kdss-x-3", naming_scheme="UID") == "s-kdss-x-3"
    assert names.member_service("c-r-x-3", naming_scheme="CrNameRole") == "c-r-x-3"
    assert names.claim("kdss-x-3") == "p-kdss-x-3"
    assert names.block_claims("kdss-x-3", 2) == ("b0-kdss-x-3", "b1-kdss-x-3")
    assert names.fqdn("kdss-x-3", service="kdhs-y", namespace="ns", domain_base=".svc.cluster.local") == (
        "kdss-x-3.kdhs-y.ns.svc.cluster.local"
    )


@given(st.text(min_size=1, max_size=253))
def test_any_secret_has_a_volume_name(secret: str) -> None:
    volume = names.secret_volume(secret)
    assert LABEL.fullmatch(volume)
    assert volume == names.secret_volume(secret)


def test_an_ordinary_secret_keeps_kubedirectors_volume_name() -> None:
    assert names.secret_volume("hpecp-kc") == "secret-vol-hpecp-kc"


def test_hashes_keep_their_parts_apart() -> None:
    assert names.short_hash("a", "bc") != names.short_hash("ab", "c")
