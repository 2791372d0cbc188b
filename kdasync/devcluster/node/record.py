"""What the node remembers of its pods: plain records that the pod's task changes and the reporter reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

Document = dict[str, Any]


class Waiting(msgspec.Struct, frozen=True):
    """core/v1 ContainerStateWaiting."""

    reason: str
    message: str = ""


class Running(msgspec.Struct, frozen=True):
    """core/v1 ContainerStateRunning; `started` is RFC 3339 text."""

    started: str


class Terminated(msgspec.Struct, frozen=True):
    """core/v1 ContainerStateTerminated."""

    exit_code: int
    reason: str
    started: str
    finished: str
    container_id: str
    message: str = ""


State = Waiting | Running | Terminated


@dataclass
class ContainerRecord:
    """One container over its restarts."""

    name: str
    image: str
    state: State
    container_id: str = ""
    last: Terminated | None = None
    restarts: int = 0
    ready: bool = False
    started: bool = False


@dataclass
class Scheduled:
    """The scheduler's word on a pod."""

    done: bool = False
    reason: str = ""
    message: str = ""


@dataclass
class PodRecord:
    """One pod. `document` is the latest from the API server; `failure` is (reason, message) of a pod that the node gave up."""

    document: Document
    init: list[ContainerRecord] = field(default_factory=list)
    main: list[ContainerRecord] = field(default_factory=list)
    scheduled: Scheduled = field(default_factory=Scheduled)
    ip: str = ""
    started: str = ""
    sandbox: bool = False
    initialized: bool = False
    failure: tuple[str, str] | None = None
    conditions: dict[str, Document] = field(default_factory=dict)

    def container(self, name: str) -> ContainerRecord | None:
        """The record of a container, None if the pod has no such one."""
        return next((record for record in [*self.init, *self.main] if record.name == name), None)


def new_record(pod: Document) -> PodRecord:
    """The record of a pod that nothing was done for yet."""
    spec = pod["spec"]
    inits = spec.get("initContainers") or []
    first = "PodInitializing" if inits else "ContainerCreating"
    return PodRecord(
        document=pod,
        init=[ContainerRecord(each["name"], each["image"], Waiting("PodInitializing")) for each in inits],
        main=[ContainerRecord(each["name"], each["image"], Waiting(first)) for each in spec["containers"]],
    )
