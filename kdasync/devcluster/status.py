"""Refusals as the real API server words them: one exception that carries a meta/v1 Status.

Why: clients decide by `code`, `reason` and `details`, people read `message`; conformance compares all four with kube-apiserver.
Texts follow apimachinery's `api/errors`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from kdasync.devcluster.resources import Resource
from kdasync.kube.transport import Response

Json = dict[str, Any]
JSON_HEADERS: Mapping[str, str] = MappingProxyType({"content-type": "application/json"})


class Cause(msgspec.Struct, frozen=True):
    """One field error. `reason` is a CauseType, e.g. FieldValueInvalid."""

    reason: str
    message: str
    field: str


class Failure(Exception):
    """The request is refused; `response()` is the answer."""

    def __init__(self, code: int, reason: str, message: str, *, details: Json | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details

    def status(self) -> Json:
        """The meta/v1 Status."""
        body: Json = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": self.message}
        if self.reason:
            body["reason"] = self.reason
        if self.details is not None:
            body["details"] = self.details
        return {**body, "code": self.code}

    def response(self) -> Response:
        """The HTTP answer."""
        headers = dict(JSON_HEADERS)
        if self.details and "retryAfterSeconds" in self.details:
            headers["retry-after"] = str(self.details["retryAfterSeconds"])
        return Response(self.code, headers, msgspec.json.encode(self.status()) + b"\n")


def _details(resource: Resource, name: str, **more: Any) -> Json:
    details: Json = {}
    if name:
        details["name"] = name
    if resource.group:
        details["group"] = resource.group
    return {**details, "kind": resource.plural, **more}


def not_found(resource: Resource, name: str) -> Failure:
    """404 for one object."""
    return Failure(404, "NotFound", f'{resource.qualified} "{name}" not found', details=_details(resource, name))


def already_exists(resource: Resource, name: str, *, going: bool = False) -> Failure:
    """409 for a create; `going` if the one that is there is being deleted."""
    text = f'{"object is being deleted: " if going else ""}{resource.qualified} "{name}" already exists'
    return Failure(409, "AlreadyExists", text, details=_details(resource, name))


def conflict(resource: Resource, name: str, message: str, *, kind: str = "") -> Failure:
    """409 for an update or a precondition; `kind` replaces the plural where the real server names the kind."""
    details = _details(resource, name)
    qualified = resource.qualified
    if kind:
        details["kind"] = kind
        qualified = f"{kind}.{resource.group}" if resource.group else kind
    return Failure(409, "Conflict", f'Operation cannot be fulfilled on {qualified} "{name}": {message}', details=details)


def modified(resource: Resource, name: str) -> Failure:
    """409: the resourceVersion is not the stored one."""
    text = "the object has been modified; please apply your changes to the latest version and try again"
    return conflict(resource, name, text)


def forbidden(resource: Resource, name: str, message: str, *, causes: Sequence[Cause] = ()) -> Failure:
    """403."""
    more = {"causes": [msgspec.to_builtins(cause) for cause in causes]} if causes else {}
    text = f'{resource.qualified} "{name}" is forbidden: {message}' if name else f"{resource.qualified} is forbidden: {message}"
    return Failure(403, "Forbidden", text, details=_details(resource, name, **more))


def bad_request(message: str) -> Failure:
    """400."""
    return Failure(400, "BadRequest", message)


def unsupported_media_type(accepted: Sequence[str]) -> Failure:
    """415."""
    text = f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)}"
    return Failure(415, "UnsupportedMediaType", text)


def not_acceptable() -> Failure:
    """406."""
    accepted = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
    return Failure(406, "NotAcceptable", f"only the following media types are accepted: {accepted}")


def method_not_allowed(method: str) -> Failure:
    """405."""
    text = "the server does not allow this method on the requested resource"
    return Failure(405, "MethodNotAllowed", text, details={"method": method} if method == "" else {})


def unsupported(resource: Resource, verb: str) -> Failure:
    """405 of a custom resource's subresource."""
    text = f'{verb} is not supported on resources of kind "{resource.qualified}"'
    return Failure(405, "MethodNotAllowed", text, details=_details(resource, ""))


def no_resource() -> Failure:
    """404: the group is served, the resource is not."""
    return Failure(404, "NotFound", "the server could not find the requested resource", details={})


def not_implemented(message: str) -> Failure:
    """501: Kubernetes has it, devcluster does not."""
    return Failure(501, "NotImplemented", f"devcluster does not serve this: {message}")


def expired(message: str) -> Failure:
    """410."""
    return Failure(410, "Expired", message)


def invalid(resource: Resource, name: str, causes: Sequence[Cause], *, group: str | None = None, kind: str = "") -> Failure:
    """422 with all field errors, worded as `field: message`."""
    group = resource.group if group is None else group
    kind = kind or resource.kind
    unique = list(dict.fromkeys(causes))
    texts = [f"{cause.field}: {cause.message}" for cause in unique]
    text = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    details: Json = {"name": name} if name else {}
    if group:
        details["group"] = group
    details |= {"kind": kind, "causes": [msgspec.to_builtins(cause) for cause in unique]}
    qualified = f"{kind}.{group}" if group else kind
    return Failure(422, "Invalid", f'{qualified} "{name}" is invalid: {text}', details=details)


def success(resource: Resource, name: str, uid: str) -> Json:
    """The Status of a finished delete."""
    details = _details(resource, name, uid=uid)
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
