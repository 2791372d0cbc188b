"""What a walk found, for people: states, moves, time, and a shortest way to everything that is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong: the rule, the shortest way there, and the situation."""

    rule: str
    story: tuple[str, ...] = ()
    situation: str = ""

    def __str__(self) -> str:
        lines = [f"broken: {self.rule}", *(f"  {number}. {step}" for number, step in enumerate(self.story, start=1))]
        return "\n".join([*lines, *([f"  then: {self.situation}"] if self.situation else [])])


@dataclass(frozen=True, slots=True)
class Report:
    """One walk."""

    model: str
    states: int
    moves: int
    seconds: float
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        head = f"{self.model}: {self.states:,} states, {self.moves:,} moves, {self.seconds:.1f} s, {len(self.findings)} found"
        return "\n".join((head, *(f"  {note}" for note in self.notes), *map(str, self.findings)))
