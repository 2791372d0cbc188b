"""What one pass decided: the new memory, the steps that led there, and the calls that follow. Frozen."""

from __future__ import annotations

import msgspec

from kdasync.api.memory import Memory, Run
from kdasync.reconcile.draft import Record
from kdasync.render.manifest import Manifest


class Create(msgspec.Struct, frozen=True, tag=True):
    """Create an object under its derived name; one that exists already and is ours is the same create."""

    manifest: Manifest


class SetReplicas(msgspec.Struct, frozen=True, tag=True):
    """Set the replicas of this very StatefulSet."""

    name: str
    uid: str
    resource_version: str
    replicas: int


class Amend(msgspec.Struct, frozen=True, tag=True):
    """Merge-patch a few fields of this very object: owner reference, type of a service."""

    kind: str
    name: str
    uid: str
    patch: bytes


class Delete(msgspec.Struct, frozen=True, tag=True):
    """Delete this very object. `orphan` leaves its dependants."""

    kind: str
    name: str
    uid: str


class Annotate(msgspec.Struct, frozen=True, tag=True):
    """Set finalizers (None = leave) and annotations (None = take off) of the cluster in one patch, fenced by its version."""

    finalizers: tuple[str, ...] | None
    annotations: tuple[tuple[str, str | None], ...]


class Deliver(msgspec.Struct, frozen=True, tag=True):
    """See that this run is delivered to the member's guest. `stop` kills it instead."""

    node_id: int
    pod: str
    run: Run
    stop: bool = False


Action = Create | SetReplicas | Amend | Delete | Annotate | Deliver


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one pass.

    Attributes:
        records: steps in order.
        urgent: the memory holds something that must be committed before `actions`.
        before: actions that come before the commit (the finalizer: nothing may be made for a cluster without it).
        wake: when the next deadline or delay is over, seconds since the epoch; None = no timer needed.
        live: node ids that may have a job; jobs of others are cancelled.
    """

    memory: Memory
    records: tuple[Record, ...] = ()
    urgent: bool = False
    before: tuple[Action, ...] = ()
    actions: tuple[Action, ...] = ()
    wake: float | None = None
    live: tuple[int, ...] = ()
