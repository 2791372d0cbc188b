"""metadata.generation: what counts as a change of the wish."""

from __future__ import annotations

from conformance.samples import config_map, define, stateful_set, widget
from conformance.talk import MERGE, Talk


async def custom(talk: Talk) -> None:
    path = await define(talk)
    one = f"{path}/one"
    await talk("create", "POST", path, {**widget(talk), "metadata": {"name": "one", "generation": 7}})
    await talk("spec", "PATCH", one, {"spec": {"size": 2}}, kind=MERGE)
    await talk("same spec", "PATCH", one, {"spec": {"size": 2}}, kind=MERGE)
    await talk("labels", "PATCH", one, {"metadata": {"labels": {"a": "b"}}}, kind=MERGE)
    await talk("status", "PATCH", f"{one}/status", {"status": {"phase": "a"}}, kind=MERGE)
    await talk("by hand", "PATCH", one, {"metadata": {"generation": 99}}, kind=MERGE)
    await talk("finalizer", "PATCH", one, {"metadata": {"finalizers": ["example.com/x"]}}, kind=MERGE)
    await talk("delete", "DELETE", one)
    await talk("read", "GET", one)
    await talk("let go", "PATCH", one, {"metadata": {"finalizers": None}}, kind=MERGE)


async def without_status(talk: Talk) -> None:
    path = await define(talk, subresources={})
    await talk("create", "POST", path, widget(talk))
    await talk("status counts", "PATCH", f"{path}/one", {"status": {"phase": "a"}}, kind=MERGE)
    await talk("labels do not", "PATCH", f"{path}/one", {"metadata": {"labels": {"a": "b"}}}, kind=MERGE)


async def built_in(talk: Talk) -> None:
    talk.normal.controlled = ("StatefulSet",)
    sets = talk.path("statefulsets", group="apps/v1")
    await talk("create a set", "POST", sets, stateful_set(talk))
    seen = await talk.until(
        "its controller saw it", f"{sets}/one", lambda found: found.body.get("status", {}).get("observedGeneration") == 1
    )
    assert seen
    labels = {"spec": {"template": {"metadata": {"annotations": {"a": "b"}}}}}
    await talk("its template", "PATCH", f"{sets}/one", labels, kind=MERGE)
    await talk.until("seen again", f"{sets}/one", lambda found: found.body.get("status", {}).get("observedGeneration") == 2)
    maps = talk.path("configmaps")
    await talk("data has none", "POST", maps, config_map("data", a="1"))
    await talk("also when changed", "PATCH", f"{maps}/data", {"data": {"a": "2"}}, kind=MERGE)
