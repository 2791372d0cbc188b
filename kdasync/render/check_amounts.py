"""Amounts of a role: resources that Kubernetes can read, and at least what the app asks for.

Minima are compared as KubeDirector does, whole numbers rounded up, so that every cluster that it stored keeps running; admission
asks of what is new that it meets them exactly (`exact`). A request that is absent is its limit, as Kubernetes has it.
Source: spec/kubedirector-api.md section 2.9 (C12, C13) and 6.4 (F14).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from kdasync.api import app as apps
from kdasync.api import cluster as clusters
from kdasync.errors import DefinitionError
from kdasync.render.quantity import quantity

_ZERO = Decimal(0)


def check_resources(role: clusters.Role, field: str) -> Iterator[DefinitionError]:
    """Quantities that are none, and requests above their limits."""
    wanted = role.resources
    requests = wanted.requests or {}
    for kind, amounts in (("limits", wanted.limits), ("requests", requests)):
        for key, value in amounts.items():
            if value is not None and quantity(value) is None:
                yield DefinitionError(
                    f"{value!r} is no quantity.",
                    field=f"{field}.resources.{kind}[{key}]",
                    remedy="Write a number with an optional suffix, such as 500m or 4Gi.",
                    reason="InvalidQuantity",
                )
    for key, value in requests.items():
        limit, request = quantity(wanted.limits.get(key)), quantity(value)
        if limit is not None and request is not None and request > limit:
            yield DefinitionError(
                f"{value} is more than the limit of {wanted.limits[key]}.",
                field=f"{field}.resources.requests[{key}]",
                remedy="Lower the request or raise the limit.",
                reason="RequestAboveLimit",
            )


def check_minima(role: clusters.Role, rule: apps.Role, field: str, *, exact: bool = False) -> Iterator[DefinitionError]:
    """Less than what the app asks for."""
    requests = {**role.resources.limits, **(role.resources.requests or {})}
    step = (lambda number: number) if exact else _whole
    for key, text in (rule.min_resources or {}).items():
        minimum = quantity(text) or _ZERO
        if minimum and step(quantity(requests.get(key)) or _ZERO) < step(minimum):
            yield _below(key, text, field=f"{field}.resources.requests[{key}]")
    if rule.min_storage:
        yield from _storage(role.storage, rule.min_storage, field)


def _storage(storage: clusters.Storage | None, rule: apps.MinStorage, field: str) -> Iterator[DefinitionError]:
    given, minimum = quantity(storage.size) if storage else _ZERO, quantity(rule.size)
    ephemeral = storage is None and rule.ephemeral_mode_supported
    if not ephemeral and given is not None and minimum is not None and given < minimum:
        yield _below("storage", rule.size, field=f"{field}.storage.size")


def _below(what: str, minimum: object, *, field: str) -> DefinitionError:
    return DefinitionError(f"the app needs more {what}.", field=field, remedy=f"Ask for at least {minimum}.", reason="BelowMinimum")


def _whole(number: Decimal) -> Decimal:
    return number.to_integral_value(ROUND_CEILING)
