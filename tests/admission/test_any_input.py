"""Whatever is sent, the answer is a verdict: never a traceback, never a 500, and a refusal names field and remedy."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kdasync.admission.handle import MUTATE, VALIDATE, Webhook
from kdasync.admission.live import Known, Question
from kdasync.admission.request import User
from kdasync.admission.world import Lookup, Thing
from kdasync.api.app import AppSpec, Config, KubeDirectorApp, Role
from kdasync.api.cluster import ClusterSpec, KubeDirectorCluster
from kdasync.api.config import ConfigSpec, KubeDirectorConfig
from kdasync.api.meta import ObjectMeta
from kdasync.api.schema import definitions
from kdasync.devcluster import jsonpatch, schema
from kdasync.kube.transport import Request
from kdasync.store.store import Store

SCHEMAS = {body["spec"]["names"]["kind"]: body["spec"]["versions"][0]["schema"]["openAPIV3Schema"] for body in definitions()}
EXAMPLES = int(os.environ.get("KDASYNC_EXAMPLES", "250"))
KINDS = ("KubeDirectorApp", "KubeDirectorCluster", "KubeDirectorConfig")
WORDS = st.sampled_from(
    ["demo", "master", "worker", "a", "", "1", "0+", "1Gi", "1.2.3", "/etc", "/", "x" * 70, "ü\u202e\x00", "true"]
)
LEAVES = st.one_of(
    WORDS,
    st.text(max_size=5),
    st.integers(),
    st.integers(-1, 3),
    st.booleans(),
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False),
)
JUNK = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=6)


def shaped(rules: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Mostly what a schema wants, sometimes anything."""
    kind = rules.get("type")
    if kind == "object" and depth < 8:
        properties = rules.get("properties") or {}
        required = set(rules.get("required") or ())
        must = {key: shaped(inner, depth + 1) for key, inner in properties.items() if key in required}
        may = {key: shaped(inner, depth + 1) for key, inner in properties.items() if key not in required}
        made: st.SearchStrategy[Any] = (
            st.fixed_dictionaries(must, optional=may) if properties else st.dictionaries(WORDS, WORDS, max_size=2)
        )
    elif kind == "array":
        made = st.lists(shaped(rules.get("items") or {}, depth + 1), max_size=3)
    else:
        made = {"string": WORDS, "integer": st.integers(-1, 2**33), "boolean": st.booleans()}.get(kind, LEAVES)
    return st.integers(0, 30).flatmap(lambda number: JUNK if number == 0 else made)


METAS = st.fixed_dictionaries(
    {"name": st.sampled_from(["one", "demo", "kd-global-config", "a" * 64])},
    optional={
        "namespace": st.sampled_from(["default", "kubedirector"]),
        "labels": st.dictionaries(st.sampled_from(["a", "kubedirector.hpe.com/restoring"]), WORDS, max_size=2),
        "annotations": st.dictionaries(
            st.sampled_from(["kubedirector.hpe.com/status-backup-exists", "kdasync.io/bypass-admission"]), WORDS, max_size=2
        ),
    },
)
OBJECTS = {
    kind: st.one_of(
        st.fixed_dictionaries(
            {
                "apiVersion": st.just("kubedirector.hpe.com/v1beta1"),
                "kind": st.just(kind),
                "metadata": METAS,
                "spec": shaped(SCHEMAS[kind]["properties"]["spec"]),
            },
            optional={"status": shaped(SCHEMAS[kind]["properties"].get("status") or {})},
        ),
        JUNK,
    )
    for kind in KINDS
}
REVIEWS = st.sampled_from(KINDS).flatmap(
    lambda kind: st.tuples(st.just(kind), st.sampled_from(["CREATE", "UPDATE", "DELETE"]), OBJECTS[kind], OBJECTS[kind])
)


class AnyWorld:
    def __init__(self, app: Any, config: Any, cluster: Any) -> None:
        apps, clusters, configs, classes = Store(), Store(), Store(), Store()
        self.known = Known(
            apps=apps,
            clusters=clusters,
            configs=configs,
            storage_classes=classes,
            of_app=lambda name: [item for item in clusters if item.spec.app == name],
            namespace="kubedirector",
        )
        for store, item in ((apps, app), (configs, config), (clusters, cluster)):
            store.observe(item)

    async def ask(self, _user: User, questions: set[Question]) -> dict[Question, Any]:
        return {item: (Thing() if len(item.name) % 2 else None) if isinstance(item, Lookup) else True for item in questions}


@pytest.fixture(scope="module")
def webhook() -> Webhook:
    roles = [Role(id="master", cardinality="1", image_repo_tag="x"), Role(id="worker", cardinality="0+", image_repo_tag="x")]
    app = KubeDirectorApp(
        metadata=ObjectMeta(name="demo", namespace="default", resource_version="1"),
        spec=AppSpec(roles=roles, config=Config(selected_roles=["master"])),
    )
    config = KubeDirectorConfig(
        metadata=ObjectMeta(name="kd-global-config", namespace="kubedirector", resource_version="1"),
        spec=ConfigSpec(master_encryption_key="00" * 16),
    )
    cluster = KubeDirectorCluster(
        metadata=ObjectMeta(name="two", namespace="default", resource_version="1"), spec=ClusterSpec(app="demo")
    )
    world = AnyWorld(app, config, cluster)
    return Webhook(world.known, world.ask, nonce=bytes)


def posted(webhook: Webhook, path: str, body: Any) -> Any:
    answer = asyncio.run(webhook.handle(Request("POST", path, (), {}, json.dumps(body).encode())))
    return answer.status, json.loads(answer.body) if answer.status == 200 else answer.body


def envelope(kind: str, operation: str, value: Any, old: Any) -> Any:
    request = {"uid": "u", "kind": {"kind": kind}, "operation": operation, "namespace": "default"}
    shown = {"object": None if operation == "DELETE" else value, "oldObject": None if operation == "CREATE" else old}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {**request, **shown}}


def sound(answer: Any) -> Any:
    status, body = answer
    assert status == 200
    response = body["response"]
    assert response["uid"] == "u"
    if not response["allowed"]:
        assert response["status"]["message"]
        assert "kdasync failed" not in response["status"]["message"], response
        for cause in response["status"]["details"]["causes"]:
            assert cause["field"]
            assert cause["message"]
    return response


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(review=REVIEWS)
def test_generated(webhook: Webhook, review: Any) -> None:
    kind, operation, value, old = review
    response = sound(posted(webhook, MUTATE, envelope(kind, operation, value, old)))
    if response["allowed"] and response.get("patch"):
        operations = jsonpatch.operations(json.loads(base64.b64decode(response["patch"])))
        value = jsonpatch.apply(json.loads(json.dumps(value)), operations)
        again = sound(posted(webhook, MUTATE, envelope(kind, "UPDATE", value, value)))
        assert again["allowed"], "what was filled in is not filled in again"
        assert not again.get("patch") or schema.validate(value, SCHEMAS[kind])
    sound(posted(webhook, VALIDATE, envelope(kind, operation, value, old)))


@pytest.mark.parametrize("path", [MUTATE, VALIDATE])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"{}", 400),
        (b'{"request": null}', 400),
        (b'{"request": {"uid": "u", "kind": {}, "operation": "CONNECT"}}', 400),
        (b"[" * 100_000, 400),
        (b"\xff", 400),
        (b" " * (8 * 1024 * 1024 + 1), 413),
    ],
)
def test_what_is_no_review(webhook: Webhook, path: str, body: bytes, status: int) -> None:
    assert asyncio.run(webhook.handle(Request("POST", path, (), {}, body))).status == status


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/healthz", 200), ("GET", MUTATE, 405), ("POST", "/other", 404)])
def test_other_requests(webhook: Webhook, method: str, path: str, status: int) -> None:
    assert asyncio.run(webhook.handle(Request(method, path))).status == status


def deep(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "spec",
    [
        {"app": "demo", "roles": [{"id": f"r{number}", "resources": {}} for number in range(5000)]},
        {"app": "demo", "roles": [{"id": "master", "resources": {"limits": deep(400)}}]},
        {"app": "x" * 1_000_000, "roles": []},
        {"app": "demo", "roles": [{"id": "master", "members": 10**30, "resources": {}}]},
        {"app": "demo", "roles": [{"id": "\ud83d\ude00", "resources": {}}], "connections": {"clusters": ["one", "one"]}},
    ],
    ids=["many", "deep", "long", "huge", "unicode"],
)
def test_absurd(webhook: Webhook, spec: Any) -> None:
    body = {"apiVersion": "kubedirector.hpe.com/v1beta1", "kind": "KubeDirectorCluster", "metadata": {"name": "one"}, "spec": spec}
    for path in (MUTATE, VALIDATE):
        response = sound(posted(webhook, path, envelope("KubeDirectorCluster", "CREATE", body, None)))
    assert not response["allowed"]
    assert len(response["status"]["message"]) <= 16 * 1024
