"""Finalizers, propagation, grace, collections of owner references, and deletes of many."""

from __future__ import annotations

from conformance.samples import config_map, define, pod, stateful_set, widget
from conformance.talk import MERGE, Answer, Talk


def _gone(answer: Answer) -> bool:
    return answer.status == 404


async def plain(talk: Talk) -> None:
    path = await define(talk)
    await talk("create", "POST", path, widget(talk))
    await talk("delete", "DELETE", f"{path}/one")
    await talk("again", "DELETE", f"{path}/one")
    maps = talk.path("configmaps")
    await talk("a map", "POST", maps, config_map())
    await talk(
        "delete the map", "DELETE", f"{maps}/one", {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
    )
    services = talk.path("services")
    await talk("a service", "POST", services, {"metadata": {"name": "one"}, "spec": {"clusterIP": "None", "selector": {"a": "b"}}})
    await talk("delete the service", "DELETE", f"{services}/one")
    await talk("a policy that is none", "DELETE", f"{maps}/one", {"propagationPolicy": "Sideways"})
    await talk("two policies", "DELETE", f"{maps}/one", {"propagationPolicy": "Orphan", "orphanDependents": True})


async def finalizers(talk: Talk) -> None:
    path = await define(talk)
    one = f"{path}/one"
    held = {**widget(talk), "metadata": {"name": "one", "finalizers": ["example.com/a", "example.com/b"]}}
    await talk("create", "POST", path, held)
    await talk("delete", "DELETE", one)
    await talk("delete again", "DELETE", one)
    await talk("change meanwhile", "PATCH", one, {"spec": {"size": 2}}, kind=MERGE)
    await talk("no new finalizers", "PATCH", one, {"metadata": {"finalizers": ["example.com/a", "example.com/c"]}}, kind=MERGE)
    await talk("no way back", "PATCH", one, {"metadata": {"deletionTimestamp": None}}, kind=MERGE)
    await talk("one less", "PATCH", one, {"metadata": {"finalizers": ["example.com/b"]}}, kind=MERGE)
    await talk("create meanwhile", "POST", path, widget(talk))
    await talk("the last one", "PATCH", one, {"metadata": {"finalizers": []}}, kind=MERGE)
    await talk("gone", "GET", one)
    await talk("an unqualified one", "POST", path, {**widget(talk), "metadata": {"name": "two", "finalizers": ["kdasync"]}})


async def _family(talk: Talk, name: str, *, block: bool = False) -> str:
    maps = talk.path("configmaps")
    owner = (await talk(f"{name}: owner", "POST", maps, config_map(name))).body["metadata"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": owner["uid"]}
    if block:
        reference["blockOwnerDeletion"] = True
    child = {"metadata": {"name": f"{name}-child", "ownerReferences": [reference]}}
    await talk(f"{name}: child", "POST", maps, child)
    return maps


async def garbage(talk: Talk) -> None:
    maps = await _family(talk, "background")
    await talk("delete in the background", "DELETE", f"{maps}/background", {"propagationPolicy": "Background"})
    await talk("the owner is gone at once", "GET", f"{maps}/background")
    await talk.until("the child follows", f"{maps}/background-child", _gone)
    await _family(talk, "foreground", block=True)
    await talk("delete in the foreground", "DELETE", f"{maps}/foreground", {"propagationPolicy": "Foreground"})
    await talk.until("the owner waits for it", f"{maps}/foreground", _gone)
    await talk("and the child is gone", "GET", f"{maps}/foreground-child")
    await _family(talk, "orphan")
    await talk("delete and orphan", "DELETE", f"{maps}/orphan", {"propagationPolicy": "Orphan"})
    await talk.until("the owner goes", f"{maps}/orphan", _gone)
    await talk("the child stays, without owner", "GET", f"{maps}/orphan-child")
    await _family(talk, "default")
    await talk("delete by default", "DELETE", f"{maps}/default")
    await talk.until("the child follows that too", f"{maps}/default-child", _gone)
    absent = {"apiVersion": "v1", "kind": "ConfigMap", "name": "never", "uid": "0a0a0a0a-0000-0000-0000-000000000000"}
    await talk("a child of nobody", "POST", maps, {"metadata": {"name": "lost", "ownerReferences": [absent]}})
    await talk.until("is collected", f"{maps}/lost", _gone)


async def custom_owner(talk: Talk) -> None:
    path = await define(talk)
    owner = (await talk("owner", "POST", path, widget(talk))).body["metadata"]
    reference = {"apiVersion": f"{talk.group}/v1", "kind": "Widget", "name": "one", "uid": owner["uid"], "controller": True}
    sets = talk.path("statefulsets", group="apps/v1")
    body = stateful_set(talk)
    body["metadata"]["ownerReferences"] = [reference]
    await talk("a set of it", "POST", sets, body)
    second = {**reference, "name": "two", "uid": "0a0a0a0a-0000-0000-0000-000000000000"}
    await talk("two controllers", "PATCH", f"{sets}/one", {"metadata": {"ownerReferences": [reference, second]}}, kind=MERGE)
    await talk("delete the owner", "DELETE", f"{path}/one")
    await talk.until("the set follows", f"{sets}/one", _gone, seconds=60)


async def grace(talk: Talk) -> None:
    pods = talk.path("pods")
    await talk.until("the account is there", talk.path("serviceaccounts", "default"), lambda answer: answer.status == 200)
    await talk("a pod on no node", "POST", pods, pod(talk, automountServiceAccountToken=False, terminationGracePeriodSeconds=30))
    await talk("delete it", "DELETE", f"{pods}/one")
    await talk("gone at once", "GET", f"{pods}/one")
    await talk("another", "POST", pods, pod(talk, "two", automountServiceAccountToken=False))
    await talk("now", "DELETE", f"{pods}/two", {"gracePeriodSeconds": 0})
    held = pod(talk, "held", automountServiceAccountToken=False, terminationGracePeriodSeconds=30)
    held["metadata"]["finalizers"] = ["example.com/a"]
    await talk("one with a finalizer", "POST", pods, held)
    await talk("delete that", "DELETE", f"{pods}/held")
    await talk("let it go", "PATCH", f"{pods}/held", {"metadata": {"finalizers": None}}, kind=MERGE)
    await talk("it is gone", "GET", f"{pods}/held")


async def collections(talk: Talk) -> None:
    path = await define(talk)
    for name, labels in (("a", {"go": "yes"}), ("b", {"go": "yes"}), ("c", {"go": "no"})):
        await talk(f"create {name}", "POST", path, {**widget(talk), "metadata": {"name": name, "labels": labels}})
    held = {**widget(talk), "metadata": {"name": "held", "labels": {"go": "yes"}, "finalizers": ["example.com/x"]}}
    await talk("create one that is held", "POST", path, held)
    await talk("dry", "DELETE", path, labelSelector="go=yes", dryRun="All")
    await talk("by label", "DELETE", path, labelSelector="go=yes")
    await talk("what is left", "GET", path)
    await talk("by name", "DELETE", path, fieldSelector="metadata.name=c")
    await talk("let go", "PATCH", f"{path}/held", {"metadata": {"finalizers": None}}, kind=MERGE)
    await talk("none is left", "GET", path)
    await talk("none to delete", "DELETE", path)
    maps = talk.path("configmaps")
    await talk("a map", "POST", maps, {"metadata": {"name": "one", "labels": {"mine": "yes"}}})
    await talk("maps by label", "DELETE", maps, labelSelector="mine=yes")


async def namespaces(talk: Talk) -> None:
    path = f"/api/v1/namespaces/{talk.namespace}"
    maps = talk.path("configmaps")
    await talk("a map that is held", "POST", maps, {"metadata": {"name": "one", "finalizers": ["example.com/a"]}})
    await talk("delete", "DELETE", path)
    await talk("create in it", "POST", maps, config_map("late"))
    await talk.until("its content goes", f"{maps}/one", lambda answer: "deletionTimestamp" in answer.body["metadata"])
    await talk("let go", "PATCH", f"{maps}/one", {"metadata": {"finalizers": None}}, kind=MERGE)
    await talk.until("it ends", path, _gone, seconds=60)
