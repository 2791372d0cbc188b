"""What the edges of the member machine do to the memory. Pure: one function per `Op`, chosen by a table.

Rule: whatever orders an effect (a run, a leave) takes a new commit number, so that it is acknowledged in the status before the effect.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from kdasync.api.memory import LogEntry, MemberMemory, Run
from kdasync.guest.order import Outcome
from kdasync.reconcile.draft import Draft
from kdasync.reconcile.facts import job_of, update
from kdasync.reconcile.limits import limit
from kdasync.reconcile.naming import pod_of
from kdasync.reconcile.snapshot import Snapshot, running_id
from statemachines import role as roles
from statemachines.actions import Op
from statemachines.member import MEMBER

_CONFIG_ERROR = "execution of app config failed: "
_INJECTION_ERROR = "failed requested file injections: "


def attempt(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> None:
    """Order a new attempt of the setup in the container that runs now."""
    _order_setup(snapshot, draft, member, event="configure", args=_configure_args(snapshot, member))


def probe(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> None:
    """Order a check of the volume."""
    _order_setup(snapshot, draft, member, event="recover", args=[])


def _configure_args(snapshot: Snapshot, member: MemberMemory) -> list[str]:
    role = snapshot.app_role(member.role)
    asked = role is not None and bool(role.config_package) and (role.event_list is None or "configure" in role.event_list)
    return ["--configure"] if asked else []


def _order_setup(snapshot: Snapshot, draft: Draft, member: MemberMemory, *, event: str, args: list[str]) -> None:
    run = Run(
        event=event,
        attempt=member.configures + 1,
        container=running_id(snapshot.pods.get(pod_of(snapshot, member))),
        args=args,
        until_seq=draft.memory.seq,
        epoch=draft.memory.epoch,
        commit=draft.commit_number(),
    )
    draft.update(member, run=run, configures=run.attempt, retry_at=0, connection_version=draft.memory.connection_version)


def settle(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> None:
    """The setup succeeded; its configmeta told the member everything up to the run's epoch."""
    run = member.run or Run(event="configure")
    role = snapshot.app_role(member.role)
    epoch = run.epoch if role and role.config_package else None
    draft.update(
        member,
        run=None,
        container=run.container,
        config_epoch=epoch,
        setup_epoch=epoch,
        told=run.until_seq,
        attempts=0,
        retry_at=0,
        reason="",
        detail="",
        stdout="",
        stderr="",
        missed=[],
    )


def adopt(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> None:
    """The probe found everything as it was left: only the container is new."""
    del snapshot
    container = member.run.container if member.run else member.container
    draft.update(member, run=None, container=container, attempts=0, reason="", detail="")


def fail(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> None:
    """Remember why the setup failed and plan the retry; a script that ran had its configmeta."""
    job = job_of(snapshot, member)
    result = job.result if job else None
    if result is None:
        return
    reason = result.reason or "SetupFailed"
    text = (result.detail or f"startscript exited with {result.exit_code}").rstrip(".")
    prefix = _INJECTION_ERROR if reason == "InjectionFailed" else _CONFIG_ERROR
    detail = f"{prefix}{text}. {result.remedy}" if result.remedy else f"{prefix}{text}"
    _failed(snapshot, draft, member, reason=reason, detail=detail, stdout=result.stdout, stderr=result.stderr)
    if result.outcome is Outcome.SCRIPT_FAILED and member.run is not None:
        draft.update(draft.members[member.node_id], config_epoch=member.run.epoch, setup_epoch=member.run.epoch)
    if result.outcome is Outcome.FOREIGN:
        draft.update(draft.members[member.node_id], reason="ForeignVolume", retry_at=0)


def expire(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> None:
    """The time limit of the state passed."""
    state = MEMBER.state[member.state]
    job = job_of(snapshot, member)
    trouble = f" Last trouble: {job.trouble}." if job and job.trouble else ""
    allowed = limit(snapshot, member)
    detail = f"{_CONFIG_ERROR}no end after {allowed:.0f} s. {state.remedy}{trouble}"
    _failed(snapshot, draft, member, reason=state.reason, detail=detail)


def _failed(
    snapshot: Snapshot, draft: Draft, member: MemberMemory, *, reason: str, detail: str, stdout: str = "", stderr: str = ""
) -> None:
    draft.update(
        member,
        run=None,
        container=member.run.container if member.run else member.container,
        attempts=member.attempts + 1,
        retry_at=_retry_at(snapshot, draft, member),
        reason=reason,
        detail=detail,
        stdout=stdout,
        stderr=stderr,
    )


def _retry_at(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> float:
    own = snapshot.policy(member.role)
    retries = draft.settings.retries if own.retries is None else own.retries
    if member.attempts >= retries:
        return 0
    first = draft.settings.retry_seconds if own.retry_seconds is None else own.retry_seconds
    return draft.now + first * float(2**member.attempts)


def release(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> None:
    """The run belongs to a container that is gone."""
    del snapshot
    draft.update(member, run=None, retry_at=0)


def forget(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> None:
    """The guest's files are gone, and with them what it was told."""
    del snapshot
    draft.update(draft.members[member.node_id], config_epoch=None, setup_epoch=None)


def order_update(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> None:
    """Order the next thing to tell; what begins to be told is told to the end, and a `del` is then the point of no return."""
    due = update(snapshot, draft, member)
    if due is None:
        return
    run = Run(
        event=due.event,
        attempt=member.attempts + 1,
        container=member.container,
        args=due.args,
        until_seq=due.until_seq,
        epoch=due.epoch,
        commit=draft.commit_number(),
    )
    op = run.event.partition("-")[0]
    draft.log = [_begun(entry, member, run) if entry.op == op else entry for entry in draft.log]
    draft.update(member, run=run, retry_at=0)


def _begun(entry: LogEntry, member: MemberMemory, run: Run) -> LogEntry:
    heard = member.told < entry.seq <= run.until_seq
    return msgspec.structs.replace(entry, begun=True) if heard else entry


def told(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> None:
    """The member heard it; where one member hears for its whole role, the others need not hear it again."""
    if snapshot.policy(member.role).executor == "one" and member.run is not None:
        for other in draft.of_role(member.role):
            if other.state in roles.AT_WORK and other.run is None:
                draft.update(other, told=max(other.told, member.run.until_seq))
    run = member.run or Run(event="")
    version = draft.memory.connection_version if run.event.startswith("reconnect-") else member.connection_version
    draft.update(
        member,
        run=None,
        config_epoch=run.epoch,
        told=max(member.told, run.until_seq),
        connection_version=version,
        attempts=0,
        retry_at=0,
        reason="",
        detail="",
    )


def delay(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> None:
    """It did not hear it; try again later."""
    first = draft.settings.notify_retry_seconds
    wait = first * 2**member.attempts * (0.5 + draft.chance.jitter() / 2)
    draft.update(
        member,
        run=None,
        attempts=member.attempts + 1,
        retry_at=draft.now + wait,
        reason="NotifyFailed",
        detail=_trouble(snapshot, member),
    )


def skip(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> None:
    """Go on without: the member is marked, its spec stays editable."""
    run = member.run or Run(event="")
    missed = [*member.missed, run.until_seq] if run.args else member.missed
    detail = _trouble(snapshot, member)
    told(snapshot, draft, member)
    draft.update(draft.members[member.node_id], missed=missed, reason="NotifyFailed", detail=detail)


def _trouble(snapshot: Snapshot, member: MemberMemory) -> str:
    job, run = job_of(snapshot, member), member.run
    what = " ".join(run.args) if run and run.args else "update of configmeta"
    result = job.result if job else None
    if result is None:
        why = job.trouble if job and job.trouble else "no answer in time"
    else:
        why = result.detail or f"startscript exited with {result.exit_code}"
    return f"{what}: {why}"


def leave(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> None:
    """Tell the peers that the member leaves; a run of its own is void, and a setup that was not awaited proves nothing."""
    draft.append("del", member, pod=pod_of(snapshot, member), epoch=draft.memory.epoch)
    setup = member.run is not None and member.run.event == "configure"
    draft.update(member, run=None, retry_at=0, container="" if setup else member.container)


def stay(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> None:
    """Nobody was told: take it back."""
    del snapshot
    draft.log = [entry for entry in draft.log if not (entry.op == "del" and entry.node_id == member.node_id)]
    draft.urgent = True


def missed(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> None:
    """The drain deadline passed before all peers were told."""
    del snapshot
    draft.urgent = True
    draft.update(member, reason="DrainOverdue", detail="left before all peers were told")


OPS: dict[Op, Callable[[Snapshot, Draft, MemberMemory], None]] = {
    Op.ATTEMPT: attempt,
    Op.PROBE: probe,
    Op.SETTLE: settle,
    Op.ADOPT: adopt,
    Op.FAIL: fail,
    Op.EXPIRE: expire,
    Op.RELEASE: release,
    Op.FORGET: forget,
    Op.UPDATE: order_update,
    Op.TOLD: told,
    Op.DELAY: delay,
    Op.SKIP: skip,
    Op.LEAVE: leave,
    Op.STAY: stay,
    Op.MISSED: missed,
}
