"""What the API server and the webhook would say to each document, in the order in which they say it.

Flow: as the server does, drop what the schema does not know, fill in defaults, check the shape, then the rules; apps before clusters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from kdasync.admission.request import Request
from kdasync.admission.review import mutate, validate
from kdasync.admission.world import Thing, Unknown
from kdasync.api.app import KubeDirectorApp
from kdasync.api.cluster import KubeDirectorCluster
from kdasync.api.config import ConfigSpec, KubeDirectorConfig
from kdasync.api.schema import GROUP, VERSION, definitions
from kdasync.cli.lint.documents import Document, Unreadable
from kdasync.cli.lint.world import FileWorld
from kdasync.devcluster import jsonpatch, schema
from kdasync.errors import DefinitionError
from kdasync.render.check_role import check_annotations, check_labels

Json = dict[str, Any]

ORDER: Final = ("KubeDirectorConfig", "KubeDirectorApp", "KubeDirectorCluster")
_RESOURCES: Final = {
    "Secret": "secrets",
    "ConfigMap": "configmaps",
    "ServiceAccount": "serviceaccounts",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "StorageClass": "storageclasses",
}
_DEFAULT_CLASS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
_NAME = re.compile(r"(?!.{254})[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the report; `level` is `error` (refused) or `warning`."""

    file: str
    line: int
    level: str
    rule: str
    field: str
    message: str
    remedy: str


class Linter:
    """Checks documents one by one against the world that all of them make.

    Args:
        namespace: of objects that name none.
        operator_namespace: where the config and the system catalog live.
        complete: what is in no file does not exist.
    """

    def __init__(self, *, namespace: str, operator_namespace: str, complete: bool) -> None:
        self._namespace = namespace
        self._schemas = {body["spec"]["names"]["kind"]: _schema(body) for body in definitions()}
        self.world = FileWorld(namespace=operator_namespace, complete=complete)

    def lint(self, given: Iterable[Document | Unreadable]) -> list[Finding]:
        """All findings, in the order of files and lines."""
        items = list(given)
        found = [_told(item, item.error, "error") for item in items if isinstance(item, Unreadable)]
        plain = [item for item in items if isinstance(item, Document)]
        for item in plain:
            self._note(item)
        for kind in ORDER:
            for item in plain:
                if isinstance(item.value, dict) and item.value.get("kind") == kind:
                    found += self.check(item)
        found += [_told(item, error, "warning") for item, error in self._twice(plain)]
        found += [_told(item, _no_object(), "error") for item in plain if not isinstance(item.value, dict)]
        files = list(dict.fromkeys(item.file for item in items))
        return sorted(found, key=lambda finding: (files.index(finding.file), finding.line))

    def check(self, item: Document) -> list[Finding]:
        """Findings of one document of our kinds; what passes becomes part of the world."""
        value: Json = msgspec.json.decode(msgspec.json.encode(item.value))
        errors = list(_envelope(value))
        if errors:
            return [_told(item, error, "error") for error in errors]
        value["metadata"].setdefault("namespace", self.world.namespace if value["kind"] == ORDER[0] else self._namespace)
        rules = self._schemas[value["kind"]]
        unknown = schema.prune(value, rules)
        schema.fill(value, {**rules, "properties": {key: part for key, part in rules["properties"].items() if key != "metadata"}})
        refused, advice = self._judged(value)
        found = [_told(item, error, "error") for error in refused]
        return [*found, *(_told(item, error, "warning") for error in (*map(_unknown, unknown), *advice))]

    def _judged(self, value: Json) -> tuple[tuple[DefinitionError, ...], tuple[DefinitionError, ...]]:
        space = value["metadata"]["namespace"]
        request = Request(operation="CREATE", kind=value["kind"], namespace=space, object=value)
        filled = mutate(request, self.world, bytes)
        if not filled.allowed:
            return filled.findings, ()
        changed: Json = jsonpatch.apply(value, jsonpatch.operations(msgspec.to_builtins(filled.patch)))
        causes = schema.validate(changed, self._schemas[value["kind"]])
        if causes:
            return tuple(_shape(cause) for cause in causes), ()
        verdict = validate(msgspec.structs.replace(request, object=changed), self.world)
        if verdict.allowed:
            self._stored(changed)
        return verdict.findings, (*verdict.advice, *self._guessed(changed))

    def _guessed(self, value: Json) -> Iterator[DefinitionError]:
        if value["kind"] == "KubeDirectorCluster":
            name, space = value["spec"]["app"], value["metadata"]["namespace"]
            if isinstance(self.world.app(space, name), Unknown):
                yield DefinitionError(
                    f"app {name} is in no file: roles and counts were not checked.",
                    field="spec.app",
                    remedy="Give its file as well.",
                    reason="AppNotGiven",
                )

    def _stored(self, value: Json) -> None:
        key = value["metadata"]["namespace"], value["metadata"].get("name", "")
        match value["kind"]:
            case "KubeDirectorApp":
                self.world.apps[key] = msgspec.convert(value, KubeDirectorApp)
            case "KubeDirectorCluster":
                self.world.given[key] = msgspec.convert(value, KubeDirectorCluster)
            case _:
                self.world.settings = msgspec.convert(value, KubeDirectorConfig).spec or ConfigSpec()

    def _note(self, item: Document) -> None:
        """An object of another kind."""
        value = _mapping(item.value)
        meta, spec = _mapping(value.get("metadata")), _mapping(value.get("spec"))
        resource = _RESOURCES.get(str(value.get("kind")))
        if resource is None:
            return
        name, space = str(meta.get("name")), "" if resource == "storageclasses" else str(meta.get("namespace") or self._namespace)
        modes = tuple(str(mode) for mode in _sequence(spec.get("accessModes")))
        self.world.things[resource, space, name] = Thing(volume_mode=spec.get("volumeMode"), access_modes=modes)
        notes = _mapping(meta.get("annotations"))
        if resource == "storageclasses" and any(notes.get(key) == "true" for key in _DEFAULT_CLASS):
            self.world.default_class = self.world.default_class or name

    def _twice(self, items: list[Document]) -> Iterator[tuple[Document, DefinitionError]]:
        seen: dict[tuple[Any, ...], Document] = {}
        for item in items:
            value = item.value
            if not isinstance(value, dict) or value.get("kind") not in ORDER or not isinstance(value.get("metadata"), dict):
                continue
            meta = value["metadata"]
            key = (value["kind"], str(meta.get("namespace") or self._namespace), str(meta.get("name")))
            first = seen.setdefault(key, item)
            if first is not item:
                message = f"{first.file}:{first.line} has a {key[0]} of that name as well."
                yield item, DefinitionError(message, field="metadata.name", remedy="Rename one of them.", reason="GivenTwice")


def _mapping(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _sequence(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _schema(body: Json) -> Json:
    rules: Json = body["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return rules


def _envelope(value: Json) -> Iterator[DefinitionError]:
    """What the API server asks of any object before it looks at the schema."""
    version = f"{GROUP}/{VERSION}"
    if value.get("apiVersion") != version:
        yield DefinitionError(
            f"{value.get('apiVersion')!r} is not served.", field="apiVersion", remedy=f"Write {version}.", reason="WrongType"
        )
    meta = value.get("metadata")
    if not isinstance(meta, dict):
        yield DefinitionError("is missing.", field="metadata", remedy="Give the object a name.", reason="WrongType")
        return
    name = meta.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        yield DefinitionError(
            f"{name!r} is no name.",
            field="metadata.name",
            remedy="Use lower-case letters, digits, '-' and '.', starting and ending with a letter or digit.",
            reason="WrongType",
        )
    for key in ("labels", "annotations"):
        notes = meta.get(key) or {}
        if not isinstance(notes, dict) or not all(isinstance(text, str) for text in notes.values()):
            yield DefinitionError("values must be text.", field=f"metadata.{key}", remedy="Quote them.", reason="WrongType")
        elif key == "labels":
            yield from check_labels(notes, "metadata.labels")
        else:
            yield from check_annotations(notes, "metadata.annotations")


def _shape(cause: Any) -> DefinitionError:
    return DefinitionError(f"{cause.message}.", field=cause.field, remedy="Correct it as the schema says.", reason="WrongType")


def _unknown(path: str) -> DefinitionError:
    return DefinitionError("nobody knows this field.", field=path, remedy="Remove it, or correct its name.", reason="UnknownField")


def _no_object() -> DefinitionError:
    return DefinitionError(
        "this is no object.", field="document", remedy="Write apiVersion, kind and metadata.", reason="WrongType"
    )


def _told(item: Document | Unreadable, error: DefinitionError, level: str) -> Finding:
    line = item.line_of(error.field) if isinstance(item, Document) else item.line
    return Finding(
        file=item.file,
        line=line,
        level=level,
        rule=error.reason,
        field=error.field,
        message=error.message,
        remedy=error.remedy,
    )
