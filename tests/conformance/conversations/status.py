"""The status subresource: what each of the two paths may write."""

from __future__ import annotations

from conformance.samples import define, pod, stateful_set, widget
from conformance.talk import JSON_PATCH, MERGE, Talk


async def isolation(talk: Talk) -> None:
    path = await define(talk)
    one = f"{path}/one"
    made = await talk("create", "POST", path, widget(talk))
    await talk("status by patch", "PATCH", f"{one}/status", {"status": {"phase": "a"}, "spec": {"size": 5}}, kind=MERGE)
    await talk("spec by patch", "PATCH", one, {"status": {"phase": "b"}, "spec": {"size": 6}}, kind=MERGE)
    await talk("labels by status", "PATCH", f"{one}/status", {"metadata": {"labels": {"a": "b"}}}, kind=MERGE)
    await talk("finalizers by status", "PATCH", f"{one}/status", {"metadata": {"finalizers": ["example.com/x"]}}, kind=MERGE)
    found = await talk("read status", "GET", f"{one}/status")
    await talk("put status", "PUT", f"{one}/status", {**found.body, "status": {"count": 3}, "spec": {"size": 9}})
    await talk("put a stale status", "PUT", f"{one}/status", {**made.body, "status": {"count": 4}})
    await talk("status away", "PATCH", f"{one}/status", {"status": None}, kind=MERGE)
    await talk("invalid status", "PATCH", f"{one}/status", {"status": {"count": "many"}}, kind=MERGE)
    await talk("unknown status", "PATCH", f"{one}/status", {"status": {"strange": 1}}, kind=MERGE)
    test = [{"op": "test", "path": "/status/phase", "value": "a"}, {"op": "add", "path": "/status/phase", "value": "b"}]
    await talk("a test that fails", "PATCH", f"{one}/status", test, kind=JSON_PATCH)
    await talk("set it", "PATCH", f"{one}/status", {"status": {"phase": "a"}}, kind=MERGE)
    await talk("a test that holds", "PATCH", f"{one}/status", test, kind=JSON_PATCH)
    await talk("delete status", "DELETE", f"{one}/status")
    await talk("post status", "POST", f"{one}/status", widget(talk))
    await talk("of nothing", "PATCH", f"{path}/none/status", {}, kind=MERGE)
    await talk("read", "GET", one)


async def without(talk: Talk) -> None:
    path = await define(talk, subresources={})
    await talk("status is part of the object", "POST", path, {**widget(talk), "status": {"phase": "a"}})
    await talk("and changed with it", "PATCH", f"{path}/one", {"status": {"phase": "b"}}, kind=MERGE)
    await talk("there is no path", "GET", f"{path}/one/status")


async def built_in(talk: Talk) -> None:
    pods = talk.path("pods")
    await talk.until("the account is there", talk.path("serviceaccounts", "default"), lambda answer: answer.status == 200)
    await talk("pod", "POST", pods, {**pod(talk, automountServiceAccountToken=False), "status": {"phase": "Running"}})
    ready = {"type": "Ready", "status": "True"}
    await talk("pod status", "PATCH", f"{pods}/one/status", {"status": {"phase": "Running", "conditions": [ready]}}, kind=MERGE)
    await talk("pod by its own path", "PATCH", f"{pods}/one", {"status": {"phase": "Failed"}}, kind=MERGE)
    await talk("read status", "GET", f"{pods}/one/status")
    sets = talk.path("statefulsets", group="apps/v1")
    body = stateful_set(talk)
    body["status"] = {"replicas": 7}
    await talk("stateful set", "POST", sets, body)
