"""Creation of 100 clusters x 3: the operator against a bare client that makes the same writes on a fresh server of the same kind."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from children import child
from observed import SECONDARY
from report import Report, finish, machine, parser
from user import create, package_server

NOTE = """The server is devcluster's API server alone, in a process of its own: no pod comes up, so nobody waits for one. The user posts
all clusters at once in both runs; time counts from the first of these requests until the last write is answered. The bare client
watches the clusters, decodes nothing but JSON, and replays for each the operator's recorded bodies in their order (identities and
versions put in), with as many clusters at a time as the operator has workers. "All writes" are every successful write of the
operator, its Events and journals too, which the operator makes beside its work: they are awaited by nobody and folded for 5 s. The
last folded status, 0.5 s after the first by design, is named apart."""


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
        primary=max(write[6] for write in primary) - start,
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
            objects = [write for write in _primary(writes) if write[6] <= _last_object(writes)]
            bare = await by_bare_client(arguments, package, objects, operator["workers"])
            everything = await by_bare_client(arguments, package, writes, operator["workers"])
            rounds.append((operator, bare, everything))
    rounds.sort(key=lambda found: found[0]["objects"] / found[1]["seconds"])
    return tell(rounds, arguments)


def tell(rounds: list[tuple[Run, Run, Run]], arguments: argparse.Namespace) -> Report:
    operator, bare, everything = rounds[len(rounds) // 2]
    report = Report(f"create: {arguments.clusters} clusters x {arguments.members} members", note=NOTE)
    report.add("operator: until the last object exists", operator["objects"], "s")
    report.add("operator: until the last folded status", operator["primary"], "s")
    report.add("bare client: the same writes until the last object (no Events, no journal)", bare["seconds"], "s")
    report.add("bare client: all writes", everything["seconds"], "s")
    report.add(
        "ratio: operator until the last object / bare client, the same writes", operator["objects"] / bare["seconds"], most=1.2
    )
    ratios = ", ".join(f"{found[0]['objects'] / found[1]['seconds']:.2f}" for found in rounds)
    report.add(f"the same ratio in each of {len(rounds)} rounds (this table is the median round)", ratios)
    report.add(
        "ratio: operator until the last folded status / bare client, all writes",
        operator["primary"] / everything["seconds"],
        most=1.2,
    )
    report.add("writes until the last object", bare["writes"])
    report.add("all writes", operator["writes"])
    report.add("writes per cluster", operator["writes"] / arguments.clusters)
    report.add("writes of the operator that were refused", operator["refused"])
    report.add("CPU of the operator, all writes", operator["cpu"], "s")
    report.add("CPU of the bare client, all writes", everything["cpu"], "s")
    report.add("ratio of CPU", operator["cpu"] / everything["cpu"])
    report.add("CPU of the server under the operator", operator["server"], "s")
    report.add("CPU of the server under the bare client, all writes", everything["server"], "s")
    return report


def _primary(writes: list[list[Any]]) -> list[list[Any]]:
    return [write for write in writes if write[7] not in SECONDARY]


def _last_object(writes: list[list[Any]]) -> float:
    return max(write[6] for write in _primary(writes) if write[7] != "kubedirectorclusters/status")


async def main() -> None:
    options = parser(__doc__ or "")
    options.add_argument("--clusters", type=int, default=100)
    options.add_argument("--members", type=int, default=3)
    options.add_argument("--rounds", type=int, default=3)
    arguments = options.parse_args()
    facts = machine()
    finish([await measure(arguments)], facts, arguments.output)


if __name__ == "__main__":
    asyncio.run(main())
