"""Objects that several conversations use."""

from __future__ import annotations

import asyncio
from typing import Any

from conformance.talk import Talk

Json = dict[str, Any]

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

_STATUS: Json = {
    "type": "object",
    "properties": {
        "phase": {"type": "string"},
        "count": {"type": "integer"},
        "replicas": {"type": "integer"},
        "selector": {"type": "string"},
    },
}


def schema() -> Json:
    """Of a widget: every rule that our own definitions use, and a few more."""
    spec = {
        "type": "object",
        "required": ["size"],
        "properties": {
            "size": {"type": "integer", "minimum": 1, "maximum": 9},
            "replicas": {"type": "integer"},
            "colour": {"type": "string", "enum": ["red", "blue"]},
            "mode": {"type": "string", "default": "fast"},
            "port": {"x-kubernetes-int-or-string": True},
            "note": {"type": "string", "nullable": True},
            "ratio": {"type": "number", "minimum": 0, "exclusiveMinimum": True, "multipleOf": 0.5},
            "name": {"type": "string", "minLength": 2, "maxLength": 5, "pattern": "^[a-z]+$"},
            "when": {"type": "string", "format": "date-time"},
            "tags": {"type": "array", "minItems": 1, "maxItems": 3, "items": {"type": "string", "pattern": "^t"}},
            "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "nested": {
                "type": "object",
                "default": {},
                "properties": {"level": {"type": "integer", "default": 3}, "deep": {"type": "object", "properties": {}}},
            },
            "items": {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "items": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {
                        "name": {"type": "string"},
                        "value": {"type": "string"},
                        "weight": {"type": "integer", "default": 1},
                    },
                },
            },
            "labels": {"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 2},
            "either": {
                "type": "object",
                "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
            },
        },
    }
    return {"type": "object", "required": ["spec"], "properties": {"spec": spec, "status": _STATUS}}


def definition(talk: Talk, *, schema_: Json | None = None, **version: Any) -> Json:
    """The CustomResourceDefinition of widgets in a group of this conversation's own."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{talk.group}"},
        "spec": {
            "group": talk.group,
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "shortNames": ["wd"]},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "schema": {"openAPIV3Schema": schema_ or schema()},
                    **version,
                }
            ],
        },
    }


async def define(talk: Talk, **version: Any) -> str:
    """Serve widgets; the path of their collection in the conversation's namespace."""
    answer = await talk.quiet("POST", DEFINITIONS, definition(talk, **version))
    if answer.status != 201:
        raise RuntimeError(f"widgets are not defined: {answer.body}")
    path = talk.path("widgets", group=f"{talk.group}/v1")
    for _ in range(200):
        found = await talk.quiet("GET", f"{DEFINITIONS}/widgets.{talk.group}")
        conditions = {item["type"]: item["status"] for item in found.body.get("status", {}).get("conditions") or ()}
        if conditions.get("Established") == "True" and (await talk.quiet("GET", path)).status == 200:
            return path
        await asyncio.sleep(0.05)
    raise RuntimeError("widgets are never served")


def widget(talk: Talk, name: str = "one", **spec: Any) -> Json:
    """A widget of size 1."""
    return {
        "apiVersion": f"{talk.group}/v1",
        "kind": "Widget",
        "metadata": {"name": name},
        "spec": {"size": 1, **spec},
    }


def config_map(name: str = "one", **data: str) -> Json:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def pod(talk: Talk, name: str = "one", **spec: Any) -> Json:
    """A pod that no node takes unless told otherwise."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "schedulerName": "nobody",
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "app", "image": talk.ground.image}],
            **spec,
        },
    }


def stateful_set(talk: Talk, name: str = "one", *, replicas: int = 0) -> Json:
    """A StatefulSet whose pods nobody schedules."""
    template = {"metadata": {"labels": {"app": name}}, "spec": pod(talk)["spec"]}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name},
        "spec": {"serviceName": name, "replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template},
    }
