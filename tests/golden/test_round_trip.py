"""What the status holds is what the machines remember: `load(project(memory)) == memory`, through JSON and the CRD's pruning."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.bodies import APP, cluster
from support.stack import run

from kdasync.api.app import KubeDirectorApp
from kdasync.api.cluster import ClusterStatus, KubeDirectorCluster
from kdasync.api.memory import Doomed, LogEntry, MemberMemory, Memory, Run
from kdasync.reconcile.load import load
from kdasync.reconcile.project import project, stamped
from kdasync.reconcile.snapshot import Snapshot
from statemachines.cluster import CLUSTER
from statemachines.member import MEMBER

NOW = 1_800_000_000.5
text = st.text("abc-0.,\u00e9", max_size=6)
small = st.integers(0, 9)
optional = st.none() | small
times = st.sampled_from([0.0, NOW, NOW + 7.25])
runs = st.builds(
    Run,
    event=text,
    attempt=small,
    container=text,
    args=st.lists(text, max_size=3),
    until_seq=small,
    epoch=small,
    commit=small,
    adopted=st.booleans(),
)
doomed = st.builds(Doomed, kind=st.sampled_from(["Pod", "Service", "PersistentVolumeClaim"]), name=text, uid=text)
entries = st.builds(
    LogEntry,
    seq=small,
    op=st.sampled_from(["add", "del"]),
    node_id=small,
    role=st.sampled_from(["master", "worker", "left"]),
    pod=text,
    epoch=small,
    begun=st.booleans(),
)
members = st.builds(
    MemberMemory,
    node_id=small,
    role=st.sampled_from(["master", "worker", "left"]),
    ordinal=small,
    state=st.sampled_from(sorted(MEMBER.state)),
    since=times,
    joined=small,
    container=text,
    config_epoch=optional,
    setup_epoch=optional,
    connection_version=optional,
    told=small,
    announced=st.booleans(),
    run=st.none() | runs,
    attempts=small,
    configures=small,
    retry_at=times,
    reason=text,
    detail=text,
    stdout=text,
    stderr=text,
    missed=st.lists(small, max_size=2),
    auth_token=text,
    replace=st.booleans(),
    doomed=st.lists(doomed, max_size=2),
)
memories = st.builds(
    Memory,
    state=st.sampled_from(sorted(CLUSTER.state)),
    since=times,
    epoch=small,
    commit=small,
    seq=small,
    last_node_id=small,
    connection_version=small,
    connection_hash=text,
    log=st.lists(entries, max_size=4, unique_by=lambda entry: entry.seq).map(lambda log: sorted(log, key=lambda entry: entry.seq)),
    members=st.lists(members, max_size=5, unique_by=lambda member: member.node_id),
    doomed=st.lists(doomed, max_size=2),
    handled=text,
)


def snapshot() -> Snapshot:
    body = cluster()
    body["metadata"]["uid"] = "u"
    return Snapshot(now=NOW, cluster=msgspec.convert(body, KubeDirectorCluster), app=msgspec.convert(APP, KubeDirectorApp))


def written(memory: Memory, uid: str) -> ClusterStatus:
    """The status as it comes back from the wire."""
    return msgspec.json.decode(msgspec.json.encode(stamped(project(snapshot(), memory), uid)), type=ClusterStatus)


def loaded(status: ClusterStatus) -> Memory:
    found = load(msgspec.structs.replace(snapshot().cluster, status=status), now=NOW)
    return msgspec.structs.replace(found, stamp="")


@settings(max_examples=150, deadline=None)
@given(memories)
def test_what_was_written_is_remembered(memory: Memory) -> None:
    assert loaded(written(memory, "one")) == memory


@settings(max_examples=50, deadline=None)
@given(memories)
def test_what_somebody_else_wrote_is_not(memory: Memory) -> None:
    status = msgspec.structs.replace(written(memory, "one"), generation_uid="two")
    found = loaded(status)
    assert found.commit > 9
    assert [m.node_id for m in found.members] == [m.node_id for role in status.roles for m in role.members]


@pytest.mark.looptime
async def test_the_crd_keeps_every_field() -> None:
    full = Memory(
        state="updating",
        since=NOW,
        epoch=1,
        commit=2,
        seq=3,
        last_node_id=4,
        connection_version=5,
        connection_hash="h",
        handled="x",
        log=[LogEntry(seq=1, op="del", node_id=2, role="worker", pod="p", epoch=3, begun=True)],
        doomed=[Doomed(kind="StatefulSet", name="n", uid="u")],
        members=[_full_member()],
    )
    async with run(start=False) as stack:
        made = await stack.create("kubedirectorclusters", cluster())
        path = "/apis/kubedirector.hpe.com/v1beta1/namespaces/default/kubedirectorclusters/one/status"
        body: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(stamped(project(snapshot(), full), "one")))
        await stack.send("PUT", path, {**made, "status": body})
        await asyncio.sleep(0)
        assert stack.status("one") == body
        assert loaded(msgspec.convert(stack.status("one"), ClusterStatus)) == full


def _full_member() -> MemberMemory:
    return MemberMemory(
        node_id=1,
        role="worker",
        ordinal=1,
        state="notifying",
        since=NOW,
        joined=1,
        container="c",
        config_epoch=1,
        setup_epoch=1,
        connection_version=1,
        told=1,
        announced=True,
        run=Run(event="add-1", attempt=2, container="c", args=["--addnodes"], until_seq=1, epoch=1, commit=1, adopted=True),
        attempts=1,
        configures=1,
        retry_at=NOW,
        reason="r",
        detail="d",
        stdout="o",
        stderr="e",
        missed=[1],
        auth_token="t",  # noqa: S106 - no password
        replace=True,
        doomed=[Doomed(kind="Pod", name="n", uid="u")],
    )
