"""The memory of the state machines: the additive block `status.kdasync` of a cluster.

Why: state is observed, but intents and side effects must be remembered, and committed before anything that depends on them
(docs/architecture.md, "Commit, then act"). `stamp` equals `status.generationUID` of the write that stored it; with any other value
somebody else wrote the status since, the block is ignored, and the memory is adopted from KubeDirector's own fields.

All times are seconds since the epoch, UTC.
"""

from __future__ import annotations

from kdasync.api.meta import Wire


class Run(Wire, frozen=True):
    """One attempt of one guest event, bound to a container. (container, event, attempt) is never reused.

    Attributes:
        event: `configure`, `recover`, `refresh-<epoch>`, `add-<last seq>`, `del-<last seq>` or `reconnect-<version>`.
        attempt: 1, 2, ...; counts over the whole life of the member for `configure`, per event otherwise.
        container: id of the container it belongs to.
        args: arguments of the start script; empty where no script runs.
        until_seq: a notification covers the log up to this sequence number.
        epoch: config epoch of the configmeta that it carries.
        commit: commit number under which it was ordered; the guest refuses older ones.
        adopted: begun by KubeDirector: what it left in the guest is ours, although it carries no mark.
    """

    event: str
    attempt: int = 1
    container: str = ""
    args: list[str] = []
    until_seq: int = 0
    epoch: int = 0
    commit: int = 0
    adopted: bool = False


class Doomed(Wire, frozen=True):
    """A destructive intent: this very object, by UID, is to be deleted."""

    kind: str
    name: str
    uid: str


class MemberMemory(Wire, frozen=True):
    """What is remembered of one member; its identity is `node_id`, never an index.

    Attributes:
        state: state of the member machine; `since`: when it was entered.
        joined: config epoch in which it was planned.
        container: container it was last configured in (KubeDirector's lastConfiguredContainer).
        config_epoch: epoch of the configmeta in the guest, None = never got one.
        setup_epoch: epoch up to which the start script was told everything, None = not applicable.
        told: highest log sequence delivered to it, or skipped for it.
        announced: peers were told, or know by their configmeta, that it exists.
        attempts: attempts of the current event since it last succeeded; `retry_at`: not before this time (0: no retry).
        configures: attempts of `configure` ever made, so that an attempt number is never reused.
        reason, detail: why the last attempt failed; `stdout`, `stderr`: tails of its output.
        missed: sequence numbers of notifications that were given up.
        replace: a user asked for its replacement: it leaves although it has a place.
        doomed: objects of this member that are to be deleted, by UID.
    """

    node_id: int
    role: str
    ordinal: int
    state: str
    since: float
    joined: int = 0
    container: str = ""
    config_epoch: int | None = None
    setup_epoch: int | None = None
    connection_version: int | None = None
    told: int = 0
    announced: bool = False
    run: Run | None = None
    attempts: int = 0
    configures: int = 0
    retry_at: float = 0
    reason: str = ""
    detail: str = ""
    stdout: str = ""
    stderr: str = ""
    missed: list[int] = []
    auth_token: str = ""
    replace: bool = False
    doomed: list[Doomed] = []


class LogEntry(Wire, frozen=True):
    """One change of membership: `op` is `add` or `del`.

    `begun`: some peer's delivery has started: a `del` has no way back, an `add` must be followed by its `del`.
    """

    seq: int
    op: str
    node_id: int
    role: str
    pod: str
    epoch: int
    begun: bool = False


class Memory(Wire, frozen=True):
    """What is remembered of one cluster.

    Attributes:
        stamp: see the module.
        epoch: config epoch, KubeDirector's specGenerationToProcess.
        membership: the epoch of the newest change of membership; clusters that are connected to this one look at it.
        commit: number of the newest order to a guest; never decreases.
        seq: newest number of the membership log.
        doomed: StatefulSets of roles without members, to be deleted by UID.
        handled: the user's request annotation that was carried out last, until it is gone from the object.
    """

    stamp: str = ""
    state: str = "new"
    since: float = 0
    epoch: int = 0
    membership: int = 0
    commit: int = 0
    seq: int = 0
    last_node_id: int = 0
    connection_version: int = 0
    connection_hash: str = ""
    log: list[LogEntry] = []
    members: list[MemberMemory] = []
    doomed: list[Doomed] = []
    handled: str = ""
