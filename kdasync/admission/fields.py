"""Every field of the three kinds, and what a change of it means. The longest path that fits decides."""

from __future__ import annotations

from kdasync.admission.rule import Change, FieldClass

_USED = "While a cluster uses the app. Before that: at any time."
_MEMBERS = "While the role has members. Before that: at any time."

APP = (
    FieldClass("spec", Change.IMMUTABLE, _USED),
    FieldClass("spec.kdasync.roles[]", Change.LIVE, "Times, retries and policies are read whenever they matter."),
    FieldClass("spec.kdasync.roles[].command", Change.IMMUTABLE, _USED),
    FieldClass("spec.kdasync.roles[].terminationGraceSeconds", Change.IMMUTABLE, _USED),
)
CLUSTER = (
    FieldClass("spec.app", Change.IMMUTABLE),
    FieldClass("spec.appCatalog", Change.IMMUTABLE, "Absent on an update: as it was."),
    FieldClass("spec.serviceType", Change.LIVE, "Services are converted in place."),
    FieldClass("spec.namingScheme", Change.RECREATE, "Objects that exist keep their names; told as a warning."),
    FieldClass("spec.defaultSecret", Change.RECREATE, "Roles with members keep what they mount; told as a warning."),
    FieldClass("spec.connections", Change.LIVE, "Members are told by `startscript --reconnect`."),
    FieldClass("spec.kdasync", Change.LIVE),
    FieldClass("spec.roles", Change.LIVE, "Roles come and go; one that is still being removed cannot be added again."),
    FieldClass("spec.roles[]", Change.RECREATE, _MEMBERS),
    FieldClass("spec.roles[].members", Change.LIVE, "Within the cardinality that the app allows."),
)
CONFIG = (
    FieldClass("spec", Change.LIVE, "Defaults count for what is written from then on."),
    FieldClass("spec.masterEncryptionKey", Change.IMMUTABLE, "While clusters exist."),
    FieldClass("spec.podLabels", Change.RECREATE),
    FieldClass("spec.podAnnotations", Change.RECREATE),
    FieldClass("spec.nativeSystemdSupport", Change.RECREATE),
)


def classify(table: tuple[FieldClass, ...], path: str) -> FieldClass | None:
    """The entry that decides about a path."""
    fitting = [entry for entry in table if path == entry.path or path.startswith((entry.path + ".", entry.path + "["))]
    return max(fitting, key=lambda entry: len(entry.path), default=None)
