"""Structural schemas: pruning, defaults, nulls, and violations in the real server's words."""

from __future__ import annotations

from typing import Any

import pytest

PATH = "/apis/example.com/v1/namespaces/default/widgets"


def widget(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "w"}, "spec": {"size": 1, **spec}}


async def test_prune_default_and_null_rules(widgets: Any) -> None:
    spec = {"unknown": 1, "free": {"any": {"thing": None}}, "note": None, "colour": None, "mode": None, "labels": {"a": "b"}}
    made = await widgets.made(PATH, widget(**spec))
    assert made["spec"] == {"size": 1, "free": {"any": {"thing": None}}, "note": None, "mode": "fast", "labels": {"a": "b"}}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"size": 0}, "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1"),
        ({"size": 10}, "spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9"),
        ({"size": "1"}, 'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"'),
        ({"colour": "green"}, 'spec.colour: Unsupported value: "green": supported values: "red", "blue"'),
        ({"tags": ["ta", "x1"]}, "spec.tags[1]: Invalid value: \"x1\": spec.tags[1] in body should match '^t'"),
        ({"tags": ["t"]}, 'spec.tags[0]: Invalid value: "t": spec.tags[0] in body should be at least 2 chars long'),
        ({"tags": "t"}, 'spec.tags: Invalid value: "string": spec.tags in body must be of type array: "string"'),
        ({"port": True}, 'spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"'),
        ({"items": [{"value": "x"}]}, "spec.items[0].name: Required value"),
        ({"items": [{"name": "x"}, {"name": "x"}]}, 'spec.items[1]: Duplicate value: {"name":"x"}'),
        ({"labels": {"a": 1}}, 'spec.labels.a: Invalid value: "integer": spec.labels.a in body must be of type string: "integer"'),
    ],
)
async def test_violations(widgets: Any, spec: dict[str, Any], message: str) -> None:
    answer = await widgets("POST", PATH, widget(**spec))
    assert answer.status == 422
    assert answer.message == f'Widget.example.com "w" is invalid: {message}'
    details = answer.json["details"]
    assert (details["group"], details["kind"], details["name"]) == ("example.com", "Widget", "w")
    field, _, text = message.partition(": ")
    assert details["causes"][0]["field"] == field
    assert details["causes"][0]["message"] == text


async def test_several_violations_are_one_list(widgets: Any) -> None:
    answer = await widgets("POST", PATH, {"metadata": {"name": "w"}, "spec": {"colour": "green"}})
    assert answer.message == (
        'Widget.example.com "w" is invalid: [spec.colour: Unsupported value: "green": supported values: "red", "blue", '
        "spec.size: Required value]"
    )


async def test_good_values_are_accepted(widgets: Any) -> None:
    made = await widgets.made(PATH, widget(size=9, colour="red", tags=["t1"], port=80, items=[{"name": "x"}, {"name": "y"}]))
    assert made["spec"]["port"] == 80
    assert (await widgets("PATCH", f"{PATH}/w", {"spec": {"port": "http"}}, kind="application/merge-patch+json")).status == 200
