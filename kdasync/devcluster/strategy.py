"""The hooks by which a kind departs from the common rules of create, update and delete.

Why: the handlers are the same for every kind; what is special about pods, services, claims or namespaces is one small value each,
so a kind is read in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from kdasync.devcluster.plane import Plane
from kdasync.devcluster.status import Cause

Json = dict[str, Any]


def _nothing(*_: Any) -> None:
    return None


def _valid(*_: Any) -> Sequence[Cause]:
    return ()


def _no_grace(_document: Json) -> int:
    return 0


class Strategy(msgspec.Struct, frozen=True, kw_only=True):
    """One kind's departures.

    Attributes:
        default: fills in what the real server fills in, on every decoded object.
        create: changes a new object before validation (status, allocations).
        update: changes (new, old) before validation.
        validate: field errors of (new, old or None).
        written: runs after (new, old or None) was stored.
        removed: runs after an object was removed.
        grace: seconds between delete and removal; more than 0 only for pods.
        graceful: True if a delete is shown in the object also where it is done at once.
        generation: True if spec changes are counted.
        returns_object: True if a finished delete answers with the object instead of a Status.
        unconditional: True if an update may lack a resourceVersion.
        finalized: the finalizers that a delete leaves of those that the object has.
    """

    default: Callable[[Json], None] = _nothing
    create: Callable[[Plane, Json], None] = _nothing
    update: Callable[[Plane, Json, Json], None] = _nothing
    validate: Callable[[Json, Json | None], Sequence[Cause]] = _valid
    written: Callable[[Plane, Json, Json | None], None] = _nothing
    removed: Callable[[Plane, Json], None] = _nothing
    grace: Callable[[Json], int] = _no_grace
    graceful: bool = False
    finalized: Callable[[list[str]], list[str]] = list
    generation: bool = False
    returns_object: bool = False
    unconditional: bool = True


PLAIN = Strategy()
