"""Where two transcripts of one conversation differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

import msgspec
from conformance.talk import Step


class Difference(msgspec.Struct, frozen=True):
    """One place: the path inside the answer, what the real server said, and what the other one said."""

    step: str
    path: str
    real: Any
    other: Any

    def __str__(self) -> str:
        return f"{self.step} | {self.path}\n    real:  {_short(self.real)}\n    other: {_short(self.other)}"


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """A difference that stays.

    Attributes:
        conversation: its full name.
        step: title of the step, with `*`.
        path: inside the answer, with `*`.
        reason: why no client suffers from it.
    """

    conversation: str
    step: str
    path: str
    reason: str

    def covers(self, difference: Difference) -> bool:
        """Whether it is this one."""
        return fnmatchcase(difference.step, self.step) and fnmatchcase(_flat(difference.path), _flat(self.path))


class Verdict(msgspec.Struct, frozen=True):
    """What is wrong: differences nobody accepted, and acceptances of what is no difference any more."""

    unexpected: tuple[Difference, ...]
    stale: tuple[Accepted, ...]

    def __bool__(self) -> bool:
        return bool(self.unexpected or self.stale)

    def __str__(self) -> str:
        lines = [str(item) for item in self.unexpected]
        lines += [f"no longer differs, remove it from differences.py: {item.step} | {item.path}" for item in self.stale]
        return "\n".join(lines)


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()


def differences(real: list[Step], other: list[Step]) -> list[Difference]:
    """All of them, in the order of the steps."""
    found: list[Difference] = []
    for index in range(max(len(real), len(other))):
        if index >= min(len(real), len(other)):
            longer = real if index < len(real) else other
            sides = (longer[index].asked, ABSENT) if longer is real else (ABSENT, longer[index].asked)
            found.append(Difference(longer[index].title, "", *sides))
            continue
        one, two = real[index], other[index]
        if (one.title, one.asked) != (two.title, two.asked):
            found.append(Difference(one.title, "asked", one.asked, f"{two.title}: {two.asked}"))
        sides = _outcome(one.answer), _outcome(two.answer)
        if sides[0] != sides[1]:
            found.append(
                Difference(one.title, "status", *(f"{side} {_message(step)}" for side, step in zip(sides, (one, two), strict=True)))
            )
        else:
            found += [Difference(one.title, *place) for place in _walk(one.answer, two.answer, "")]
    return found


def _outcome(answer: Any) -> Any:
    return answer.get("status") if isinstance(answer, dict) else None


def _message(step: Step) -> Any:
    body = step.answer.get("body")
    return body.get("message", "") if isinstance(body, dict) else ""


def judge(real: list[Step], other: list[Step], accepted: Iterable[Accepted]) -> Verdict:
    """Hold the differences against the list of accepted ones."""
    known = tuple(accepted)
    found = differences(real, other)
    return Verdict(
        tuple(item for item in found if not any(entry.covers(item) for entry in known)),
        tuple(entry for entry in known if not any(entry.covers(item) for item in found)),
    )


def _walk(real: Any, other: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(real, dict) and isinstance(other, dict):
        for key in sorted(real.keys() | other.keys()):
            yield from _walk(real.get(key, ABSENT), other.get(key, ABSENT), f"{path}.{key}" if path else key)
    elif isinstance(real, list) and isinstance(other, list):
        for index in range(max(len(real), len(other))):
            sides = (side[index] if index < len(side) else ABSENT for side in (real, other))
            yield from _walk(*sides, f"{path}[{index}]")
    elif real is ABSENT or other is ABSENT or type(real) is not type(other) or real != other:
        yield path, real, other


def _flat(path: str) -> str:
    return re.sub(r"\[(\d+|\*)\]", r".\1", path)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 400 else f"{text[:400]}..."
