"""Declarative tables and the pure step. The only file that imports transitions.

Why: one table per machine is run, checked, simulated, drawn, documented and measured; nothing is written twice. A trigger is a fact
and carries the fact's name, so a diagram, a metric and a log line read as events. `step` awaits nothing, reads no clock and touches
nothing: it returns what the edge asks for, and an exception leaves nothing half done.

One synchronous `transitions.Machine(model=None)` is shared over all objects of a kind; the subject is a scratch object with one slot.
`AsyncMachine` is not used: 0.9.3 swallows cancellation and drops queued triggers.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, fields
from typing import Any

from transitions import EventData, Machine

from statemachines.actions import Do, Op

logging.getLogger("transitions").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class State:
    """One state of a machine.

    Attributes:
        id: identifier, also the label of metrics.
        wire: KubeDirector's string in the status of the custom resource.
        waits: the fact that normally ends the state, in words; empty for a state of rest.
        deadline: name of the time limit (a settings field without `_seconds`), empty = none or a state of rest.
        reason: CamelCase reason of a condition while it lasts too long.
        remedy: what the user can do then, one sentence.
        do: effects that are wanted as long as the state lasts; each is idempotent.
    """

    id: str
    wire: str
    waits: str = ""
    deadline: str = ""
    reason: str = ""
    remedy: str = ""
    do: tuple[Do, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """One transition: fires if the fact `trigger` holds, all of `when` hold and none of `unless` does.

    Attributes:
        emit: what the step asks for, in order.
        event: type and reason of a Kubernetes Event worth telling the user, empty = none.
    """

    trigger: str
    source: str
    dest: str
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    emit: tuple[Op, ...] = ()
    event: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One transition that fired."""

    machine: str
    edge: Edge

    @property
    def source(self) -> str:
        """State that was left."""
        return self.edge.source

    @property
    def dest(self) -> str:
        """State that was entered."""
        return self.edge.dest

    @property
    def trigger(self) -> str:
        """Fact that fired."""
        return self.edge.trigger


@dataclass(frozen=True, slots=True)
class Table:
    """A machine as data. `final` has no edges out; edges of one state are tried in table order.

    `columns` places the states in a picture; the rest go by their distance from the initial state.
    """

    name: str
    initial: str
    final: str
    states: tuple[State, ...]
    edges: tuple[Edge, ...]
    seen: type
    columns: tuple[tuple[str, ...], ...] = ()

    def state(self, identifier: str) -> State:
        """The state with that identifier; KeyError if there is none."""
        for state in self.states:
            if state.id == identifier:
                return state
        raise KeyError(identifier)


class _Subject:
    """What the library moves: a state, nothing else."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


@dataclass(frozen=True, slots=True)
class Built:
    """A table with its shared library machine; `order` has the triggers of each state in table order."""

    table: Table
    machine: Machine
    order: dict[str, tuple[str, ...]]
    state: dict[str, State] = field(default_factory=dict)


def build(table: Table) -> Built:
    """Check the names in the table and build the shared machine.

    Raises:
        ValueError: an edge names an unknown state or a fact that `table.seen` does not have.
    """
    _check(table)
    machine = Machine(
        model=None,
        states=[state.id for state in table.states],
        initial=table.initial,
        auto_transitions=False,
        send_event=True,
        transitions=[_transition(edge) for edge in table.edges],
    )
    order: dict[str, tuple[str, ...]] = {}
    for state in table.states:
        triggers = dict.fromkeys(edge.trigger for edge in table.edges if edge.source == state.id)
        order[state.id] = tuple(triggers)
    return Built(table, machine, order, {state.id: state for state in table.states})


def fire(built: Built, state: str, trigger: str, seen: Any) -> Step | None:
    """Fire one trigger in `state`: the step, or None if every guard said no.

    Raises:
        transitions.MachineError: the state has no edge for that trigger.
    """
    out: list[Edge] = []
    if not built.machine.events[trigger].trigger(_Subject(state), seen=seen, out=out):
        return None
    return Step(built.table.name, out[0])


def step(built: Built, state: str, seen: Any) -> Step | None:
    """Fire the first trigger, in table order, whose fact holds in `seen`; None if the state is at rest."""
    for trigger in built.order[state]:
        if getattr(seen, trigger):
            fired = fire(built, state, trigger, seen)
            if fired is not None:
                return fired
    return None


def holding(seen: Any) -> tuple[str, ...]:
    """Names of the facts that hold in `seen`."""
    return tuple(name for name in type(seen).__dataclass_fields__ if getattr(seen, name))


def _transition(edge: Edge) -> dict[str, Any]:
    def chosen(event: EventData) -> None:
        event.kwargs["out"].append(edge)

    return {
        "trigger": edge.trigger,
        "source": edge.source,
        "dest": edge.dest,
        "conditions": [_holds(name) for name in edge.when],
        "unless": [_holds(name) for name in edge.unless],
        "after": chosen,
    }


def _holds(name: str) -> Any:
    def holds(event: EventData) -> bool:
        return bool(getattr(event.kwargs["seen"], name))

    return holds


def _check(table: Table) -> None:
    states = {state.id for state in table.states}
    facts = {known.name for known in fields(table.seen)}
    for edge in table.edges:
        unknown = {edge.source, edge.dest} - states
        if unknown:
            raise ValueError(f"{table.name}: edge {edge.trigger} names unknown states {sorted(unknown)}")
        missing = {edge.trigger, *edge.when, *edge.unless} - facts
        if missing:
            raise ValueError(f"{table.name}: edge {edge.source} -> {edge.dest} names unknown facts {sorted(missing)}")
