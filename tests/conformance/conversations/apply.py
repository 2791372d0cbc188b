"""Server-side apply: ownership, conflicts, and what goes when it is no longer applied."""

from __future__ import annotations

from conformance.samples import config_map, define, widget
from conformance.talk import APPLY, MERGE, Talk


async def ownership(talk: Talk) -> None:
    path = talk.path("configmaps", "one")
    await talk("create by apply", "PATCH", path, config_map(a="1", b="2"), kind=APPLY, fieldManager="first")
    await talk("the same again", "PATCH", path, config_map(a="1", b="2"), kind=APPLY, fieldManager="first")
    await talk("no longer applied", "PATCH", path, config_map(a="1"), kind=APPLY, fieldManager="first")
    await talk("another manager adds", "PATCH", path, config_map(c="3"), kind=APPLY, fieldManager="second")
    await talk("shared", "PATCH", path, config_map(a="1", c="3"), kind=APPLY, fieldManager="second")
    await talk("the first lets go", "PATCH", path, config_map(), kind=APPLY, fieldManager="first")
    await talk("the second lets go", "PATCH", path, config_map(c="3"), kind=APPLY, fieldManager="second")
    await talk("read", "GET", path)


async def conflicts(talk: Talk) -> None:
    path = talk.path("configmaps", "one")
    await talk("first", "PATCH", path, config_map(a="1", b="2"), kind=APPLY, fieldManager="first")
    await talk("conflict", "PATCH", path, config_map(a="other"), kind=APPLY, fieldManager="second")
    await talk("two conflicts", "PATCH", path, config_map(a="other", b="other"), kind=APPLY, fieldManager="second")
    await talk("by force", "PATCH", path, config_map(a="other"), kind=APPLY, fieldManager="second", force="true")
    await talk("against both", "PATCH", path, config_map(a="x", b="y"), kind=APPLY, fieldManager="third")
    await talk("an update takes over", "PATCH", path, {"data": {"b": "updated"}}, kind=MERGE, fieldManager="editor")
    await talk("conflict with an update", "PATCH", path, config_map(b="2"), kind=APPLY, fieldManager="first")
    await talk("the same value is no conflict", "PATCH", path, config_map(b="updated"), kind=APPLY, fieldManager="first")
    await talk("a dry conflict", "PATCH", path, config_map(a="z"), kind=APPLY, fieldManager="fourth", dryRun="All")


async def lists(talk: Talk) -> None:
    path = await define(talk)
    one = f"{path}/one"
    first = widget(talk, items=[{"name": "a", "value": "1"}], set=["x"], tags=["t1"])
    await talk("first", "PATCH", one, first, kind=APPLY, fieldManager="first")
    second = {**widget(talk), "spec": {"items": [{"name": "b", "value": "2"}], "set": ["y"]}}
    await talk("a second item and member", "PATCH", one, second, kind=APPLY, fieldManager="second")
    await talk("an atomic list conflicts", "PATCH", one, {**second, "spec": {"tags": ["t2"]}}, kind=APPLY, fieldManager="third")
    away = {**second, "spec": {"items": [{"name": "c"}]}}
    await talk("the second lets its item go", "PATCH", one, away, kind=APPLY, fieldManager="second")
    item = {**second, "spec": {"items": [{"name": "a", "value": "other"}]}}
    await talk("an item's field conflicts", "PATCH", one, item, kind=APPLY, fieldManager="third")
    twice = {**second, "spec": {"items": [{"name": "a"}, {"name": "a"}]}}
    await talk("one key twice", "PATCH", one, twice, kind=APPLY, fieldManager="third")
    await talk("no key", "PATCH", one, {**second, "spec": {"items": [{"value": "x"}]}}, kind=APPLY, fieldManager="third")
    await talk(
        "labels", "PATCH", one, {**first, "metadata": {"name": "one", "labels": {"a": "b"}}}, kind=APPLY, fieldManager="first"
    )
    status = {**widget(talk), "status": {"phase": "ready"}}
    status.pop("spec")
    await talk("status", "PATCH", f"{one}/status", status, kind=APPLY, fieldManager="controller")
    await talk("read", "GET", one)


async def refusals(talk: Talk) -> None:
    path = await define(talk)
    one = f"{path}/one"
    await talk("no manager", "PATCH", one, widget(talk), kind=APPLY)
    await talk("no kind", "PATCH", one, {"spec": {"size": 1}}, kind=APPLY, fieldManager="first")
    await talk("another name", "PATCH", one, widget(talk, "two"), kind=APPLY, fieldManager="first")
    managed = {**widget(talk), "metadata": {"name": "one", "managedFields": [{"manager": "x"}]}}
    await talk("managed fields", "PATCH", one, managed, kind=APPLY, fieldManager="first")
    await talk("invalid", "PATCH", one, widget(talk, size=100), kind=APPLY, fieldManager="first")
    await talk("unknown field", "PATCH", one, widget(talk, strange=1), kind=APPLY, fieldManager="first")
    await talk("not YAML", "PATCH", one, b"{", kind=APPLY, fieldManager="first")
    await talk("force elsewhere", "PATCH", one, {}, kind=MERGE, force="true")
    await talk("a status that is not there", "PATCH", f"{path}/none/status", widget(talk, "none"), kind=APPLY, fieldManager="first")
    versioned = {**widget(talk), "metadata": {"name": "one", "resourceVersion": "1"}}
    await talk("a stale version", "PATCH", one, versioned, kind=APPLY, fieldManager="first")
    text = f"apiVersion: {talk.group}/v1\nkind: Widget\nmetadata:\n  name: one\nspec:\n  size: 4\n".encode()
    await talk("real YAML", "PATCH", one, text, kind=APPLY, fieldManager="first")


async def managers(talk: Talk) -> None:
    path = talk.path("configmaps")
    one = f"{path}/one"
    await talk("by user agent", "POST", path, config_map(a="1"), agent="tool/v1.2 (linux)")
    await talk("by parameter", "PATCH", one, {"data": {"b": "2"}}, kind=MERGE, fieldManager="named")
    await talk("update", "PUT", one, config_map(a="1", b="3"), fieldManager="named")
    await talk("a manager lets go", "PATCH", one, {"data": {"b": None}}, kind=MERGE, fieldManager="other")
    await talk("reset", "PATCH", one, {"metadata": {"managedFields": [{}]}}, kind=MERGE, fieldManager="named")
    await talk("after the reset", "PATCH", one, config_map(a="9"), kind=APPLY, fieldManager="first", force="true")
    await talk("too long a name", "PATCH", one, {}, kind=MERGE, fieldManager="x" * 129)
