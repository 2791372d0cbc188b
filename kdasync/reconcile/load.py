"""The memory of a cluster from its status: our own block, or adopted from KubeDirector's fields. Pure.

Our block counts only if its stamp is the status' generationUID. Otherwise somebody else (the Go operator) wrote since, and the state
of each member is taken from KubeDirector's own fields and observed afresh. Numbers that must never be used twice then start at the time. Property: `load(project(memory)) == memory`.
Source: design 9.2; spec/kubedirector-runtime.md sections 1.2 and 9.2.
"""

from __future__ import annotations

import re

from kdasync.api.cluster import ClusterStatus, KubeDirectorCluster, Member, RoleStatus
from kdasync.api.memory import LogEntry, MemberMemory, Memory, Run
from kdasync.render import keys
from statemachines import cluster as clusters
from statemachines import member as members
from statemachines.cluster import CLUSTER
from statemachines.member import MEMBER

_CLUSTER = {"creating": clusters.CREATING, "updating": clusters.UPDATING, "configured": clusters.CONFIGURED}
_MEMBER = {
    "create pending": members.PLANNED,
    "creating": members.WAITING_POD,
    "configured": members.CONFIGURED,
    "config error": members.CONFIG_ERROR,
    "delete pending": members.DRAINING,
    "deleting": members.REMOVING,
}
_ORDINAL = re.compile(r"-(\d+)$")


def load(cluster: KubeDirectorCluster, *, now: float) -> Memory:
    """The memory that the status holds; a first one if there is no status."""
    status = cluster.status
    if status is None or not status.generation_uid:
        return Memory(since=now, commit=_first(now), connection_version=_version(cluster))
    memory = status.kdasync
    if memory is not None and memory.stamp == status.generation_uid and _understood(memory):
        return memory
    return _adopt(cluster, status, now=now)


def _understood(memory: Memory) -> bool:
    """False for states that only another version of the operator knows."""
    return memory.state in CLUSTER.state and all(member.state in MEMBER.state for member in memory.members)


def _first(now: float) -> int:
    """A commit number above every one that was ever given: no cluster commits a thousand times a second for long."""
    return int(now * 1000)


def _version(cluster: KubeDirectorCluster) -> int:
    """The annotation, else what all configured members have been told (spec section 1.3)."""
    text = cluster.metadata.annotations.get(keys.HASH_CHANGES, "")
    if text.isdigit():
        return int(text)
    roles = cluster.status.roles if cluster.status else []
    known = [m.state_detail.last_connection_version for role in roles for m in role.members if m.state == "configured"]
    return min((version for version in known if version is not None), default=0)


def _adopt(cluster: KubeDirectorCluster, status: ClusterStatus, *, now: float) -> Memory:
    """What we counted before somebody else wrote is lost: commits, sequences and attempts go on above anything a guest has seen."""
    base, epoch = int(now), status.spec_generation_to_process or 0
    pairs = [(role, known) for role in status.roles for known in role.members if known.pod]
    log = _log(status, base=base)
    heard = len(log)
    found = [_member(role, known, log, epoch=epoch, now=now) for role, known in pairs]
    log += _unsaid(found, pairs, log, base=base + heard, epoch=epoch)
    return Memory(
        state=_CLUSTER.get(status.state, clusters.UPDATING),
        since=now,
        epoch=epoch,
        membership=epoch,
        commit=_first(now),
        seq=base + len(log),
        last_node_id=max([status.last_node_id, *(member.node_id for member in found)]),
        connection_version=_version(cluster),
        connection_hash=status.last_connection_hash,
        log=log,
        members=found,
    )


def _member(role: RoleStatus, known: Member, log: list[LogEntry], *, epoch: int, now: float) -> MemberMemory:
    detail = known.state_detail
    match = _ORDINAL.search(known.pod)
    state = _MEMBER.get(known.state, members.PLANNED)
    if state == members.PLANNED and detail.last_configured_container:
        state = members.RESTARTING
    run = None
    if known.state == "creating" and detail.configuring_container:
        state = members.RECOVERING  # KubeDirector's script runs or has ended there: its configure.status is looked at
        run = Run(
            event="recover", attempt=int(now), container=detail.configuring_container, epoch=epoch, commit=_first(now), adopted=True
        )
    return MemberMemory(
        node_id=known.node_id,
        role=role.id,
        ordinal=int(match[1]) if match else 0,
        state=state,
        since=now,
        joined=epoch,
        container=detail.last_configured_container,
        config_epoch=detail.last_config_data_generation,
        setup_epoch=detail.last_config_data_generation if run else detail.last_setup_generation,
        connection_version=detail.last_connection_version,
        told=_told(known, log, base=int(now)),
        announced=bool(detail.last_configured_container),
        run=run,
        configures=int(now),
        reason="SetupFailed" if state == members.CONFIG_ERROR else "",
        detail=detail.config_error_detail or "",
        stdout=detail.start_script_stdout_message,
        stderr=detail.start_script_stderr_message,
        auth_token=known.auth_token,
    )


def _told(known: Member, log: list[LogEntry], *, base: int) -> int:
    """Everything up to the first entry that still waits in its queue."""
    waiting = {subject for command in known.state_detail.pending_notify_cmds for subject in _subjects(command.arguments)}
    first = next((entry.seq for entry in log if (entry.op, entry.role, entry.pod) in waiting), None)
    return first - 1 if first is not None else base + len(log)


def _unsaid(
    found: list[MemberMemory], pairs: list[tuple[RoleStatus, Member]], log: list[LogEntry], *, base: int, epoch: int
) -> list[LogEntry]:
    """KubeDirector queues `delnodes` when `delete pending` ends: for a member in that state nobody knows yet."""
    said = {entry.node_id for entry in log if entry.op == "del"}
    leaving = [
        (member, known.pod)
        for member, (_, known) in zip(found, pairs, strict=True)
        if member.state == members.DRAINING and member.node_id not in said
    ]
    return [
        LogEntry(seq=base + number, op="del", node_id=member.node_id, role=member.role, pod=pod, epoch=epoch)
        for number, (member, pod) in enumerate(leaving, start=1)
    ]


def _log(status: ClusterStatus, *, base: int) -> list[LogEntry]:
    """Queued notifications become log entries."""
    epoch = status.spec_generation_to_process or 0
    nodes = {known.pod: known.node_id for role in status.roles for known in role.members}
    seen: dict[tuple[str, str, str], None] = {}
    for role in status.roles:
        for known in role.members:
            for command in known.state_detail.pending_notify_cmds:
                seen.update(dict.fromkeys(_subjects(command.arguments)))
    return [
        LogEntry(seq=number, op=op, node_id=nodes.get(pod, base - number), role=role_id, pod=pod, epoch=epoch)
        for number, (op, role_id, pod) in enumerate(seen, start=base + 1)
    ]


def _subjects(arguments: list[str]) -> list[tuple[str, str, str]]:
    words = [word for argument in arguments for word in argument.split(" ")]
    if len(words) < 2 or "--role" not in words or "--fqdns" not in words:  # noqa: PLR2004 - event and its operands
        return []
    op = {"--addnodes": "add", "--delnodes": "del"}.get(words[0], "")
    role, fqdns = words[words.index("--role") + 1], words[words.index("--fqdns") + 1]
    return [(op, role, fqdn.split(".")[0]) for fqdn in fqdns.split(",")] if op else []
