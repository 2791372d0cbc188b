"""The member machine. Sources: design sections 4 and 9; KubeDirector's transitions are in the runtime specification, section 1.9.

Rules that the table keeps:

* A member leaves only through `draining` if any peer knows it, and is removed only after the peers were told or the deadline passed.
* The first peer that begins to be told (`begun`) is the point of no return for that node id.
* A container that changed is the only evidence that the guest was reset.
* Every state accepts a new target at any moment.
"""

from __future__ import annotations

from statemachines.actions import Do, Op
from statemachines.machine import Edge, State, Table, build
from statemachines.seen import MemberSeen

PLANNED = "planned"
WAITING_POD = "waiting_pod"
INITIALIZING = "initializing"
PREPARING = "preparing"
CONFIGURING = "configuring"
CONFIGURED = "configured"
NOTIFYING = "notifying"
NOTIFY_RETRY = "notify_retry"
RESTARTING = "restarting"
RECOVERING = "recovering"
CONFIG_ERROR = "config_error"
FOREIGN_VOLUME = "foreign_volume"
DRAINING = "draining"
REMOVING = "removing"
REPLACING = "replacing"
GONE = "gone"

_LOGS = "Look at the pod: kubectl describe pod, kubectl logs."
_RETRY = "Correct the cause, then annotate the cluster with kubedirector.hpe.com/retry-config=<pod>."

STATES = (
    State(
        PLANNED,
        "create pending",
        waits="the pod exists",
        deadline="container_id",
        reason="PodMissing",
        remedy="See why the StatefulSet makes no pod: kubectl describe statefulset (quota, admission).",
    ),
    State(
        WAITING_POD,
        "create pending",
        waits="the container runs and has an id",
        deadline="container_id",
        reason="ContainerNotReady",
        remedy=_LOGS,
    ),
    State(
        INITIALIZING,
        "create pending",
        waits="the init container is done",
        deadline="init",
        reason="InitStuck",
        remedy="Look at the init container: kubectl logs <pod> -c init.",
    ),
    State(
        PREPARING,
        "creating",
        waits="the guest has everything and the script runs",
        deadline="configure",
        reason="GuestUnreachable",
        remedy="See that the API server can exec into the pod.",
        do=(Do.RUN,),
    ),
    State(
        CONFIGURING,
        "creating",
        waits="the start script ends",
        deadline="configure",
        reason="SetupOverdue",
        remedy="The start script did not end in time: see what it waits for, or raise configureSeconds of the role in the app.",
        do=(Do.RUN,),
    ),
    State(CONFIGURED, "configured"),
    State(
        NOTIFYING,
        "configured",
        waits="the start script has heard of the change",
        deadline="notify",
        reason="NotifyOverdue",
        remedy="The start script did not return from a notification: see its output in the pod.",
        do=(Do.RUN,),
    ),
    State(
        NOTIFY_RETRY,
        "configured",
        waits="the delay before the next try is over",
        reason="NotifyFailed",
        remedy="See the output of the start script in the pod.",
    ),
    State(
        RESTARTING,
        "create pending",
        waits="the container runs again",
        deadline="container_id",
        reason="ContainerNotReady",
        remedy=_LOGS,
    ),
    State(
        RECOVERING,
        "creating",
        waits="the volume has been checked",
        deadline="configure",
        reason="GuestUnreachable",
        remedy="See that the API server can exec into the pod.",
        do=(Do.RUN,),
    ),
    State(
        CONFIG_ERROR,
        "config error",
        waits="the delay before the next try is over, or a user's request",
        reason="SetupFailed",
        remedy=_RETRY,
    ),
    State(
        FOREIGN_VOLUME,
        "config error",
        waits="a user's request",
        reason="ForeignVolume",
        remedy="The volume belongs to another member: restore the right one, or annotate the cluster with "
        "kubedirector.hpe.com/replace-member=<pod> to replace it and its claim.",
    ),
    State(
        DRAINING,
        "delete pending",
        waits="its peers have been told that it leaves",
        deadline="drain",
        reason="DrainOverdue",
        remedy="A peer could not be told that the member leaves: see that peer's reason.",
    ),
    State(
        REMOVING,
        "deleting",
        waits="pod, service and claims are gone",
        deadline="container_id",
        reason="RemovalStuck",
        remedy="See what holds the pod or the claim: kubectl describe.",
        do=(Do.REPLICAS, Do.LEFTOVERS),
    ),
    State(
        REPLACING,
        "deleting",
        waits="pod, service and claims are gone",
        deadline="container_id",
        reason="RemovalStuck",
        remedy="See what holds the pod or the claim: kubectl describe.",
        do=(Do.POD, Do.LEFTOVERS),
    ),
    State(GONE, "deleting"),
)

_FRESH = (PLANNED, WAITING_POD, INITIALIZING)
_SETUP = (PREPARING, CONFIGURING)
_SETTLED = (CONFIGURED, NOTIFYING, NOTIFY_RETRY)
_KNOWN = (*_FRESH, *_SETUP, CONFIG_ERROR, RESTARTING, RECOVERING, FOREIGN_VOLUME)

EDGES = (
    # The target comes first: whatever else is true, a member without a place leaves.
    *(
        Edge("unwanted", state, DRAINING, when=("announced",), emit=(Op.LEAVE,), event="Normal Member")
        for state in (*_KNOWN, *_SETTLED)
    ),
    *(Edge("unwanted", state, REPLACING, when=("below_kept",)) for state in (*_KNOWN, *_SETTLED)),
    *(Edge("unwanted", state, REMOVING, event="Normal Member") for state in (*_KNOWN, *_SETTLED)),
    # Before setup.
    Edge("pod_seen", PLANNED, WAITING_POD),
    *(Edge("pod_gone", state, PLANNED) for state in (WAITING_POD, INITIALIZING)),
    Edge("init_running", WAITING_POD, INITIALIZING),
    *(
        edge
        for state in (WAITING_POD, INITIALIZING)
        for edge in (
            Edge("container_running", state, RECOVERING, when=("keeps_files", "needs_setup"), emit=(Op.PROBE,)),
            Edge("container_running", state, PREPARING, when=("needs_setup",), emit=(Op.ATTEMPT,), event="Normal Member"),
            Edge("container_running", state, CONFIGURED, emit=(Op.ATTEMPT, Op.SETTLE), event="Normal Member"),
        )
    ),
    # Setup. A container that changed makes the run void before its result is looked at.
    *(Edge("container_changed", state, WAITING_POD, emit=(Op.RELEASE, Op.FORGET)) for state in _SETUP),
    Edge("run_done", PREPARING, CONFIGURED, emit=(Op.SETTLE,), event="Normal Member"),
    Edge("run_done", CONFIGURING, CONFIGURED, emit=(Op.SETTLE,), event="Normal Member"),
    *(Edge("run_failed", state, CONFIG_ERROR, emit=(Op.FAIL,), event="Warning Member") for state in _SETUP),
    *(Edge("run_lost", state, PREPARING, when=("container_running",), emit=(Op.ATTEMPT,)) for state in _SETUP),
    *(Edge("run_overdue", state, CONFIG_ERROR, emit=(Op.EXPIRE,), event="Warning Member") for state in _SETUP),
    Edge("run_launched", PREPARING, CONFIGURING),
    # At work.
    *(
        Edge("container_changed", state, RESTARTING, when=("keeps_files",), emit=(Op.RELEASE,), event="Normal Member")
        for state in _SETTLED
    ),
    *(Edge("container_changed", state, RESTARTING, emit=(Op.RELEASE, Op.FORGET), event="Normal Member") for state in _SETTLED),
    Edge("update_due", CONFIGURED, NOTIFYING, emit=(Op.UPDATE,)),
    Edge("run_done", NOTIFYING, CONFIGURED, emit=(Op.TOLD,)),
    *(
        edge
        for trigger in ("run_failed", "run_overdue")
        for edge in (
            Edge(trigger, NOTIFYING, NOTIFY_RETRY, when=("retry_left",), emit=(Op.DELAY,), event="Warning Member"),
            Edge(trigger, NOTIFYING, CONFIGURED, emit=(Op.SKIP,), event="Warning Member"),
        )
    ),
    Edge("run_lost", NOTIFYING, NOTIFY_RETRY, when=("retry_left",), emit=(Op.DELAY,)),
    Edge("run_lost", NOTIFYING, CONFIGURED, emit=(Op.SKIP,), event="Warning Member"),
    Edge("retry_due", NOTIFY_RETRY, CONFIGURED, emit=(Op.RELEASE,)),
    Edge("retry_due", CONFIGURED, PREPARING, when=("container_running",), emit=(Op.ATTEMPT,), event="Normal Member"),
    # After a restart.
    Edge("container_running", RESTARTING, RECOVERING, when=("keeps_files", "needs_setup"), emit=(Op.PROBE,)),
    Edge("container_running", RESTARTING, PREPARING, when=("needs_setup",), emit=(Op.ATTEMPT,)),
    Edge("container_running", RESTARTING, CONFIGURED, emit=(Op.ATTEMPT, Op.SETTLE)),
    Edge("container_changed", RECOVERING, RESTARTING, emit=(Op.RELEASE,)),
    Edge("recovered", RECOVERING, CONFIGURED, emit=(Op.ADOPT,), event="Normal Member"),
    Edge("unconfigured", RECOVERING, PREPARING, when=("container_running",), emit=(Op.FORGET, Op.ATTEMPT)),
    Edge("foreign", RECOVERING, FOREIGN_VOLUME, emit=(Op.FAIL,), event="Warning Member"),
    Edge("run_failed", RECOVERING, CONFIG_ERROR, emit=(Op.FAIL,), event="Warning Member"),
    Edge("run_overdue", RECOVERING, CONFIG_ERROR, emit=(Op.EXPIRE,), event="Warning Member"),
    # Failed.
    Edge("container_changed", CONFIG_ERROR, WAITING_POD, emit=(Op.RELEASE, Op.FORGET)),
    Edge("retry_due", CONFIG_ERROR, PREPARING, when=("container_running",), emit=(Op.ATTEMPT,), event="Normal Member"),
    Edge("container_changed", FOREIGN_VOLUME, RESTARTING, emit=(Op.RELEASE,)),
    Edge("retry_due", FOREIGN_VOLUME, RECOVERING, when=("container_running",), emit=(Op.PROBE,)),
    # Leaving.
    Edge("wanted", DRAINING, CONFIGURED, when=("intact",), unless=("begun",), emit=(Op.STAY,), event="Normal Member"),
    Edge("wanted", DRAINING, WAITING_POD, unless=("begun",), emit=(Op.STAY, Op.FORGET)),
    Edge("peers_told", DRAINING, REPLACING, when=("below_kept",)),
    Edge("peers_told", DRAINING, REMOVING),
    Edge("drain_overdue", DRAINING, REPLACING, when=("below_kept",), emit=(Op.MISSED,), event="Warning Member"),
    Edge("drain_overdue", DRAINING, REMOVING, emit=(Op.MISSED,), event="Warning Member"),
    Edge("leftovers_gone", REMOVING, GONE),
    Edge("below_kept", REMOVING, REPLACING),
    Edge("leftovers_gone", REPLACING, GONE),
)

_COLUMNS = (
    (PLANNED,),
    (WAITING_POD, INITIALIZING),
    (PREPARING, RECOVERING, FOREIGN_VOLUME),
    (CONFIGURING, CONFIG_ERROR),
    (CONFIGURED, RESTARTING),
    (NOTIFYING, NOTIFY_RETRY),
    (DRAINING,),
    (REMOVING, REPLACING),
    (GONE,),
)

MEMBER = build(Table("member", PLANNED, GONE, STATES, EDGES, MemberSeen, _COLUMNS))
