"""100 clusters x 5 members created at once: how fast, and at what cost. Three processes, real sockets."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import Any

from children import child
from report import Report, finish, machine, parser, quantile
from user import create, package_server

NOTE = """API server, controllers and node (simulated guests) are one process, the operator another, the user and the package
server a third. "Shown" is the time from the write of the pod's Ready condition by the node to the write of the first CR status
that shows its member past `create pending`; "configured" that from the end of the member's setup script to the first status that
shows it `configured`. Both ends are stamped in the API server's storage, at the moment of the write, by one clock. The event lag is
the operator's own kdasync_event_lag_seconds; the wait of new clusters for their first pass is in it, since members at work go first."""


async def measure(arguments: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any], dict[str, float]]:
    async with package_server() as package, child("plane_child", str(arguments.script_seconds)) as plane:
        url = await plane.ask("begin", package)
        async with child("operator_child", url) as operator:
            first = await operator.ask("ready")
            await create(url, arguments.clusters, arguments.members)
            done = await plane.ask("configured", [arguments.clusters, arguments.limit])
            if done < arguments.clusters:
                print(f"Only {done} of {arguments.clusters} clusters are configured after {arguments.limit} s.", file=sys.stderr)
            await plane.ask("quiet", 7)
            return await plane.ask("report"), await operator.ask("report"), first


def tell(plane: dict[str, Any], operator: dict[str, Any], first: dict[str, float], arguments: argparse.Namespace) -> Report:
    report = Report(f"scale: {arguments.clusters} clusters x {arguments.members} members created at once", note=NOTE)
    shown = _gaps(plane["ready"], plane["seen"])
    members = max(1, len(plane["configured"]))
    report.add("pod Ready -> CR status, p50", quantile(shown, 0.5), "s")
    report.add("pod Ready -> CR status, p99", quantile(shown, 0.99), "s", most=1.0)
    report.add("pod Ready -> CR status, largest", max(shown, default=0.0), "s")
    ended = _gaps(plane["ended"], plane["configured"])
    report.add("script ended -> `configured` in CR status, p50", quantile(ended, 0.5), "s")
    report.add("script ended -> `configured` in CR status, p99", quantile(ended, 0.99), "s")
    report.add(
        "event lag (watch receipt -> committed status), mean",
        operator["lag"]["kdasync_event_lag_seconds_sum"] / max(1, operator["lag"]["kdasync_event_lag_seconds_count"]),
        "s",
    )
    for share in (0.5, 0.99):
        report.add(f"event lag, p{share * 100:.0f} (of the histogram's buckets, not above)", bucket(operator["lag"], share), "s")
    report.add("members configured", len(plane["configured"]))
    report.add(
        f"all configured after (scripts take {arguments.script_seconds:g} s of it)",
        max(plane["done"].values(), default=0) - plane["start"],
        "s",
    )
    report.add("execs per configured member, at the API server", plane["requests"].get("exec pods/exec", 0) / members, most=3)
    statuses = plane["requests"].get("patch kubedirectorclusters/status", 0)
    report.add("status writes per cluster", statuses / arguments.clusters)
    report.add("status writes per member", statuses / members)
    for what, count in sorted(plane["requests"].items(), key=lambda item: -item[1]):
        report.add(f"operator's requests: {what}", count)
    report.add("operator's writes refused (4xx, 5xx)", sum(count for code, count in plane["codes"].items() if int(code) >= 400))
    report.add("watch events received by the operator", operator["events"])
    report.add("operator's CPU in all", operator["cpu"], "s")
    report.add("operator's CPU per watch event", operator["cpu"] / max(1, operator["events"]) * 1000, "ms")
    report.add("operator's CPU per configured member", operator["cpu"] / members * 1000, "ms")
    report.add("CPU of API server, controllers and node", plane["cpu"], "s")
    report.add("operator's RSS without clusters", first["rss"], "MiB")
    report.add("operator's RSS at rest afterwards", operator["rss"], "MiB")
    return report


def _gaps(begin: dict[str, float], end: dict[str, float]) -> list[float]:
    return [end[name] - at for name, at in begin.items() if name in end]


def bucket(lag: dict[str, float], share: float) -> str:
    """The bound of the bucket that holds the quantile."""
    counts = {key.removeprefix("kdasync_event_lag_seconds_bucket"): value for key, value in lag.items() if "_bucket" in key}
    wanted = share * lag["kdasync_event_lag_seconds_count"]
    return next((bound for bound, count in counts.items() if count >= wanted), "+Inf")


async def main() -> None:
    options = parser(__doc__)
    options.add_argument("--clusters", type=int, default=100)
    options.add_argument("--members", type=int, default=5)
    options.add_argument("--script-seconds", type=float, default=1.0, help="how long a setup script takes")
    options.add_argument("--limit", type=float, default=300, help="seconds after which it gives up")
    arguments = options.parse_args()
    facts = machine()
    finish([tell(*await measure(arguments), arguments)], facts, arguments.output)


if __name__ == "__main__":
    asyncio.run(main())
