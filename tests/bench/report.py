"""A benchmark's numbers: printed as a table, kept as Markdown only if asked to."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import sys
from pathlib import Path

import msgspec


class Row(msgspec.Struct, frozen=True):
    what: str
    value: str
    target: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        return {True: "met", False: "MISSED", None: ""}[self.met]


class Report:
    """Rows under one title; `note` says what exactly was measured."""

    def __init__(self, title: str, *, note: str) -> None:
        self.title = title
        self.note = note
        self.rows: list[Row] = []

    def add(self, what: str, value: float | str, unit: str = "", *, most: float | None = None) -> None:
        """A number; `most` is the largest that meets the target."""
        text = value if isinstance(value, str) else number(value)
        met = None if most is None or isinstance(value, str) else value <= most
        self.rows.append(Row(what, f"{text} {unit}".strip(), "" if most is None else f"at most {number(most)} {unit}".strip(), met))

    def show(self) -> None:
        print(f"\n{self.title}\n{self.note}\n")
        widths = [max(len(getattr(row, name)) for row in self.rows) for name in ("what", "value", "target")]
        for row in self.rows:
            print(f"{row.what:{widths[0]}}  {row.value:>{widths[1]}}  {row.target:{widths[2]}}  {row.verdict}".rstrip(), flush=True)

    def markdown(self) -> str:
        lines = [f"## {self.title}", "", self.note, "", "| what | measured | target | |", "|---|---:|---|---|"]
        lines += [f"| {row.what} | {row.value} | {row.target} | {row.verdict} |" for row in self.rows]
        return "\n".join(lines) + "\n"


def number(value: float) -> str:
    if value == 0 or abs(value) >= 100 or float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:.3g}"


def quantile(values: list[float], share: float) -> float:
    """The value that `share` of all do not exceed; 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def machine() -> str:
    """What the numbers depend on, without a name."""
    cpus = {line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")}
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    load = os.getloadavg()
    usable = len(os.sched_getaffinity(0))
    return (
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC; {usable} cores ({', '.join(sorted(cpus)) or platform.machine()}), "
        f"{memory / 2**20:.1f} GiB; Linux {platform.release().split('-')[0]}; Python {platform.python_version()}; "
        f"load average before the run {load[0]:.1f} (1 min), {load[1]:.1f} (5 min)"
    )


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []


def parser(about: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=about)
    made.add_argument("--output", type=Path, help="also append the tables to this Markdown file")
    return made


def finish(reports: list[Report], facts: str, output: Path | None) -> None:
    for report in reports:
        report.show()
    print(f"\n{facts}", file=sys.stderr)
    if output is None:
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    command = " ".join(["python", f"tests/bench/{Path(sys.argv[0]).name}", *_kept(sys.argv[1:])])
    with output.open("a") as file:
        for report in reports:
            file.write(f"{report.markdown()}\n`{command}`; {facts}\n\n")


def _kept(arguments: list[str]) -> list[str]:
    """The arguments without the output file."""
    place = arguments.index("--output") if "--output" in arguments else len(arguments)
    return [*arguments[:place], *arguments[place + 2 :]]
