"""The six steps. Each returns the sentence that says what proved it; whatever is not true raises `Unproven`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from kdasync.cli.demo.dask import SCHEDULER, WORKER, Dask
from kdasync.cli.demo.stage import Stage, Unproven

Kill = Callable[[str], Awaitable[None]]
"""Ends the main process of a pod's app container by a signal."""
_MIB = 8


def titles(*, local: bool, keep: bool) -> tuple[str, ...]:
    """What each step is called. On a cluster of the user's, nobody inside can send SIGKILL to a container's first process."""
    found = (
        "create a scheduler and two workers",
        "run a job on the workers",
        "scale out to three workers",
        "scale in to two, keeping what only the third holds",
        f"{'kill -9' if local else 'kill -TERM'} a worker's main process",
        "delete the cluster",
    )
    return found[:-1] if keep else found


class Story:
    """A Dask cluster's life; `acts` has one coroutine function for each title. `gone` is called once everything is."""

    def __init__(self, stage: Stage, kill: Kill, *, gone: Callable[[], None]) -> None:
        self._stage = stage
        self._gone = gone
        self._kill = kill
        self._dask = Dask(stage)
        self.acts: tuple[Callable[[], Coroutine[Any, Any, str]], ...] = (
            self.create,
            self.work,
            self.scale_out,
            self.scale_in,
            self.heal,
            self.delete,
        )

    async def create(self) -> str:
        """Apply, wait, and ask the scheduler whom it knows."""
        await self._stage.create()
        await self._stage.ready()
        await self._known(2)
        return "the scheduler knows both workers"

    async def work(self) -> str:
        """The job's own result, and where it ran."""
        answer = await self._dask.primes()
        _check(answer.primes == answer.expected, f"{answer.primes} primes instead of {answer.expected}")
        _check(len(answer.workers) == len(await self._stage.members(WORKER)), f"only {answer.workers} worked")
        return f"{answer.primes} primes below two million, right, counted by {len(answer.workers)} workers"

    async def scale_out(self) -> str:
        """One more."""
        before = set(await self._stage.members(WORKER))
        await self._stage.scale(WORKER, 3)
        await self._stage.ready()
        known = await self._known(3)
        return f"the scheduler knows {', '.join(sorted(set(known) - before))}, too"

    async def scale_in(self) -> str:
        """The worker that leaves holds a result that cannot be computed again."""
        leaving = (await self._stage.members(WORKER))[-1]
        pinned = await self._dask.pin(leaving)
        _check(pinned.holders == (leaving,), f"the result lies on {pinned.holders}, not on {leaving} alone")
        await self._stage.scale(WORKER, 2)
        await self._stage.ready()
        _check(await self._stage.container(leaving) is None, f"pod {leaving} is still there")
        kept = await self._dask.read()
        known = await self._agree(kept.known, 2)
        _check(kept.sha256 == pinned.sha256, "the result has changed")
        _check(set(kept.holders) <= set(known), f"{kept.holders} hold the result")
        return f"the scheduler has forgotten {leaving}; its {_MIB} MiB are intact on {', '.join(kept.holders)}"

    async def heal(self) -> str:
        """Kill one; the same member is back with another container."""
        victim = (await self._stage.members(WORKER))[0]
        before = await self._stage.container(victim)
        old = before.container_id if before else None
        await self._kill(victim)
        await self._stage.until(f"{victim} to run in another container", lambda: self._another(victim, old))
        await self._stage.ready()
        answer = await self._dask.primes()
        _check(answer.primes == answer.expected, f"{answer.primes} primes instead of {answer.expected}")
        await self._agree(answer.known, 2)
        _check(victim in answer.workers, f"{victim} does not work: {answer.workers}")
        after = await self._stage.container(victim)
        ended = after.last_state.terminated if after else None
        code = ended.exit_code if ended else "?"
        return f"exit code {code}; container {_short(old)} became {_short(after.container_id if after else None)}; it works again"

    async def delete(self) -> str:
        """Nothing of it is left."""
        await self._stage.delete()
        await self._stage.gone()
        self._gone()
        return "no pod, service, set, claim or journal is left"

    async def _known(self, count: int) -> list[str]:
        """Ask the scheduler whom it knows."""
        return await self._agree(await self._dask.workers(), count)

    async def _agree(self, known: Sequence[str], count: int) -> list[str]:
        """The workers that the scheduler knows are exactly the members, `count` of them."""
        members = sorted(await self._stage.members(WORKER))
        _check(len(members) == count, f"the status has {len(members)} workers instead of {count}")
        _check(list(known) == members, f"the {SCHEDULER} knows {list(known)} instead of {members}")
        return members

    async def _another(self, pod: str, old: str | None) -> bool:
        """True once the operator has configured the pod's new container."""
        now = await self._stage.container(pod)
        status = (await self._stage.cluster()).status
        members = [member for role in (status.roles if status else []) for member in role.members]
        configured = {member.pod: member.state_detail.last_configured_container for member in members}
        return now is not None and now.container_id not in {None, "", old} and configured.get(pod) == now.container_id


def _check(true: bool, otherwise: str) -> None:
    if not true:
        raise Unproven(otherwise)


def _short(container: str | None) -> str:
    return (container or "?").rpartition("/")[2][:12]
