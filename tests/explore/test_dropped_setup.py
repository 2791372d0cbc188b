"""A setup that nobody awaited to its end proves nothing: the member that comes back is set up again."""

from __future__ import annotations

import pytest

from kdasync.explore.concrete import NODE, memory_of, snapshot_of
from kdasync.explore.member_state import CONFIGURE, LAUNCHED, NOW, OURS, RUNNING, TELL, WORKS, Mem, Whole, World
from kdasync.reconcile.draft import Chance, Draft
from kdasync.reconcile.facts import member_seen
from kdasync.reconcile.ops import OPS
from statemachines.actions import Op
from statemachines.member import CONFIGURING, DRAINING, NOTIFYING


@pytest.mark.parametrize(("state", "run", "intact"), [(CONFIGURING, CONFIGURE, False), (NOTIFYING, TELL, True)])
def test_a_member_that_left_in_the_middle_of_its_setup_is_not_intact(state: str, run: int, intact: bool) -> None:
    mem = Mem(state=state, container=NOW, run=run, bound=NOW, announced=1, known=1)
    whole = Whole(mem, World(phase=RUNNING, script=WORKS, job=LAUNCHED, files=OURS, wanted=0))
    snapshot = snapshot_of(whole)
    draft = Draft(memory_of(whole), now=snapshot.now, settings=snapshot.settings, chance=Chance(lambda: 0.0, lambda: "t"))
    OPS[Op.LEAVE](snapshot, draft, draft.members[NODE])
    member = draft.update(draft.members[NODE], state=DRAINING)
    assert member_seen(snapshot, draft, member).intact is intact
