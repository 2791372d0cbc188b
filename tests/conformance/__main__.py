"""`python -m conformance record | compare [NAME...]`: ask the real server and keep its answers, or show how devcluster's differ."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

from conformance import catalogue, grounds
from conformance.compare import judge
from conformance.talk import Talk
from realcluster import cluster as clusters


async def _record(names: list[str], cluster: str) -> int:
    running = clusters.find(cluster)
    if running is None:
        sys.exit(f"no cluster called {cluster} runs. Start one with `make cluster-up`.")
    for name in names:
        async with grounds.real(running) as ground:
            steps = await catalogue.run(catalogue.conversations()[name], Talk(ground))
        catalogue.save(name, steps)
        print(f"{name}: {len(steps)} steps", file=sys.stderr)
    return 0


async def _compare(names: list[str]) -> int:
    wrong = 0
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            pods = Path(folder) if name.startswith("exec.") else None
            async with grounds.devcluster(http=False, folder=pods) as ground:
                steps = await catalogue.run(catalogue.conversations()[name], Talk(ground))
        verdict = judge(catalogue.load(name), steps, catalogue.accepted(name))
        if verdict:
            wrong += 1
            print(f"== {name}\n{verdict}")
    return wrong


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="conformance", description=__doc__)
    parser.add_argument("command", choices=("record", "compare"))
    parser.add_argument("names", nargs="*", default=["*"])
    parser.add_argument("--cluster", default="main")
    arguments = parser.parse_intermixed_args()
    names = [name for name in catalogue.conversations() if any(fnmatchcase(name, pattern) for pattern in arguments.names)]
    work = _record(names, arguments.cluster) if arguments.command == "record" else _compare(names)
    sys.exit(asyncio.run(work))


if __name__ == "__main__":
    main()
