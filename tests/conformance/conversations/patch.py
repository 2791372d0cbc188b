"""Every patch type, accepted and refused."""

from __future__ import annotations

from conformance.samples import config_map, define, pod, stateful_set, widget
from conformance.talk import JSON_PATCH, MERGE, STRATEGIC, Talk


async def json_patches(talk: Talk) -> None:
    path = await define(talk)
    one = f"{path}/one"
    await talk("create", "POST", path, widget(talk, items=[{"name": "a"}]))

    async def patch(title: str, *operations: dict[str, object]) -> None:
        await talk(title, "PATCH", one, list(operations), kind=JSON_PATCH)

    await patch("add", {"op": "add", "path": "/spec/colour", "value": "red"})
    await patch("add to a list's end", {"op": "add", "path": "/spec/items/-", "value": {"name": "b"}})
    await patch("add in a list", {"op": "add", "path": "/spec/items/0", "value": {"name": "first"}})
    await patch("replace", {"op": "replace", "path": "/spec/colour", "value": "blue"})
    await patch("remove", {"op": "remove", "path": "/spec/colour"})
    await patch("copy", {"op": "copy", "from": "/spec/mode", "path": "/spec/note"})
    await patch("move", {"op": "move", "from": "/spec/note", "path": "/spec/name"})
    await patch("test holds", {"op": "test", "path": "/spec/size", "value": 1}, {"op": "add", "path": "/spec/size", "value": 2})
    await patch("test fails", {"op": "test", "path": "/spec/size", "value": 1}, {"op": "add", "path": "/spec/size", "value": 3})
    await patch("test of what is missing", {"op": "test", "path": "/spec/colour", "value": "red"})
    await patch("remove what is missing", {"op": "remove", "path": "/spec/colour"})
    await patch("replace what is missing", {"op": "replace", "path": "/spec/colour", "value": "red"})
    await patch("add below what is missing", {"op": "add", "path": "/spec/labels/a", "value": "b"})
    await patch("beyond a list's end", {"op": "add", "path": "/spec/items/9", "value": {"name": "z"}})
    await patch("an operation that is none", {"op": "twist", "path": "/spec/size"})
    await patch("escaped", {"op": "add", "path": "/metadata/annotations", "value": {"a/b~c": "d"}})
    await patch("by its escaped name", {"op": "replace", "path": "/metadata/annotations/a~1b~0c", "value": "e"})
    await patch("an invalid result", {"op": "replace", "path": "/spec/size", "value": 100})
    await patch("nothing")
    await talk("no list", "PATCH", one, {"op": "add"}, kind=JSON_PATCH)
    await patch("the name", {"op": "replace", "path": "/metadata/name", "value": "two"})
    await patch("the uid", {"op": "replace", "path": "/metadata/uid", "value": "0a0a0a0a-0000-0000-0000-000000000000"})
    await patch("a test of the uid", {"op": "test", "path": "/metadata/uid", "value": "other"})
    await talk("of nothing", "PATCH", f"{path}/nothing", [], kind=JSON_PATCH)


async def merge_patches(talk: Talk) -> None:
    path = await define(talk)
    one = f"{path}/one"
    await talk("create", "POST", path, widget(talk, items=[{"name": "a"}], labels={"x": "y"}))

    async def patch(title: str, body: object) -> None:
        await talk(title, "PATCH", one, body, kind=MERGE)

    await patch("a field", {"spec": {"colour": "red"}})
    await patch("the same again", {"spec": {"colour": "red"}})
    await patch("null removes", {"spec": {"colour": None}})
    await patch("null of a default", {"spec": {"mode": None}})
    await patch("maps are merged", {"spec": {"labels": {"z": "w"}}})
    await patch("lists are replaced", {"spec": {"items": [{"name": "b"}]}})
    await patch("unknown fields", {"spec": {"strange": 1}})
    await patch("labels", {"metadata": {"labels": {"a": "b"}}})
    await patch("labels away", {"metadata": {"labels": None}})
    await patch("an invalid result", {"spec": {"size": 0}})
    await patch("spec away", {"spec": None})
    await patch("status is ignored", {"status": {"phase": "x"}})
    await patch("the name", {"metadata": {"name": "two"}})
    await patch("the namespace", {"metadata": {"namespace": "default"}})
    await patch("the kind", {"kind": "Gadget"})
    await patch("the version", {"apiVersion": "other/v1"})
    await patch("a stale resourceVersion", {"metadata": {"resourceVersion": "1"}, "spec": {"size": 2}})
    await patch("no object", [])
    await talk("no JSON", "PATCH", one, b"{", kind=MERGE)
    await talk("of nothing", "PATCH", f"{path}/nothing", {}, kind=MERGE)
    await talk("strictly unknown", "PATCH", one, {"spec": {"strange": 1}}, kind=MERGE, fieldValidation="Strict")


async def strategic_patches(talk: Talk) -> None:
    talk.normal.controlled = ("StatefulSet",)
    path = talk.path("statefulsets", group="apps/v1")
    one = f"{path}/one"
    await talk("create", "POST", path, stateful_set(talk))

    async def patch(title: str, spec: object) -> None:
        await talk(title, "PATCH", one, {"spec": {"template": {"spec": spec}}}, kind=STRATEGIC)

    await patch("a container by name", {"containers": [{"name": "app", "env": [{"name": "A", "value": "1"}]}]})
    await patch("a further container", {"containers": [{"name": "side", "image": "side:1"}]})
    await patch("env merges by name", {"containers": [{"name": "app", "env": [{"name": "B", "value": "2"}]}]})
    await patch("delete by key", {"containers": [{"name": "side", "$patch": "delete"}]})
    await patch("an order", {"$setElementOrder/containers": [{"name": "app"}], "containers": [{"name": "app", "tty": True}]})
    await patch("replace a list", {"containers": [{"$patch": "replace"}, {"name": "app", "image": "new:1"}]})
    await patch("a map away", {"securityContext": None, "nodeSelector": {"a": "b"}})
    await patch("replace a map", {"nodeSelector": {"$patch": "replace", "c": "d"}})
    await patch("volumes retain keys", {"volumes": [{"name": "v", "emptyDir": {}}]})
    await patch("another source", {"volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/srv"}}]})
    await patch("no key", {"containers": [{"image": "x"}]})
    await patch("a directive that is none", {"nodeSelector": {"$patch": "twist"}})
    labels = {"metadata": {"labels": {"a": "b"}, "finalizers": ["example.com/a"]}}
    await talk("labels and finalizers", "PATCH", one, labels, kind=STRATEGIC)
    more = {"metadata": {"finalizers": ["example.com/b"]}}
    await talk("finalizers are merged", "PATCH", one, more, kind=STRATEGIC)
    gone = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/a", "example.com/b"]}}
    await talk("finalizers away", "PATCH", one, gone, kind=STRATEGIC)


async def strategic_data(talk: Talk) -> None:
    path = talk.path("configmaps")
    await talk("create", "POST", path, config_map(a="1", b="2"))
    await talk("merge", "PATCH", f"{path}/one", {"data": {"a": None, "c": "3"}}, kind=STRATEGIC)
    await talk("replace", "PATCH", f"{path}/one", {"data": {"$patch": "replace", "d": "4"}}, kind=STRATEGIC)
    pods = talk.path("pods")
    await talk.until("the account is there", talk.path("serviceaccounts", "default"), lambda answer: answer.status == 200)
    await talk("pod", "POST", pods, pod(talk, automountServiceAccountToken=False))
    await talk("image", "PATCH", f"{pods}/one", {"spec": {"containers": [{"name": "app", "image": "new:1"}]}}, kind=STRATEGIC)
    await talk("a frozen field", "PATCH", f"{pods}/one", {"spec": {"hostNetwork": True}}, kind=STRATEGIC)


async def refused_media(talk: Talk) -> None:
    path = await define(talk)
    await talk("create", "POST", path, widget(talk))
    await talk("strategic of a custom resource", "PATCH", f"{path}/one", {"spec": {"size": 2}}, kind=STRATEGIC)
    await talk("plain JSON", "PATCH", f"{path}/one", {"spec": {"size": 2}})
    await talk("a list without name", "PATCH", path, {}, kind=MERGE)
