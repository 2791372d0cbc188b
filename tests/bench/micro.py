"""The small numbers, as ratios taken in one run: what they are measured against is in the same row."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import time
import tracemalloc
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import virtual
from quiet import silence
from report import Report, finish, machine, parser

from kdasync.devcluster.runtime.simguest import ScriptEnd
from kdasync.devcluster.runtime.simulated_container import SimulatedContainer
from kdasync.kube.change import decoder
from kdasync.kube.resource import APPS, CLAIMS, CLUSTERS, CONFIGS, PODS, SERVICES, STATEFUL_SETS, Resource
from kdasync.reconcile.decide import decide
from kdasync.reconcile.draft import Chance
from kdasync.reconcile.observe import observe
from kdasync.reconcile.stores import Stores
from kdasync.settings import Settings
from kdasync.store.store import Store
from kdasync.workqueue.queue import WorkQueue
from kdasync.workqueue.runner import Done, Runner
from statemachines.machine import step
from statemachines.member import CONFIGURED, CONFIGURING, MEMBER, PREPARING
from statemachines.seen import MemberSeen

NOTE = """Each time is the best of several repeats, taken in turns with what it is compared to. Pods and events are those of devcluster
(about 7 KB; a kubelet's may be larger, which only helps the typed decoder, since it skips what it does not read)."""


def timed(work: Callable[[], object], count: int = 2000) -> float:
    """Microseconds a call."""
    start = time.perf_counter()
    for _ in range(count):
        work()
    return (time.perf_counter() - start) / count * 1e6


def versus(work: Callable[[], object], yardstick: Callable[[], object], count: int = 2000) -> tuple[float, float]:
    """Best of seven each, in turns."""
    pairs = [(timed(work, count), timed(yardstick, count)) for _ in range(7)]
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)


def _shelves(stores: Stores) -> tuple[tuple[str, Resource[Any], Store[Any]], ...]:
    return (
        ("/pods", PODS, stores.pods),
        ("/services", SERVICES, stores.services),
        ("apps/statefulsets", STATEFUL_SETS, stores.statefulsets),
        ("kubedirector.hpe.com/kubedirectorclusters", CLUSTERS, stores.clusters),
        ("kubedirector.hpe.com/kubedirectorapps", APPS, stores.apps),
        ("kubedirector.hpe.com/kubedirectorconfigs", CONFIGS, stores.configs),
        ("/persistentvolumeclaims", CLAIMS, stores.claims),
    )


def _line(data: bytes) -> bytes:
    return b'{"type":"MODIFIED","object":' + data + b"}"


async def decoding(report: Report) -> None:
    """Needs a cluster of five configured members."""
    async with virtual.virtual() as stack:
        await stack.create(1, 5)
        await asyncio.sleep(30)
        pod = stack.dev.storage.list("/pods")[0]
        line, decode = _line(pod.data), decoder(PODS.type).decode
        typed, plain = versus(lambda: decode(line), lambda: json.loads(line))
        report.add(f"typed decode of a pod event ({len(line):,} bytes)", typed, "us")
        report.add("json.loads of the same", plain, "us")
        report.add("ratio: typed decode / json.loads", typed / plain, most=0.25)
        operator = stack.operator
        assert operator.reconciler is not None
        key = ("default", "bench-000")
        memory, cluster = operator.reconciler.memory(key), operator.stores.clusters.get(*key)
        assert memory is not None
        assert cluster is not None
        chance, settings, now = Chance(lambda: 0.5, lambda: ""), Settings(), stack.dev.plane.environment.clock()

        def plan() -> object:
            operator.stores.pods.observe(decode(line).object)
            return decide(observe(operator.stores, settings, cluster, now=now, jobs={}), memory, chance)

        planned, plain = versus(plan, lambda: json.loads(line), 500)
        assert not decide(observe(operator.stores, settings, cluster, now=now, jobs={}), memory, chance).records
        report.add("pod event -> store -> snapshot -> plan, cluster of 5 at rest", planned, "us")
        report.add("ratio: event -> plan / json.loads of the event", planned / plain, most=1.0)


def stepping(report: Report) -> None:
    table = {(CONFIGURING, "run_done"): CONFIGURED}
    seen, rest = MemberSeen(run_done=True, intact=True, wanted=True), MemberSeen(wanted=True, intact=True, container_running=True)
    fired = step(MEMBER, PREPARING, MemberSeen(run_launched=True, wanted=True))
    assert fired is not None
    done = step(MEMBER, CONFIGURING, seen)
    assert done is not None
    assert done.dest == CONFIGURED
    stepped, looked = versus(lambda: step(MEMBER, CONFIGURING, seen), lambda: table[(CONFIGURING, "run_done")], 5000)
    idle, _ = versus(lambda: step(MEMBER, CONFIGURED, rest), lambda: table[(CONFIGURING, "run_done")], 5000)
    report.add("step() that fires", stepped, "us")
    report.add("step() of a member at rest", idle, "us")
    report.add("dict look-up in the same process", looked, "us")
    report.add("ratio: step() that fires / dict look-up", stepped / looked, most=150)


async def queueing(report: Report) -> None:
    loop = asyncio.get_running_loop()
    queue: WorkQueue[tuple[str, str]] = WorkQueue(settings=Settings(), clock=loop.time, random=lambda: 0.5)
    keys = [("default", f"bench-{index}") for index in range(1000)]
    count = 100
    start = time.perf_counter()
    for _ in range(count):
        for key in keys:
            queue.add(key)
        for _ in keys:
            queue.done(await queue.get())
    report.add("queue: add, get and done of one key", (time.perf_counter() - start) / count / len(keys) * 1e6, "us")
    queue.add(keys[0])
    folded = timed(lambda: queue.add(keys[0]), 100_000)
    report.add("queue: an event on a key that waits already", folded, "us")
    queue.close()


async def bursts(report: Report) -> None:
    loop = asyncio.get_running_loop()
    for busy in (False, True):
        queue: WorkQueue[str] = WorkQueue(settings=Settings(), clock=loop.time, random=lambda: 0.5)
        runs = 0

        async def work(_key: str) -> Done:
            nonlocal runs
            runs += 1
            await asyncio.sleep(1)
            return Done()

        runner = Runner(queue, work, workers=4, report=lambda *_: None)
        task = loop.create_task(runner.run())
        if busy:
            queue.add("one")
            await asyncio.sleep(0.5)
        for _ in range(10):
            queue.add("one")
        await asyncio.sleep(10)
        report.add(
            f"runs for a burst of 10 events on a key{' that is in work (its run counted)' if busy else ''}", runs, most=1 + busy
        )
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        queue.close()


async def remembering(report: Report) -> None:
    members = 500
    async with virtual.virtual() as stack:
        await stack.create(100, 5)
        await asyncio.sleep(30)
        data = {shelf: [entry.data for entry in stack.dev.storage.list(shelf)] for shelf, _, _ in _shelves(Stores())}
    for kinds, name in (((("/pods",)), "pods alone"), (tuple(data), "pods, services, stateful sets, clusters with status")):
        stores, used = _filled(data, kinds)
        most = 6 * 1024 if len(kinds) > 1 else None
        report.add(f"bytes per idle member in the stores: {name}", used / members, "bytes", most=most)
        assert len(stores.pods) == members


def _filled(data: dict[str, list[bytes]], kinds: tuple[str, ...]) -> tuple[Stores, int]:
    gc.collect()
    tracemalloc.start()
    stores = Stores()
    for shelf, resource, store in _shelves(stores):
        for item in _decoded(resource, data[shelf] if shelf in kinds else []):
            store.observe(item)
    gc.collect()
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return stores, used


def _decoded(resource: Resource[Any], lines: list[bytes]) -> Iterator[Any]:
    decode = decoder(resource.type).decode
    return (decode(_line(data)).object for data in lines)


async def rolling(report: Report) -> None:
    """Setup scripts take 2 to 12 s, so that members settle one by one."""
    random = Random(1)  # noqa: S311 - repeatable

    def scripts(_container: SimulatedContainer, event: str, _args: tuple[str, ...]) -> ScriptEnd:
        return ScriptEnd(seconds=random.uniform(2, 12) if event == "configure" else 1)

    async with virtual.virtual(scripts) as stack:
        await stack.create(1, 10)
        await asyncio.sleep(30)
        counts = stack.counts()
        report.add(
            "status writes in a roll-out of 10 members (scripts of 2 to 12 s)", counts["patch kubedirectorclusters/status"], most=35
        )
        report.add("execs per configured member in it", counts["exec pods/exec"] / len(stack.stamps.configured), most=3)


def measure() -> Report:
    report = Report("micro: ratios", note=NOTE)
    virtual.run(lambda: decoding(report))
    stepping(report)
    asyncio.run(queueing(report))
    virtual.run(lambda: bursts(report))
    virtual.run(lambda: remembering(report))
    virtual.run(lambda: rolling(report))
    return report


def main() -> None:
    arguments: argparse.Namespace = parser(__doc__ or "").parse_args()
    silence()
    facts = machine()
    finish([measure()], facts, arguments.output)


if __name__ == "__main__":
    main()
