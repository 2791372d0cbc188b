"""The vocabulary of the constraint tables: what a CRD says about a field beyond its type.

Why beside the structs and not in them: the API server enforces the CRD, while decoding stays lenient. An object that was stored
under an older CRD must become a condition, never a crash of the operator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

# Named patterns of spec/kubedirector-api.md section 0.2, odd ones included: whatever KubeDirector accepts is accepted.
QUANTITY = r"^([0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
ROLE_ID = r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"
ROLE_ID_ANYWHERE = r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
SERVICE_ID = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
CARDINALITY = r"^\d+\+?$"
PACKAGE_URL = r"^(file|https?)://.+\.tgz$"
LOGO_URL = r"^(file|https|http?)://.+\.(jpeg|png)$"
PERSIST_DIR = r"^/.*[^/]$"
EVENT = r"^configure$|^addnodes$|^delnodes$"
MOUNT_PATH = r"^/[a-zA-Z0-9\/-_]*"
ABSOLUTE = r"^/.*$"
HTTP_URL = r"^https?://.+$"
SERVICE_TYPE = r"^ClusterIP$|^NodePort$|^LoadBalancer$"
NAMING_SCHEME = r"^UID$|^CrNameRole$"
CATALOG = r"^local$|^system$"

PRESERVE: Final[dict[str, Any]] = {"x-kubernetes-preserve-unknown-fields": True}


class Field(msgspec.Struct, frozen=True):
    """One field.

    Attributes:
        about: its description, empty if its type says enough.
        nullable: an explicit null is kept; elsewhere the API server drops it.
        keywords: JSON schema keywords of the field, `items` and `additionalProperties` merged one level deep.
        schema: replaces the schema that follows from the type.
    """

    about: str = ""
    nullable: bool = False
    keywords: Mapping[str, Any] = {}
    schema: Mapping[str, Any] | None = None


class Shape(msgspec.Struct, frozen=True):
    """One object type: its required keys (wire names), its fields by wire name, and whether unknown keys survive."""

    fields: Mapping[str, Field]
    required: tuple[str, ...] = ()
    preserve: bool = False


def field(about: str = "", *, nullable: bool = False, schema: Mapping[str, Any] | None = None, **keywords: Any) -> Field:
    """A field of a table."""
    return Field(about, nullable, keywords, schema)


def shape(*required: str, preserve: bool = False, **fields: Field) -> Shape:
    """An object type of a table."""
    return Shape(fields, required, preserve)


def plain(cls: type[msgspec.Struct], *required: str, preserve: bool = False, **special: Field) -> Shape:
    """A type whose fields need no words; `special` are those that do."""
    known = {name: Field() for name in (item.encode_name for item in msgspec.structs.fields(cls))}
    return Shape({**known, **special}, required, preserve)


Table = Mapping[type[msgspec.Struct], Shape]
