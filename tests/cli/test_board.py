from __future__ import annotations

from pathlib import Path

from rich.console import Console

from kdasync.api.cluster import ClusterSpec, KubeDirectorCluster, Role
from kdasync.api.meta import ObjectMeta
from kdasync.cli.demo.board import Board, Mark
from kdasync.cli.demo.live import picture
from kdasync.cli.demo.plain import describe, plain
from kdasync.reconcile.draft import Record
from kdasync.reconcile.naming import pod_at
from statemachines.cluster import CLUSTER
from statemachines.machine import Built, Step
from statemachines.member import MEMBER

ONE = KubeDirectorCluster(metadata=ObjectMeta(name="one", uid="u"), spec=ClusterSpec(app="a", roles=[Role(id="worker")]))
POD = pod_at(ONE, "worker", 0)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def record(built: Built, source: str, dest: str) -> Record:
    edge = next(edge for edge in built.table.edges if (edge.source, edge.dest) == (source, dest))
    return Record(POD if built is MEMBER else "", Step(built.table.name, edge), lasted=1)


def played() -> tuple[Board, Clock]:
    clock = Clock()
    board = Board(("create", "delete"), clock=clock)
    board.begin(0)
    clock.now += 2
    board.listen(ONE, record(CLUSTER, "new", "creating"))
    board.listen(ONE, record(MEMBER, "planned", "waiting_pod"))
    return board, clock


def test_members_follow_their_transitions() -> None:
    board, clock = played()
    assert (board.cluster, board.members[POD].role, board.members[POD].state) == ("creating", "worker", "waiting_pod")
    clock.now += 3
    board.listen(ONE, record(MEMBER, "removing", "gone"))
    assert board.members == {}
    assert [move.at for move in board.moves] == [2, 2, 5]


def test_it_is_proven_only_if_every_step_is() -> None:
    board, _ = played()
    board.end(0, "seen", proven=True)
    assert not board.proven
    board.begin(1)
    board.end(1, "still there", proven=False)
    assert (board.steps[1].mark, board.proven) == (Mark.FAILED, False)
    board.end(1, "gone", proven=True)
    assert board.proven


def test_a_deleted_cluster_leaves_an_empty_board() -> None:
    board, _ = played()
    board.empty()
    assert (board.members, board.cluster) == ({}, "gone")


def test_the_picture_shows_steps_members_and_transitions(tmp_path: Path) -> None:
    board, _ = played()
    board.end(0, "the app says so", proven=True)
    with (tmp_path / "frame").open("w") as file:
        Console(file=file, width=120).print(picture(board))
    frame = (tmp_path / "frame").read_text()
    for text in ("create", "the app says so", "2.0 s", POD, "waiting_pod", "new -> creating", "members  (cluster: creating)"):
        assert text in frame


async def test_plain_lines_tell_the_same() -> None:
    board, clock = played()
    async with plain(board):
        board.listen(ONE, record(MEMBER, "planned", "waiting_pod"))
        clock.now += 1
        board.end(0, "it is so", proven=True)
    assert describe(board.steps[0]) == " ok  create: it is so (3.0 s)"
    board.end(0, "it is not", proven=False)
    assert describe(board.steps[0]) == " !!  create: it is not (3.0 s)"
