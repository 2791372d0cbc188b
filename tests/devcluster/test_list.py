"""Lists: selectors, pages, resourceVersion rules."""

from __future__ import annotations

from typing import Any

import pytest

MAPS = "/api/v1/namespaces/default/configmaps"


async def fill(api: Any, count: int) -> None:
    for index in range(count):
        await api.made(MAPS, {"metadata": {"name": f"m{index}", "labels": {"n": str(index), "parity": str(index % 2)}}})


def names(answer: Any) -> list[str]:
    return [item["metadata"]["name"] for item in answer.json["items"]]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("parity=1", ["m1", "m3"]),
        ("parity!=1", ["m0", "m2"]),
        ("n in (0, 3)", ["m0", "m3"]),
        ("n notin (0,3),parity=0", ["m2"]),
        ("n", ["m0", "m1", "m2", "m3"]),
        ("!n", []),
        ("", ["m0", "m1", "m2", "m3"]),
    ],
)
async def test_label_selectors(api: Any, selector: str, expected: list[str]) -> None:
    await fill(api, 4)
    assert names(await api("GET", MAPS, labelSelector=selector)) == expected


async def test_field_selectors(api: Any) -> None:
    await fill(api, 2)
    assert names(await api("GET", MAPS, fieldSelector="metadata.name=m1")) == ["m1"]
    assert names(await api("GET", "/api/v1/configmaps", fieldSelector="metadata.namespace!=default")) == []
    answer = await api("GET", MAPS, fieldSelector="data.x=1")
    assert answer.status == 400
    assert answer.message == '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"'
    answer = await api("GET", "/api/v1/pods", fieldSelector="spec.nope=1")
    assert answer.message == "field label not supported: spec.nope"


async def test_pages_are_one_consistent_snapshot(api: Any) -> None:
    await fill(api, 5)
    first = await api("GET", MAPS, limit=2)
    meta = first.json["metadata"]
    assert (names(first), meta["remainingItemCount"]) == (["m0", "m1"], 3)
    await api("DELETE", f"{MAPS}/m2")
    second = await api("GET", MAPS, limit=2, **{"continue": meta["continue"]})
    assert names(second) == ["m2", "m3"]
    assert second.json["metadata"]["resourceVersion"] == meta["resourceVersion"]
    third = await api("GET", MAPS, limit=2, **{"continue": second.json["metadata"]["continue"]})
    assert names(third) == ["m4"]
    assert "continue" not in third.json["metadata"]


async def test_an_old_page_is_gone(api: Any) -> None:
    await fill(api, 3)
    token = (await api("GET", MAPS, limit=1)).json["metadata"]["continue"]
    api.plane.forget()
    answer = await api("GET", MAPS, limit=1, **{"continue": token})
    assert (answer.status, answer.json["reason"]) == (410, "Expired")


async def test_a_version_of_the_future_is_a_timeout(api: Any) -> None:
    answer = await api("GET", MAPS, resourceVersion=999)
    assert answer.status == 504
    assert answer.message == "Timeout: Too large resource version: 999, current: 2"
    assert answer.headers["retry-after"] == "1"


async def test_match_rules(api: Any) -> None:
    answer = await api("GET", MAPS, resourceVersionMatch="Exact")
    assert answer.status == 422
    assert "resourceVersionMatch is forbidden unless resourceVersion is provided" in answer.message
    assert (await api("GET", MAPS, resourceVersionMatch="NotOlderThan", resourceVersion="1")).status == 200
