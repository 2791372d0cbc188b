"""Creation of 100 clusters x 3: the operator against a bare client that makes the same writes on a fresh server of the same kind."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable
from typing import Any

from children import child
from observed import SECONDARY
from report import Report, finish, machine, parser
from user import create, package_server

NOTE = """The server is devcluster's API server alone, in a process of its own: no pod comes up, so nobody waits for one. The user posts
all clusters at once in each run; time counts from the first of these requests until the last write is answered, for the operator
until the last object exists. The bare client watches the clusters, decodes nothing but JSON, and replays for each the operator's
recorded bodies in their order (identities and versions put in), with as many clusters at a time as the operator has workers: first
every write that the operator had made by then, its Events included, then (stricter) without the Events, for which the operator does
not wait. Journals follow 5 s later and are in neither. CPU is of each whole run, the operator's with its journals."""


class Run(dict[str, Any]):
    """Seconds and CPU of one run."""


async def by_operator(arguments: argparse.Namespace, package: str) -> tuple[Run, list[list[Any]]]:
    async with child("plane_child", "1", "alone") as plane:
        url = await plane.ask("begin", package)
        async with child("operator_child", url) as operator:
            await operator.ask("ready")
            await create(url, arguments.clusters, arguments.members)
            await plane.ask("quiet", 7)
            seen, own = await plane.ask("report"), await operator.ask("report")
    writes = seen["writes"]
    primary = [write for write in writes if write[7] not in SECONDARY]
    objects = [write for write in primary if write[7] != "kubedirectorclusters/status"]
    start = seen["start"]
    run = Run(
        objects=max(write[6] for write in objects) - start,
        cpu=own["cpu"],
        server=seen["cpu"],
        writes=len(writes),
        refused=sum(count for code, count in seen["codes"].items() if int(code) >= 400),
        workers=own["workers"],
    )
    return run, writes


async def by_bare_client(arguments: argparse.Namespace, package: str, writes: list[list[Any]], workers: int) -> Run:
    async with child("plane_child", "1", "alone") as plane:
        url = await plane.ask("begin", package)
        async with child("bare_child", url) as bare:
            await bare.ask("load", [writes, workers])
            await create(url, arguments.clusters, arguments.members)
            own = await bare.ask("finished", arguments.clusters)
            seen = await plane.ask("report")
    return Run(seconds=own["last"] - seen["start"], cpu=own["cpu"], server=seen["cpu"], writes=own["writes"])


async def measure(arguments: argparse.Namespace) -> Report:
    rounds = []
    async with package_server() as package:
        for _ in range(arguments.rounds):
            operator, writes = await by_operator(arguments, package)
            made = [write for write in writes if write[6] <= _last_object(writes)]
            same = await by_bare_client(arguments, package, made, operator["workers"])
            strict = await by_bare_client(arguments, package, _primary(made), operator["workers"])
            rounds.append((operator, same, strict))
    rounds.sort(key=lambda found: _ratio(found[0], found[1]))
    return tell(rounds, arguments)


def _ratio(operator: Run, bare: Run) -> float:
    return float(operator["objects"] / bare["seconds"])


def tell(rounds: list[tuple[Run, Run, Run]], arguments: argparse.Namespace) -> Report:
    operator, same, strict = rounds[len(rounds) // 2]
    report = Report(f"create: {arguments.clusters} clusters x {arguments.members} members", note=NOTE)
    report.add(f"ratio: operator / bare client, the same writes (median of {len(rounds)} rounds)", _ratio(operator, same), most=1.2)
    report.add("the same in each round", _all(_ratio(found[0], found[1]) for found in rounds))
    strictly = sorted(_ratio(found[0], found[2]) for found in rounds)
    report.add("ratio: operator / bare client without Events (median)", strictly[len(strictly) // 2], most=1.2)
    report.add("the same in each round", _all(strictly))
    report.add("operator (median round, as all below)", operator["objects"], "s")
    report.add("bare client, the same writes", same["seconds"], "s")
    report.add("bare client without Events", strict["seconds"], "s")
    report.add("writes of the operator until the last object exists", same["writes"])
    report.add("of these without Events", strict["writes"])
    report.add("all writes of the operator, with journals", operator["writes"])
    report.add("writes of the operator that were refused", operator["refused"])
    report.add("CPU of the operator", operator["cpu"], "s")
    report.add("CPU of the bare client, the same writes", same["cpu"], "s")
    report.add("ratio of CPU", operator["cpu"] / same["cpu"])
    report.add("CPU of the server under the operator", operator["server"], "s")
    report.add("CPU of the server under the bare client, the same writes", same["server"], "s")
    return report


def _all(ratios: Iterable[float]) -> str:
    return ", ".join(f"{ratio:.2f}" for ratio in ratios)


def _primary(writes: list[list[Any]]) -> list[list[Any]]:
    return [write for write in writes if write[7] not in SECONDARY]


def _last_object(writes: list[list[Any]]) -> float:
    return max(write[6] for write in _primary(writes) if write[7] != "kubedirectorclusters/status")


async def main() -> None:
    options = parser(__doc__ or "")
    options.add_argument("--clusters", type=int, default=100)
    options.add_argument("--members", type=int, default=3)
    options.add_argument("--rounds", type=int, default=5)
    arguments = options.parse_args()
    facts = machine()
    finish([await measure(arguments)], facts, arguments.output)


if __name__ == "__main__":
    asyncio.run(main())
