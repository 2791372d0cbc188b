"""Steps as a table: what `statemachines.machine.step` answers for a state and the facts that its edges look at.

Why: a machine sees booleans only, so its step is a finite function; asking the library once for each (state, facts) and never again
makes a walk over millions of situations possible. The same place counts coverage: which edges fired and which guards said yes and no,
in situations that really came up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from statemachines.machine import Built, Edge, step


@dataclass(slots=True)
class Coverage:
    """What came up in a walk: edges that fired, and the answers of guards, by their place in the table."""

    fired: set[int] = field(default_factory=set)
    answers: set[tuple[int, str, bool]] = field(default_factory=set)

    def missing(self, built: Built) -> list[str]:
        """Edges that never fired and guard answers that never came, in words."""
        out = []
        for number, edge in enumerate(built.table.edges):
            name = f"{built.table.name}: {edge.source} --{edge.trigger}--> {edge.dest}"
            if number not in self.fired:
                out.append(f"{name} never fires")
            for guard in (*edge.when, *edge.unless):
                lacks = [str(value) for value in (True, False) if (number, guard, value) not in self.answers]
                out += [f"{name}: {guard} is never {value}" for value in lacks]
        return out


class Steps:
    """The steps of one machine; `edge(state, mask)` is the edge that fires, None if none does.

    A mask has one bit for each fact that the state's edges look at, in the order of `facts[state]`.
    """

    def __init__(self, built: Built) -> None:
        self.built = built
        self.coverage = Coverage()
        self.facts: dict[str, tuple[str, ...]] = {state.id: _looked_at(built, state.id) for state in built.table.states}
        self._numbers = {id(edge): number for number, edge in enumerate(built.table.edges)}
        self._known: dict[tuple[str, int], Edge | None] = {}

    def edge(self, state: str, mask: int) -> Edge | None:
        """The edge that fires."""
        try:
            return self._known[state, mask]
        except KeyError:
            return self._ask(state, mask)

    def statistics(self) -> dict[str, int]:
        """Steps that were tabulated."""
        return {"steps": len(self._known)}

    def _ask(self, state: str, mask: int) -> Edge | None:
        held = {name for bit, name in enumerate(self.facts[state]) if mask >> bit & 1}
        fired = step(self.built, state, self.built.table.seen(**dict.fromkeys(held, True)))
        edge = fired.edge if fired else None
        self._known[state, mask] = edge
        self._cover(state, held, edge)
        return edge

    def _cover(self, state: str, held: set[str], fired: Edge | None) -> None:
        """Note the guards that were asked on the way to the edge that fired."""
        for trigger in self.built.order[state]:
            if trigger not in held:
                continue
            for edge in self.built.table.edges:
                if (edge.source, edge.trigger) != (state, trigger):
                    continue
                number = self._numbers[id(edge)]
                self._answers(number, edge, held)
                if edge is fired:
                    self.coverage.fired.add(number)
                    return

    def _answers(self, number: int, edge: Edge, held: set[str]) -> None:
        for name in edge.when:
            self.coverage.answers.add((number, name, name in held))
            if name not in held:
                return
        for name in edge.unless:
            self.coverage.answers.add((number, name, name in held))
            if name in held:
                return


def _looked_at(built: Built, state: str) -> tuple[str, ...]:
    edges = [edge for edge in built.table.edges if edge.source == state]
    return tuple(dict.fromkeys(name for edge in edges for name in (edge.trigger, *edge.when, *edge.unless)))
