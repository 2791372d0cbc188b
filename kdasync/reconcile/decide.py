"""snapshot + memory -> plan. Pure: no await, clock, randomness (but the given jitter) or I/O.

Flow of a pass: the user's one-time requests; the cluster machine; membership (plan vacant places, one new epoch per edit); every
member's machine until it is at rest; announcements of members that have settled; the cluster machine again; what follows.
"""

from __future__ import annotations

from kdasync.api.memory import Doomed, MemberMemory, Memory
from kdasync.reconcile import limits, membership, request, want
from kdasync.reconcile.draft import Chance, Draft, Record
from kdasync.reconcile.facts import FIRST_TIME, cluster_seen, member_seen, unwanted
from kdasync.reconcile.naming import pod_of
from kdasync.reconcile.ops import OPS
from kdasync.reconcile.plan import Deliver, Plan
from kdasync.reconcile.snapshot import Snapshot
from kdasync.render import keys
from kdasync.render.view import ports
from statemachines import role as roles
from statemachines.actions import Do, Op
from statemachines.cluster import CLUSTER, DELETING, GONE, NEW
from statemachines.machine import Step, holding, step
from statemachines.member import GONE as MEMBER_GONE
from statemachines.member import MEMBER, PLANNED

_ROUNDS = 8
_DESTRUCTIVE = {Do.REPLICAS, Do.POD, Do.LEFTOVERS}


def decide(snapshot: Snapshot, memory: Memory, chance: Chance) -> Plan:
    """Decide one pass."""
    draft = Draft(memory, now=snapshot.now, settings=snapshot.settings, chance=chance)
    stops: list[Deliver] = []
    _cluster_steps(snapshot, draft)
    if draft.memory.state not in (NEW, DELETING, GONE):
        request.carry_out(snapshot, draft)
        _connections(snapshot, draft)
        if snapshot.runnable:
            _membership(snapshot, draft)
        _to_rest(snapshot, draft, stops)
        draft.bury()
        if snapshot.runnable:
            _membership(snapshot, draft)
        _empty_roles(snapshot, draft)
        _cluster_steps(snapshot, draft)
    finished = draft.finish(membership.cut(snapshot, draft.log, draft.members.values()))
    wanted = want.actions(snapshot, finished)
    return Plan(
        memory=finished,
        records=tuple(draft.records),
        urgent=draft.urgent,
        before=want.before(snapshot, finished),
        actions=(*stops, *wanted),
        wake=_wake(snapshot, finished),
        live=tuple(member.node_id for member in finished.members if member.run is not None),
    )


def _cluster_steps(snapshot: Snapshot, draft: Draft) -> None:
    for _ in range(_ROUNDS):
        seen = cluster_seen(snapshot, draft)
        fired = step(CLUSTER, draft.memory.state, seen)
        if fired is None:
            return
        draft.records.append(Record("", fired, max(0.0, draft.now - draft.memory.since), holding(seen)))
        if Op.BEGIN in fired.edge.emit:
            draft.urgent = True
            draft.set(connection_hash=snapshot.connection_hash or "")
        if Op.OBSERVE in fired.edge.emit:
            _observe(draft)
        draft.set(state=fired.dest, since=draft.now)


def _observe(draft: Draft) -> None:
    """Everybody was told everything: KubeDirector's lastSetupGeneration catches up."""
    for member in draft.at_work():
        if member.setup_epoch is not None:
            draft.update(member, setup_epoch=member.config_epoch, told=draft.memory.seq)


def _connections(snapshot: Snapshot, draft: Draft) -> None:
    known, seen = draft.memory.connection_hash, snapshot.connection_hash
    if seen is None or seen == known:
        return
    draft.urgent = True
    changes = {"connection_hash": seen, "epoch": draft.memory.epoch + 1}
    draft.set(**changes, connection_version=draft.memory.connection_version + 1)


def _membership(snapshot: Snapshot, draft: Draft) -> None:
    """Plan members for vacant places; one new epoch for everything that joins or leaves in this pass."""
    vacancies = [
        (role.id, ordinal) for role in snapshot.spec.roles for ordinal in roles.vacant(draft.places(role.id), role.members or 0)
    ]
    if not vacancies and not any(_leaves(snapshot, draft, member) for member in draft.members.values()):
        return
    draft.urgent = True
    draft.set(epoch=draft.memory.epoch + 1, membership=draft.memory.epoch + 1)
    for role_id, ordinal in vacancies:
        node_id = draft.memory.last_node_id + 1
        draft.set(last_node_id=node_id)
        draft.add(
            MemberMemory(
                node_id=node_id,
                role=role_id,
                ordinal=ordinal,
                state=PLANNED,
                since=draft.now,
                joined=draft.memory.epoch,
                auth_token=draft.chance.token() if _has_token(snapshot, role_id) else "",
            )
        )


def _has_token(snapshot: Snapshot, role: str) -> bool:
    return snapshot.app is not None and any(port.token for port in ports(snapshot.app, role))


def _leaves(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> bool:
    return member.state not in (*roles.LEAVING, MEMBER_GONE) and unwanted(snapshot, draft, member)


def _order(snapshot: Snapshot, draft: Draft) -> list[int]:
    """Node ids by role in the spec's order (roles that left it last), then by ordinal."""
    ranks = {role.id: rank for rank, role in enumerate(snapshot.spec.roles)}
    members = sorted(draft.members.values(), key=lambda member: (ranks.get(member.role, len(ranks)), member.role, member.ordinal))
    return [member.node_id for member in members]


def _to_rest(snapshot: Snapshot, draft: Draft, stops: list[Deliver]) -> None:
    """Step all members until a whole round changes nothing: what one was told may be what another waits for.

    Members that leave come first, so that one notification tells a peer of the edit and of all who leave by it.
    """
    order = _order(snapshot, draft)
    leaving = [node_id for node_id in order if _leaves(snapshot, draft, draft.members[node_id])]
    for node_id in leaving:
        _member_steps(snapshot, draft, node_id, stops)
    for _ in range(_ROUNDS):
        before = len(draft.records)
        for node_id in order:
            _member_steps(snapshot, draft, node_id, stops)
        announced = _announce(snapshot, draft)
        if len(draft.records) == before and not announced:
            return


def _member_steps(snapshot: Snapshot, draft: Draft, node_id: int, stops: list[Deliver]) -> None:
    for _ in range(_ROUNDS):
        member = draft.members[node_id]
        seen = member_seen(snapshot, draft, member)
        fired = step(MEMBER, member.state, seen)
        if fired is None:
            break
        if Op.EXPIRE in fired.edge.emit and member.run is not None:
            stops.append(Deliver(node_id, pod_of(snapshot, member), member.run, stop=True))
        _apply(snapshot, draft, member, fired, holding(seen))
    _doom(snapshot, draft, draft.members[node_id])


def _apply(snapshot: Snapshot, draft: Draft, member: MemberMemory, fired: Step, facts: tuple[str, ...]) -> None:
    for op in fired.edge.emit:
        OPS[op](snapshot, draft, draft.members[member.node_id])
    after = draft.members[member.node_id]
    lasted = max(0.0, draft.now - member.since)
    draft.records.append(Record(pod_of(snapshot, member), fired, lasted, facts, after.reason, after.detail))
    _doom(snapshot, draft, draft.update(after, state=fired.dest, since=draft.now))
    if _DESTRUCTIVE & set(MEMBER.state[fired.dest].do):
        draft.urgent = True


def _doom(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> None:
    """Remember, before anything is deleted, which very objects are meant."""
    found = want.doomed(snapshot, member)
    if found != member.doomed:
        draft.urgent = True
        draft.update(member, doomed=found)


def _empty_roles(snapshot: Snapshot, draft: Draft) -> None:
    """A StatefulSet whose role has no members and wants none is to go; what is gone is forgotten."""
    present = {found.metadata.uid for found in snapshot.statefulsets.values()}
    doomed = [item for item in draft.memory.doomed if item.uid in present]
    known = {item.uid for item in doomed}
    used = {member.role for member in draft.members.values()}
    for name, found in snapshot.statefulsets.items():
        role = found.metadata.labels.get(keys.ROLE, "")
        if snapshot.runnable and role not in used and not snapshot.target(role) and found.metadata.uid not in known:
            draft.urgent = True
            doomed.append(Doomed(kind="StatefulSet", name=name, uid=found.metadata.uid))
    if doomed != draft.memory.doomed:
        draft.set(doomed=doomed)


def _announce(snapshot: Snapshot, draft: Draft) -> bool:
    """Once no member of a role is on its first way up any more, its new members are announced to the peers, in one entry each."""
    before = draft.memory.seq
    for role_id in dict.fromkeys(member.role for member in draft.members.values()):
        members = draft.of_role(role_id)
        if any(_on_its_way(snapshot, member) for member in members):
            continue
        for member in members:
            if member.state in roles.AT_WORK and not member.announced:
                draft.append("add", member, pod=pod_of(snapshot, member), epoch=member.joined)
                draft.update(member, announced=True)
    return draft.memory.seq != before


def _on_its_way(snapshot: Snapshot, member: MemberMemory) -> bool:
    if member.announced or member.state not in FIRST_TIME:
        return False
    return not limits.overdue(snapshot, member, pod_of(snapshot, member))


def _wake(snapshot: Snapshot, memory: Memory) -> float | None:
    times = [member.retry_at for member in memory.members if member.retry_at > 0]
    for member in memory.members:
        end = limits.expires(snapshot, member, pod_of(snapshot, member))
        if end is not None:
            times.append(end)
    return min((time for time in times if time > snapshot.now), default=None)
