"""The story believes the app only: each lie of app or status makes its step fail."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from kdasync.api.cluster import ClusterStatus, KubeDirectorCluster, Member, RoleStatus, StateDetail
from kdasync.api.workloads import ContainerState, ContainerStatus, StateTerminated
from kdasync.cli.demo.stage import Output, Unproven
from kdasync.cli.demo.story import Story, titles


class PretendStage:
    """A cluster that works, and Dask on it, in memory; `lie` changes an answer of the app."""

    def __init__(self) -> None:
        self.workers = 0
        self.containers = {f"w-{ordinal}": 0 for ordinal in range(3)}
        self.holder = ""
        self.deleted = False
        self.lie: Callable[[str, dict[str, Any]], None] = lambda _question, _answer: None
        self.stays = False

    async def create(self) -> None:
        self.workers = 2

    async def ready(self) -> None:
        return

    async def members(self, role: str) -> list[str]:
        return ["s-0"] if role == "scheduler" else [f"w-{ordinal}" for ordinal in range(self.workers)]

    async def scale(self, role: str, count: int) -> None:
        assert role == "worker"
        self.workers = count
        self.holder = "w-0"

    async def container(self, pod: str) -> ContainerStatus | None:
        if pod not in await self.members("worker") and not self.stays:
            return None
        ended = ContainerState(terminated=StateTerminated(exit_code=137)) if self.containers[pod] else ContainerState()
        return ContainerStatus(name="app", container_id=f"x://{pod}-{self.containers[pod]}", last_state=ended)

    async def kill(self, pod: str) -> None:
        self.containers[pod] += 1

    async def cluster(self) -> KubeDirectorCluster:
        found = [
            Member(pod=pod, state_detail=StateDetail(last_configured_container=f"x://{pod}-{self.containers[pod]}"))
            for pod in await self.members("worker")
        ]
        return KubeDirectorCluster(status=ClusterStatus(roles=[RoleStatus(id="worker", members=found)]))

    async def run(self, pod: str, command: tuple[str, ...], stdin: bytes = b"") -> Output:
        assert (pod, command[:2], b"primes" in stdin) == ("s-0", ("python3", "-"), True)
        known = await self.members("worker")
        if command[2] == "pin":
            self.holder = command[4]
        digest = hashlib.sha256(b"kept").hexdigest()
        answer = {"primes": 5, "expected": 5, "workers": known, "known": known, "holders": [self.holder], "sha256": digest}
        self.lie(command[2], answer)
        return Output(0, msgspec.json.encode(answer).decode(), "")

    async def until(self, what: str, check: Callable[[], Any]) -> None:
        assert await check(), what

    async def delete(self) -> None:
        self.deleted = True

    async def gone(self) -> None:
        assert self.deleted


async def tell(stage: PretendStage) -> list[str]:
    gone: list[bool] = []
    story = Story(stage, stage.kill, gone=lambda: gone.append(True))  # type: ignore[arg-type]
    told = [await act() for act in story.acts]
    assert gone == [True]
    return told


async def test_a_cluster_that_works_passes_every_step() -> None:
    told = await tell(PretendStage())
    assert len(told) == len(titles(local=True, keep=False)) == 6
    assert told[3] == "the scheduler has forgotten w-2; its 8 MiB are intact on w-0"
    assert told[4] == "exit code 137; container w-0-0 became w-0-1; it works again"


def test_what_is_to_be_kept_is_not_deleted() -> None:
    assert titles(local=False, keep=True)[-1] == "kill -TERM a worker's main process"


def lies(question: str, **wrong: Any) -> Callable[[str, dict[str, Any]], None]:
    return lambda asked, answer: answer.update(wrong) if asked == question else None


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        (lies("workers", workers=["w-0"]), "knows"),
        (lies("primes", primes=4), "4 primes instead of 5"),
        (lies("primes", workers=["w-0"]), "worked"),
        (lies("pin", holders=["w-0", "w-2"]), "not on w-2 alone"),
        (lies("read", sha256="other"), "the result has changed"),
        (lies("read", holders=["w-2"]), "hold the result"),
        (lies("read", known=["w-0", "w-1", "w-2"]), "knows"),
    ],
)
async def test_a_lie_of_the_app_is_seen(lie: Callable[[str, dict[str, Any]], None], why: str) -> None:
    stage = PretendStage()
    stage.lie = lie
    with pytest.raises(Unproven, match=why):
        await tell(stage)


async def test_a_pod_that_should_be_gone_is_seen() -> None:
    stage = PretendStage()
    stage.stays = True
    with pytest.raises(Unproven, match="pod w-2 is still there"):
        await tell(stage)
