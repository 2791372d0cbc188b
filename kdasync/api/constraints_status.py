"""What the CRDs say about the status of a cluster, and about its copy in a KubeDirectorStatusBackup, beyond types.

The memory of the state machines keeps unknown fields at every level: a newer operator under an older CRD must not lose what it
committed. Its types are checked, so that nobody can store what the operator cannot read.
Source: spec/kubedirector-api.md sections 1.1, 1.4 and 1.6.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from kdasync.api import cluster, memory, meta
from kdasync.api.constraints import Shape, Table, field, plain

_BY_TYPE: Final[dict[str, Any]] = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
_ENTRY: Final = ("type", "status", "reason", "message", "lastTransitionTime")


def _remembered(cls: type[msgspec.Struct]) -> Shape:
    needed = [item.encode_name for item in msgspec.structs.fields(cls) if item.required]
    return plain(cls, *needed, preserve=True)


TABLE: Table = {
    cluster.ClusterStatus: plain(
        cluster.ClusterStatus,
        restoreProgress=field(nullable=True),
        memberStateRollup=field(),
        generationUID=field("Changes with every write of the status."),
        specGenerationToProcess=field("Counts changes that members must be told."),
        observedGeneration=field("Generation of the spec that this status speaks of.", format="int64"),
        conditions=field(**_BY_TYPE),
        summary=field(),
        kdasync=field(),
    ),
    meta.Condition: plain(
        meta.Condition,
        *_ENTRY,
        status=field(enum=["True", "False", "Unknown"]),
        lastTransitionTime=field(format="date-time"),
        observedGeneration=field(format="int64"),
    ),
    **{
        cls: plain(cls)
        for cls in (
            cluster.RestoreProgress,
            cluster.Rollup,
            cluster.RoleStatus,
            cluster.Member,
            cluster.StateDetail,
            cluster.NotifyCommand,
            cluster.Summary,
        )
    },
    **{cls: _remembered(cls) for cls in (memory.Memory, memory.MemberMemory, memory.Run, memory.LogEntry, memory.Doomed)},
    cluster.BackupSpec: plain(cluster.BackupSpec, statusBackup=field(nullable=True)),
}
