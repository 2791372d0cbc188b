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
    if status.kdasync is not None and status.kdasync.stamp == status.generation_uid:
        return status.kdasync
    return _adopt(cluster, status, now=now)


def _version(cluster: KubeDirectorCluster) -> int:
    text = cluster.metadata.annotations.get(keys.HASH_CHANGES, "")
    return int(text) if text.isdigit() else 0


def _first(now: float) -> int:
    """A commit number above every one that was ever given: no cluster commits a thousand times a second for long."""
    return int(now * 1000)


def _adopt(cluster: KubeDirectorCluster, status: ClusterStatus, *, now: float) -> Memory:
    log = _log(status, start=int(now))
    found = [_member(role, known, now=now) for role in status.roles for known in role.members if known.pod]
    return Memory(
        state=_CLUSTER.get(status.state, clusters.UPDATING),
        since=now,
        epoch=status.spec_generation_to_process or 0,
        commit=_first(now),
        seq=int(now) + len(log),
        last_node_id=max([status.last_node_id, *(member.node_id for member in found)]),
        connection_version=_version(cluster),
        connection_hash=status.last_connection_hash,
        log=log,
        members=found,
    )


def _member(role: RoleStatus, known: Member, *, now: float) -> MemberMemory:
    detail = known.state_detail
    match = _ORDINAL.search(known.pod)
    state = _MEMBER.get(known.state, members.PLANNED)
    if state == members.PLANNED and detail.last_configured_container:
        state = members.RESTARTING
    begun = detail.configuring_container if known.state == "creating" else ""
    if begun:
        state = members.RECOVERING
    return MemberMemory(
        node_id=known.node_id,
        role=role.id,
        ordinal=int(match[1]) if match else 0,
        state=state,
        since=now,
        run=_begun(begun, detail.last_config_data_generation or 0, now=now) if begun else None,
        container=detail.last_configured_container,
        config_epoch=detail.last_config_data_generation,
        setup_epoch=detail.last_config_data_generation if begun else detail.last_setup_generation,
        connection_version=detail.last_connection_version,
        announced=bool(detail.last_configured_container),
        told=int(now),
        configures=int(now),
        reason="SetupFailed" if state == members.CONFIG_ERROR else "",
        detail=detail.config_error_detail or "",
        stdout=detail.start_script_stdout_message,
        stderr=detail.start_script_stderr_message,
        auth_token=known.auth_token,
    )


def _begun(container: str, epoch: int, *, now: float) -> Run:
    """A setup that KubeDirector began: its end is waited for and looked at, it is not begun a second time."""
    return Run(event="recover", attempt=int(now), container=container, epoch=epoch, commit=_first(now), adopted=True)


def _log(status: ClusterStatus, *, start: int) -> list[LogEntry]:
    """Queued notifications become log entries; a member that is not addressed by one has nothing older to hear."""
    epoch = status.spec_generation_to_process or 0
    nodes = {known.pod: known.node_id for role in status.roles for known in role.members}
    seen: dict[tuple[str, str, str], None] = {}
    for role in status.roles:
        for known in role.members:
            for command in known.state_detail.pending_notify_cmds:
                seen.update(dict.fromkeys(_subjects(command.arguments)))
    return [
        LogEntry(seq=number, op=op, node_id=nodes.get(pod, -number), role=role_id, pod=pod, epoch=epoch)
        for number, (op, role_id, pod) in enumerate(seen, start=start + 1)
    ]


def _subjects(arguments: list[str]) -> list[tuple[str, str, str]]:
    words = [word for argument in arguments for word in argument.split(" ")]
    if len(words) < 2 or "--role" not in words or "--fqdns" not in words:  # noqa: PLR2004 - event and its operands
        return []
    op = {"--addnodes": "add", "--delnodes": "del"}.get(words[0], "")
    role, fqdns = words[words.index("--role") + 1], words[words.index("--fqdns") + 1]
    return [(op, role, fqdn.split(".")[0]) for fqdn in fqdns.split(",")] if op else []
