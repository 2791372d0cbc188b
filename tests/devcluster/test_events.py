"""Events are one store seen through core/v1 and events.k8s.io/v1."""

from __future__ import annotations

from typing import Any

CORE = "/api/v1/namespaces/default/events"
NEW = "/apis/events.k8s.io/v1/namespaces/default/events"


def event() -> dict[str, Any]:
    return {
        "metadata": {"name": "e"},
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingController": "tester",
        "reportingInstance": "tester-0",
        "action": "Testing",
        "reason": "Tested",
        "note": "all is well",
        "type": "Normal",
        "regarding": {"kind": "Pod", "namespace": "default", "name": "p", "uid": "u"},
    }


async def test_written_in_one_view_and_read_in_the_other(api: Any) -> None:
    made = await api.made(NEW, event())
    assert (made["apiVersion"], made["note"], made["regarding"]["name"]) == ("events.k8s.io/v1", "all is well", "p")
    core = (await api("GET", f"{CORE}/e")).json
    assert (core["apiVersion"], core["message"], core["involvedObject"]["name"]) == ("v1", "all is well", "p")
    assert core["reportingComponent"] == "tester"
    listed = (await api("GET", NEW)).json
    assert listed["kind"] == "EventList"
    assert listed["items"][0]["note"] == "all is well"


async def test_a_series_is_patched(api: Any) -> None:
    await api.made(NEW, event())
    series = {"series": {"count": 2, "lastObservedTime": "2026-01-01T00:01:00.000000Z"}}
    answer = await api("PATCH", f"{NEW}/e", series, kind="application/merge-patch+json")
    assert answer.json["series"]["count"] == 2
    assert (await api("GET", f"{CORE}/e")).json["series"]["count"] == 2


async def test_kubectl_describe_finds_them_by_field(api: Any) -> None:
    await api.made(NEW, event())
    chosen = "involvedObject.name=p,involvedObject.kind=Pod,involvedObject.uid=u"
    assert len((await api("GET", CORE, fieldSelector=chosen)).json["items"]) == 1
    assert (await api("GET", CORE, fieldSelector="involvedObject.name=q")).json["items"] == []
