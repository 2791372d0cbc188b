"""How lists and maps of an object merge: by key, as a set, or as one value.

Why: server-side apply, managed fields and the strategic merge patch all need the same knowledge; for custom resources it comes from
the schema's `x-kubernetes-list-type` and friends, for the built-in kinds from this table of field names (the served kinds have no
field name that merges in two ways, but for those named with their parent).
"""

from __future__ import annotations

from functools import lru_cache
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
        "roleRef",
        "claimRef",
        "dataSource",
        "nodeAffinity.required",
    }
)
# Go structs that are always there, also when empty: they are never owned by themselves
_ALWAYS = frozenset(
    {
        "metadata",
        "spec",
        "status",
        "template",
        "updateStrategy",
        "strategy",
        "resources",
        "loadBalancer",
        "containers",
        "names",
        "source",
    }
)


class Shape(Protocol):
    """The merge rules of one value.

    Attributes:
        keys: of a list: its map keys, SET, or ATOMIC.
        atomic: a map that merges as one value.
        always: a map that is there even when nothing was said about it.
    """

    keys: tuple[str, ...]
    atomic: bool
    always: bool

    def child(self, key: str) -> Shape:
        """Rules of a member."""
        ...

    def item(self) -> Shape:
        """Rules of a list's items."""
        ...

    def default(self, key: str) -> Any:
        """What a missing list key counts as."""
        ...


def _place(name: str, parent: str) -> str:
    if name == "ports":
        return "container.ports" if parent.endswith("ontainers") else "service.ports" if parent == "spec" else ""
    if name == "claims":
        return "resources.claims" if parent == "resources" else ""
    if name == "secrets":
        return "" if parent else "secrets"
    return name


class NamedShape:
    """Rules by field name, for built-in kinds. Make them by `named`."""

    __slots__ = ("always", "atomic", "element", "keys", "name", "parent", "strategic")

    def __init__(self, name: str, parent: str, *, element: bool) -> None:
        place = _place(name, parent)
        self.name = name
        self.parent = parent
        self.element = element
        self.keys = _KEYS.get(place, ATOMIC)
        keys = _STRATEGIC.get(place, self.keys)
        # the merge key of a strategic merge patch, "" if the list is replaced, "=" for a merged set
        self.strategic = "=" if keys == SET else keys[0] if keys else ""
        self.atomic = name in _ATOMIC_MAPS or (element and name == "ownerReferences")
        # a container's resources are somebody's as a whole, those of a claim are not
        self.always = name in _ALWAYS and not element and (name, parent) != ("resources", "containers")

    def child(self, key: str) -> NamedShape:
        """Rules of a member."""
        return named(key, self.name)

    def item(self) -> NamedShape:
        """Rules of a list's items."""
        return named(self.name, self.parent, element=True)

    def default(self, key: str) -> Any:
        """What a missing list key counts as."""
        return "TCP" if key == "protocol" else None


@lru_cache(maxsize=8192)
def named(name: str = "", parent: str = "", *, element: bool = False) -> NamedShape:
    """The rules of a built-in field, made once."""
    return NamedShape(name, parent, element=element)


class SchemaShape:
    """Rules out of an OpenAPI v3 schema, for custom resources; metadata follows the built-in rules."""

    __slots__ = ("_children", "_item", "_root", "_schema", "always", "atomic", "keys")

    def __init__(self, schema: Any = None, *, root: bool = False) -> None:
        self._schema: Json = schema if isinstance(schema, dict) else {}
        self._root = root
        self._children: dict[str, Shape] = {}
        self._item: SchemaShape | None = None
        kind = self._schema.get("x-kubernetes-list-type")
        keys = tuple(self._schema.get("x-kubernetes-list-map-keys") or ())
        self.keys = keys if kind == "map" else SET if kind == "set" else ATOMIC
        self.atomic = self._schema.get("x-kubernetes-map-type") == "atomic"
        self.always = False

    def child(self, key: str) -> Shape:
        """Rules of a member."""
        found = (self._schema.get("properties") or {}).get(key)
        if found is None and not (self._root and key == "metadata"):
            return SchemaShape(self._schema.get("additionalProperties"))
        if key not in self._children:
            self._children[key] = named("metadata") if self._root and key == "metadata" else SchemaShape(found)
        return self._children[key]

    def item(self) -> Shape:
        """Rules of a list's items."""
        if self._item is None:
            self._item = SchemaShape(self._schema.get("items"))
        return self._item

    def default(self, key: str) -> Any:
        """What a missing list key counts as."""
        properties = ((self._schema.get("items") or {}).get("properties")) or {}
        return (properties.get(key) or {}).get("default")


def element(shape: Shape, value: Any) -> str:
    """The FieldsV1 path element of a list item (`k:{...}` or `v:...`)."""
    if shape.keys == SET:
        return "v:" + msgspec.json.encode(value).decode()
    members = value if isinstance(value, dict) else {}
    named = {key: members.get(key, shape.default(key)) for key in sorted(shape.keys)}
    present = {key: item for key, item in named.items() if item is not None}
    return "k:" + msgspec.json.encode(present).decode()
