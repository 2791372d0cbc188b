"""From snapshot and memory to the booleans that the machines look at. All comparing of numbers and times is here. Pure."""

from __future__ import annotations

from kdasync.api.memory import MemberMemory, Run
from kdasync.guest.order import Outcome
from kdasync.reconcile import limits, membership
from kdasync.reconcile.draft import Draft
from kdasync.reconcile.naming import owner_pod, pod_of, service_of
from kdasync.reconcile.snapshot import JobView, Snapshot, container_id, is_running, running_id
from statemachines import role as roles
from statemachines.cluster import NEW
from statemachines.member import CONFIGURING as _CONFIGURING
from statemachines.member import DRAINING, INITIALIZING, NOTIFYING, PLANNED, PREPARING, REMOVING, REPLACING, WAITING_POD
from statemachines.seen import ClusterSeen, MemberSeen

FIRST_TIME = (PLANNED, WAITING_POD, INITIALIZING, PREPARING, _CONFIGURING)
_FAILURES = (Outcome.SCRIPT_FAILED, Outcome.BROKEN)


def member_seen(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> MemberSeen:
    """The facts about one member."""
    pod_name = pod_of(snapshot, member)
    pod = snapshot.pods.get(pod_name)
    bound = member.run.container if member.run else member.container
    outcome = _outcome(snapshot, member)
    leaving = unwanted(snapshot, draft, member)
    over = limits.overdue(snapshot, member, pod_name)
    return MemberSeen(
        pod_seen=pod is not None,
        pod_gone=pod is None,
        init_running=_initializing(snapshot, pod_name),
        container_running=running_id(pod) != "" and snapshot.defines(member.role),
        container_changed=bool(bound) and container_id(pod) != bound,
        needs_setup=needs_setup(snapshot, member.role),
        keeps_files=_keeps_files(snapshot, member),
        run_launched=_launched(snapshot, member),
        run_done=outcome is Outcome.DONE,
        run_failed=outcome in _FAILURES,
        run_lost=outcome is Outcome.LOST,
        run_overdue=over and member.run is not None,
        recovered=outcome is Outcome.RECOVERED,
        unconfigured=outcome is Outcome.UNCONFIGURED,
        foreign=outcome is Outcome.FOREIGN,
        retry_due=member.retry_at > 0 and snapshot.now >= member.retry_at,
        retry_left=member.attempts + 1 < draft.settings.notify_retries,
        unwanted=leaving,
        wanted=not leaving,
        intact=bool(member.container) and member.reason in ("", "NotifyFailed"),
        announced=member.announced,
        begun=any(entry.begun and entry.op == "del" and entry.node_id == member.node_id for entry in draft.log),
        peers_told=member.state == DRAINING and _peers_told(snapshot, draft, member),
        drain_overdue=member.state == DRAINING and over,
        below_kept=draft.role(member.role, snapshot.target(member.role)).highest_kept > member.ordinal,
        update_due=member.state in roles.AT_WORK and update(snapshot, draft, member) is not None,
        leftovers_gone=member.state in (REMOVING, REPLACING) and _leftovers_gone(snapshot, member, pod_name),
    )


def unwanted(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> bool:
    """True if the member has no place any more; a spec that cannot be run takes nobody's place."""
    if not snapshot.runnable:
        return member.replace
    target = snapshot.target(member.role)
    place = roles.Place(member.ordinal, member.state, member.replace)
    return roles.unwanted(place, target, draft.role(member.role, target).held)


def needs_setup(snapshot: Snapshot, role: str) -> bool:
    """True if a member of the role must be reached by exec at all."""
    defined, wanted = snapshot.app_role(role), snapshot.role(role)
    return bool(defined and defined.config_package) or bool(wanted and wanted.file_injections)


def job_of(snapshot: Snapshot, member: MemberMemory) -> JobView | None:
    """The job of the member's current run; an older one does not count."""
    job, run = snapshot.jobs.get(member.node_id), member.run
    if job is None or run is None or (job.event, job.attempt, job.container) != (run.event, run.attempt, run.container):
        return None
    return job


def update(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> Run | None:
    """What the member must be told next."""
    if not snapshot.defines(member.role):
        return None
    return membership.next_update(snapshot, draft.memory, draft.log, member, events(snapshot, draft, member))


def events(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> list[str] | None:
    """Events that the member is to hear, None = all."""
    return membership.asked(snapshot, member, draft.role(member.role, snapshot.target(member.role)).first)


def _outcome(snapshot: Snapshot, member: MemberMemory) -> Outcome | None:
    job = job_of(snapshot, member)
    return job.result.outcome if job and job.result else None


def _launched(snapshot: Snapshot, member: MemberMemory) -> bool:
    job = job_of(snapshot, member)
    return bool(job and job.launched)


def _initializing(snapshot: Snapshot, pod_name: str) -> bool:
    pod = snapshot.pods.get(pod_name)
    statuses = pod.status.init_container_statuses if pod else []
    return bool(statuses) and statuses[0].state.terminated is None and statuses[0].state.running is not None


def _keeps_files(snapshot: Snapshot, member: MemberMemory) -> bool:
    wanted = snapshot.role(member.role)
    own = snapshot.policy(member.role)
    return bool(wanted and wanted.storage) and own.on_restart == "skip" and member.config_epoch is not None


def _peers_told(snapshot: Snapshot, draft: Draft, member: MemberMemory) -> bool:
    if draft.untold is None:
        draft.untold = frozenset(node_id for peer in draft.at_work() for node_id in _still_to_hear(snapshot, draft, peer))
    return member.node_id not in draft.untold


def _still_to_hear(snapshot: Snapshot, draft: Draft, peer: MemberMemory) -> list[int]:
    """Node ids of leaving members that a peer has not been told of, or is being told of now."""
    waiting = membership.pending(draft.log, peer, events(snapshot, draft, peer))
    subjects = [entry.node_id for entry in waiting if entry.op == "del"]
    run = peer.run
    if peer.state == NOTIFYING and run is not None and run.event.startswith("del-"):
        subjects += [entry.node_id for entry in draft.log if entry.op == "del" and entry.seq <= run.until_seq]
    return subjects


def _leftovers_gone(snapshot: Snapshot, member: MemberMemory, pod_name: str) -> bool:
    if member.state == REMOVING and (pod_name in snapshot.pods or leftovers(snapshot, member, pod_name)):
        return False
    return not any(_exists(snapshot, doomed.kind, doomed.name, doomed.uid) for doomed in member.doomed)


def leftovers(snapshot: Snapshot, member: MemberMemory, pod_name: str) -> list[tuple[str, str, str]]:
    """(kind, name, uid) of the service and claims of a member whose pod is gone, as far as the policy wants them gone."""
    found = []
    service = snapshot.services.get(service_of(snapshot, member))
    if service is not None and member.state == REMOVING:
        found.append(("Service", service.metadata.name, service.metadata.uid))
    if snapshot.policy(member.role).claims == "delete":
        owned = [claim for name, claim in snapshot.claims.items() if owner_pod(name) == pod_name]
        found += [("PersistentVolumeClaim", claim.metadata.name, claim.metadata.uid) for claim in owned]
    return found


def _exists(snapshot: Snapshot, kind: str, name: str, uid: str) -> bool:
    store = {"Pod": snapshot.pods, "Service": snapshot.services, "PersistentVolumeClaim": snapshot.claims}[kind]
    found = store.get(name)
    return found is not None and found.metadata.uid == uid


def cluster_seen(snapshot: Snapshot, draft: Draft) -> ClusterSeen:
    """The facts about the cluster."""
    rest = draft.memory.state != NEW and settled(snapshot, draft)
    failing = any(member.state in roles.FAILED or member.missed or down(snapshot, member) for member in draft.members.values())
    return ClusterSeen(
        accepted=snapshot.runnable,
        delete_requested=snapshot.cluster.metadata.deletion_timestamp is not None,
        settled=rest,
        unsettled=not rest,
        failing=failing,
        healthy=not failing,
        released=not snapshot.cluster.metadata.finalizers,
    )


def down(snapshot: Snapshot, member: MemberMemory) -> bool:
    """True if the container that a member at work was set up in does not run (any more)."""
    pod = snapshot.pods.get(pod_of(snapshot, member))
    return member.state in roles.AT_WORK and (not is_running(pod) or container_id(pod) != member.container)


def settled(snapshot: Snapshot, draft: Draft) -> bool:
    """True if every member is at rest, as many as wanted exist, and nothing is left to tell."""
    for member in draft.members.values():
        if member.state in roles.FAILED:
            continue
        if member.state != "configured" or update(snapshot, draft, member) is not None:
            return False
    if not snapshot.runnable:
        return True
    return all(len(draft.of_role(role.id)) == (role.members or 0) for role in snapshot.spec.roles) and not _surplus(snapshot, draft)


def _surplus(snapshot: Snapshot, draft: Draft) -> bool:
    wanted = {role.id for role in snapshot.spec.roles}
    return any(member.role not in wanted for member in draft.members.values())
