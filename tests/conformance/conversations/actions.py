"""Dry runs, events, leases, scale."""

from __future__ import annotations

from conformance.samples import config_map, define, stateful_set, widget
from conformance.talk import APPLY, MERGE, Answer, Talk


async def dry_runs(talk: Talk) -> None:
    path = await define(talk)
    one = f"{path}/one"
    await talk("create dry", "POST", path, widget(talk), dryRun="All")
    await talk("is not there", "GET", one)
    await talk("create", "POST", path, widget(talk))
    await talk("patch dry", "PATCH", one, {"spec": {"size": 2}}, kind=MERGE, dryRun="All")
    await talk("invalid dry", "PATCH", one, {"spec": {"size": 20}}, kind=MERGE, dryRun="All")
    await talk("apply dry", "PATCH", one, widget(talk, size=3), kind=APPLY, dryRun="All", fieldManager="first", force="true")
    await talk("apply dry of nothing", "PATCH", f"{path}/two", widget(talk, "two"), kind=APPLY, dryRun="All", fieldManager="first")
    await talk("delete dry", "DELETE", one, dryRun="All")
    await talk("delete dry in the body", "DELETE", one, {"dryRun": ["All"]})
    await talk("untouched", "GET", one)
    await talk("create dry again", "POST", path, widget(talk), dryRun="All")
    await talk("some of it", "POST", path, widget(talk, "two"), dryRun="Some")
    await talk(
        "a service dry",
        "POST",
        talk.path("services"),
        {"metadata": {"name": "one"}, "spec": {"ports": [{"port": 80}]}},
        dryRun="All",
    )


async def events(talk: Talk) -> None:
    path = talk.path("events")
    involved = {"apiVersion": "v1", "kind": "ConfigMap", "namespace": talk.namespace, "name": "one", "uid": "1"}
    event = {
        "metadata": {"name": "one.1"},
        "involvedObject": involved,
        "reason": "Started",
        "message": "It started.",
        "type": "Normal",
        "source": {"component": "tester"},
        "firstTimestamp": "2026-01-01T00:00:00Z",
        "lastTimestamp": "2026-01-01T00:00:00Z",
        "count": 1,
    }
    await talk("core", "POST", path, event)
    await talk("count up", "PATCH", f"{path}/one.1", {"count": 2, "lastTimestamp": "2026-01-01T00:01:00Z"}, kind=MERGE)
    await talk("by reason and object", "GET", path, fieldSelector="reason=Started,involvedObject.name=one,type=Normal")
    await talk(
        "another namespace",
        "POST",
        path,
        {**event, "metadata": {"name": "two.1"}, "involvedObject": {**involved, "namespace": "default"}},
    )
    group = talk.path("events", group="events.k8s.io/v1")
    modern = {
        "metadata": {"name": "two.2"},
        "regarding": involved,
        "reason": "Started",
        "action": "Start",
        "note": "It started.",
        "type": "Normal",
        "eventTime": "2026-01-01T00:00:00.123456Z",
        "reportingController": "example.com/tester",
        "reportingInstance": "tester-1",
    }
    await talk("modern", "POST", group, modern)
    await talk("seen the old way", "GET", f"{path}/two.2")
    await talk("the old one seen the modern way", "GET", f"{group}/one.1")
    await talk(
        "a series",
        "PATCH",
        f"{group}/two.2",
        {"series": {"count": 2, "lastObservedTime": "2026-01-01T00:02:00.000000Z"}},
        kind=MERGE,
    )
    await talk(
        "no action", "POST", group, {key: value for key, value in modern.items() if key != "action"} | {"metadata": {"name": "x"}}
    )
    await talk("a type that is none", "POST", group, {**modern, "metadata": {"name": "y"}, "type": "Odd"})


async def leases(talk: Talk) -> None:
    path = talk.path("leases", group="coordination.k8s.io/v1")
    spec = {
        "holderIdentity": "me",
        "leaseDurationSeconds": 15,
        "acquireTime": "2026-01-01T00:00:00.000000Z",
        "renewTime": "2026-01-01T00:00:00.000000Z",
        "leaseTransitions": 0,
    }
    made = await talk("take", "POST", path, {"metadata": {"name": "one"}, "spec": spec})
    await talk("take again", "POST", path, {"metadata": {"name": "one"}, "spec": spec})
    await talk("renew", "PUT", f"{path}/one", {**made.body, "spec": {**spec, "renewTime": "2026-01-01T00:00:05.123456Z"}})
    await talk("renew what has moved", "PUT", f"{path}/one", {**made.body, "spec": {**spec, "holderIdentity": "other"}})
    await talk("without version", "PUT", f"{path}/one", {"metadata": {"name": "one"}, "spec": spec})
    await talk("no duration", "PATCH", f"{path}/one", {"spec": {"leaseDurationSeconds": 0}}, kind=MERGE)
    await talk("fewer transitions than none", "PATCH", f"{path}/one", {"spec": {"leaseTransitions": -1}}, kind=MERGE)
    await talk("release", "PATCH", f"{path}/one", {"spec": {"holderIdentity": ""}}, kind=MERGE)


def _seen(count: int) -> object:
    def check(answer: Answer) -> bool:
        status = answer.body.get("status", {})
        return bool(status.get("observedGeneration") == count)

    return check


async def scales(talk: Talk) -> None:
    talk.normal.controlled = ("StatefulSet", "Scale")
    path = talk.path("statefulsets", group="apps/v1")
    one = f"{path}/one"
    await talk("create", "POST", path, stateful_set(talk))
    await talk.until("seen", one, lambda answer: answer.body.get("status", {}).get("observedGeneration") == 1)
    found = await talk("read", "GET", f"{one}/scale")
    await talk("put the same", "PUT", f"{one}/scale", found.body)
    await talk("a negative one", "PATCH", f"{one}/scale", {"spec": {"replicas": -1}}, kind=MERGE)
    stale = {**found.body, "metadata": {**found.body["metadata"], "resourceVersion": "1"}, "spec": {"replicas": 3}}
    await talk("put a stale one", "PUT", f"{one}/scale", stale)
    await talk("of nothing", "GET", f"{path}/none/scale")
    await talk("patch", "PATCH", f"{one}/scale", {"spec": {"replicas": 1}}, kind=MERGE)
    scale = {
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }
    widgets = await define(talk, subresources={"status": {}, "scale": scale})
    await talk("a widget", "POST", widgets, widget(talk, "own", replicas=2))
    await talk("its scale", "GET", f"{widgets}/own/scale")
    await talk("its status", "PATCH", f"{widgets}/own/status", {"status": {"replicas": 1, "selector": "a=b"}}, kind=MERGE)
    changed = await talk("its scale with status", "GET", f"{widgets}/own/scale")
    await talk("put it", "PUT", f"{widgets}/own/scale", {**changed.body, "spec": {"replicas": 5}})
    await talk("patch it", "PATCH", f"{widgets}/own/scale", {"spec": {"replicas": 6}}, kind=MERGE)
    await talk("read the widget", "GET", f"{widgets}/own")
    await talk("one without wish", "POST", widgets, widget(talk, "two"))
    await talk("its scale is none", "GET", f"{widgets}/two/scale")


async def updates_of_data(talk: Talk) -> None:
    path = talk.path("secrets")
    await talk("secret", "POST", path, {"metadata": {"name": "one"}, "type": "example.com/x", "data": {"a": "Yg=="}})
    await talk("another type", "PATCH", f"{path}/one", {"type": "Opaque"}, kind=MERGE)
    await talk("text beside data", "PATCH", f"{path}/one", {"stringData": {"c": "d"}}, kind=MERGE)
    maps = talk.path("configmaps")
    await talk("map", "POST", maps, config_map(a="1"))
    await talk("bad key", "PATCH", f"{maps}/one", {"data": {"a/b": "1"}}, kind=MERGE)
    await talk("in both", "PATCH", f"{maps}/one", {"binaryData": {"a": "AA=="}}, kind=MERGE)
