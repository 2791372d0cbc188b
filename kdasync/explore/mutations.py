"""Seeded defects: a table with one edge missing or one guard wrong. The explorer must find each, or it proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from statemachines.cluster import CLUSTER, DEGRADED, UPDATING
from statemachines.machine import Built, Edge, build
from statemachines.member import CONFIGURED, CONFIGURING, DRAINING, MEMBER, NOTIFY_RETRY, REMOVING

Which = Callable[[Edge], bool]


@dataclass(frozen=True, slots=True)
class Mutation:
    """A defect by name: the tables that have it."""

    name: str
    member: Built = MEMBER
    cluster: Built = CLUSTER


def without(built: Built, which: Which) -> Built:
    """The machine without those edges."""
    edges = tuple(edge for edge in built.table.edges if not which(edge))
    if len(edges) == len(built.table.edges):
        raise ValueError("the mutation changes nothing: the table has no such edge")
    return build(replace(built.table, edges=edges))


def unguarded(built: Built, which: Which) -> Built:
    """The machine with those edges free of guards."""
    edges = tuple(replace(edge, when=(), unless=()) if which(edge) else edge for edge in built.table.edges)
    if edges == built.table.edges:
        raise ValueError("the mutation changes nothing: the table has no such edge")
    return build(replace(built.table, edges=edges))


def negated(built: Built, which: Which) -> Built:
    """The machine with the guards of those edges turned round."""
    edges = tuple(replace(edge, when=edge.unless, unless=edge.when) if which(edge) else edge for edge in built.table.edges)
    if edges == built.table.edges:
        raise ValueError("the mutation changes nothing: the table has no such edge")
    return build(replace(built.table, edges=edges))


def _is(trigger: str, source: str, dest: str = "") -> Which:
    return lambda edge: (edge.trigger, edge.source) == (trigger, source) and dest in ("", edge.dest)


def mutations() -> tuple[Mutation, ...]:
    """The seeded defects."""
    return (
        Mutation("a known member is removed without draining", without(MEMBER, _is("unwanted", CONFIGURED, DRAINING))),
        Mutation("a notification that failed is never tried again", without(MEMBER, _is("retry_due", NOTIFY_RETRY))),
        Mutation("a setup may last for ever", without(MEMBER, _is("run_overdue", CONFIGURING))),
        Mutation("a lost setup is ordered again where nothing runs", unguarded(MEMBER, _is("run_lost", CONFIGURING))),
        Mutation("what peers began to hear is taken back", negated(MEMBER, _is("wanted", DRAINING))),
        Mutation("a removal below a member that stays waits for ever", without(MEMBER, _is("below_kept", REMOVING))),
        Mutation("a cluster with failed members never comes to rest", cluster=without(CLUSTER, _is("settled", UPDATING, DEGRADED))),
    )
