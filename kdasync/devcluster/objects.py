"""Rules on `metadata` and on the body of a request that hold for every kind.

Source: apiserver `registry/rest` (create.go, update.go, delete.go) and apimachinery's object meta validation.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import yaml

from kdasync.devcluster import protobuf
from kdasync.devcluster.plane import Call
from kdasync.devcluster.status import Cause, Failure, bad_request, invalid, unsupported_media_type

Json = dict[str, Any]

_YAML = frozenset({"application/yaml", "application/apply-patch+yaml"})
_JSON = frozenset({"application/json", "application/apply-patch+json", ""})
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SERVICE = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
    "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_SERVICE_TEXT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an "
    "alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_QUALIFIED_TEXT = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_LONG, _SHORT = 253, 63
_SHOWN = 30  # bytes of a body that a message repeats
_JSON_ERRORS = {"Input data was truncated": "unexpected end of JSON input"}
_STANDARD = frozenset({"orphan", "foregroundDeletion", "kubernetes"})
_LABELLED = frozenset({"namespaces"})
_RFC1035 = frozenset({"services"})
_FREE = frozenset({"roles", "rolebindings", "clusterroles", "clusterrolebindings"})
# set by the server alone, whatever an update says
SYSTEM_FIELDS = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink")


def parse(call: Call) -> Any:
    """The body as JSON value.

    Raises:
        Failure: 415 unknown media type, 400 malformed.
    """
    if call.media_type in _YAML:
        try:
            return yaml.load(call.request.body, Loader=_Loader)  # noqa: S506 - a CSafeLoader or SafeLoader
        except yaml.YAMLError as error:
            raise bad_request(f"error decoding YAML: {error}") from error
    if call.media_type == protobuf.MEDIA_TYPE:
        return protobuf.decode(call.request.body)
    if call.media_type not in _JSON:
        raise unsupported_media_type(("application/json", "application/yaml", protobuf.MEDIA_TYPE))
    try:
        return msgspec.json.decode(call.request.body)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise bad_request(_unrecognized(call, str(error))) from error


def _unrecognized(call: Call, error: str) -> str:
    body = call.request.body.decode(errors="replace")
    shown = body[:_SHOWN] + (" ..." if len(body) > _SHOWN else "") if body else "<empty>"
    words = f"couldn't get version/kind; json parse error: {_JSON_ERRORS.get(error, error)} ({shown})"
    return f"the object provided is unrecognized (must be of type {call.resource.kind}): {words}"


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_json(body: bytes) -> Any:
    """The bytes of a patch as JSON value.

    Raises:
        Failure: 400.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        words = _JSON_ERRORS.get(str(error), str(error))
        raise bad_request(f"error decoding patch: {words}") from error


def document(call: Call) -> Json:
    """The body as an object of the path's kind and namespace.

    Raises:
        Failure: 400 wrong kind, version or namespace.
    """
    value = parse(call)
    if not isinstance(value, dict):
        raise bad_request("the body of the request is not an object")
    if call.resource.custom and call.verb in {"POST", "PUT"}:
        _whole(call, value)
    check_kind(call, value)
    return value


def _whole(call: Call, value: Json) -> None:
    for field in ("kind", "apiVersion"):
        if not value.get(field):
            body = call.request.body.decode(errors="replace")
            word = field[0].upper() + field[1:]
            text = f"Object '{word}' is missing in '{body}' ({body if len(body) <= _SHOWN else f'{body[:_SHOWN]} ...'})"
            raise bad_request(f"the object provided is unrecognized (must be of type {call.resource.kind}): {text}")


def demand_kind(value: Any) -> None:
    """Refuse an applied configuration that does not say what it is.

    Raises:
        Failure: 400.
    """
    if isinstance(value, dict) and not value.get("kind"):
        version = str(value.get("apiVersion") or "/")
        raise bad_request(f"invalid object type: {version}, Kind=")


def check_kind(call: Call, value: Json) -> None:
    """Refuse an object of another kind, version or namespace than the path's, and fill in what it left out."""
    resource = call.resource
    api_version = value.setdefault("apiVersion", resource.api_version) or resource.api_version
    kind = value.setdefault("kind", resource.kind) or resource.kind
    if resource.custom and call.verb == "PATCH" and api_version != resource.api_version:
        cause = Cause("FieldValueInvalid", f'Invalid value: "{api_version}": must be {resource.api_version}', "apiVersion")
        raise invalid(resource, call.name, [cause], group=api_version.partition("/")[0])
    if api_version != resource.api_version:
        text = f"the API version in the data ({api_version}) does not match the expected API version ({resource.api_version})"
        raise bad_request(text)
    if resource.custom and kind != resource.kind:
        cause = Cause("FieldValueInvalid", f'Invalid value: "{kind}": must be {resource.kind}', "kind")
        named = (value.get("metadata") or {}).get("name", "")
        raise invalid(resource, named, [cause], kind=kind)
    if kind != resource.kind:
        text = f'{kind} in version "{resource.version}" cannot be handled as a {resource.kind}: unknown conversion'
        raise bad_request(text)
    meta = value.setdefault("metadata", {})
    if meta is None:
        meta = value["metadata"] = {}
    if not isinstance(meta, dict):
        raise bad_request("metadata: must be an object")
    if resource.namespaced:
        if meta.get("namespace") not in {None, "", call.namespace}:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        meta["namespace"] = call.namespace
    else:
        meta.pop("namespace", None)


def name(call: Call, meta: Json) -> None:
    """Generate metadata.name from generateName where it is missing."""
    if not meta.get("name") and meta.get("generateName"):
        base = str(meta["generateName"])[: _SHORT - 5]
        meta["name"] = base + call.plane.environment.suffix()


def clean(meta: Json) -> None:
    """Drop empty and null members of metadata, as Go's omitempty does on the way through a typed struct."""
    for key in [key for key, value in meta.items() if value is None or value in ("", {}, [])]:
        del meta[key]


def name_causes(call: Call, text: str, path: str = "metadata.name") -> list[Cause]:
    """What is wrong with a name, in the real server's words."""
    if not text:
        return [Cause("FieldValueRequired", "Required value: name or generateName is required", path)]
    plural = call.resource.plural
    if plural in _FREE:
        return [_invalid(path, text, 'may not contain "/"')] if "/" in text else []
    pattern, words, limit = _SUBDOMAIN, _SUBDOMAIN_TEXT, _LONG
    if plural in _LABELLED:
        pattern, words, limit = _LABEL, _LABEL_TEXT, _SHORT
    if plural in _RFC1035:
        pattern, words, limit = _SERVICE, _SERVICE_TEXT, _SHORT
    causes = [] if len(text) <= limit else [_invalid(path, text, f"must be no more than {limit} characters")]
    return causes if pattern.fullmatch(text) else [*causes, _invalid(path, text, words)]


def _invalid(path: str, value: str, words: str) -> Cause:
    return Cause("FieldValueInvalid", f'Invalid value: "{value}": {words}', path)


def label_causes(meta: Json) -> list[Cause]:
    """Syntax errors of labels and annotation keys."""
    causes: list[Cause] = []
    for field in ("labels", "annotations"):
        values = meta.get(field)
        for key, value in (values or {}).items() if isinstance(values, dict) else ():
            prefix, _, last = key.rpartition("/")
            if not _QUALIFIED.fullmatch(last) or (prefix and not _SUBDOMAIN.fullmatch(prefix)):
                causes.append(_invalid(f"metadata.{field}", key, _QUALIFIED_TEXT))
            elif field == "labels" and not VALUE.fullmatch(str(value)):
                causes.append(_invalid("metadata.labels", str(value), VALUE_TEXT))
            elif field == "labels" and len(str(value)) > _SHORT:
                causes.append(_invalid("metadata.labels", str(value), "must be no more than 63 characters"))
    return causes


def finalizer_causes(call: Call, meta: Json) -> list[Cause]:
    """Names of finalizers: qualified; on a custom resource a warning is enough for one without a domain."""
    causes: list[Cause] = []
    for index, name in enumerate(meta.get("finalizers") or ()):
        prefix, _, last = str(name).rpartition("/")
        if not _QUALIFIED.fullmatch(last) or (prefix and not _SUBDOMAIN.fullmatch(prefix)):
            causes.append(_invalid("metadata.finalizers", name, _QUALIFIED_TEXT))
        elif call.resource.custom and not prefix and name not in _STANDARD:
            words = "prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers"
            call.warnings.append(f'metadata.finalizers: "{name}": {words}')
        if not call.resource.custom and not prefix and name not in _STANDARD:
            words = "name is neither a standard finalizer name nor is it fully qualified"
            causes.append(_invalid(f"metadata.finalizers[{index}]", name, words))
    return causes


def owner_causes(meta: Json) -> list[Cause]:
    """Incomplete owner references, and more than one controller."""
    causes: list[Cause] = []
    owners = meta.get("ownerReferences") or []
    for owner in owners:
        for field in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(field):
                text = f'Invalid value: "": {"version " if field == "apiVersion" else ""}must not be empty'
                causes.append(Cause("FieldValueInvalid", text, f"metadata.ownerReferences.{field}"))
    leading = [f"{owner.get('kind')}/{owner.get('name')}" for owner in owners if owner.get("controller")]
    if len(leading) > 1:
        order = ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")
        told = msgspec.json.encode([{key: owner[key] for key in order if key in owner} for owner in owners]).decode()
        words = f'Only one reference can have Controller set to true. Found "true" in references for {" and ".join(leading[:2])}'
        text = f"Invalid value: {told}: {words}"
        causes.append(Cause("FieldValueInvalid", text, "metadata.ownerReferences"))
    return causes


def strings(meta: Json) -> None:
    """Refuse labels and annotations that are not strings.

    Raises:
        Failure: 400, as the typed decoder answers.
    """
    for field in ("labels", "annotations"):
        values = meta.get(field)
        if values is None:
            continue
        if not isinstance(values, dict) or not all(isinstance(value, str | None) for value in values.values()):
            raise Failure(
                400, "BadRequest", f"unable to decode: json: cannot unmarshal metadata.{field} into Go value of type string"
            )
        for key in [key for key, value in values.items() if value is None]:
            values[key] = ""
