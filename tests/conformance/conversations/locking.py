"""Optimistic concurrency: resourceVersion and UID on every write."""

from __future__ import annotations

from conformance.samples import config_map, define, widget
from conformance.talk import MERGE, Talk


async def updates(talk: Talk) -> None:
    path = talk.path("configmaps")
    one = f"{path}/one"
    made = await talk("create", "POST", path, config_map(a="1"))
    await talk("put with its version", "PUT", one, {**made.body, "data": {"a": "2"}})
    await talk("put with a stale version", "PUT", one, {**made.body, "data": {"a": "3"}})
    await talk("put without version", "PUT", one, config_map(a="4"))
    await talk("put the same", "PUT", one, config_map(a="4"))
    stranger = {"metadata": {"name": "one", "uid": "0a0a0a0a-0000-0000-0000-000000000000"}}
    await talk("put with another uid", "PUT", one, stranger)
    await talk("put another name", "PUT", one, config_map("two"))
    await talk("put what is not there", "PUT", f"{path}/none", config_map("none"))
    await talk("a version that is no number", "PUT", one, {"metadata": {"name": "one", "resourceVersion": "abc"}})
    await talk("patch with a stale version", "PATCH", one, {"metadata": {"resourceVersion": "1"}}, kind=MERGE)
    await talk("patch with another uid", "PATCH", one, stranger, kind=MERGE)


async def custom(talk: Talk) -> None:
    path = await define(talk)
    one = f"{path}/one"
    made = await talk("create", "POST", path, widget(talk))
    await talk("put without version", "PUT", one, widget(talk, size=2))
    changed = await talk("put with its version", "PUT", one, {**made.body, "spec": {"size": 3}})
    await talk("put with a stale version", "PUT", one, {**made.body, "spec": {"size": 4}})
    await talk("put the same", "PUT", one, changed.body)
    await talk(
        "put without name",
        "PUT",
        one,
        {**changed.body, "metadata": {"resourceVersion": changed.body["metadata"]["resourceVersion"]}},
    )
    await talk("put another name", "PUT", one, {**changed.body, "metadata": {**changed.body["metadata"], "name": "two"}})
    await talk("put another kind", "PUT", one, {**changed.body, "kind": "Gadget"})
    await talk(
        "put another namespace", "PUT", one, {**changed.body, "metadata": {**changed.body["metadata"], "namespace": "default"}}
    )
    await talk("put what is not there", "PUT", f"{path}/none", widget(talk, "none"))


async def deletes(talk: Talk) -> None:
    path = talk.path("configmaps")
    one = f"{path}/one"
    made = (await talk("create", "POST", path, config_map(a="1"))).body["metadata"]
    stranger = "0a0a0a0a-0000-0000-0000-000000000000"
    await talk("another uid", "DELETE", one, {"preconditions": {"uid": stranger}})
    await talk("another version", "DELETE", one, {"preconditions": {"resourceVersion": "1"}})
    both = {"uid": made["uid"], "resourceVersion": made["resourceVersion"]}
    await talk("both right", "DELETE", one, {"preconditions": both})
    await talk("gone", "DELETE", one)
