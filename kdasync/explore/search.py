"""The walk itself: fewest faults and edits first, so that the first way found to a state is a shortest one; backwards from the goal for liveness.

A move is (label, cost, next state); costs other than `PROGRESS` are what the world or the user may do but need not: from every
state, progress alone must lead to the goal.
"""

from __future__ import annotations

import gc
from array import array
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

S = TypeVar("S", bound=Hashable)

PROGRESS, FAULT, EDIT = 0, 1, 2
Moves = Callable[[S], Iterable[tuple[str, int, S]]]


@dataclass(slots=True)
class Graph(Generic[S]):
    """What was reached. States are numbered in the order in which they were found.

    Attributes:
        parents, labels: for each state, the number of the one it was found from (-1: an initial one), and the label of the move.
        sources, targets: moves that are progress.
        count: moves in all.
    """

    states: list[S] = field(default_factory=list)
    parents: array[int] = field(default_factory=lambda: array("l"))
    labels: list[str] = field(default_factory=list)
    sources: array[int] = field(default_factory=lambda: array("l"))
    targets: array[int] = field(default_factory=lambda: array("l"))
    count: int = 0

    def story(self, number: int) -> list[str]:
        """The labels of a shortest way to a state."""
        found: list[str] = []
        while self.parents[number] >= 0:
            found.append(self.labels[number])
            number = self.parents[number]
        return found[::-1]

    def add(self, state: S, parent: int, label: str) -> int:
        """Number a new state."""
        self.states.append(state)
        self.parents.append(parent)
        self.labels.append(label)
        return len(self.states) - 1


Weigh = Callable[[S], tuple[Hashable, tuple[int, int]]]


def walk(initial: Iterable[S], moves: Moves[S], *, weigh: Weigh[S] | None = None, limit: int = 5_000_000) -> Graph[S]:
    """Everything that can be reached, first what needs the fewest faults and edits.

    `weigh` splits a state into what it is and what is left of its budget: of two that are the same, the one with less left can do
    nothing that the other cannot, and is taken for it.

    Raises:
        RuntimeError: there are more than `limit` states.
    """
    collects = gc.isenabled()
    gc.disable()  # nothing here is a cycle, and looking for one costs a third of the time
    try:
        walker = _Walk(moves, weigh or (lambda state: (state, (0, 0))), limit)
        for state in initial:
            walker.meet(state, -1, "", 0)
        walker.spread()
    finally:
        if collects:
            gc.enable()
    return walker.graph


class _Walk(Generic[S]):
    """A walk under way: `queues` hold what is to be left, by the faults and edits that it took to get there."""

    def __init__(self, moves: Moves[S], weigh: Weigh[S], limit: int) -> None:
        self.graph: Graph[S] = Graph()
        self._moves = moves
        self._weigh = weigh
        self._limit = limit
        self._met: dict[Hashable, list[tuple[int, int, int]]] = {}
        self._queues: list[list[int]] = [[]]

    def meet(self, state: S, parent: int, label: str, cost: int) -> int:
        """The number of a state, or of one that can do all that it can."""
        what, (faults, edits) = self._weigh(state)
        known = self._met.setdefault(what, [])
        for more, further, number in known:
            if more >= faults and further >= edits:
                return number
        number = self.graph.add(state, parent, label)
        if number > self._limit:
            raise RuntimeError(f"more than {self._limit} states: the model is not finite enough")
        known.append((faults, edits, number))
        while len(self._queues) <= cost:
            self._queues.append([])
        self._queues[cost].append(number)
        return number

    def spread(self) -> None:
        """Leave every state by every move."""
        cost = 0
        while cost < len(self._queues):
            for here in self._queues[cost]:  # grows while it is worked off
                self._leave(here, cost)
            self._queues[cost] = []
            cost += 1

    def _leave(self, here: int, spent: int) -> None:
        graph = self.graph
        for label, cost, state in self._moves(graph.states[here]):
            graph.count += 1
            number = self.meet(state, here, label, spent + (cost != PROGRESS))
            if cost == PROGRESS:
                graph.sources.append(here)
                graph.targets.append(number)


def stuck(graph: Graph[S], goal: Callable[[S], bool]) -> list[int]:
    """Numbers of the states from which progress alone never leads to the goal, nearest to the start first."""
    led = bytearray(1 if goal(state) else 0 for state in graph.states)
    open_moves = [move for move in zip(graph.sources, graph.targets, strict=True) if not led[move[0]]]
    left = -1
    while left != len(open_moves):
        left = len(open_moves)
        for source, target in reversed(open_moves):
            if led[target]:
                led[source] = 1
        open_moves = [move for move in open_moves if not led[move[0]]]
    return [number for number, leads in enumerate(led) if not leads]
