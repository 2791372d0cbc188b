"""The membership log: who must still be told what. Pure.

One log per cluster, one `told` number per member; the commands are derived, never stored. An entry concerns a member whose setup
knew an older epoch, whose role asked for the event, and who is not its subject. An `add` and a `del` of the same node id cancel as
long as nobody began to hear the `add`. Source: design 9.8; KubeDirector's rules are in the runtime specification, section 1.11.9.
"""

from __future__ import annotations

from collections.abc import Iterable

from kdasync.api.memory import LogEntry, MemberMemory, Memory, Run
from kdasync.reconcile.naming import domain
from kdasync.reconcile.snapshot import Snapshot
from statemachines.role import LEAVING

EVENTS = {"add": "addnodes", "del": "delnodes"}


def pending(log: Iterable[LogEntry], member: MemberMemory, events: list[str] | None) -> tuple[LogEntry, ...]:
    """Entries that `member` has not been told, oldest first."""
    if member.setup_epoch is None:
        return ()
    entries = [entry for entry in log if _concerns(entry, member, events)]
    added = {entry.node_id for entry in entries if entry.op == "add" and not entry.begun}
    deleted = {entry.node_id for entry in entries if entry.op == "del"}
    cancelled = added & deleted
    return tuple(entry for entry in entries if entry.node_id not in cancelled)


def _concerns(entry: LogEntry, member: MemberMemory, events: list[str] | None) -> bool:
    return (
        entry.seq > member.told
        and entry.epoch > (member.setup_epoch or 0)
        and entry.node_id != member.node_id
        and (events is None or EVENTS[entry.op] in events)
    )


def asked(snapshot: Snapshot, member: MemberMemory, first: int) -> list[str] | None:
    """Events that a member asked for, None = all. `first` is the node id of the role's lowest member at work.

    Where the app elects one executor (`executor: one`), the others of the role ask for none.
    """
    role = snapshot.app_role(member.role)
    if snapshot.policy(member.role).executor == "one" and member.node_id != first:
        return []
    return role.event_list if role else None


def group(entries: tuple[LogEntry, ...]) -> tuple[LogEntry, ...]:
    """The first entries that one call of the start script can carry: same event, role and edit."""
    if not entries:
        return ()
    first = entries[0]
    same = [entry for entry in entries if (entry.op, entry.role, entry.epoch) == (first.op, first.role, first.epoch)]
    later = [entry for entry in entries if entry not in same]
    return tuple(entry for entry in same if not later or entry.seq < later[0].seq)


def name(entries: tuple[LogEntry, ...]) -> str:
    """Event name of the call that carries these entries: a call that says more must not attach to one that said less."""
    return f"{entries[0].op}-{entries[-1].seq}"


def arguments(entries: tuple[LogEntry, ...], suffix: str) -> list[str]:
    """Arguments of the start script, as KubeDirector stores them (the second element contains a blank)."""
    fqdns = ",".join(f"{entry.pod}.{suffix}" for entry in entries)
    return [f"--{EVENTS[entries[0].op]}", "--nodegroup 1", "--role", entries[0].role, "--fqdns", fqdns]


def split(args: Iterable[str]) -> tuple[str, ...]:
    """The words that the start script gets: KubeDirector pastes its stored elements into a shell."""
    return tuple(word for element in args for word in element.split(" "))


def next_update(
    snapshot: Snapshot, memory: Memory, log: Iterable[LogEntry], member: MemberMemory, events: list[str] | None
) -> Run | None:
    """The next thing to tell a member, None if it knows everything. `attempt` and `commit` are left to the caller."""
    if member.config_epoch is None or member.setup_epoch is None:
        return None
    base = Run(event="", container=member.container, epoch=memory.epoch, until_seq=member.told)
    if (member.connection_version or 0) < memory.connection_version:
        return _replace(base, event=f"reconnect-{memory.connection_version}", args=["--reconnect"])
    entries = group(pending(log, member, events))
    if entries:
        return _replace(base, event=name(entries), args=arguments(entries, domain(snapshot)), until_seq=entries[-1].seq)
    if member.config_epoch < memory.epoch:
        return _replace(base, event=f"refresh-{memory.epoch}")
    return None


def _replace(run: Run, *, event: str, args: list[str] | None = None, until_seq: int | None = None) -> Run:
    return Run(
        event=event,
        container=run.container,
        epoch=run.epoch,
        args=args or [],
        until_seq=run.until_seq if until_seq is None else until_seq,
    )


def cut(snapshot: Snapshot, log: Iterable[LogEntry], members: Iterable[MemberMemory]) -> list[LogEntry]:
    """The log without the entries that nobody has to hear any more."""
    log = tuple(log)
    wanted: set[int] = set()
    present: set[int] = set()
    for member in members:
        present.add(member.node_id)
        role = snapshot.app_role(member.role)
        events = role.event_list if role else None
        if member.state not in LEAVING:
            wanted.update(entry.seq for entry in log if member.setup_epoch is None or _concerns(entry, member, events))
    return [entry for entry in log if entry.seq in wanted or (entry.op == "del" and entry.node_id in present)]
