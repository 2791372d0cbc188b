"""Idle clusters cost nothing: ten virtual minutes of 100 configured clusters, and every request the API server got in them."""

from __future__ import annotations

import argparse
import asyncio

import virtual
from children import cpu
from quiet import silence
from report import Report, finish, machine, parser

NOTE = """Whole stack in one process on virtual time. Requests are counted at the API server by who sent them. The operator's watches
are ended by the server after 4 to 5 minutes each, as everywhere, and opened again: these are the only requests there may be."""


async def measure(arguments: argparse.Namespace) -> Report:
    async with virtual.virtual() as stack:
        await stack.create(arguments.clusters, arguments.members)
        await asyncio.sleep(60)
        before, others, events, used = stack.counts(), stack.others(), _events(stack), cpu()
        await asyncio.sleep(arguments.minutes * 60)
        after, others_after = stack.counts(), stack.others()
        report = Report(
            f"idle: {arguments.clusters} clusters x {arguments.members} members for {arguments.minutes:g} virtual minutes",
            note=NOTE,
        )
        made = {what: count - before.get(what, 0) for what, count in after.items() if count != before.get(what, 0)}
        watches = sum(count for what, count in made.items() if what.startswith("watch "))
        report.add("requests of the operator other than watches", sum(made.values()) - watches, most=0)
        report.add("watches opened again by the operator (10 kinds)", watches)
        for what, count in sorted(made.items()):
            report.add(f"of these: {what}", count)
        report.add("watch events received by the operator", _events(stack) - events)
        report.add("keys that wait for a timer at the end", stack.operator.queue.statistics().waiting)
        report.add("requests of controllers and node", sum(others_after.values()) - sum(others.values()))
        report.add("CPU of everything in the process", cpu() - used, "s")
        return report


def _events(stack: virtual.Virtual) -> int:
    return sum(informer.statistics().changes for informer in stack.operator.informers)


def main() -> None:
    options = parser(__doc__ or "")
    options.add_argument("--clusters", type=int, default=100)
    options.add_argument("--members", type=int, default=5)
    options.add_argument("--minutes", type=float, default=10)
    arguments = options.parse_args()
    silence()
    facts = machine()
    finish([virtual.run(lambda: measure(arguments))], facts, arguments.output)


if __name__ == "__main__":
    main()
