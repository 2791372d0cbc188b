"""Where devcluster may answer otherwise than the real server, each with its reason. An entry that no longer differs fails the suite."""

from __future__ import annotations

from conformance.compare import Accepted

_GO = "The real text quotes its implementation (Go types, a decoder's position, a diff of Go structs); code and reason are equal."
_RUNTIME = "The text is the container runtime's; clients look for `executable file not found`, which both say."
_COLUMNS = "Descriptions of columns are prose that kubectl shows nowhere; names, types, formats, priorities and cells are equal."
_CEL = "devcluster refuses definitions with CEL rules (501) and says so: better than an object accepted that a rule refuses."
_EVENTS = "Events are stored once, under core/v1 names, also in managed fields; nobody applies Events."
_ADMIN = "Who asks is whoever the server knows: here a token file's user with a uid, there devcluster's administrator."
_CRD = "The real definition's status is written later by a controller as a manager of its own; devcluster's is there at once."
_SCALE = "devcluster notes a scale as the manager's own update of the object, without the subresource; the value owned is the same."
_TIMES = "Go writes absent times of a condition as null; every kubelet and controller sends them."


def _accept(conversation: str, step: str, path: str, reason: str) -> Accepted:
    return Accepted(conversation=conversation, step=step, path=path, reason=reason)


ACCEPTED: tuple[Accepted, ...] = (
    *(
        _accept("actions.events", step, "body.metadata.managedFields[0].fieldsV1.*", _EVENTS)
        for step in ("modern", "seen the old way", "a series")
    ),
    _accept("actions.events", "the old one seen the modern way", "body.reporting*", _EVENTS),
    *(
        _accept(
            "actions.events", step, path, "The real server names the kind without its group here; devcluster as everywhere else."
        )
        for step in ("no action", "a type that is none")
        for path in ("body.details.group", "body.message")
    ),
    _accept("actions.scales", "read the widget", "body.metadata.managedFields*", _SCALE),
    _accept(
        "apply.conflicts",
        "the same value is no conflict",
        "body.metadata.managedFields[0].time",
        "The real server drops the time of an entry that a taken field left; times of managed fields decide nothing.",
    ),
    _accept("apply.refusals", "not YAML", "body.message", _GO),
    *(
        _accept("create.refusals", step, "body.message", _GO)
        for step in ("another kind", "another version", "a wrong type", "a wrong type of field")
    ),
    _accept(
        "create.unknown_fields",
        "custom, Warn",
        "warning",
        "The real server warns of the first unknown field, devcluster of all: more to read, nothing to miss.",
    ),
    _accept(
        "create.others",
        "network policy",
        "body.metadata.managedFields[0].fieldsV1.f:spec.f:podSelector",
        "An empty selector is owned in devcluster and by nobody in the real server; it can only be set as a whole.",
    ),
    *(
        _accept("exec.commands", "a program that is not there", path, _RUNTIME)
        for path in ("channels.3.message", "channels.3.details.causes[0].message")
    ),
    *(
        _accept(
            "exec.refusals",
            "no command",
            path,
            "The real server lets the runtime fail; devcluster says it before. No client does it.",
        )
        for path in ("body", "channels", "protocol", "refused")
    ),
    _accept(
        "exec.refusals",
        "no stream",
        "body",
        "The kubelet answers with bare text, devcluster with a Status; code and text are equal.",
    ),
    _accept("listing.paging", "a bad token", "body.message", _GO),
    *(
        _accept("listing.tables", step, "body.columnDefinitions[0].description", _COLUMNS)
        for step in ("a list", "one", "whole objects", "no objects", "a page")
    ),
    _accept("listing.tables", "a watch", "events[0].object.columnDefinitions[0].description", _COLUMNS),
    _accept("listing.built_in_tables", "*", "body.columnDefinitions[*].description", _COLUMNS),
    _accept(
        "patch.merge_patches",
        "strictly unknown",
        "status",
        "The real server answers a strict patch with 422 and quotes the whole object; devcluster with the 400 of a strict create.",
    ),
    *(_accept("patch.strategic_data", "a frozen field", path, _GO) for path in ("body.message", "body.details.causes[0].message")),
    *(
        _accept("schema.definitions", step, path, _CRD)
        for step in ("established", "categories", "accepted", "delete")
        for path in ("body.metadata.managedFields[1]", "body.metadata.resourceVersion")
    ),
    _accept(
        "schema.definitions",
        "discovered",
        "body.resources[0].storageVersionHash",
        "A hash for storage migration, which devcluster has none of; clients treat it as opaque and optional.",
    ),
    *(
        _accept("schema.bad_definitions", "no storage version", path, _GO)
        for path in ("body.message", "body.details.causes[0].message", "body.details.causes[1]")
    ),
    _accept(
        "schema.bad_definitions",
        "a good one",
        "body.spec.versions[0].schema.*.deep.properties",
        "Go drops empty maps of a schema; devcluster keeps the definition as it was written. Both mean no properties.",
    ),
    *(
        _accept(
            "schema.violations", "not above", path, "A quirk of the Go validator: zero as a multiple is said to be a bad factor."
        )
        for path in ("body.message", "body.details.causes[0].message", "body.details.causes[1]")
    ),
    _accept("schema.cel", "*", "*", _CEL),
    *(
        _accept(
            "status.isolation",
            "invalid status",
            path,
            "On the status path the real server leaves `status.` out of the sentence, not of the field.",
        )
        for path in ("body.message", "body.details.causes[0].message")
    ),
    *(
        _accept("status.built_in", step, path, _TIMES)
        for step in ("pod status", "pod by its own path", "read status")
        for path in ("body.status.conditions[0].last*", "body.metadata.managedFields[1].*Time")
    ),
    _accept(
        "watching.expired",
        "the rest of an old page",
        "body.metadata.continue",
        "The real server offers a token for an inconsistent rest; devcluster offers only what a client should do: list again.",
    ),
    *(
        _accept("webhooks.mutation", step, path, _ADMIN)
        for step in ("asked at create", "asked at update")
        for path in ("[0].userInfo.uid", "[0].userInfo.username")
    ),
    _accept("webhooks.mutation", "a patch that fails", "body.*", _GO),
    *(
        _accept("webhooks.refusal", step, path, _ADMIN)
        for step in ("asked at create", "asked at update", "asked at delete", "asked for a dry run")
        for path in ("[0].userInfo.uid", "[0].userInfo.username")
    ),
)
