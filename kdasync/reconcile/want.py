"""Which calls the memory wants, given what exists. Pure, and derived anew in every pass: a crash repeats a call, never loses one."""

from __future__ import annotations

import msgspec

from kdasync.api.memory import Doomed, MemberMemory, Memory
from kdasync.reconcile import request
from kdasync.reconcile.facts import job_of, leftovers
from kdasync.reconcile.naming import pod_of, service_of
from kdasync.reconcile.plan import Action, Annotate, Create, Delete, Deliver, SetReplicas
from kdasync.reconcile.snapshot import Snapshot
from kdasync.render import keys
from kdasync.render.service import headless_service, member_service
from kdasync.render.statefulset import statefulset
from kdasync.render.view import headless_name, role_view, stateful_set_name
from statemachines import role as roles
from statemachines.actions import Do
from statemachines.cluster import CLUSTER, DELETING, NEW
from statemachines.member import MEMBER, REMOVING, REPLACING
from statemachines.role import Place


def before(snapshot: Snapshot, memory: Memory) -> tuple[Action, ...]:
    """What precedes the commit: a cluster gets its finalizer before anything is made for it."""
    meta = snapshot.cluster.metadata
    if memory.state in (NEW, DELETING) or keys.FINALIZER in meta.finalizers or meta.deletion_timestamp:
        return ()
    return (Annotate((*meta.finalizers, keys.FINALIZER), _annotations(snapshot, memory)),)


def actions(snapshot: Snapshot, memory: Memory) -> tuple[Action, ...]:
    """What follows the commit, in order."""
    wanted = CLUSTER.state[memory.state].do
    if Do.FINALIZE in wanted:
        return _finalize(snapshot)
    if Do.OBJECTS not in wanted:
        return ()
    out: list[Action] = [*_doomed(snapshot, memory), *_deliveries(snapshot, memory)]
    if snapshot.app is not None:
        out += _objects(snapshot, memory)
    changes = _annotations(snapshot, memory)
    if changes and keys.FINALIZER in snapshot.cluster.metadata.finalizers:
        out.append(Annotate(None, changes))
    return tuple(out)


def _annotations(snapshot: Snapshot, memory: Memory) -> tuple[tuple[str, str | None], ...]:
    present = snapshot.cluster.metadata.annotations
    wanted: dict[str, str | None] = {keys.STATUS_BACKUP_EXISTS: "false"}
    if memory.connection_version:
        wanted[keys.HASH_CHANGES] = str(memory.connection_version)
    if memory.handled:
        wanted |= dict.fromkeys(key for key in (request.RETRY, request.REPLACE) if key in present)
    return tuple((key, value) for key, value in wanted.items() if present.get(key) != value)


def _finalize(snapshot: Snapshot) -> tuple[Action, ...]:
    meta = snapshot.cluster.metadata
    if keys.FINALIZER not in meta.finalizers:
        return ()
    return (Annotate(tuple(name for name in meta.finalizers if name != keys.FINALIZER), ()),)


def _objects(snapshot: Snapshot, memory: Memory) -> list[Action]:
    assert snapshot.app is not None  # noqa: S101 - narrowed by the caller
    out: list[Action] = []
    if headless_name(snapshot.cluster) not in snapshot.services:
        out.append(Create(headless_service(snapshot.cluster, snapshot.app)))
    for role_id in dict.fromkeys(member.role for member in memory.members):
        members = [member for member in memory.members if member.role == role_id]
        out += _statefulset(snapshot, role_id, members)
        out += _services(snapshot, members)
    return out


def _statefulset(snapshot: Snapshot, role_id: str, members: list[MemberMemory]) -> list[Action]:
    name = stateful_set_name(snapshot.cluster, role_id)
    found = snapshot.statefulsets.get(name)
    replicas = roles.replicas(Place(member.ordinal, member.state) for member in members)
    if found is None:
        if snapshot.app is None or snapshot.role(role_id) is None or replicas == 0:
            return []
        return [Create(statefulset(role_view(snapshot.cluster, snapshot.app, snapshot.config, role_id), replicas))]
    if found.metadata.deletion_timestamp or found.spec.replicas == replicas:
        return []
    return [SetReplicas(name, found.metadata.uid, found.metadata.resource_version, replicas)]


def _services(snapshot: Snapshot, members: list[MemberMemory]) -> list[Action]:
    out: list[Action] = []
    for member in members:
        name = service_of(snapshot, member)
        if name == keys.NO_SERVICE or name in snapshot.services or member.state == REMOVING:
            continue
        if snapshot.app is None or snapshot.role(member.role) is None:
            continue
        view = role_view(snapshot.cluster, snapshot.app, snapshot.config, member.role)
        manifest = member_service(view, member.ordinal, auth_token=member.auth_token)
        if manifest is not None:
            out.append(Create(manifest))
    return out


def doomed(snapshot: Snapshot, member: MemberMemory) -> list[Doomed]:
    """The very objects of a leaving member that are to be deleted: what was remembered, and what is found now."""
    if member.state not in (REMOVING, REPLACING):
        return member.doomed
    name = pod_of(snapshot, member)
    pod = snapshot.pods.get(name)
    found = list(member.doomed)
    known = {item.uid for item in found}
    if member.state == REPLACING and not any(item.kind == "Pod" for item in found) and pod is not None:
        found += [Doomed(kind="Pod", name=name, uid=pod.metadata.uid)]
        found += _new(leftovers(snapshot, member, name), known)
    if member.state == REMOVING and pod is None:
        found += _new(leftovers(snapshot, member, name), known)
    return found if len(found) != len(member.doomed) else member.doomed


def _new(found: list[tuple[str, str, str]], known: set[str]) -> list[Doomed]:
    return [Doomed(kind=kind, name=name, uid=uid) for kind, name, uid in found if uid not in known]


def _doomed(snapshot: Snapshot, memory: Memory) -> list[Action]:
    stores = {"Pod": snapshot.pods, "Service": snapshot.services, "PersistentVolumeClaim": snapshot.claims}
    out: list[Action] = []
    for item in (item for member in memory.members for item in member.doomed):
        found = stores[item.kind].get(item.name)
        if found is not None and found.metadata.uid == item.uid and not found.metadata.deletion_timestamp:
            out.append(Delete(item.kind, item.name, item.uid))
    for item in memory.doomed:
        empty = snapshot.statefulsets.get(item.name)
        if empty is not None and empty.metadata.uid == item.uid and not empty.metadata.deletion_timestamp:
            out.append(Delete(item.kind, item.name, item.uid))
    return out


def _deliveries(snapshot: Snapshot, memory: Memory) -> list[Action]:
    out: list[Action] = []
    for member in memory.members:
        if member.run is None or Do.RUN not in MEMBER.state[member.state].do:
            continue
        job = job_of(snapshot, member)
        if job is None:
            out.append(Deliver(member.node_id, pod_of(snapshot, member), member.run))
    return out


def encode(patch: object) -> bytes:
    """A patch on the wire."""
    return msgspec.json.encode(patch)
