"""The subset of core/v1 Affinity that KubeDirector's CRD declares; newer fields are pruned. Source: spec section 1.3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_STRING: Final = {"type": "string"}
_STRINGS: Final = {"type": "array", "items": _STRING}
_WEIGHT: Final = {"type": "integer", "format": "int32"}


def _object(*required: str, **properties: Mapping[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": dict(properties)}
    return {**schema, "required": list(required)} if required else schema


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(items)}


_EXPRESSIONS: Final = _list(_object("key", "operator", key=_STRING, operator=_STRING, values=_STRINGS))
_NODE_TERM: Final = _object(matchExpressions=_EXPRESSIONS, matchFields=_EXPRESSIONS)
_LABEL_SELECTOR: Final = _object(matchExpressions=_EXPRESSIONS, matchLabels={"type": "object", "additionalProperties": _STRING})
_POD_TERM: Final = _object("topologyKey", labelSelector=_LABEL_SELECTOR, namespaces=_STRINGS, topologyKey=_STRING)
_POD: Final = _object(
    preferredDuringSchedulingIgnoredDuringExecution=_list(
        _object("podAffinityTerm", "weight", podAffinityTerm=_POD_TERM, weight=_WEIGHT)
    ),
    requiredDuringSchedulingIgnoredDuringExecution=_list(_POD_TERM),
)
_NODE: Final = _object(
    preferredDuringSchedulingIgnoredDuringExecution=_list(_object("preference", "weight", preference=_NODE_TERM, weight=_WEIGHT)),
    requiredDuringSchedulingIgnoredDuringExecution=_object("nodeSelectorTerms", nodeSelectorTerms=_list(_NODE_TERM)),
)

AFFINITY: Final = _object(nodeAffinity=_NODE, podAffinity=_POD, podAntiAffinity=_POD)
