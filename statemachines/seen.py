"""What machines may look at: booleans only. `reconcile/observe.py` compares numbers and times, so that a step can be tabulated.

A trigger of an edge is the name of a field here. "Run" is the attempt that the memory has ordered for a member.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSeen:
    """The facts about one member.

    Attributes:
        pod_seen: its pod exists.
        pod_gone: its pod does not exist (confirmed by a synced store).
        init_running: an init container runs or waits.
        container_running: the container `app` runs, its id is known, and the pod is not being deleted.
        container_changed: the container the member is bound to is gone or another one runs in its place.
        needs_setup: the role has a setup package or files to inject.
        keeps_files: the role has storage, was set up before, and need not be set up again after a restart.
        run_launched: the guest said that the script runs.
        run_done, run_failed, run_lost: how the run ended (lost: claimed, but neither running nor finished).
        run_overdue: the run took longer than its time limit.
        recovered, unconfigured, foreign: what the probe found on the volume.
        retry_due: the delay before the next automatic retry is over, or a user asked for a retry.
        retry_left: another automatic retry is allowed.
        unwanted: the spec no longer has a place for it, or a user asked for its replacement.
        wanted: the opposite.
        intact: its last setup succeeded and its container is known.
        announced: peers know that it exists.
        begun: some peer has begun to be told that it leaves.
        peers_told: every peer that must be told that it leaves was told, or cannot be.
        drain_overdue: waiting for the peers took longer than the time limit.
        below_kept: a member of the same role with a higher ordinal stays.
        update_due: there is something to tell it.
        leftovers_gone: pod, service and claims are gone, as far as the policy wants.
    """

    pod_seen: bool = False
    pod_gone: bool = False
    init_running: bool = False
    container_running: bool = False
    container_changed: bool = False
    needs_setup: bool = False
    keeps_files: bool = False
    run_launched: bool = False
    run_done: bool = False
    run_failed: bool = False
    run_lost: bool = False
    run_overdue: bool = False
    recovered: bool = False
    unconfigured: bool = False
    foreign: bool = False
    retry_due: bool = False
    retry_left: bool = False
    unwanted: bool = False
    wanted: bool = False
    intact: bool = False
    announced: bool = False
    begun: bool = False
    peers_told: bool = False
    drain_overdue: bool = False
    below_kept: bool = False
    update_due: bool = False
    leftovers_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSeen:
    """The facts about one cluster.

    Attributes:
        accepted: the app exists and the spec can be run.
        delete_requested: the object has a deletion timestamp.
        settled: every member is at rest (configured or failed) and nothing is left to do or to tell.
        unsettled: the opposite.
        failing: some member is failed or down.
        healthy: the opposite.
        released: the finalizer is gone.
    """

    accepted: bool = False
    delete_requested: bool = False
    settled: bool = False
    unsettled: bool = False
    failing: bool = False
    healthy: bool = False
    released: bool = False
