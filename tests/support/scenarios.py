"""Scenes of a cluster's life for the kill tests: what the user and the world do, and how it must end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from support.bodies import Json, cluster, workers
from support.fuse import Fuse, FusedGuests, FusedTransport
from support.golden import virtually
from support.stack import Stack, run

from kdasync.devcluster.inprocess import InProcessTransport
from kdasync.guest.order import Order, Outcome, Result
from kdasync.reconcile.jobs import Target

Act = Callable[[Stack], Awaitable[None]]


class Scene(msgspec.Struct, frozen=True):
    """`members` workers exist (None: no cluster yet) when the first action is counted; then `act` happens."""

    act: Act
    members: int | None = None


class End(msgspec.Struct, frozen=True):
    """What is compared. `calls`: arguments by pod, in order; `runs`: (container, event, attempt) of every script started."""

    status: Json
    objects: list[Json]
    calls: dict[str, list[str]]
    runs: list[tuple[str, str, int]]
    actions: list[str]


async def create(stack: Stack) -> None:
    await stack.create("kubedirectorclusters", cluster(workers=2))


async def grow(stack: Stack) -> None:
    await stack.merge("one", workers(2))


async def shrink(stack: Stack) -> None:
    await stack.merge("one", workers(1))


async def restart(stack: Stack) -> None:
    stack.runtime.find("default", list(stack.members("one"))[1]).kill()
    await stack.until(lambda: not stack.configured("one"))


async def fail_once(stack: Stack) -> None:
    def script(_target: Target, order: Order) -> tuple[float, Result]:
        wrong = order.provenance.role == "worker" and order.attempt == 1
        return 1.0, Result(outcome=Outcome.SCRIPT_FAILED if wrong else Outcome.DONE, exit_code=int(wrong))

    stack.guests.script = script
    await stack.create("kubedirectorclusters", cluster(workers=1))


async def delete(stack: Stack) -> None:
    await stack.send("DELETE", "/apis/kubedirector.hpe.com/v1beta1/namespaces/default/kubedirectorclusters/one")


SCENES = {
    "create": Scene(create),
    "grow": Scene(grow, 1),
    "shrink": Scene(shrink, 2),
    "restart": Scene(restart, 1),
    "fail-once": Scene(fail_once),
    "delete": Scene(delete, 1),
}


def played(name: str, *, at: int | None = None, after: bool = False, forgetful: bool = False) -> End:
    """A scene with the operator killed at action `at`; `forgetful` guests lose their claims then."""
    end: End = virtually(_play(name, at, after=after, forgetful=forgetful))
    return end


async def _play(name: str, at: int | None, *, after: bool, forgetful: bool) -> End:
    scene = SCENES[name]
    async with run(start=False) as stack:
        fuse = Fuse(at, after=after)
        stack.start_operator(
            transport=FusedTransport(InProcessTransport(stack.server), fuse), guests=FusedGuests(stack.guests, fuse)
        )
        if scene.members is not None:
            await stack.create("kubedirectorclusters", cluster(workers=scene.members))
            await stack.until(lambda: stack.configured("one"))
        fuse.arm()
        pause = 0.1 if (at or 0) % 2 else 5.0
        successor = asyncio.get_running_loop().create_task(_succeed(stack, fuse, pause=pause, forgetful=forgetful))
        await scene.act(stack)
        await _rest(stack, gone=name == "delete")
        successor.cancel()
        await asyncio.gather(successor, return_exceptions=True)
        assert fuse.blown.is_set() is (at is not None), f"{name}: {at} of {len(fuse.actions)} actions"
        return _end(stack, fuse)


async def _succeed(stack: Stack, fuse: Fuse, *, pause: float, forgetful: bool) -> None:
    await fuse.blown.wait()
    await stack.kill_operator()
    if forgetful:
        stack.guests.claims.clear()
    await asyncio.sleep(pause)
    stack.start_operator()


async def _rest(stack: Stack, *, gone: bool) -> None:
    """The end must be reached, and must stay."""
    for _ in range(2):
        await stack.until(
            (lambda: not stack.all("pods") and not stack.all("services")) if gone else lambda: stack.configured("one")
        )
        await asyncio.sleep(30)


def _end(stack: Stack, fuse: Fuse) -> End:
    calls: dict[str, list[str]] = {}
    for pod, args in stack.guests.calls:
        calls.setdefault(pod, []).append(args)
    runs = [(order.container, order.event, order.attempt) for order in stack.guests.orders if order.args]
    objects = [item for plural in ("statefulsets", "services", "pods", "kubedirectorclusters") for item in stack.all(plural)]
    return End(_plain(stack.status("one")), [_object(item) for item in objects], calls, runs, fuse.actions)


def _plain(status: Json) -> Json:
    """The status but for times, container ids and the bookkeeping of attempts."""
    shown: Json = {key: value for key, value in status.items() if key not in ("generationUID", "kdasync", "conditions")}
    shown["conditions"] = [(c["type"], c["status"], c["reason"]) for c in status.get("conditions", [])]
    for role in shown.get("roles", []):
        for member in role["members"]:
            member["stateDetail"] = {**member["stateDetail"], "lastConfiguredContainer": "*"}
    memory = status.get("kdasync", {})
    shown["memory"] = [memory.get(key) for key in ("state", "epoch", "seq", "log", "connectionVersion", "connectionHash", "doomed")]
    shown["told"] = [(m["nodeID"], m["state"], m.get("told"), m.get("run")) for m in memory.get("members", [])]
    return shown


def _object(item: Json) -> tuple[Any, ...]:
    meta = item["metadata"]
    return meta["name"], meta.get("labels"), meta.get("annotations"), meta.get("finalizers"), item["spec"].get("replicas")
