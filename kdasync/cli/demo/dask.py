"""What the demo asks Dask itself, by programs that run inside the scheduler's pod: see `catalog/dask/jobs/job.py`."""

from __future__ import annotations

import msgspec

from kdasync.cli.data import data_folder
from kdasync.cli.demo.stage import Output, Stage, Unproven

SCHEDULER, WORKER = "scheduler", "worker"
RESULT = "kept"


class Answer(msgspec.Struct, frozen=True):
    """One line of JSON that a program printed."""

    primes: int = 0
    expected: int = 0
    workers: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    sha256: str = ""


class Dask:
    """The probe."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._program = (data_folder("catalog") / "dask" / "jobs" / "job.py").read_bytes()

    async def primes(self) -> Answer:
        """Run the job: count primes on all workers."""
        return await self._ask("primes")

    async def workers(self) -> list[str]:
        """Whom the scheduler knows, sorted."""
        return sorted((await self._ask("workers")).workers)

    async def pin(self, worker: str) -> Answer:
        """Random bytes on that worker only."""
        return await self._ask("pin", RESULT, worker)

    async def read(self) -> Answer:
        """The same bytes again."""
        return await self._ask("read", RESULT)

    async def _ask(self, *arguments: str) -> Answer:
        pod = (await self._stage.members(SCHEDULER))[0]
        output = await self._stage.run(pod, ("python3", "-", *arguments), self._program)
        return _answer(" ".join(arguments), output)


def _answer(question: str, output: Output) -> Answer:
    try:
        answer = msgspec.json.decode(output.stdout, type=Answer)
    except msgspec.DecodeError as error:
        raise Unproven(f"job.py {question} ended with {output.code}: {output.stdout}{output.stderr}") from error
    if output.code:
        raise Unproven(f"job.py {question} says its result is wrong: {output.stdout}")
    return answer
