"""Watches: order, selectors, bookmarks, initial events, 410 and the way back."""

from __future__ import annotations

import base64

from conformance.samples import define, widget
from conformance.talk import MERGE, Talk


async def changes(talk: Talk) -> None:
    path = await define(talk)
    start = (await talk("list", "GET", path)).body["metadata"]["resourceVersion"]
    async with talk.watch(path, resourceVersion=start, timeoutSeconds=20) as watching:
        await talk("create", "POST", path, widget(talk))
        await talk("change", "PATCH", f"{path}/one", {"spec": {"size": 2}}, kind=MERGE)
        await talk("no change", "PATCH", f"{path}/one", {"spec": {"size": 2}}, kind=MERGE)
        await talk("status", "PATCH", f"{path}/one/status", {"status": {"phase": "a"}}, kind=MERGE)
        await talk("delete", "DELETE", f"{path}/one")
        await talk.heard("events", watching, 4)
    async with talk.watch(path, resourceVersion=start, timeoutSeconds=20) as again:
        await talk.heard("the same from history", again, 4)


async def starts(talk: Talk) -> None:
    path = await define(talk)
    await talk("a", "POST", path, widget(talk, "a"))
    await talk("b", "POST", path, widget(talk, "b"))
    async with talk.watch(path, resourceVersion="0", timeoutSeconds=1) as watching:
        await talk.heard("from any version", watching)
    async with talk.watch(path, timeoutSeconds=1) as watching:
        await talk.heard("without version", watching)
    async with talk.watch(path, resourceVersion="abc", timeoutSeconds=1) as watching:
        await talk.heard("no number", watching)
    async with talk.watch(path, resourceVersion="0", fieldSelector="metadata.name=b", timeoutSeconds=1) as watching:
        await talk.heard("of one", watching)
    async with talk.watch(f"{path}/b", timeoutSeconds=1) as watching:
        await talk.heard("of one path", watching)
    async with talk.watch(path, resourceVersion="0", timeoutSeconds="soon") as watching:
        await talk.heard("a bad time", watching)


async def selectors(talk: Talk) -> None:
    path = await define(talk)
    made = await talk("create", "POST", path, widget(talk))
    start = made.body["metadata"]["resourceVersion"]
    async with talk.watch(path, resourceVersion=start, labelSelector="in=yes", timeoutSeconds=20) as watching:
        await talk("outside", "PATCH", f"{path}/one", {"spec": {"size": 2}}, kind=MERGE)
        await talk("come in", "PATCH", f"{path}/one", {"metadata": {"labels": {"in": "yes"}}}, kind=MERGE)
        await talk("inside", "PATCH", f"{path}/one", {"spec": {"size": 3}}, kind=MERGE)
        await talk("leave", "PATCH", f"{path}/one", {"metadata": {"labels": {"in": "no"}}}, kind=MERGE)
        await talk("come back", "PATCH", f"{path}/one", {"metadata": {"labels": {"in": "yes"}}}, kind=MERGE)
        await talk("delete", "DELETE", f"{path}/one")
        await talk.heard("events", watching, 5)


async def finalized(talk: Talk) -> None:
    path = await define(talk)
    start = (await talk("list", "GET", path)).body["metadata"]["resourceVersion"]
    async with talk.watch(path, resourceVersion=start, timeoutSeconds=20) as watching:
        held = {**widget(talk), "metadata": {"name": "one", "finalizers": ["example.com/a"]}}
        await talk("create", "POST", path, held)
        await talk("delete", "DELETE", f"{path}/one")
        await talk("let go", "PATCH", f"{path}/one", {"metadata": {"finalizers": None}}, kind=MERGE)
        await talk.heard("events", watching, 3)


async def bookmarks(talk: Talk) -> None:
    path = await define(talk)
    await talk("create", "POST", path, widget(talk))
    start = (await talk("list", "GET", path)).body["metadata"]["resourceVersion"]
    async with talk.watch(path, resourceVersion=start, allowWatchBookmarks="true", timeoutSeconds=5) as watching:
        await talk.heard("one before the end", watching)


async def streaming_list(talk: Talk) -> None:
    path = await define(talk)
    await talk("a", "POST", path, widget(talk, "a"))
    await talk("b", "POST", path, widget(talk, "b"))
    wish = {
        "sendInitialEvents": "true",
        "allowWatchBookmarks": "true",
        "resourceVersionMatch": "NotOlderThan",
        "timeoutSeconds": 20,
    }
    async with talk.watch(path, **wish) as watching:
        await talk.heard("everything, then a mark", watching, 3)
        await talk("c", "POST", path, widget(talk, "c"))
        await talk.heard("then changes", watching, 1)
    async with talk.watch(path, **wish, resourceVersion="0", labelSelector="none=such") as watching:
        await talk.heard("nothing, then a mark", watching, 1)
    for title, bad in (
        ("no match", {"sendInitialEvents": "true", "allowWatchBookmarks": "true"}),
        ("no bookmarks", {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}),
        ("exactly", {**wish, "resourceVersionMatch": "Exact"}),
        ("a match alone", {"resourceVersionMatch": "NotOlderThan"}),
    ):
        async with talk.watch(path, **{**bad, "timeoutSeconds": 1}) as watching:
            await talk.heard(title, watching)
    await talk("a list with it", "GET", path, sendInitialEvents="true", resourceVersionMatch="NotOlderThan")
    none = {
        "sendInitialEvents": "false",
        "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": 1,
    }
    async with talk.watch(path, **none, resourceVersion="0") as watching:
        await talk.heard("not wanted", watching)


async def expired(talk: Talk) -> None:
    path = await define(talk)
    await talk("create", "POST", path, widget(talk))
    await talk("create another", "POST", path, widget(talk, "two"))
    await talk.ground.compact()
    old = base64.urlsafe_b64encode(b'{"v":"meta.k8s.io/v1","rv":1,"start":"one\\u0000"}').decode().rstrip("=")
    await talk("the rest of an old page", "GET", path, **{"limit": 1, "continue": old})
    async with talk.watch(path, resourceVersion="1", timeoutSeconds=5) as watching:
        await talk.heard("too old", watching)
    start = (await talk("list again", "GET", path)).body["metadata"]["resourceVersion"]
    async with talk.watch(path, resourceVersion=start, timeoutSeconds=20) as watching:
        await talk("change", "PATCH", f"{path}/one", {"spec": {"size": 2}}, kind=MERGE)
        await talk.heard("and on", watching, 1)


async def future(talk: Talk) -> None:
    path = await define(talk)
    version = (await talk("list", "GET", path)).body["metadata"]["resourceVersion"]
    ahead = str(int(version) + 100000)
    async with talk.watch(path, resourceVersion=ahead, timeoutSeconds=5) as watching:
        await talk.heard("ahead of time", watching)
