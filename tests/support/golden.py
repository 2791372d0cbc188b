"""Clusters that the real KubeDirector made, played again on the whole stack, and both pictures made comparable.

Generated values are replaced by what they stand for: `sts.ROLE` for a StatefulSet's name, `headless`, `UID`, `container.POD`, and a
pod's name for a node id. What then differs is listed by path, so that a short list of deliberate differences can be held against it.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Coroutine, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import looptime
import msgspec
from support.bodies import Json
from support.stack import Stack, run

from kdasync.guest.order import Outcome, Result

SHARED = Path(os.environ.get("KDASYNC_SHARED", Path(__file__).parents[2].parent / "shared"))
GOLDEN = SHARED / "testdata/kubedirector/golden"


class Picture(msgspec.Struct, frozen=True):
    """A cluster and everything that was made for it; `configmeta` by pod."""

    cluster: Json
    objects: list[Json]
    configmeta: dict[str, Json] = {}

    def of(self, kind: str) -> dict[str, Json]:
        """Objects of a kind by name."""
        return {item["metadata"]["name"]: item for item in self.objects if item["kind"] == kind}


RECORDS = sorted(GOLDEN.glob("*/cr-*.json"))
KINDS = ("statefulsets", "services", "pods")  # claims are made and bound by others; tests/render compares their names and labels


def recorded(path: Path) -> Picture:
    body = json.loads(path.read_text())
    objects = [item for item in body["objects"] if item["kind"] != "PersistentVolumeClaim"]
    return Picture(body["stored"]["cluster"], objects, body.get("configmeta", {}))


def virtually(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end on virtual time, outside of a test."""
    kind = looptime.make_event_loop_class(asyncio.SelectorEventLoop)
    with asyncio.Runner(loop_factory=kind) as runner:
        return runner.run(coroutine)


def taken(stack: Stack, name: str) -> Picture:
    """The picture of a cluster on the stack."""
    cluster = stack.find("kubedirectorclusters", name)
    assert cluster is not None
    pods = {m["nodeID"]: m["pod"] for role in cluster["status"]["roles"] for m in role["members"]}
    objects = [item for plural in KINDS for item in stack.all(plural)]
    orders = [order for order in stack.guests.orders if order.configmeta and order.provenance.node_id in pods]
    seen = {pods[order.provenance.node_id]: json.loads(order.configmeta or b"") for order in orders}
    return Picture(cluster, objects, seen)


def neutral(picture: Picture) -> Picture:
    """Generated values replaced by what they stand for."""
    status = picture.cluster["status"]
    text = msgspec.json.encode(picture).decode()
    for role in status["roles"]:
        text = text.replace(role["statefulSet"], f"sts.{role['id']}")
    for role in status["roles"]:
        for member in role["members"]:
            pod = member["pod"].replace(role["statefulSet"], f"sts.{role['id']}")
            text = text.replace(member["stateDetail"].get("lastConfiguredContainer") or "\0", f"container.{pod}")
    text = text.replace(status["clusterService"], "headless").replace(picture.cluster["metadata"]["uid"], "UID")
    found = msgspec.json.decode(text, type=Picture)
    ids = {m["nodeID"]: m["pod"] for role in found.cluster["status"]["roles"] for m in role["members"]}
    return Picture(
        {"metadata": _metadata(found.cluster), "status": _status(found.cluster["status"])},
        [_object(item) for item in found.objects],
        {pod: _configmeta(document, ids) for pod, document in found.configmeta.items()},
    )


GENERATED = ("creationTimestamp", "generation", "resourceVersion", "uid", "managedFields")


def _metadata(item: Json) -> Json:
    meta = {key: value for key, value in item["metadata"].items() if key not in GENERATED}
    for owner in meta.get("ownerReferences", []):
        owner["uid"] = "UID"
    return meta


def _status(status: Json) -> Json:
    shown = {key: value for key, value in status.items() if key not in ("generationUID", "roles")}
    roles = {role["id"]: {**role, "members": {m["pod"]: _member(m) for m in role["members"]}} for role in status["roles"]}
    return {**shown, "roles": roles}


def _member(member: Json) -> Json:
    return {key: value for key, value in member.items() if key != "nodeID"}


def _object(item: Json) -> Json:
    kept = {"kind": item["kind"], "metadata": _metadata(item), "spec": item["spec"]}
    if item["kind"] == "Service":
        kept["status"] = item.get("status")
        for port in item["spec"]["ports"]:
            port.pop("nodePort", None)
        for key in ("clusterIP", "clusterIPs"):
            if item["spec"].get("clusterIP") != "None":
                item["spec"].pop(key, None)
    return kept


def _configmeta(document: Json, ids: dict[int, str]) -> Json:
    names = {str(number): pod for number, pod in ids.items()}
    document["node"]["id"] = names[document["node"]["id"]]
    for role in document["nodegroups"]["1"]["roles"].values():
        role["node_ids"] = [names[number] for number in role["node_ids"]]
        role["fqdn_mappings"] = {name: names[number] for name, number in role["fqdn_mappings"].items()}
    return document


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path, value) of everything that is no container; empty containers count as values."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    else:
        yield path, value


def flat(picture: Picture) -> dict[str, Any]:
    """Every leaf of a neutral picture by its path."""
    shown = {
        "cluster": picture.cluster,
        "configmeta": picture.configmeta,
        **{f"{item['kind']} {item['metadata']['name']}": item for item in picture.objects},
    }
    return dict(leaves(shown))


def differences(theirs: Picture, ours: Picture) -> dict[str, tuple[Any, Any]]:
    """Path -> (theirs, ours) of every leaf that differs; a missing one is `...`."""
    left, right = flat(theirs), flat(ours)
    paths = sorted({*left, *right})
    return {path: (left.get(path, ...), right.get(path, ...)) for path in paths if left.get(path, ...) != right.get(path, ...)}


def listed(path: str, patterns: dict[str, str]) -> list[str]:
    """The patterns of a list of differences that match a path."""
    return [pattern for pattern in patterns if re.fullmatch(pattern, path)]


@cache
def played(path: Path) -> Picture:
    """The record's app and cluster on the whole stack, at rest."""
    return virtually(_play(json.loads(path.read_text()), recorded(path), kwok=path.parent.name == "kwok"))


async def _play(body: Json, theirs: Picture, *, kwok: bool) -> Picture:
    name = body["cluster"]["metadata"]["name"]
    async with run(app=body["app"], node=not kwok, start=False) as stack:
        await _storage_classes(stack)
        stack.start_operator()
        trouble = _trouble(theirs)
        if trouble:
            stack.guests.script = lambda _target, _order: (0.1, Result(outcome=Outcome.BROKEN, reason="ExecFailed", detail=trouble))
        await stack.create("kubedirectorclusters", body["cluster"])
        if kwok:
            await stack.until(lambda: len(stack.all("pods")) == len(theirs.of("Pod")))
            await _stage(stack, theirs, name)
        await stack.pause(200)
        return taken(stack, name)


async def _storage_classes(stack: Stack) -> None:
    """As at the recording: `std` is the default, and `local-path` exists."""
    path = "/apis/storage.k8s.io/v1/storageclasses"
    await stack.until(lambda: bool(stack.plane.storage.list("storage.k8s.io/storageclasses")))
    await stack.send("DELETE", f"{path}/standard")
    default = {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
    await stack.send("POST", path, {"metadata": {"name": "std", **default}, "provisioner": "nobody"})
    await stack.send("POST", path, {"metadata": {"name": "local-path"}, "provisioner": "nobody"})


def _trouble(theirs: Picture) -> str:
    """Why the recorded members failed, empty if they did not."""
    details = [m["stateDetail"].get("configErrorDetail", "") for role in theirs.cluster["status"]["roles"] for m in role["members"]]
    return details[0].removeprefix("execution of app config failed: ")


def _solid(value: Any) -> Any:
    """Without nulls."""
    if isinstance(value, dict):
        return {key: _solid(item) for key, item in value.items() if item is not None}
    return [_solid(item) for item in value] if isinstance(value, list) else value


async def _stage(stack: Stack, theirs: Picture, name: str) -> None:
    """What kwok did: a pod's status is written, nothing runs."""
    places = {role["id"]: role["statefulSet"] for role in stack.status(name)["roles"]}
    for role in theirs.cluster["status"]["roles"]:
        for member in role["members"]:
            pod = member["pod"].replace(role["statefulSet"], places[role["id"]])
            status = _solid(theirs.of("Pod")[member["pod"]]["status"])
            path = f"/api/v1/namespaces/default/pods/{pod}/status"
            await stack.send("PATCH", path, {"status": status}, media="application/merge-patch+json")
