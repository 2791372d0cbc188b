"""Label and field selectors, and the resourceVersion rules of a list.

Source: apimachinery `labels`, `fields`, and "Resource versions" of the API concepts page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kdasync.devcluster.labels import label_matches
from kdasync.devcluster.plane import Call
from kdasync.devcluster.resources import Resource
from kdasync.devcluster.status import bad_request
from kdasync.devcluster.storage import Entry

Json = dict[str, Any]
Match = Callable[[Json], bool]

_FIELDS: dict[str, tuple[str, ...]] = {
    "/pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "/events": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "/secrets": ("type",),
    "/namespaces": ("status.phase",),
    "/nodes": ("spec.unschedulable",),
    "/services": ("spec.clusterIP", "spec.type"),
}
_EVENTS_VIEW = {"regarding": "involvedObject", "reportingController": "reportingComponent"}


def dig(value: Any, path: str) -> Any:
    """The value at a dotted path, None if it is not there."""
    for part in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _field_names(resource: Resource) -> tuple[str, ...]:
    own = _FIELDS.get(resource.shelf, ()) if not resource.custom else resource.selectable
    return ("metadata.name", "metadata.namespace", *own)


def field_matches(resource: Resource, text: str) -> list[Match]:
    """The requirements of a field selector on whole objects.

    Raises:
        Failure: 400 for a field that the kind does not offer.
    """
    matches: list[Match] = []
    for part in (item for item in text.split(",") if item.strip()):
        sign = next((sign for sign in ("!=", "==", "=") if sign in part), None)
        if sign is None:
            raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
        key, _, wanted = part.partition(sign)
        head, _, tail = key.strip().partition(".")
        path = ".".join(filter(None, (_EVENTS_VIEW.get(head, head) if resource.store else head, tail)))
        if path not in _field_names(resource):
            raise bad_request(_unknown(resource, key.strip()))
        matches.append(_field(path, wanted.strip(), equal=sign != "!="))
    return matches


def _unknown(resource: Resource, key: str) -> str:
    if resource.custom or resource.shelf in _FIELDS:
        return f"field label not supported: {key}"
    return f'"{key}" is not a known field selector: only "metadata.name", "metadata.namespace"'


def _field(path: str, wanted: str, *, equal: bool) -> Match:
    return lambda value: (_text(dig(value, path)) == wanted) is equal


class Selection:
    """Both selectors of a request; true for an object that passes all requirements."""

    def __init__(self, call: Call) -> None:
        self._labels = label_matches(call.params.get("labelSelector"))
        self._fields = field_matches(call.resource, call.params.get("fieldSelector"))
        if call.name:
            self._fields.append(_field("metadata.name", call.name, equal=True))
        self.everything = not self._labels and not self._fields

    def __call__(self, value: Json) -> bool:
        """True if the object passes."""
        labels = value["metadata"].get("labels") or {}
        return all(match(labels) for match in self._labels) and all(match(value) for match in self._fields)


def select(call: Call, entries: list[Entry]) -> list[Entry]:
    """The entries that pass the request's selectors."""
    selection = Selection(call)
    return entries if selection.everything else [entry for entry in entries if selection(entry.object)]
