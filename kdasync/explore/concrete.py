"""A situation of the one-member model as real objects: a snapshot and a memory, and a real member as the model would write it."""

from __future__ import annotations

from typing import Any

from kdasync.api.app import AppSpec, KubeDirectorApp, SetupPackage
from kdasync.api.app import Role as AppRole
from kdasync.api.cluster import ClusterSpec, KubeDirectorCluster, Role, Storage
from kdasync.api.memory import Doomed, LogEntry, MemberMemory, Memory, Run
from kdasync.api.meta import ObjectMeta
from kdasync.api.workloads import ContainerState, ContainerStatus, Pod, PodStatus, StateRunning, StateTerminated
from kdasync.explore.member_state import (
    ABSENT,
    BEGUN,
    BLANK,
    BROKEN,
    CONFIGURE,
    ENDED,
    FAILED,
    FOREIGN,
    INIT,
    LAUNCHED,
    LOST,
    NO_JOB,
    NO_RUN,
    NONE,
    NOW,
    OURS,
    PAST,
    PENDING,
    RECOVER,
    SEEN,
    SETUP,
    STOPPED,
    STORAGE,
    TELL,
    TERMINATING,
    TOLD,
    UNFINISHED,
    UNPACKAGED,
    WELL,
    WITH_ID,
    Mem,
    Whole,
    World,
    seen_container,
    seen_phase,
    seen_pod,
)
from kdasync.guest.order import Outcome, Result
from kdasync.reconcile.naming import pod_at
from kdasync.reconcile.snapshot import JobView, Snapshot
from kdasync.settings import Settings
from statemachines.member import CONFIGURED

NODE, PEER, HIGHER = 1, 3, 2
_NOW, _EPOCH, _SEQ, _LIMIT = 1000.0, 3, 5, 100.0
_CONTAINERS = {NONE: "", NOW: "c-now", SEEN: "c-seen", PAST: "c-past"}
_PODS = {NONE: "", NOW: "p-now", SEEN: "p-seen", PAST: "p-past"}
_EVENTS = {CONFIGURE: "configure", RECOVER: "recover", TELL: f"refresh-{_EPOCH}"}
_ENDS = {WELL: Outcome.DONE, FAILED: Outcome.SCRIPT_FAILED, LOST: Outcome.LOST}
_PROBES = {
    OURS: Outcome.RECOVERED,
    BLANK: Outcome.UNCONFIGURED,
    UNFINISHED: Outcome.UNCONFIGURED,
    FOREIGN: Outcome.FOREIGN,
    BROKEN: Outcome.SCRIPT_FAILED,
}
_SETTINGS = Settings(
    retries=1,
    notify_retries=2,
    configure_seconds=_LIMIT,
    notify_seconds=_LIMIT,
    drain_seconds=_LIMIT,
    container_id_seconds=_LIMIT,
    init_seconds=_LIMIT,
)


def snapshot_of(whole: Whole) -> Snapshot:
    """What the operator sees."""
    mem, world = whole
    package = SetupPackage(package_url="http://packages/x.tgz") if world.role in (SETUP, STORAGE) else None
    storage = Storage(size="1Gi") if world.role in (STORAGE, UNPACKAGED) else None
    app = KubeDirectorApp(
        metadata=ObjectMeta(name="app", namespace="n"),
        spec=AppSpec(roles=[AppRole(id=role, cardinality="0+", config_package=package) for role in ("a", "b")]),
    )
    cluster = KubeDirectorCluster(
        metadata=ObjectMeta(name="c", namespace="n", uid="u", finalizers=["kubedirector.hpe.com/cleanup"]),
        spec=ClusterSpec(app="app", roles=[Role(id="a", members=world.wanted, storage=storage), Role(id="b", members=1)]),
    )
    pod = _pod(world, pod_at(cluster, "a", 0))
    job = _job(mem, world)
    return Snapshot(
        now=_NOW,
        cluster=cluster,
        settings=_SETTINGS,
        app=app,
        pods={pod.metadata.name: pod} if pod else {},
        jobs={NODE: job} if job else {},
    )


def _pod(world: World, name: str) -> Pod | None:
    phase = seen_phase(world)
    if phase == ABSENT:
        return None
    running = ContainerState(running=StateRunning())
    stopped = ContainerState(terminated=StateTerminated())
    app = ContainerStatus(
        name="app",
        container_id=_CONTAINERS[seen_container(world)] if phase in WITH_ID else None,
        state=ContainerState() if phase in (PENDING, INIT) else stopped if phase == STOPPED else running,
    )
    inits = [ContainerStatus(name="init", state=running if phase == INIT else stopped)] if phase != PENDING else []
    return Pod(
        metadata=ObjectMeta(
            name=name, namespace="n", uid=_PODS[seen_pod(world)], deletion_timestamp="now" if phase == TERMINATING else None
        ),
        status=PodStatus(
            phase="Pending" if phase in (PENDING, INIT) else "Running", container_statuses=[app], init_container_statuses=inits
        ),
    )


def _job(mem: Mem, world: World) -> JobView | None:
    if mem.run == NO_RUN or world.job == NO_JOB:
        return None
    result = None
    if world.job == ENDED:
        outcome = _PROBES[world.files] if mem.run == RECOVER else _ENDS[world.script]
        result = Result(outcome=outcome, exit_code=1, reason="")
    launched = world.job >= LAUNCHED and mem.run != RECOVER
    return JobView(_EVENTS[mem.run], 1, _CONTAINERS[mem.bound], launched=launched, result=result)


def memory_of(whole: Whole) -> Memory:
    """What is remembered, with a peer that has to hear, and a higher member, if the model says so."""
    mem, world = whole
    members = [_member(mem, world, pod_at(snapshot_of(whole).cluster, "a", 0))]
    if world.higher:
        members.append(MemberMemory(node_id=HIGHER, role="a", ordinal=1, state=CONFIGURED, since=_NOW))
    log = []
    if world.peers != TOLD:
        members.append(
            MemberMemory(node_id=PEER, role="b", ordinal=0, state=CONFIGURED, since=_NOW, setup_epoch=1, config_epoch=1, told=0)
        )
        log.append(LogEntry(seq=_SEQ, op="del", node_id=NODE, role="a", pod="x", epoch=2, begun=world.peers == BEGUN))
    return Memory(state="updating", epoch=_EPOCH, seq=_SEQ, last_node_id=PEER, log=log, members=members)


def _member(mem: Mem, world: World, pod: str) -> MemberMemory:
    run = Run(event=_EVENTS[mem.run], container=_CONTAINERS[mem.bound], epoch=_EPOCH, until_seq=_SEQ) if mem.run else None
    known = (_EPOCH - world.tell) if mem.known else None
    changes: dict[str, Any] = {"reason": "SetupFailed"} if mem.bad else {}
    return MemberMemory(
        node_id=NODE,
        role="a",
        ordinal=0,
        state=mem.state,
        since=0 if mem.late else _NOW,
        container=_CONTAINERS[mem.container],
        config_epoch=known,
        setup_epoch=_EPOCH if mem.known else None,
        connection_version=0,
        told=_SEQ,
        announced=bool(mem.announced),
        run=run,
        attempts=mem.attempts,
        configures=1,
        retry_at=(0, _NOW + 50, _NOW)[mem.retry],
        replace=bool(mem.replace),
        doomed=[Doomed(kind="Pod", name=pod, uid=_PODS[mem.doomed])] if mem.doomed else [],
        **changes,
    )


def mem_of(member: MemberMemory) -> Mem:
    """A real member as the model would write it."""
    containers = {text: number for number, text in _CONTAINERS.items()}
    pods = {text: number for number, text in _PODS.items()}
    kinds = {"configure": CONFIGURE, "recover": RECOVER}
    retry = 0 if not member.retry_at else 2 if member.retry_at <= _NOW else 1
    doomed = next((pods[item.uid] for item in member.doomed if item.kind == "Pod"), NONE)
    return Mem(
        state=member.state,
        container=containers[member.container],
        bound=containers[member.run.container] if member.run else NONE,
        run=kinds.get(member.run.event, TELL) if member.run else NO_RUN,
        attempts=min(1, member.attempts),
        retry=retry,
        bad=int(member.reason not in ("", "NotifyFailed")),
        announced=int(member.announced),
        known=int(member.config_epoch is not None),
        replace=int(member.replace),
        doomed=doomed,
    )
