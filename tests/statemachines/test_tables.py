"""Every edge is a row of the table; the tables have no unreachable state, no dead end and no state without help."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from kdasync.settings import Settings
from statemachines.cluster import CLUSTER
from statemachines.machine import Built, Edge, Table, build, fire, step
from statemachines.member import MEMBER
from statemachines.seen import MemberSeen

MACHINES = (CLUSTER, MEMBER)
EDGES = [
    pytest.param(built, edge, id=f"{built.table.name}-{edge.source}-{edge.trigger}-{edge.dest}-{number}")
    for built in MACHINES
    for number, edge in enumerate(built.table.edges)
]


def enabling(built: Built, edge: Edge) -> object:
    """The facts under which exactly this edge may fire: its trigger and guards hold, nothing else does."""
    return built.table.seen(**dict.fromkeys((edge.trigger, *edge.when), True))


@pytest.mark.parametrize(("built", "edge"), EDGES)
def test_edge_fires_when_its_facts_hold(built: Built, edge: Edge) -> None:
    fired = fire(built, edge.source, edge.trigger, enabling(built, edge))
    assert fired is not None
    assert (fired.source, fired.trigger) == (edge.source, edge.trigger)
    earlier = [other for other in built.table.edges if (other.source, other.trigger) == (edge.source, edge.trigger)]
    first = next(other for other in earlier if set(other.when) <= {edge.trigger, *edge.when})
    assert fired.edge == first
    assert fired.edge == edge


@pytest.mark.parametrize(("built", "edge"), [param for param in EDGES if param.values[1].when or param.values[1].unless])
def test_edge_does_not_fire_when_a_guard_says_no(built: Built, edge: Edge) -> None:
    for guard in edge.when:
        fired = fire(built, edge.source, edge.trigger, replace(enabling(built, edge), **{guard: False}))
        assert fired is None or fired.edge != edge
    for guard in edge.unless:
        fired = fire(built, edge.source, edge.trigger, replace(enabling(built, edge), **{guard: True}))
        assert fired is None or fired.edge != edge


@pytest.mark.parametrize("built", MACHINES, ids=lambda built: built.table.name)
def test_nothing_fires_without_a_fact(built: Built) -> None:
    assert all(step(built, state.id, built.table.seen()) is None for state in built.table.states)


@pytest.mark.parametrize("built", MACHINES, ids=lambda built: built.table.name)
def test_every_state_is_reachable_and_leads_to_the_end(built: Built) -> None:
    table = built.table
    assert reach(table, table.initial, forward=True) == {state.id for state in table.states}
    assert reach(table, table.final, forward=False) == {state.id for state in table.states}


def reach(table: Table, start: str, *, forward: bool) -> set[str]:
    found = {start}
    while True:
        more = {edge.dest if forward else edge.source for edge in table.edges if (edge.source if forward else edge.dest) in found}
        if more <= found:
            return found
        found |= more


@pytest.mark.parametrize("built", MACHINES, ids=lambda built: built.table.name)
def test_a_state_that_waits_says_for_what_and_what_to_do(built: Built) -> None:
    for state in built.table.states:
        if state.deadline:
            assert state.waits, state.id
            assert state.reason, state.id
            assert state.remedy.endswith("."), state.id
            assert hasattr(Settings(), f"{state.deadline}_seconds"), state.id


def test_every_living_member_state_accepts_that_it_is_unwanted() -> None:
    leaving = {"draining", "removing", "replacing", "gone"}
    for state in MEMBER.table.states:
        if state.id not in leaving:
            fired = step(MEMBER, state.id, MemberSeen(unwanted=True))
            assert fired is not None, state.id
            assert fired.dest == "removing"
            known = step(MEMBER, state.id, MemberSeen(unwanted=True, announced=True))
            assert known is not None
            assert known.dest == "draining"


def test_an_edge_with_an_unknown_fact_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown facts"):
        build(replace(MEMBER.table, edges=(Edge("no_such_fact", "planned", "gone"),)))


def test_an_edge_to_an_unknown_state_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown states"):
        build(replace(MEMBER.table, edges=(Edge("unwanted", "planned", "nowhere"),)))


def test_every_fact_is_used() -> None:
    for built in MACHINES:
        used = {name for edge in built.table.edges for name in (edge.trigger, *edge.when, *edge.unless)}
        assert used == {field.name for field in fields(built.table.seen)}
