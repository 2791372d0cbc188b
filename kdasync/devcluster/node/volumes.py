"""Volumes of a pod and the mounts of its containers. Pure. Source: core/v1 Volume, VolumeMount.

Served: claims, emptyDir, secret, configMap, downwardAPI, projected. Everything else is refused with a sentence: a hostPath would let
an app read the developer's machine, and the rest needs a storage system.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from kdasync.devcluster.node.env import expand, resource_of
from kdasync.devcluster.node.lookup import Document, Lookup, field_of
from kdasync.devcluster.node.refusal import Refusal
from kdasync.devcluster.quantity import amount
from kdasync.devcluster.runtime.protocol import Mount


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What is behind a volume: a directory the runtime keeps, memory, or files."""

    key: str = ""
    memory: bool = False
    size: int = 0
    read_only: bool = False
    files: Mapping[str, bytes] | None = None


def scratch_keys(pod: Document) -> list[str]:
    """Keys of the pod's emptyDir volumes, which end with it."""
    return [_scratch(pod, volume) for volume in pod["spec"].get("volumes") or () if "emptyDir" in volume]


def sources(pod: Document, lookup: Lookup) -> dict[str, Source]:
    """Volume name -> what is behind it.

    Raises:
        Refusal: a claim is not bound, an object is missing, or the type is not served.
    """
    return {volume["name"]: _source(pod, volume, lookup) for volume in pod["spec"].get("volumes") or ()}


def mounts(container: Document, known: Mapping[str, Source], values: Mapping[str, str]) -> tuple[Mount, ...]:
    """Mounts of one container; `values` is its environment, for subPathExpr.

    Raises:
        Refusal: an unknown volume, or a block device.
    """
    if container.get("volumeDevices"):
        raise Refusal("CreateContainerError", "devcluster has no block devices. Use a file system volume or a real cluster.")
    return tuple(_mount(each, known, values) for each in container.get("volumeMounts") or ())


def _scratch(pod: Document, volume: Document) -> str:
    return f"empty-{pod['metadata']['uid']}-{volume['name']}"


def _source(pod: Document, volume: Document, lookup: Lookup) -> Source:
    if "emptyDir" in volume:
        settings = volume["emptyDir"] or {}
        size = int(amount(str(settings.get("sizeLimit") or 0)))
        return Source(key=_scratch(pod, volume), memory=settings.get("medium") == "Memory", size=size)
    if "persistentVolumeClaim" in volume:
        return _claim(volume["persistentVolumeClaim"], lookup)
    if "projected" in volume:
        parts = [_files(pod, part, lookup) for part in volume["projected"].get("sources") or ()]
        return Source(files={name: data for part in parts for name, data in part.items()}, read_only=True)
    named = {"configMap": "name", "secret": "secretName", "downwardAPI": ""}
    for kind, key in named.items():
        if kind in volume:
            settings = volume[kind] if not key else {**volume[kind], "name": volume[kind].get(key)}
            return Source(files=_files(pod, {kind: settings}, lookup), read_only=True)
    served = next((key for key in volume if key != "name"), "emptyDir")
    raise Refusal(
        "CreateContainerConfigError",
        f"volume {volume['name']}: devcluster has no {served} volumes. Use a claim, emptyDir, secret or configMap.",
    )


def _claim(reference: Document, lookup: Lookup) -> Source:
    claim = lookup.claims.get(reference["claimName"])
    if claim is None or (claim.get("status") or {}).get("phase") != "Bound":
        raise Refusal("ContainerCreating", f'persistentvolumeclaim "{reference["claimName"]}" is not bound')
    return Source(key=claim["spec"]["volumeName"], read_only=bool(reference.get("readOnly")))


def _files(pod: Document, source: Document, lookup: Lookup) -> dict[str, bytes]:
    if "secret" in source:
        settings = source["secret"]
        return _chosen(lookup.secret(settings["name"], optional=bool(settings.get("optional"))), settings)
    if "configMap" in source:
        settings = source["configMap"]
        return _chosen(lookup.config_map(settings["name"], optional=bool(settings.get("optional"))), settings)
    if "serviceAccountToken" in source:
        return {source["serviceAccountToken"]["path"]: lookup.token.encode()}
    if "downwardAPI" in source:
        return {item["path"]: _item(pod, item, lookup).encode() for item in source["downwardAPI"].get("items") or ()}
    raise Refusal("CreateContainerConfigError", f"devcluster does not project {', '.join(source)}. Remove it from the volume.")


def _item(pod: Document, item: Document, lookup: Lookup) -> str:
    if "fieldRef" in item:
        return field_of(pod, item["fieldRef"]["fieldPath"], lookup)
    wanted = item["resourceFieldRef"]
    container = next(each for each in pod["spec"]["containers"] if each["name"] == wanted["containerName"])
    return resource_of(container, wanted)


def _chosen(content: Mapping[str, bytes], settings: Document) -> dict[str, bytes]:
    """All keys, or those of `items` under their paths."""
    items = settings.get("items")
    if not items:
        return dict(content)
    missing = [item["key"] for item in items if item["key"] not in content]
    if missing and not settings.get("optional"):
        raise Refusal("CreateContainerConfigError", f"references non-existent key: {missing[0]}")
    return {item["path"]: content[item["key"]] for item in items if item["key"] in content}


def _mount(mount: Document, known: Mapping[str, Source], values: Mapping[str, str]) -> Mount:
    source = known.get(mount["name"])
    if source is None:
        raise Refusal("CreateContainerConfigError", f'volume mount "{mount["name"]}" has no volume of that name')
    return Mount(
        path=mount["mountPath"],
        source=source.key,
        memory=source.memory,
        size=source.size,
        files=source.files,
        read_only=source.read_only or bool(mount.get("readOnly")),
        sub_path=mount.get("subPath") or expand(mount.get("subPathExpr") or "", values),
    )
