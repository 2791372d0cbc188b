"""GET of one object and of lists: paging and resourceVersion rules.

Why bytes: an object is encoded once, on write; a list joins those bytes instead of encoding thousands of objects again.
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from kdasync.devcluster.plane import Call
from kdasync.devcluster.query import select
from kdasync.devcluster.status import Cause, Failure, bad_request, expired, invalid, not_found
from kdasync.devcluster.storage import Entry
from kdasync.devcluster.views import listed

Json = dict[str, Any]

_TOKEN_VERSION = "meta.k8s.io/v1"  # noqa: S105 - the format word of kube-apiserver's continue token


def get(call: Call) -> Entry:
    """One object."""
    check_version(call)
    entry = call.stored()
    if entry is None:
        raise not_found(call.resource, call.name)
    return entry


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list."""

    entries: list[Entry]
    version: int
    token: str = ""
    remaining: int = 0

    def metadata(self, *, custom: bool = False) -> Json:
        """ListMeta; a list of custom resources always tells `continue`."""
        meta: Json = {"resourceVersion": str(self.version)}
        if self.token or custom:
            meta["continue"] = self.token
        if self.remaining:
            meta["remainingItemCount"] = self.remaining
        return meta


def page(call: Call) -> Page:
    """The entries that a list answers with."""
    _check_match(call)
    token = call.params.get("continue")
    limit = call.params.number("limit") or 0
    if token:
        if call.params.get("resourceVersion") not in {"", "0"}:
            raise bad_request("specifying resource version is not allowed when using continue")
        version, rest = _resume(call, token)
    else:
        check_version(call)
        version = call.storage.version
        rest = select(call, call.storage.list(call.resource.shelf, call.namespace or None))
    return _cut(call, rest, version, limit)


def _cut(call: Call, rest: list[Entry], version: int, limit: int) -> Page:
    if limit <= 0 or len(rest) <= limit:
        return Page(entries=rest, version=version)
    start = "/".join(filter(None, rest[limit - 1].key))
    text = msgspec.json.encode({"v": _TOKEN_VERSION, "rv": version, "start": f"{start}\0"})
    token = base64.urlsafe_b64encode(text).decode().rstrip("=")
    call.plane.keep(f"{call.resource.shelf} {call.namespace} {token}", rest[limit:])
    filtered = call.params.get("labelSelector") or call.params.get("fieldSelector")
    return Page(entries=rest[:limit], version=version, token=token, remaining=0 if filtered else len(rest) - limit)


def _resume(call: Call, token: str) -> tuple[int, list[Entry]]:
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        version = int(msgspec.json.decode(text, type=Json)["rv"])
    except (ValueError, KeyError, msgspec.MsgspecError):
        raise bad_request("continue key is not valid: unexpected token") from None
    rest = call.plane.kept(f"{call.resource.shelf} {call.namespace} {token}")
    if rest is None:
        raise expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without the "
            "continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with "
            "the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the "
            "first chunk was returned and now may show up in the list."
        )
    return version, rest


def check_version(call: Call) -> None:
    """Refuse a resourceVersion that is not there yet.

    Raises:
        Failure: 504.
    """
    version = _version(call)
    if version > call.storage.version:
        text = f"Too large resource version: {version}, current: {call.storage.version}"
        details = {
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1,
        }
        raise Failure(504, "Timeout", f"Timeout: {text}", details=details)


def _version(call: Call) -> int:
    text = call.params.get("resourceVersion")
    if text and not text.isdigit():
        parse = f'strconv.ParseUint: parsing "{text}": invalid syntax'
        raise bad_request(f'invalid resource version: resourceVersion: Invalid value: "{text}": {parse}')
    return int(text or 0)


def _check_match(call: Call) -> None:
    match = call.params.get("resourceVersionMatch")
    if not match:
        return
    text = ""
    if call.params.has("sendInitialEvents"):
        text = "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
        streaming = Cause("FieldValueForbidden", "Forbidden: sendInitialEvents is forbidden for list", "sendInitialEvents")
        causes = [] if call.params.has("resourceVersion") else [Cause("FieldValueForbidden", text, "resourceVersionMatch")]
        raise invalid(call.resource, "", [*causes, streaming], group="meta.k8s.io", kind="ListOptions")
    if call.params.get("continue"):
        text = "Forbidden: resourceVersionMatch is forbidden when continue is provided"
    elif not call.params.has("resourceVersion"):
        text = "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
    elif match not in {"Exact", "NotOlderThan"}:
        text = f'Unsupported value: "{match}": supported values: "Exact", "NotOlderThan", ""'
    elif match == "Exact" and call.params.get("resourceVersion") == "0":
        text = 'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
    if text:
        reason = "FieldValueForbidden" if text.startswith("Forbidden") else "FieldValueNotSupported"
        cause = Cause(reason, text, "resourceVersionMatch")
        raise invalid(call.resource, "", [cause], group="meta.k8s.io", kind="ListOptions")
    if match == "Exact" and call.params.number("resourceVersion") != call.storage.version:
        raise expired("The resourceVersion for the provided list is too old.")


def list_bytes(call: Call, found: Page) -> bytes:
    """The list as JSON."""
    kind = call.resource.list_kind or f"{call.resource.kind}List"
    head = msgspec.json.encode(
        {"kind": kind, "apiVersion": call.resource.api_version, "metadata": found.metadata(custom=call.resource.custom)}
    )
    items = b",".join(listed(call.resource, entry) for entry in found.entries)
    return b"".join((head[:-1], b',"items":[', items, b"]}\n"))
