"""Wire types that only the client itself needs: Status, list envelopes, Events, Leases, CRDs.

Why apart from `api/`: nobody above `kube/` reads or renders them; they are the protocol, not the product.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from kdasync.api.meta import Object, Wire

T = TypeVar("T")


class StatusCause(Wire, frozen=True):
    """meta/v1 StatusCause; an exec reports its exit code as reason `ExitCode` with the number as message."""

    reason: str = ""
    message: str = ""


class StatusDetails(Wire, frozen=True):
    """meta/v1 StatusDetails; `retry_after_seconds` is 0 if the server did not say."""

    causes: list[StatusCause] | None = None
    retry_after_seconds: int = 0


class Status(Wire, frozen=True):
    """meta/v1 Status."""

    kind: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    code: int = 0
    details: StatusDetails | None = None


class ListMeta(Wire, frozen=True):
    """meta/v1 ListMeta; `continue` is a keyword in Python."""

    resource_version: str = ""
    continue_: str | None = msgspec.field(default=None, name="continue")


class ObjectList(Wire, Generic[T], frozen=True):
    """Any list; Go writes an empty one as null."""

    metadata: ListMeta = ListMeta()
    items: list[T] | None = None


class ObjectReference(Wire, frozen=True):
    """core/v1 ObjectReference: what an Event is about."""

    api_version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    resource_version: str = ""


class EventSeries(Wire, frozen=True, omit_defaults=False):
    """events.k8s.io/v1 EventSeries; `last_observed_time` is a MicroTime."""

    count: int
    last_observed_time: str


class Event(Object, frozen=True):
    """events.k8s.io/v1 Event."""

    event_time: str | None = None
    type: str = ""
    reason: str | None = None
    action: str | None = None
    note: str | None = None
    reporting_controller: str | None = None
    reporting_instance: str | None = None
    regarding: ObjectReference | None = None
    series: EventSeries | None = None


class LeaseSpec(Wire, frozen=True):
    """coordination.k8s.io/v1 LeaseSpec; times are MicroTime text."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int | None = None


class Lease(Object, frozen=True):
    """coordination.k8s.io/v1 Lease."""

    spec: LeaseSpec = LeaseSpec()


class DefinitionStatus(Wire, frozen=True):
    """apiextensions.k8s.io/v1 CustomResourceDefinitionStatus: only whether it is established."""

    conditions: list[DefinitionCondition] | None = None


class DefinitionCondition(Wire, frozen=True):
    """apiextensions.k8s.io/v1 CustomResourceDefinitionCondition."""

    type: str = ""
    status: str = ""
    message: str = ""


class Definition(Object, frozen=True):
    """apiextensions.k8s.io/v1 CustomResourceDefinition."""

    status: DefinitionStatus | None = None
