"""The cluster machine. Sources: design section 4; KubeDirector's states are in the runtime specification, section 1.7.

`degraded` is KubeDirector's `configured` with a failed or missing member: its string in the status stays `configured`, the conditions
tell the difference.
"""

from __future__ import annotations

from statemachines.actions import Do, Op
from statemachines.machine import Edge, State, Table, build
from statemachines.seen import ClusterSeen

NEW = "new"
CREATING = "creating"
CONFIGURED = "configured"
UPDATING = "updating"
DEGRADED = "degraded"
DELETING = "deleting"
GONE = "gone"

STATES = (
    State(
        NEW,
        "creating",
        waits="the app exists and the spec can be run",
        reason="NotAccepted",
        remedy="Create the app, or correct the field that the message names.",
    ),
    State(CREATING, "creating", waits="all members are set up", do=(Do.OBJECTS,)),
    State(CONFIGURED, "configured", do=(Do.OBJECTS,)),
    State(UPDATING, "updating", waits="all members are at rest and were told of the change", do=(Do.OBJECTS,)),
    State(
        DEGRADED,
        "configured",
        reason="MembersFailing",
        do=(Do.OBJECTS,),
        remedy="See the member's reason: correct the cause, then annotate the cluster with kubedirector.hpe.com/retry-config=<pod>.",
    ),
    State(DELETING, "updating", waits="the finalizer is taken off", do=(Do.FINALIZE,)),
    State(GONE, "deleting"),
)

_LIVE = (CREATING, CONFIGURED, UPDATING, DEGRADED)

EDGES = (
    *(Edge("delete_requested", state, DELETING, event="Normal Cluster") for state in (NEW, *_LIVE)),
    Edge("accepted", NEW, CREATING, emit=(Op.BEGIN,), event="Normal Cluster"),
    Edge("settled", CREATING, CONFIGURED, when=("healthy",), emit=(Op.OBSERVE,), event="Normal Cluster"),
    Edge("settled", CREATING, DEGRADED, emit=(Op.OBSERVE,), event="Warning Cluster"),
    Edge("unsettled", CONFIGURED, UPDATING),
    Edge("failing", CONFIGURED, DEGRADED, event="Warning Cluster"),
    Edge("settled", UPDATING, CONFIGURED, when=("healthy",), emit=(Op.OBSERVE,), event="Normal Cluster"),
    Edge("settled", UPDATING, DEGRADED, emit=(Op.OBSERVE,), event="Warning Cluster"),
    Edge("unsettled", DEGRADED, UPDATING),
    Edge("healthy", DEGRADED, CONFIGURED, event="Normal Cluster"),
    Edge("released", DELETING, GONE),
)

CLUSTER = build(Table("cluster", NEW, GONE, STATES, EDGES, ClusterSeen))
