"""Definitions and the objects they refuse."""

from __future__ import annotations

from typing import Any

from conformance.samples import DEFINITIONS, define, definition, schema, widget
from conformance.talk import MERGE, Answer, Talk


def _established(answer: Answer) -> bool:
    found = answer.body.get("status", {}).get("conditions") or ()
    return any(item["type"] == "Established" and item["status"] == "True" for item in found)


async def definitions(talk: Talk) -> None:
    path = f"{DEFINITIONS}/widgets.{talk.group}"
    small = {"type": "object", "properties": {"spec": {"type": "object"}}}
    await talk("create", "POST", DEFINITIONS, definition(talk, schema_=small))
    await talk.until("established", path, _established)
    root = f"/apis/{talk.group}"
    await talk.until("discovered", f"{root}/v1", lambda answer: answer.status == 200)
    await talk("the group", "GET", root)
    await talk("again", "POST", DEFINITIONS, definition(talk, schema_=small))
    categories = {"spec": {"names": {"categories": ["all"]}}}
    await talk("categories", "PATCH", path, categories, kind=MERGE)
    await talk.until("accepted", path, lambda answer: "categories" in answer.body["status"]["acceptedNames"])
    await talk("another scope", "PATCH", path, {"spec": {"scope": "Cluster"}}, kind=MERGE)
    await talk("delete", "DELETE", path)
    await talk.until("gone", path, lambda answer: answer.status == 404)
    await talk.until("not served", talk.path("widgets", group=f"{talk.group}/v1"), lambda answer: answer.status == 404)


async def bad_definitions(talk: Talk) -> None:
    async def refuse(title: str, schema_: Any = None, **version: Any) -> None:
        await talk(title, "POST", DEFINITIONS, definition(talk, schema_=schema_, **version), dryRun="All")

    named = definition(talk)
    named["metadata"]["name"] = f"other.{talk.group}"
    await talk("another name", "POST", DEFINITIONS, named, dryRun="All")
    scope = definition(talk)
    scope["spec"]["scope"] = "Galaxy"
    await talk("no scope", "POST", DEFINITIONS, scope, dryRun="All")
    await refuse("no schema", schema=None)
    await refuse("no storage version", storage=False)
    await refuse("no type", {"properties": {"spec": {}}})
    await refuse("not structural", {"type": "object", "properties": {"spec": {"properties": {"a": {"type": "string"}}}}})
    await refuse("a default that does not fit", {"type": "object", "properties": {"a": {"type": "integer", "default": "x"}}})
    await refuse("a type that is none", {"type": "object", "properties": {"a": {"type": "thing"}}})
    await refuse(
        "no map keys",
        {"type": "object", "properties": {"a": {"type": "array", "x-kubernetes-list-type": "map", "items": {"type": "object"}}}},
    )
    await refuse("no items", {"type": "object", "properties": {"a": {"type": "array"}}})
    await refuse(
        "unique items", {"type": "object", "properties": {"a": {"type": "array", "uniqueItems": True, "items": {"type": "string"}}}}
    )
    await refuse("no columns' path", None, additionalPrinterColumns=[{"name": "A", "type": "string"}])
    await refuse("a good one", schema())


async def violations(talk: Talk) -> None:
    path = await define(talk)

    async def refuse(title: str, **spec: Any) -> None:
        await talk(title, "POST", path, widget(talk, **spec))

    await refuse("a string for a number", size="one")
    await refuse("a fraction for a number", size=1.5)
    await refuse("too small", size=0)
    await refuse("too large", size=10)
    await refuse("no such colour", colour="green")
    await refuse("a number for a string", mode=1)
    await refuse("too short and wrong", name="1")
    await refuse("too long", name="abcdefgh")
    await refuse("no match", name="AB")
    await refuse("no time", when="yesterday")
    await refuse("not above", ratio=0)
    await refuse("no multiple", ratio=0.7)
    await refuse("too few", tags=[])
    await refuse("too many", tags=["t1", "t2", "t3", "t4"])
    await refuse("an item", tags=["t1", "x"])
    await refuse("twice in a set", set=["a", "a"])
    await refuse("twice in a map", items=[{"name": "a"}, {"name": "a"}])
    await refuse("no key", items=[{"value": "x"}])
    await refuse("too many properties", labels={"a": "1", "b": "2", "c": "3"})
    await refuse("a property's type", labels={"a": 1})
    await refuse("neither", either={})
    await refuse("both", either={"a": "1", "b": "2"})
    await refuse("a list for an object", nested=[])
    await refuse("an object for a list", tags={"a": "b"})
    await refuse("neither number nor string", port=True)
    await refuse("several at once", size=0, colour="green", tags=["x"])
    await talk("no spec", "POST", path, {k: v for k, v in widget(talk).items() if k != "spec"})
    await talk("no size", "POST", path, {**widget(talk), "spec": {}})
    await talk("spec is a text", "POST", path, {**widget(talk), "spec": "text"})


async def ratcheting(talk: Talk) -> None:
    path = await define(talk)
    await talk("create", "POST", path, widget(talk, size=9, colour="red"))
    tight = schema()
    tight["properties"]["spec"]["properties"]["size"]["maximum"] = 5
    version = definition(talk, schema_=tight)["spec"]["versions"]
    await talk.quiet("PATCH", f"{DEFINITIONS}/widgets.{talk.group}", {"spec": {"versions": version}}, kind=MERGE)

    for _ in range(100):
        probe = await talk.quiet("POST", path, widget(talk, "probe", size=9), dryRun="All")
        if probe.status == 422:
            break
    await talk("unchanged is not judged", "PATCH", f"{path}/one", {"spec": {"colour": "blue"}}, kind=MERGE)
    await talk("changed is", "PATCH", f"{path}/one", {"spec": {"size": 8}}, kind=MERGE)
    await talk("into bounds", "PATCH", f"{path}/one", {"spec": {"size": 5}}, kind=MERGE)


async def cel(talk: Talk) -> None:
    rules = [
        {"rule": "self.min <= self.max", "message": "min must not exceed max"},
        {"rule": "self.min >= 0"},
    ]
    fixed = [{"rule": "self == oldSelf", "message": "name is fixed"}]
    spec = {
        "type": "object",
        "x-kubernetes-validations": rules,
        "properties": {
            "min": {"type": "integer"},
            "max": {"type": "integer"},
            "name": {"type": "string", "maxLength": 10, "x-kubernetes-validations": fixed},
        },
        "required": ["min", "max"],
    }
    body = definition(talk, schema_={"type": "object", "properties": {"spec": spec}})
    answer = await talk("a definition with rules", "POST", DEFINITIONS, body)
    if answer.status != 201:
        return
    path = talk.path("widgets", group=f"{talk.group}/v1")
    await talk.until("established", f"{DEFINITIONS}/widgets.{talk.group}", _established)
    await talk.until("served", path, lambda found: found.status == 200)
    one = {"apiVersion": f"{talk.group}/v1", "kind": "Widget", "metadata": {"name": "one"}}
    await talk("holds", "POST", path, {**one, "spec": {"min": 1, "max": 2, "name": "a"}})
    await talk("broken", "PATCH", f"{path}/one", {"spec": {"min": 3}}, kind=MERGE)
    await talk("without a message", "PATCH", f"{path}/one", {"spec": {"min": -1}}, kind=MERGE)
    await talk("fixed", "PATCH", f"{path}/one", {"spec": {"name": "b"}}, kind=MERGE)
