"""The projection of the memory onto the status: KubeDirector's fields, rollup, and the additive block. Pure, in one place.

Source: spec/kubedirector-api.md section 1.4 and spec/kubedirector-runtime.md section 1.10. Conditions are in `conditions.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kdasync.api.cluster import ClusterStatus, Member, NotifyCommand, RoleStatus, Rollup, StateDetail
from kdasync.api.memory import MemberMemory, Memory
from kdasync.reconcile import conditions, membership
from kdasync.reconcile.naming import domain, pod_of, service_of
from kdasync.reconcile.snapshot import Snapshot, container
from kdasync.render import names
from kdasync.render.view import headless_name, stateful_set_name
from statemachines import role as roles
from statemachines.cluster import CLUSTER
from statemachines.member import CONFIGURING, MEMBER, PREPARING, RECOVERING

NOTIFY_BUDGET = 64 * 1024  # bytes of pendingNotifyCmds in one status; 500 new members must not make 13 MiB
_DOWN = ("terminated", "unresponsive", "absent")


def project(snapshot: Snapshot, memory: Memory) -> ClusterStatus:
    """The status document, but for `generationUID` and the stamp, which belong to a write."""
    budget = _Budget(NOTIFY_BUDGET)
    statuses = [
        RoleStatus(
            id=role_id,
            stateful_set=stateful_set_name(snapshot.cluster, role_id),
            members=[_member(snapshot, memory, member, budget) for member in memory.members if member.role == role_id],
        )
        for role_id in _roles(snapshot, memory)
    ]
    flat = [(member, status) for role in statuses for member, status in _pairs(memory, role)]
    previous = snapshot.cluster.status or ClusterStatus()
    return ClusterStatus(
        state=CLUSTER.state[memory.state].wire,
        member_state_rollup=rollup(status for _, status in flat),
        spec_generation_to_process=memory.epoch,
        last_connection_hash=memory.connection_hash,
        cluster_service=headless_name(snapshot.cluster),
        last_node_id=memory.last_node_id,
        roles=statuses,
        observed_generation=snapshot.cluster.metadata.generation,
        conditions=conditions.conditions(snapshot, memory, previous.conditions),
        summary=conditions.summary(snapshot, memory),
        kdasync=memory,
    )


def _roles(snapshot: Snapshot, memory: Memory) -> list[str]:
    """Roles with members or a StatefulSet that is still there, in the spec's order, those that left it last."""
    present = dict.fromkeys(member.role for member in memory.members)
    wanted = [role.id for role in snapshot.spec.roles if role.id in present]
    return [*wanted, *(role for role in present if role not in wanted)]


def _pairs(memory: Memory, role: RoleStatus) -> list[tuple[MemberMemory, Member]]:
    by_id = {member.node_id: member for member in memory.members}
    return [(by_id[status.node_id], status) for status in role.members]


def _member(snapshot: Snapshot, memory: Memory, member: MemberMemory, budget: _Budget) -> Member:
    wanted = snapshot.role(member.role)
    pod = pod_of(snapshot, member)
    blocks = wanted.block_storage if wanted else None
    return Member(
        pod=pod,
        node_id=member.node_id,
        service=service_of(snapshot, member),
        pvc=names.claim(pod) if wanted and wanted.storage else "",
        auth_token=member.auth_token,
        state=MEMBER.state[member.state].wire,
        block_device_paths=[f"{blocks.path_prefix}{index}" for index in range(blocks.num_devices)] if blocks else [],
        state_detail=_detail(snapshot, memory, member, budget),
    )


def _detail(snapshot: Snapshot, memory: Memory, member: MemberMemory, budget: _Budget) -> StateDetail:
    commands = budget.take(_commands(snapshot, memory, member))
    state = container_state(snapshot, memory, member, notifying=bool(commands))
    in_setup = member.state in (PREPARING, CONFIGURING, RECOVERING)
    return StateDetail(
        config_error_detail=member.detail if MEMBER.state[member.state].wire == "config error" else None,
        last_config_data_generation=member.config_epoch,
        last_setup_generation=member.setup_epoch,
        configuring_container=member.run.container if in_setup and member.run else "",
        last_configured_container=member.container,
        last_known_container_state=state,
        pending_notify_cmds=commands,
        last_connection_version=member.connection_version,
        start_script_stdout_message=member.stdout,
        start_script_stderr_message=member.stderr,
        scheduling_error_message=_scheduling(snapshot, member) if state == "absent" else "",
    )


def _commands(snapshot: Snapshot, memory: Memory, member: MemberMemory) -> list[NotifyCommand]:
    working = [peer for peer in memory.members if peer.role == member.role and peer.state in roles.AT_WORK] if memory.log else []
    first = min(working, key=lambda peer: peer.ordinal).node_id if working else 0
    entries = membership.pending(memory.log, member, membership.asked(snapshot, member, first))
    out = []
    while entries:
        together = membership.group(entries)
        out.append(NotifyCommand(arguments=membership.arguments(together, domain(snapshot))))
        entries = tuple(entry for entry in entries if entry not in together)
    return out


class _Budget:
    """Bytes that commands may still take in this document."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, commands: list[NotifyCommand]) -> list[NotifyCommand]:
        """As many of the oldest commands as fit."""
        taken = []
        for command in commands:
            size = sum(len(argument) for argument in command.arguments)
            if size > self.left:
                break
            self.left -= size
            taken.append(command)
        return taken


def container_state(snapshot: Snapshot, memory: Memory, member: MemberMemory, *, notifying: bool) -> str:
    """KubeDirector's lastKnownContainerState."""
    pod = snapshot.pods.get(pod_of(snapshot, member))
    status = container(pod)
    if pod is None or status is None:
        return "absent"
    if status.state.running is not None:
        if notifying or (member.config_epoch is not None and member.config_epoch != memory.epoch):
            return "unresponsive"
        ready = next((condition.status for condition in pod.status.conditions if condition.type == "Ready"), "")
        return {"True": "running", "False": "unresponsive"}.get(ready, "unknown")
    if status.state.waiting is not None:
        first = pod.status.init_container_statuses[:1]
        return "initializing" if first and first[0].state.terminated is None else "waiting"
    return "terminated" if status.state.terminated is not None else "unknown"


def _scheduling(snapshot: Snapshot, member: MemberMemory) -> str:
    pod = snapshot.pods.get(pod_of(snapshot, member))
    for condition in pod.status.conditions if pod else []:
        if condition.type == "PodScheduled" and condition.reason == "Unschedulable":
            return condition.message or ""
    return ""


def rollup(members: Iterable[Member]) -> Rollup:
    """KubeDirector's seven booleans."""
    found = tuple(members)
    pending = [m for m in found if m.state in ("create pending", "creating")]
    absent = [m for m in found if m.state == "create pending" and m.state_detail.last_known_container_state == "absent"]
    states = {m.state_detail.last_known_container_state for m in found}
    return Rollup(
        config_errors=any(m.state == "config error" for m in found),
        members_down=any(_is_down(m) for m in found),
        members_initializing="initializing" in states,
        members_not_scheduled=any(m.state_detail.scheduling_error_message for m in absent),
        members_restarting=any(m.state_detail.last_configured_container for m in pending),
        members_waiting="waiting" in states or bool(absent),
        membership_changing=any(m.state in ("delete pending", "deleting") for m in found)
        or any(not m.state_detail.last_configured_container for m in pending),
    )


def _is_down(member: Member) -> bool:
    watched = member.state in ("creating", "configured", "delete pending", "config error")
    return watched and member.state_detail.last_known_container_state in _DOWN


def stamped(status: ClusterStatus, generation_uid: str) -> ClusterStatus:
    """The document of one write: memory and status carry the same generationUID."""
    memory = status.kdasync
    return msgspec.structs.replace(
        status,
        generation_uid=generation_uid,
        kdasync=msgspec.structs.replace(memory, stamp=generation_uid) if memory else None,
    )
