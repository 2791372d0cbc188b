"""Lists: paging, selectors, resource versions, Tables."""

from __future__ import annotations

from conformance.samples import DEFINITIONS, config_map, define, pod, stateful_set, widget
from conformance.talk import TABLE, Talk


async def paging(talk: Talk) -> None:
    path = await define(talk)
    for name in "abcde":
        await talk.quiet("POST", path, widget(talk, name))
    await talk("all", "GET", path)
    first = await talk("first page", "GET", path, limit=2)
    token = first.body["metadata"]["continue"]
    await talk.quiet("DELETE", f"{path}/d")
    await talk.quiet("POST", path, widget(talk, "f"))
    second = await talk("second page is of the same time", "GET", path, **{"limit": 2, "continue": token})
    await talk("last page", "GET", path, **{"limit": 2, "continue": second.body["metadata"]["continue"]})
    await talk("as many as there are", "GET", path, limit=5)
    await talk("a bad token", "GET", path, **{"limit": 2, "continue": "nonsense"})
    await talk("a token and a version", "GET", path, **{"limit": 2, "continue": token, "resourceVersion": "1"})
    await talk("a bad limit", "GET", path, limit="many")
    await talk("filtered", "GET", path, limit=1, labelSelector="none=such")
    await talk("empty", "GET", talk.path("configmaps"), labelSelector="none=such")


async def versions(talk: Talk) -> None:
    path = await define(talk)
    made = await talk("create", "POST", path, widget(talk))
    version = made.body["metadata"]["resourceVersion"]
    await talk("any", "GET", path, resourceVersion="0")
    await talk("not older", "GET", path, resourceVersion=version, resourceVersionMatch="NotOlderThan")
    await talk("get not older", "GET", f"{path}/one", resourceVersion=version)
    await talk("match without version", "GET", path, resourceVersionMatch="Exact")
    await talk("a match that is none", "GET", path, resourceVersion=version, resourceVersionMatch="Sometimes")
    await talk("exactly none", "GET", path, resourceVersion="0", resourceVersionMatch="Exact")
    await talk("no number", "GET", path, resourceVersion="abc")
    await talk("the future", "GET", path, resourceVersion=str(int(version) + 1000000), timeoutSeconds=1)


async def label_selectors(talk: Talk) -> None:
    path = talk.path("configmaps")
    for name, labels in (("a", {"tier": "front", "mine": ""}), ("b", {"tier": "back", "mine": ""}), ("c", {"mine": ""})):
        await talk.quiet("POST", path, {"metadata": {"name": name, "labels": labels}})
    for selector in (
        "tier=front,mine",
        "tier==back,mine",
        "tier!=front,mine",
        "tier in (front,back),mine",
        "tier notin (front),mine",
        "tier,mine",
        "!tier,mine",
        "mine=,tier",
        "tier=,mine",
    ):
        await talk(selector, "GET", path, labelSelector=selector)
    for selector in ("tier in front", "tier=a=b", "=x", "tier in (", "a b", "tier=_"):
        await talk(f"bad: {selector}", "GET", path, labelSelector=selector)


async def field_selectors(talk: Talk) -> None:
    path = talk.path("configmaps")
    for name in ("a", "b"):
        await talk.quiet("POST", path, config_map(name))
    await talk("by name", "GET", path, fieldSelector="metadata.name=a")
    await talk("by namespace and name", "GET", path, fieldSelector=f"metadata.namespace={talk.namespace},metadata.name=b")
    await talk("not by name", "GET", path, fieldSelector="metadata.name!=a,metadata.name!=kube-root-ca.crt")
    await talk("everywhere", "GET", "/api/v1/configmaps", fieldSelector=f"metadata.namespace={talk.namespace},metadata.name=b")
    await talk("a field that is none", "GET", path, fieldSelector="data.a=1")
    await talk("no selector", "GET", path, fieldSelector="nonsense")
    pods = talk.path("pods")
    await talk.until("the account is there", talk.path("serviceaccounts", "default"), lambda answer: answer.status == 200)
    await talk.quiet("POST", pods, pod(talk, automountServiceAccountToken=False))
    await talk("pods by node", "GET", pods, fieldSelector="spec.nodeName=")
    await talk("pods by phase", "GET", pods, fieldSelector="status.phase=Pending")
    await talk("pods by another phase", "GET", pods, fieldSelector="status.phase!=Pending")
    await talk("pods by image", "GET", pods, fieldSelector="spec.image=x")
    widgets = await define(talk, selectableFields=[{"jsonPath": ".spec.colour"}])
    await talk.quiet("POST", widgets, widget(talk, "red", colour="red"))
    await talk.quiet("POST", widgets, widget(talk, "blue", colour="blue"))
    await talk("widgets by colour", "GET", widgets, fieldSelector="spec.colour=red")
    await talk("widgets by size", "GET", widgets, fieldSelector="spec.size=1")


async def tables(talk: Talk) -> None:
    columns = [
        {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
        {"name": "Phase", "type": "string", "jsonPath": ".status.phase", "description": "Where it is."},
        {"name": "Mode", "type": "string", "jsonPath": ".spec.mode", "priority": 1},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]
    path = await define(talk, additionalPrinterColumns=columns)
    await talk.quiet("POST", path, widget(talk, "a"))
    await talk.quiet("POST", path, widget(talk, "b", size=5))
    await talk.quiet("PATCH", f"{path}/a/status", {"status": {"phase": "ready"}}, kind="application/merge-patch+json")
    await talk("a list", "GET", path, accept=TABLE)
    await talk("one", "GET", f"{path}/a", accept=TABLE)
    await talk("whole objects", "GET", path, accept=TABLE, includeObject="Object")
    await talk("no objects", "GET", path, accept=TABLE, includeObject="None")
    await talk("a page", "GET", path, accept=TABLE, limit=1)
    await talk("what is not there", "GET", f"{path}/none", accept=TABLE)
    async with talk.watch(path, accept=TABLE, resourceVersion="0", timeoutSeconds=1) as watching:
        await talk.heard("a watch", watching)
    await talk("one thing only", "GET", path, accept="application/json;as=Table;v=v2;g=meta.k8s.io")


async def built_in_tables(talk: Talk) -> None:
    talk.normal.controlled = ("StatefulSet", "PartialObjectMetadata")
    maps = talk.path("configmaps")
    await talk.quiet("POST", maps, {**config_map("one", a="1", b="2")})
    await talk("map", "GET", f"{maps}/one", accept=TABLE)
    sets = talk.path("statefulsets", group="apps/v1")
    await talk.quiet("POST", sets, stateful_set(talk))
    await talk("set", "GET", f"{sets}/one", accept=TABLE)
    pods = talk.path("pods")
    await talk.until("the account is there", talk.path("serviceaccounts", "default"), lambda answer: answer.status == 200)
    await talk.quiet("POST", pods, pod(talk, automountServiceAccountToken=False))
    await talk("pod", "GET", f"{pods}/one", accept=TABLE)
    services = talk.path("services")
    spec = {"clusterIP": "None", "selector": {"a": "b"}, "ports": [{"port": 80, "name": "web"}, {"port": 443, "name": "tls"}]}
    await talk.quiet("POST", services, {"metadata": {"name": "one"}, "spec": spec})
    await talk("service", "GET", f"{services}/one", accept=TABLE)
    secrets = talk.path("secrets")
    await talk.quiet("POST", secrets, {"metadata": {"name": "one"}, "stringData": {"a": "b"}})
    await talk("secret", "GET", f"{secrets}/one", accept=TABLE)
    claims = talk.path("persistentvolumeclaims")
    claim = {"accessModes": ["ReadWriteOnce"], "storageClassName": "none", "resources": {"requests": {"storage": "1Gi"}}}
    await talk.quiet("POST", claims, {"metadata": {"name": "one"}, "spec": claim})
    await talk("claim", "GET", f"{claims}/one", accept=TABLE)
    await talk("namespace", "GET", f"/api/v1/namespaces/{talk.namespace}", accept=TABLE)
    await define(talk)
    await talk("definition", "GET", f"{DEFINITIONS}/widgets.{talk.group}", accept=TABLE)
