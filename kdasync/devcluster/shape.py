"""How lists and maps of an object merge: by key, as a set, or as one value.

Why: server-side apply, managed fields and the strategic merge patch all need the same knowledge; for custom resources it comes from
the schema's `x-kubernetes-list-type` and friends, for the built-in kinds from this table of field names (the served kinds have no
field name that merges in two ways, but for those named with their parent).
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

Json = dict[str, Any]

ATOMIC: tuple[str, ...] = ()
SET = ("",)  # a list of scalars that merges by value

_KEYS: dict[str, tuple[str, ...]] = {
    "conditions": ("type",),
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "ownerReferences": ("uid",),
    "imagePullSecrets": ("name",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "finalizers": SET,
    "podIPs": ("ip",),
    "hostIPs": ("ip",),
    "webhooks": ("name",),
    "service.ports": ("port", "protocol"),
    "container.ports": ("containerPort", "protocol"),
    "resources.claims": ("name",),
    "secrets": ("name",),
    "addresses": ("type",),
}
_STRATEGIC = {"service.ports": ("port",), "container.ports": ("containerPort",), "topologySpreadConstraints": ("topologyKey",)}
_ATOMIC_MAPS = frozenset(
    {
        "selector",
        "nodeSelector",
        "labelSelector",
        "fieldRef",
        "resourceFieldRef",
        "configMapKeyRef",
        "secretKeyRef",
        "secretRef",
        "configMapRef",
        "involvedObject",
        "claimRef",
        "dataSource",
        "nodeAffinity.required",
    }
)
# Go structs that are always there, also when empty: they are never owned by themselves
_ALWAYS = frozenset(
    {"metadata", "spec", "status", "template", "updateStrategy", "strategy", "resources", "loadBalancer", "containers"}
)


class Shape(Protocol):
    """The merge rules of one value."""

    def child(self, key: str) -> Shape:
        """Rules of a member."""
        ...

    def item(self) -> Shape:
        """Rules of a list's items."""
        ...

    @property
    def keys(self) -> tuple[str, ...]:
        """List: its map keys, SET, or ATOMIC."""
        ...

    @property
    def atomic(self) -> bool:
        """Map: merges as one value."""
        ...

    @property
    def always(self) -> bool:
        """Map: there even when nothing was said about it."""
        ...

    def default(self, key: str) -> Any:
        """What a missing list key counts as."""
        ...


class NamedShape(msgspec.Struct, frozen=True):
    """Rules by field name, for built-in kinds."""

    name: str = ""
    parent: str = ""
    element: bool = False

    def child(self, key: str) -> NamedShape:
        """Rules of a member."""
        return NamedShape(key, self.name)

    def item(self) -> NamedShape:
        """Rules of a list's items."""
        return NamedShape(self.name, self.parent, element=True)

    def _place(self) -> str:
        if self.name == "ports":
            return "container.ports" if self.parent.endswith("ontainers") else "service.ports" if self.parent == "spec" else ""
        if self.name == "claims":
            return "resources.claims" if self.parent == "resources" else ""
        if self.name == "secrets":
            return "" if self.parent else "secrets"
        return self.name

    @property
    def keys(self) -> tuple[str, ...]:
        """List: its map keys, SET, or ATOMIC."""
        return _KEYS.get(self._place(), ATOMIC)

    @property
    def strategic(self) -> str:
        """The merge key of a strategic merge patch, "" if the list is replaced; "=" for a merged set."""
        place = self._place()
        keys = _STRATEGIC.get(place, _KEYS.get(place, ATOMIC))
        return "=" if keys == SET else keys[0] if keys else ""

    @property
    def atomic(self) -> bool:
        """Map: merges as one value."""
        return self.name in _ATOMIC_MAPS or (self.element and self.name == "ownerReferences")

    @property
    def always(self) -> bool:
        """Map: there even when nothing was said about it."""
        return self.name in _ALWAYS and not self.element

    def default(self, key: str) -> Any:
        """What a missing list key counts as."""
        return "TCP" if key == "protocol" else None


class SchemaShape(msgspec.Struct, frozen=True):
    """Rules out of an OpenAPI v3 schema, for custom resources; metadata follows the built-in rules."""

    schema: Any = None
    root: bool = False

    def child(self, key: str) -> Shape:
        """Rules of a member."""
        if self.root and key == "metadata":
            return NamedShape("metadata")
        schema = self.schema if isinstance(self.schema, dict) else {}
        found = (schema.get("properties") or {}).get(key)
        if found is None:
            found = schema.get("additionalProperties")
        return SchemaShape(found)

    def item(self) -> Shape:
        """Rules of a list's items."""
        return SchemaShape((self.schema or {}).get("items"))

    @property
    def keys(self) -> tuple[str, ...]:
        """List: its map keys, SET, or ATOMIC."""
        schema = self.schema if isinstance(self.schema, dict) else {}
        kind = schema.get("x-kubernetes-list-type")
        if kind == "map":
            return tuple(schema.get("x-kubernetes-list-map-keys") or ())
        return SET if kind == "set" else ATOMIC

    @property
    def atomic(self) -> bool:
        """Map: merges as one value."""
        return isinstance(self.schema, dict) and self.schema.get("x-kubernetes-map-type") == "atomic"

    @property
    def always(self) -> bool:
        """Map: there even when nothing was said about it."""
        return False

    def default(self, key: str) -> Any:
        """What a missing list key counts as."""
        properties = (((self.schema or {}).get("items") or {}).get("properties")) or {}
        return (properties.get(key) or {}).get("default")


def element(shape: Shape, value: Any) -> str:
    """The FieldsV1 path element of a list item (`k:{...}` or `v:...`)."""
    if shape.keys == SET:
        return "v:" + msgspec.json.encode(value).decode()
    members = value if isinstance(value, dict) else {}
    named = {key: members.get(key, shape.default(key)) for key in sorted(shape.keys)}
    present = {key: item for key, item in named.items() if item is not None}
    return "k:" + msgspec.json.encode(present).decode()
