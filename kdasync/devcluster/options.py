"""CreateOptions, UpdateOptions, PatchOptions and DeleteOptions as query parameters: what the real server refuses in them.

Source: apimachinery `pkg/apis/meta/v1/validation`.
"""

from __future__ import annotations

from kdasync.devcluster.plane import Call
from kdasync.devcluster.status import Cause, invalid

_KINDS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions", "DELETE": "DeleteOptions"}
_MODES = ("", "Ignore", "Strict", "Warn")
_APPLY = "application/apply-patch+yaml"
_MANAGER_LIMIT = 128


def check(call: Call) -> None:
    """Refuse options that are none.

    Raises:
        Failure: 422.
    """
    kind = _KINDS.get(call.verb)
    causes = [*_force(call), *_manager(call), *_dry_run(call), *_mode(call)]
    if kind is not None and causes:
        raise invalid(call.resource, "", causes, group="meta.k8s.io", kind=kind)


def _force(call: Call) -> list[Cause]:
    if call.verb != "PATCH" or call.media_type == _APPLY or not call.params.has("force"):
        return []
    return [Cause("FieldValueForbidden", "Forbidden: may not be specified for non-apply patch", "force")]


def _manager(call: Call) -> list[Cause]:
    if len(call.params.get("fieldManager")) <= _MANAGER_LIMIT:
        return []
    return [Cause("FieldValueTooLong", f"Too long: may not be more than {_MANAGER_LIMIT} bytes", "fieldManager")]


def _dry_run(call: Call) -> list[Cause]:
    values = call.params.all("dryRun")
    if all(value in {"All", ""} for value in values):
        return []
    shown = ",".join(f'"{value}"' for value in values)
    return [Cause("FieldValueNotSupported", f'Unsupported value: [{shown}]: supported values: "All"', "dryRun")]


def _mode(call: Call) -> list[Cause]:
    mode = call.params.get("fieldValidation")
    if mode in _MODES:
        return []
    known = ", ".join(f'"{item}"' for item in _MODES)
    return [Cause("FieldValueNotSupported", f'Unsupported value: "{mode}": supported values: {known}', "fieldValidation")]
