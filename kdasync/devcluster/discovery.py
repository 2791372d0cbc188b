"""What the server tells about itself: versions, groups, resources, health.

Source: API concepts page and KEP-3352 (aggregated discovery), which kubectl asks for first.
"""

from __future__ import annotations

from typing import Any

from kdasync.devcluster import openapi
from kdasync.devcluster.answers import json_response
from kdasync.devcluster.plane import Plane
from kdasync.devcluster.resources import Resource
from kdasync.kube.transport import Request, Response

Json = dict[str, Any]

PUBLIC = frozenset({"/version", "/healthz", "/livez", "/readyz"})
VERSION: Json = {
    "major": "1",
    "minor": "36",
    "gitVersion": "v1.36.0+kdasync",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "python",
    "platform": "linux/amd64",
}
_SUB_KINDS = {
    ("statefulsets", "scale"): ("autoscaling", "v1", "Scale", ("get", "patch", "update")),
    ("pods", "exec"): ("", "v1", "PodExecOptions", ("create", "get")),
    ("pods", "attach"): ("", "v1", "PodAttachOptions", ("create", "get")),
    ("pods", "portforward"): ("", "v1", "PodPortForwardOptions", ("create", "get")),
    ("pods", "log"): ("", "v1", "Pod", ("get",)),
    ("pods", "eviction"): ("policy", "v1", "Eviction", ("create",)),
    ("serviceaccounts", "token"): ("authentication.k8s.io", "v1", "TokenRequest", ("create",)),
    ("namespaces", "finalize"): ("", "v1", "Namespace", ("update",)),
}
_STATUS_VERBS = ("get", "patch", "update")


def answer(plane: Plane, request: Request) -> Response | None:
    """The answer of a discovery path, None for any other."""
    path = request.path.rstrip("/") or "/"
    if path in {"/healthz", "/livez", "/readyz"}:
        return Response(200, {"content-type": "text/plain; charset=utf-8"}, b"ok")
    if path == "/version":
        return json_response(VERSION)
    if path in {"/api", "/apis"}:
        return _groups(plane, path, _accept(request))
    if path == "/":
        return json_response(
            {"paths": ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]}
        )
    if path.startswith("/openapi/"):
        return openapi.answer(plane, request)
    return _group_version(plane, path)


def _accept(request: Request) -> str:
    return next((value for name, value in request.headers.items() if name.lower() == "accept"), "")


def _grouped(plane: Plane) -> dict[str, dict[str, list[Resource]]]:
    found: dict[str, dict[str, list[Resource]]] = {}
    for resource in plane.registry.all():
        found.setdefault(resource.group, {}).setdefault(resource.version, []).append(resource)
    return found


def _groups(plane: Plane, path: str, accept: str) -> Response:
    chosen = {group: versions for group, versions in _grouped(plane).items() if (group == "") == (path == "/api")}
    for version in ("v2", "v2beta1"):
        if f"g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" in accept:
            items = [_aggregated(group, versions) for group, versions in chosen.items()]
            body = {"kind": "APIGroupDiscoveryList", "apiVersion": f"apidiscovery.k8s.io/{version}", "metadata": {}, "items": items}
            kind = f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
            return json_response(body, content_type=kind)
    if path == "/api":
        addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"}]
        return json_response({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses})
    groups = [_group(group, versions) for group, versions in chosen.items()]
    return json_response({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})


def _group(group: str, versions: dict[str, list[Resource]]) -> Json:
    shown = [{"groupVersion": f"{group}/{version}", "version": version} for version in versions]
    return {"name": group, "versions": shown, "preferredVersion": shown[0]}


def _aggregated(group: str, versions: dict[str, list[Resource]]) -> Json:
    shown = [
        {"version": version, "resources": [_aggregated_resource(item) for item in resources], "freshness": "Current"}
        for version, resources in versions.items()
    ]
    meta = {"name": group} if group else {}
    return {"metadata": {**meta, "creationTimestamp": None}, "versions": shown}


_CUSTOM_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")  # in the real order


def _aggregated_resource(resource: Resource) -> Json:
    shown: Json = {
        "resource": resource.plural,
        "responseKind": {"group": resource.group, "version": resource.version, "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular or resource.kind.lower(),
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        shown["shortNames"] = list(resource.short_names)
    if resource.categories:
        shown["categories"] = list(resource.categories)
    if resource.subresources:
        shown["subresources"] = [_aggregated_sub(resource, name) for name in resource.subresources]
    return shown


def _sub(resource: Resource, name: str) -> tuple[str, str, str, tuple[str, ...]]:
    if name == "scale":
        return _SUB_KINDS["statefulsets", "scale"]
    return _SUB_KINDS.get((resource.plural, name), (resource.group, resource.version, resource.kind, _STATUS_VERBS))


def _aggregated_sub(resource: Resource, name: str) -> Json:
    group, version, kind, verbs = _sub(resource, name)
    return {"subresource": name, "responseKind": {"group": group, "version": version, "kind": kind}, "verbs": list(verbs)}


def _group_version(plane: Plane, path: str) -> Response | None:
    parts = path.strip("/").split("/")
    grouped = _grouped(plane)
    if parts[0] == "apis" and len(parts) == 2 and parts[1] in grouped:  # noqa: PLR2004 - /apis/GROUP
        body = {"kind": "APIGroup", "apiVersion": "v1", **_group(parts[1], grouped[parts[1]])}
        return json_response(body)
    if parts == ["api", "v1"]:
        parts = ["apis", "", "v1"]
    if parts[0] != "apis" or len(parts) != 3:  # noqa: PLR2004 - /apis/GROUP/VERSION
        return None
    found = grouped.get(parts[1], {}).get(parts[2])
    if found is None:
        return None
    shown = [item for resource in found for item in _listed(resource)]
    api_version = found[0].api_version
    return json_response({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": shown})


def _listed(resource: Resource) -> list[Json]:
    main: Json = {
        "name": resource.plural,
        "singularName": resource.singular or resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(_CUSTOM_VERBS if resource.custom else resource.verbs),
    }
    if resource.short_names:
        main["shortNames"] = list(resource.short_names)
    if resource.categories:
        main["categories"] = list(resource.categories)
    shown = [main]
    for name in resource.subresources:
        group, version, kind, verbs = _sub(resource, name)
        item: Json = {"name": f"{resource.plural}/{name}", "singularName": "", "namespaced": resource.namespaced}
        if group != resource.group:
            item |= {"group": group, "version": version}
        shown.append({**item, "kind": kind, "verbs": list(verbs)})
    return shown
