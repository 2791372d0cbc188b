"""Which calls the memory wants, given what exists. Pure, and derived anew in every pass: a crash repeats a call, never loses one."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from kdasync.api.memory import Doomed, MemberMemory, Memory
from kdasync.api.meta import Object
from kdasync.reconcile import request
from kdasync.reconcile.facts import job_of, leftovers
from kdasync.reconcile.naming import pod_of, service_of
from kdasync.reconcile.plan import Action, Amend, Annotate, Create, Delete, Deliver, SetReplicas
from kdasync.reconcile.snapshot import Snapshot
from kdasync.render import keys
from kdasync.render.manifest import Manifest
from kdasync.render.repair import is_owned, repair
from kdasync.render.service import headless_service, member_service, service_type
from kdasync.render.statefulset import statefulset
from kdasync.render.view import RoleView, headless_name, role_view, stateful_set_name
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
    services: list[Action] = []  # last: pods need not wait for them, and an API server allocates service addresses one at a time
    app, found = snapshot.app, snapshot.services.get(headless_name(snapshot.cluster))
    owned = found is not None and is_owned(found, snapshot.cluster)
    out += _make_right(snapshot, found, lambda: headless_service(snapshot.cluster, app), right=owned)
    for role_id in dict.fromkeys(member.role for member in memory.members):
        members = [member for member in memory.members if member.role == role_id]
        view = role_view(snapshot.cluster, app, snapshot.config, role_id) if snapshot.defines(role_id) else None
        out += _statefulset(snapshot, view, role_id, members)
        if view is not None:
            services += [action for member in members for action in _service(snapshot, view, member)]
    return [*out, *services]


def _make_right(snapshot: Snapshot, found: Object | None, render: Callable[[], Manifest | None], *, right: bool) -> list[Action]:
    """Create what is missing; of what exists only owner, service type and token are kept right. Renders only if it must."""
    if found is not None and (right or found.metadata.deletion_timestamp):
        return []
    wanted = render()
    if wanted is None:
        return []
    if found is None:
        return [Create(wanted)]
    patch = repair(found, wanted, snapshot.cluster)
    patch["metadata"] = {"uid": found.metadata.uid, **patch.get("metadata", {})}
    return [Amend(wanted.kind, wanted.name, found.metadata.uid, msgspec.json.encode(patch))]


def _statefulset(snapshot: Snapshot, view: RoleView | None, role_id: str, members: list[MemberMemory]) -> list[Action]:
    name = stateful_set_name(snapshot.cluster, role_id)
    found = snapshot.statefulsets.get(name)
    replicas = roles.replicas(Place(member.ordinal, member.state) for member in members)
    out: list[Action] = []
    if view is not None and (found is not None or replicas):
        out = _make_right(
            snapshot, found, lambda: statefulset(view, replicas), right=found is not None and is_owned(found, snapshot.cluster)
        )
    if found is None or found.metadata.deletion_timestamp or found.spec.replicas == replicas:
        return out
    return [*out, SetReplicas(name, found.metadata.uid, found.metadata.resource_version, replicas)]


def _service(snapshot: Snapshot, view: RoleView, member: MemberMemory) -> list[Action]:
    name = service_of(snapshot, member)
    if name == keys.NO_SERVICE or member.state == REMOVING:
        return []
    found = snapshot.services.get(name)
    token = member.auth_token
    right = (
        found is not None
        and is_owned(found, snapshot.cluster)
        and found.spec.type == service_type(snapshot.cluster)
        and (not token or found.metadata.annotations.get(keys.AUTH_TOKEN) == token)
    )
    return _make_right(snapshot, found, lambda: member_service(view, member.ordinal, auth_token=token, name=name), right=right)


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
        if member.run is None or Do.RUN not in MEMBER.state[member.state].do or not snapshot.defines(member.role):
            continue
        job = job_of(snapshot, member)
        if job is None:
            out.append(Deliver(member.node_id, pod_of(snapshot, member), member.run))
    return out
