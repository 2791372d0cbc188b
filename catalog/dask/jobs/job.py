# ruff: noqa: INP001 - a program, not a package
"""Work for a Dask cluster, to be run inside one of its pods: `python3 - COMMAND < job.py`. Prints one line of JSON.

Why one file on stdin: a check of the app must need nothing in the image but the app itself, and must not trust the operator's status.

    primes                 count the primes below two million in 200 tasks on all workers; exit 1 if the count is wrong
    workers                the names of the workers that the scheduler knows
    pin NAME WORKER        make 8 MiB of random bytes on that worker only, and publish them under NAME
    (all)                  `known`: the names of the workers that the scheduler knows
    read NAME              read them back: where they are now, and their checksum (random bytes cannot be computed again)
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from distributed import Client, Future, wait

LIMIT, TASKS, PRIMES = 2_000_000, 200, 148_933
SIZE = 8 * 1024 * 1024
SECONDS = 60


def scheduler() -> str:
    """Its address, from the cluster's own description."""
    meta = json.loads(Path(os.environ.get("KD_CONFIGMETA", "/etc/guestconfig/configmeta.json")).read_text(encoding="utf-8"))
    return f"tcp://{meta['nodegroups']['1']['roles']['scheduler']['fqdns'][0]}:8786"


def count_primes(low: int, high: int) -> int:
    """Primes in [low, high), by a sieve of that stretch alone."""
    sieve = bytearray([1]) * (high - low)
    for divisor in range(2, int(high**0.5) + 1):
        first = max(divisor * divisor, -(-low // divisor) * divisor)
        sieve[first - low :: divisor] = bytes(len(range(first, high, divisor)))
    return sum(sieve) - max(0, 2 - low)


def names(client: Client) -> dict[str, str]:
    """Address -> name of every worker that the scheduler knows."""
    return {address: str(worker["name"]) for address, worker in client.scheduler_info(n_workers=-1)["workers"].items()}


def holders(client: Client, future: Future) -> list[str]:
    """Names of the workers that hold this result."""
    known = names(client)
    return sorted({known.get(address, address) for found in client.who_has([future]).values() for address in found})


def primes(client: Client) -> tuple[dict[str, Any], bool]:
    """The real job."""
    step = LIMIT // TASKS
    counts = client.map(count_primes, range(0, LIMIT, step), range(step, LIMIT + step, step), pure=False)
    total = client.submit(sum, counts).result(timeout=2 * SECONDS)
    known = names(client)
    used = {known.get(address, address) for found in client.who_has(counts).values() for address in found}
    return {"primes": total, "expected": PRIMES, "workers": sorted(used)}, total == PRIMES


def workers(client: Client) -> tuple[dict[str, Any], bool]:
    """Whom the scheduler knows."""
    return {"workers": sorted(names(client).values())}, True


def pin(client: Client, name: str, worker: str) -> tuple[dict[str, Any], bool]:
    """A result on one worker, kept after this client is gone."""
    future = client.submit(os.urandom, SIZE, workers=[worker], allow_other_workers=False, pure=False)
    wait(future, timeout=SECONDS)
    client.publish_dataset(future, name=name, override=True)
    return {"holders": holders(client, future), "sha256": hashlib.sha256(future.result()).hexdigest()}, True


def read(client: Client, name: str) -> tuple[dict[str, Any], bool]:
    """The same result again."""
    future = client.get_dataset(name)
    data = future.result(timeout=SECONDS)
    return {"holders": holders(client, future), "sha256": hashlib.sha256(data).hexdigest()}, len(data) == SIZE


def main(command: str, *arguments: str) -> int:
    """Run one command; the exit code says whether its result is right."""
    with Client(scheduler(), timeout=SECONDS) as client:
        report, right = {"primes": primes, "workers": workers, "pin": pin, "read": read}[command](client, *arguments)
        report["known"] = sorted(names(client).values())
    sys.stdout.write(json.dumps(report) + "\n")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
