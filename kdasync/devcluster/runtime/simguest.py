"""A guest without processes: the launcher's protocol, played on any clock.

Why: what `guest/launcher.sh` does in a real container must be simulated by the thousand and on virtual time, with the same answers;
one suite (tests/guest) runs against both.

Flow: an exec of the boot command reads its bundle, claims the run in the container's memory, starts the script as detached work of
the container, and reports until it ends. What a script does is a function: (container, event, arguments) -> ScriptEnd.

Guarantees: a run starts at most once per (container, event, attempt); `starts` has every start, in order. What a container keeps on
a volume mounted at (or above) /opt/guestconfig survives it; the rest is gone with it.

Assumptions: one event loop; the guest has tar (the script encoding is answered with `BundleCut`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from kdasync.devcluster.runtime.simguest_bundle import Bundle, read_bundle
from kdasync.devcluster.runtime.simulated_container import ExecCall, SimulatedContainer

_PLACE = "/opt/guestconfig"
_TERMINATED = 143


class ScriptEnd(msgspec.Struct, frozen=True, kw_only=True):
    """What a script does. `seconds` until it ends, None = never; `reason` and `detail` as the launcher finds them."""

    seconds: float | None = 0
    exit_code: int = 0
    stdout: str = ""
    stderr: str = ""
    reason: str = ""
    detail: str = ""


class Start(msgspec.Struct, frozen=True):
    """A script that was started."""

    pod: str
    container: str
    event: str
    attempt: int
    args: tuple[str, ...]


Scripts = Callable[[SimulatedContainer, str, tuple[str, ...]], ScriptEnd]


class Run:
    """A claimed run: `code` None and `lost` False while it works."""

    def __init__(self, end: ScriptEnd) -> None:
        self.end = end
        self.code: int | None = None
        self.lost = False
        self.over = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def close(self, *, code: int | None = None) -> None:
        """It ended with `code`, or is lost."""
        if not self.over.is_set():
            self.code, self.lost = code, code is None
            self.over.set()


class Memory:
    """What one container's guest remembers; `kept` is what lies on its volume."""

    def __init__(self, incarnation: str, kept: dict[str, Any]) -> None:
        self.incarnation = incarnation
        self.kept = kept
        self.commit = 0
        self.runs: dict[str, Run] = {}
        self.holder = ""  # the run that is being prepared
        self.free = asyncio.Event()
        self.configmeta = b""

    def at_work(self) -> str:
        """Name of the run that holds the run lock, or empty."""
        return self.holder or next((name for name, run in self.runs.items() if not run.over.is_set()), "")


def _succeed(_container: SimulatedContainer, _event: str, _args: tuple[str, ...]) -> ScriptEnd:
    return ScriptEnd()


class SimGuest:
    """The guest of every container of a simulated runtime.

    Attributes:
        scripts: what scripts do; a test may replace it.
        shell: whether containers have `sh`; python: whether they have Python.
        prepare_seconds: from the bundle's arrival until the script starts.
        starts: every script that was started.
        execs: how many execs were answered.
    """

    def __init__(self, scripts: Scripts = _succeed) -> None:
        self.scripts = scripts
        self.shell = True
        self.python = True
        self.prepare_seconds = 0.0
        self.starts: list[Start] = []
        self.execs = 0
        self._incarnations = 0

    async def main(self, container: SimulatedContainer) -> int:
        """Init containers end at once, others run for ever."""
        if not container.spec.name.startswith("init"):
            await asyncio.Event().wait()
        return 0

    def finds(self, container: SimulatedContainer, executable: str) -> bool:  # noqa: ARG002 - part of the contract
        """Only `sh` can be missing."""
        return self.shell or executable != "sh"

    async def exec(self, call: ExecCall) -> int:
        """Answer an order; any other command succeeds without output."""
        self.execs += 1
        data = await call.read_all()
        if call.command[:2] == ("sh", "-c") and len(call.command) > 4:  # noqa: PLR2004 - boot text, name, encoding
            await _Answering(self, call).answer(read_bundle(data))
        return 0

    def memory(self, container: SimulatedContainer) -> Memory:
        """What a container's guest remembers."""
        if "guest" not in container.disk:
            self._incarnations += 1
            container.disk["guest"] = Memory(f"simulated-{self._incarnations}", _kept(container))
        memory: Memory = container.disk["guest"]
        return memory

    def lose(self, container: SimulatedContainer) -> None:
        """Kill the script that runs in a container, with its wrapper: nobody will know its exit code."""
        for run in self.memory(container).runs.values():
            if run.task:
                run.task.cancel()
            run.close()

    def start(self, container: SimulatedContainer, bundle: Bundle) -> Run:
        """Start the script of a bundle as detached work of the container."""
        self.starts.append(
            Start(container.sandbox.name, self.memory(container).incarnation, bundle.event, bundle.attempt, bundle.args)
        )
        run = Run(self.scripts(container, bundle.event, bundle.args))
        run.task = container.spawn(_play(run, self.memory(container), bundle))
        return run


def _kept(container: SimulatedContainer) -> dict[str, Any]:
    for mount in container.spec.mounts:
        if mount.source and f"{_PLACE}/".startswith(f"{mount.path.rstrip('/')}/"):
            return container.volume(mount.source)
    return container.disk


async def _play(run: Run, memory: Memory, bundle: Bundle) -> None:
    await (asyncio.Event().wait() if run.end.seconds is None else asyncio.sleep(run.end.seconds))
    finish_run(run, memory, bundle, run.end.exit_code)


def finish_run(run: Run, memory: Memory, bundle: Bundle, code: int) -> None:
    """The script ended: record the code, for KubeDirector too if it was a setup."""
    run.close(code=code)
    if bundle.flag("SETUP"):
        memory.kept["status"] = f"{bundle.container}={code}"
        memory.kept["output"] = (run.end.stdout, run.end.stderr)


class _Answering:
    """One exec."""

    def __init__(self, guest: SimGuest, call: ExecCall) -> None:
        self._guest = guest
        self._call = call
        self._memory = guest.memory(call.container)

    def _say(self, *words: str) -> None:
        self._call.write(1, f"kd {' '.join(words)}\n".encode())

    def _finish(self, outcome: str, code: int | None = None, reason: str = "", detail: str = "") -> None:
        self._say("result", outcome, "-" if code is None else str(code), reason or "-")
        for line in detail.splitlines():
            self._say("detail", line)
        self._say("end")

    def _tails(self, stdout: str, stderr: str, limit: int) -> None:
        for word, text in (("stdout", stdout), ("stderr", stderr)) if limit else ():
            *lines, rest = text.encode()[-limit:].decode("utf-8", "replace").split("\n")
            for line in lines:
                self._say(word, line)
            if rest:
                self._say(f"{word}=", rest)
        if not self._guest.python:
            self._say("note", "no-python")

    async def answer(self, bundle: Bundle | None) -> None:
        """As `deliver` of the launcher."""
        if bundle is None:
            self._finish("broken", reason="BundleCut", detail="The bundle did not arrive whole.")
            return
        self._say("hello", self._memory.incarnation)
        if bundle.commit < self._memory.commit:
            self._finish("stale", detail=f"commit {self._memory.commit} was here before {bundle.commit}")
        elif bundle.flag("STOP"):
            self._stop(bundle)
        elif bundle.flag("PROBE"):
            self._probe(bundle)
        else:
            await self._run(bundle)

    async def _run(self, bundle: Bundle) -> None:
        while self._memory.holder == bundle.run:
            await self._memory.free.wait()
        run = self._memory.runs.get(bundle.run)
        if run is None:
            other = self._memory.at_work()
            if other:
                self._finish("busy", detail=f"{other} is at work")
                return
            run = await self._claim(bundle)
        if run is not None:
            await self._attend(bundle, run)

    async def _claim(self, bundle: Bundle) -> Run | None:
        """Prepare and start; None if the order is over."""
        self._memory.holder = bundle.run
        self._memory.free.clear()
        self._say("claimed")
        try:
            self._memory.commit = bundle.commit
            await asyncio.sleep(self._guest.prepare_seconds)
            if self._call.container.behaviour.disk_full:
                self._finish("broken", reason="GuestWriteFailed", detail="cat: write error: No space left on device")
                return None
            self._write(bundle)
            if bundle.args:
                run = self._memory.runs[bundle.run] = self._guest.start(self._call.container, bundle)
                return run
        finally:
            self._memory.holder = ""
            self._memory.free.set()
        return self._nothing_to_run(bundle)

    def _nothing_to_run(self, bundle: Bundle) -> Run:
        run = self._memory.runs[bundle.run] = Run(ScriptEnd())
        run.close(code=0)
        run.code = None
        if bundle.flag("SETUP"):
            self._memory.kept["status"] = f"{bundle.container}=0"
        return run

    def _write(self, bundle: Bundle) -> None:
        if bundle.configmeta is not None:
            self._memory.configmeta = bundle.configmeta
        if bundle.flag("SETUP"):
            self._memory.kept.update(provenance=bundle.provenance, status=f"{bundle.container}=")

    async def _attend(self, bundle: Bundle, run: Run) -> None:
        if bundle.args:
            self._say("launched")
        while not run.over.is_set():
            try:
                async with asyncio.timeout(bundle.beat):
                    await run.over.wait()
            except TimeoutError:
                self._say("beat")
        self._report(bundle, run)

    def _report(self, bundle: Bundle, run: Run) -> None:
        if run.lost:
            self._tails(run.end.stdout, run.end.stderr, bundle.tail)
            self._finish("lost", detail="The run was claimed, but its process is gone without an exit code.")
        elif run.code in (None, 0):
            self._finish("done", run.code)
        else:
            self._tails(run.end.stdout, run.end.stderr, bundle.tail)
            self._finish("script_failed", run.code, run.end.reason, run.end.detail)

    def _stop(self, bundle: Bundle) -> None:
        self._memory.commit = bundle.commit
        run = self._memory.runs.get(bundle.run)
        if run is None:
            run = self._memory.runs[bundle.run] = Run(ScriptEnd())
            run.close()
        elif not run.over.is_set():
            if run.task:
                run.task.cancel()
            finish_run(run, self._memory, bundle, _TERMINATED)
        self._finish("done", run.code, detail="stopped")

    def _probe(self, bundle: Bundle) -> None:
        """As `probe` of the launcher."""
        kept, status = self._memory.kept, str(self._memory.kept.get("status", ""))
        owner = kept.get("provenance")
        if owner is not None and owner[:3] != bundle.provenance[:3]:
            self._finish("foreign", detail=f"It belongs to role {owner[1]}, node {owner[2]} of cluster {owner[0]}.")
        elif not status:
            self._finish("unconfigured")
        elif owner is None and not bundle.flag("TRUST"):
            self._finish("foreign", detail="It bears no mark, and no status knows it.")
        elif owner is not None and owner[3] and bundle.provenance[3] and owner[3] != bundle.provenance[3]:
            self._finish("unconfigured")
        else:
            self._judge(bundle, status)

    def _judge(self, bundle: Bundle, status: str) -> None:
        container, sign, code = status.rpartition("=")
        if not sign:
            self._finish("broken", reason="StatusMalformed", detail=f"configure.status: {status}")
        elif not code:
            ours = any(name.startswith("configure.") for name in self._memory.runs)
            if container == bundle.container and not ours:
                detail = "KubeDirector's setup is still running in this container."
                self._finish("busy", reason="KubeDirectorRun", detail=detail)
            else:
                self._finish("unconfigured")
        elif code.strip() == "0":
            self._memory.commit = bundle.commit
            self._memory.kept.setdefault("provenance", bundle.provenance)
            self._write(bundle)
            self._finish("recovered", 0)
        else:
            stdout, stderr = self._memory.kept.get("output", ("", ""))
            self._tails(stdout, stderr, bundle.tail)
            self._finish("script_failed", int(code) if code.isdigit() else 1)
