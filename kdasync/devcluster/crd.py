"""CustomResourceDefinitions: names, status, and what they make the server serve.

Guarantees: a definition is established in the write that follows its create, so a client that waits for `Established` sees it and
everyone else may use the kind at once. Source: apiextensions-apiserver `pkg/registry/customresourcedefinition`.
"""

from __future__ import annotations

from typing import Any

from kdasync.devcluster import structural
from kdasync.devcluster.plane import Plane
from kdasync.devcluster.resources import Resource
from kdasync.devcluster.status import Cause, not_implemented

Json = dict[str, Any]

SHELF = "apiextensions.k8s.io/customresourcedefinitions"
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"


def default(value: Json) -> None:
    """Names that follow from the kind, conversion strategy, storage versions."""
    spec = value.setdefault("spec", {})
    names = spec.setdefault("names", {})
    kind = names.get("kind", "")
    names.setdefault("singular", kind.lower())
    names.setdefault("listKind", f"{kind}List")
    spec.setdefault("conversion", {"strategy": "None"})


def _versions(value: Json) -> list[str]:
    return [item["name"] for item in value["spec"].get("versions") or () if item.get("storage")]


def create(_plane: Plane, value: Json) -> None:
    """The status before the names were looked at."""
    empty = {"kind": "", "plural": ""}
    value["status"] = {"conditions": None, "acceptedNames": empty, "storedVersions": _versions(value)}


def _has_rules(schema: Any) -> bool:
    if isinstance(schema, dict):
        return "x-kubernetes-validations" in schema or any(_has_rules(item) for item in schema.values())
    return isinstance(schema, list) and any(_has_rules(item) for item in schema)


def validate(value: Json, old: Json | None) -> list[Cause]:
    """Name, group, versions, scope, schema.

    Raises:
        Failure: 501, CEL rules: an object that they would refuse must not be accepted in silence.
    """
    if _has_rules(value["spec"].get("versions")):
        raise not_implemented("CEL rules (x-kubernetes-validations). Remove them from the definition for devcluster.")
    spec = value["spec"]
    name, wanted = value["metadata"].get("name"), f"{spec['names'].get('plural')}.{spec.get('group')}"
    causes = []
    if name != wanted:
        text = f'Invalid value: "{name}": must be spec.names.plural+"."+spec.group'
        causes.append(Cause("FieldValueInvalid", text, "metadata.name"))
    if spec.get("scope") not in {"Namespaced", "Cluster"}:
        text = (
            "Required value"
            if not spec.get("scope")
            else f'Unsupported value: "{spec["scope"]}": supported values: "Cluster", "Namespaced"'
        )
        reason = "FieldValueRequired" if not spec.get("scope") else "FieldValueNotSupported"
        causes.append(Cause(reason, text, "spec.scope"))
    if len(_versions(value)) != 1:
        text = "Invalid value: must have exactly one version marked as storage version"
        causes.append(Cause("FieldValueInvalid", text, "spec.versions"))
    for index, version in enumerate(spec.get("versions") or ()):
        if not (version.get("schema") or {}).get("openAPIV3Schema"):
            path = f"spec.versions[{index}].schema.openAPIV3Schema"
            causes.append(Cause("FieldValueRequired", "Required value", path))
    for version in spec.get("versions") or ():
        causes += structural.causes(version)
    if old is not None and old["spec"].get("scope") != spec.get("scope"):
        text = f'Invalid value: "{spec.get("scope")}": field is immutable'
        causes.append(Cause("FieldValueInvalid", text, "spec.scope"))
    return causes


def resources(value: Json) -> tuple[Resource, ...]:
    """What a definition makes the server serve."""
    spec = value["spec"]
    return tuple(_resource(spec, version) for version in spec["versions"] if version.get("served"))


def _resource(spec: Json, version: Json) -> Resource:
    names = spec["names"]
    sub = version.get("subresources") or {}
    return Resource(
        group=spec["group"],
        version=version["name"],
        kind=names["kind"],
        plural=names["plural"],
        singular=names.get("singular", ""),
        list_kind=names.get("listKind", ""),
        namespaced=spec["scope"] == "Namespaced",
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=tuple(key for key in ("scale", "status") if key in sub),
        schema=version["schema"]["openAPIV3Schema"],
        columns=tuple(version.get("additionalPrinterColumns") or ()),
        selectable=tuple(item["jsonPath"].lstrip(".") for item in version.get("selectableFields") or ()),
        custom=True,
        scale=sub.get("scale"),
        storage_version=next((item["name"] for item in spec["versions"] if item.get("storage")), ""),
    )


def written(plane: Plane, value: Json, old: Json | None) -> None:
    """Serve it, and tell so in its status; on its way out, delete its objects first."""
    spec = value["spec"]
    if value["metadata"].get("deletionTimestamp"):
        purge(plane, value)
        return
    if old is None or old["spec"] != spec:
        plane.registry.replace(spec["group"], spec["names"]["plural"], resources(value))
    if old is None or (value.get("status") or {}).get("acceptedNames") != spec["names"]:
        _establish(plane, value)


def finalized(finalizers: list[str]) -> list[str]:
    """A definition stays until its objects are gone."""
    return [*finalizers, *([] if CLEANUP in finalizers else [CLEANUP])]


def terminate(value: Json, now: str) -> None:
    """Mark a definition as going: without grace, and without counting it as a change of the wish."""
    meta = value["metadata"]
    meta.pop("deletionGracePeriodSeconds", None)
    meta |= {"deletionTimestamp": now, "generation": max(1, meta["generation"] - 1)}
    text = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"
    value["status"]["conditions"] = [
        *(value["status"].get("conditions") or ()),
        _condition("Terminating", "InstanceDeletionPending", text, now),
    ]


def purge(plane: Plane, value: Json) -> None:
    """Delete every object of a definition that is going, and the definition itself once none is left."""
    spec = value["spec"]
    shelf = f"{spec['group']}/{spec['names']['plural']}"
    for entry in plane.storage.list(shelf):
        document = entry.copy()
        meta = document["metadata"]
        if not meta.get("finalizers"):
            plane.storage.remove(shelf, *entry.key)
        elif not meta.get("deletionTimestamp"):
            meta |= {"deletionTimestamp": plane.environment.timestamp(), "deletionGracePeriodSeconds": 0}
            plane.storage.put(shelf, document)
    others = [item for item in value["metadata"].get("finalizers") or () if item != CLEANUP]
    if not plane.storage.list(shelf) and not others:
        plane.storage.remove(SHELF, "", value["metadata"]["name"])
        removed(plane, value)


def object_removed(plane: Plane, value: Json) -> None:
    """A custom object is gone: perhaps its definition waited for that."""
    group = value["apiVersion"].partition("/")[0]
    for entry in plane.storage.list(SHELF):
        spec, meta = entry.object["spec"], entry.object["metadata"]
        if spec["group"] == group and spec["names"]["kind"] == value["kind"] and meta.get("deletionTimestamp"):
            purge(plane, entry.object)


def _establish(plane: Plane, value: Json) -> None:
    now = plane.environment.timestamp()
    stored = list(dict.fromkeys([*((value.get("status") or {}).get("storedVersions") or []), *_versions(value)]))
    conditions = [
        _condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
        _condition("Established", "InitialNamesAccepted", "the initial names have been accepted", now),
    ]
    status = {"acceptedNames": value["spec"]["names"], "conditions": conditions, "storedVersions": stored}
    plane.storage.put(SHELF, {**value, "status": status})


def _condition(kind: str, reason: str, message: str, now: str) -> Json:
    return {"type": kind, "status": "True", "lastTransitionTime": now, "reason": reason, "message": message}


def removed(plane: Plane, value: Json) -> None:
    """Serve it no more."""
    spec = value["spec"]
    plane.registry.replace(spec["group"], spec["names"]["plural"], ())
