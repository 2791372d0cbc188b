"""Environment, command and arguments of a container. Pure. Source: core/v1 EnvVar, EnvFromSource; expansion as in the kubelet."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kdasync.devcluster.node.lookup import Document, Lookup, field_of
from kdasync.devcluster.node.refusal import Refusal
from kdasync.devcluster.quantity import amount

_REFERENCE = re.compile(r"\$(\$|\(([^)]*)\))")


def expand(text: str, values: Mapping[str, str]) -> str:
    """Replace `$(NAME)`; unknown names stay, `$$` gives `$`."""

    def replace(found: re.Match[str]) -> str:
        if found[1] == "$":
            return "$"
        return values.get(found[2], found[0])

    return _REFERENCE.sub(replace, text)


def environment(pod: Document, container: Document, lookup: Lookup) -> dict[str, str]:
    """Name -> value, in the order of definition.

    Raises:
        Refusal: a reference leads nowhere.
    """
    values: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        values.update(_all_of(source, lookup))
    for variable in container.get("env") or ():
        reference = variable.get("valueFrom")
        found = _referenced(pod, container, reference, lookup) if reference else expand(variable.get("value") or "", values)
        if found is not None:
            values[variable["name"]] = found
    return values


def _all_of(source: Document, lookup: Lookup) -> dict[str, str]:
    if "secretRef" in source:
        content = lookup.secret(source["secretRef"]["name"], optional=bool(source["secretRef"].get("optional")))
    else:
        content = lookup.config_map(source["configMapRef"]["name"], optional=bool(source["configMapRef"].get("optional")))
    return {f"{source.get('prefix') or ''}{key}": value.decode() for key, value in content.items()}


def _referenced(pod: Document, container: Document, reference: Document, lookup: Lookup) -> str | None:
    if "fieldRef" in reference:
        return field_of(pod, reference["fieldRef"]["fieldPath"], lookup)
    if "resourceFieldRef" in reference:
        return resource_of(container, reference["resourceFieldRef"])
    if "secretKeyRef" in reference:
        wanted = reference["secretKeyRef"]
        return _key(lookup.secret(wanted["name"], optional=bool(wanted.get("optional"))), wanted, "secret")
    wanted = reference["configMapKeyRef"]
    return _key(lookup.config_map(wanted["name"], optional=bool(wanted.get("optional"))), wanted, "configmap")


def _key(content: Mapping[str, bytes], wanted: Document, kind: str) -> str | None:
    if wanted["key"] in content:
        return content[wanted["key"]].decode()
    if wanted.get("optional"):
        return None
    raise Refusal("CreateContainerConfigError", f"couldn't find key {wanted['key']} in {kind} {wanted['name']}")


def resource_of(container: Document, reference: Document) -> str:
    """A resource of the container in units of the divisor, rounded up."""
    section, _, name = reference["resource"].partition(".")
    value = ((container.get("resources") or {}).get(section) or {}).get(name, 0)
    divisor = amount(str(reference.get("divisor") or 1)) or 1
    return str(-int(-amount(str(value)) // divisor))
