"""OpenAPI documents: enough for `kubectl apply` to validate and for `kubectl explain` to explain.

Why built on demand: only kubectl asks, and only for the group it works with.
"""

from __future__ import annotations

import copy
from typing import Any

from kdasync.devcluster.answers import json_response
from kdasync.devcluster.builtin import builtin_schema, model_schema
from kdasync.devcluster.discovery_names import group_paths
from kdasync.devcluster.plane import Plane
from kdasync.devcluster.resources import Resource
from kdasync.kube.transport import Request, Response

Json = dict[str, Any]

_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
# swagger "2.0", a title and no paths: kubectl asks for this form only about kinds that it did not find in version 3
_EMPTY = b"\x0a\x032.0\x12\x15\x0a\x0aKubernetes\x12\x07v1.36.0"
_INFO = {"title": "Kubernetes", "version": "v1.36.0"}
_PATCHES = ("application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml")
_VALIDATION = {
    "name": "fieldValidation",
    "in": "query",
    "description": "How to handle unknown or duplicate fields: Ignore, Warn or Strict.",
    "schema": {"type": "string", "uniqueItems": True},
}
_DRY_RUN = {"name": "dryRun", "in": "query", "description": "All: process, but do not store.", "schema": {"type": "string"}}


def answer(plane: Plane, request: Request) -> Response | None:
    """The document of a path below /openapi, None if there is none."""
    path = request.path.rstrip("/")
    if path == "/openapi/v2":
        if _PROTOBUF in next((value for name, value in request.headers.items() if name.lower() == "accept"), ""):
            return Response(200, {"content-type": _PROTOBUF.replace("@", ".")}, _EMPTY)
        return json_response(_swagger(plane))
    groups = group_paths(plane.registry)
    if path == "/openapi/v3":
        mark = plane.registry.revision
        paths = {name: {"serverRelativeURL": f"/openapi/v3/{name}?hash={mark}"} for name in groups}
        return json_response({"paths": paths})
    found = groups.get(path.removeprefix("/openapi/v3/"))
    return json_response(_document(path.removeprefix("/openapi/v3"), found)) if found else None


def _name(resource: Resource) -> str:
    if resource.custom:
        return ".".join([*reversed(resource.group.split(".")), resource.version, resource.kind])
    group = resource.group.partition(".")[0] or "core"
    return f"io.k8s.api.{group}.{resource.version}.{resource.kind}"


def _schema(resource: Resource) -> Json:
    found = resource.schema if resource.custom else builtin_schema(resource)
    shown: Json = copy.deepcopy(found or {"type": "object"})
    properties = shown.setdefault("properties", {})
    properties["apiVersion"] = {"type": "string", "description": "APIVersion defines the versioned schema of this object."}
    properties["kind"] = {"type": "string", "description": "Kind is the REST resource this object represents."}
    properties["metadata"] = {**copy.deepcopy(model_schema("V1ObjectMeta")), "description": "Standard object's metadata."}
    shown["x-kubernetes-group-version-kind"] = [{"group": resource.group, "kind": resource.kind, "version": resource.version}]
    return shown


def _path(base: str, resource: Resource) -> str:
    space = "/namespaces/{namespace}" if resource.namespaced else ""
    return f"{base}{space}/{resource.plural}"


def _operation(resource: Resource, action: str, *, swagger: bool) -> Json:
    kind = {"group": resource.group, "kind": resource.kind, "version": resource.version}
    shown: Json = {
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": kind,
        "responses": {"200": {"description": "OK"}},
    }
    if action in {"post", "put", "patch"}:
        plain = [{"name": item["name"], "in": "query", "type": "string"} for item in (_DRY_RUN, _VALIDATION)]
        shown["parameters"] = plain if swagger else [_DRY_RUN, _VALIDATION]
    if action == "patch" and not swagger:
        shown["requestBody"] = {"content": {kind: {"schema": {"type": "object"}} for kind in _PATCHES}}
    return shown


def _paths(base: str, resources: list[Resource], *, swagger: bool) -> Json:
    paths: Json = {}
    for resource in resources:
        path = _path(base, resource)
        paths[path] = {"get": _operation(resource, "list", swagger=swagger), "post": _operation(resource, "post", swagger=swagger)}
        paths[path + "/{name}"] = {verb: _operation(resource, verb, swagger=swagger) for verb in ("get", "put", "patch", "delete")}
    return paths


def _document(base: str, resources: list[Resource]) -> Json:
    schemas = {_name(resource): _schema(resource) for resource in resources}
    return {"openapi": "3.0.0", "info": _INFO, "paths": _paths(base, resources, swagger=False), "components": {"schemas": schemas}}


def _swagger(plane: Plane) -> Json:
    groups = group_paths(plane.registry)
    definitions = {_name(resource): _schema(resource) for resources in groups.values() for resource in resources if resource.custom}
    paths: Json = {}
    for name, resources in groups.items():
        paths |= _paths(f"/{name}", resources, swagger=True)
    return {"swagger": "2.0", "info": _INFO, "paths": paths, "definitions": definitions}
