"""Random walks: whatever facts come in whatever order, the rules of the member machine hold."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from statemachines.actions import Op
from statemachines.machine import Step, step
from statemachines.member import DRAINING, GONE, MEMBER, REMOVING, REPLACING
from statemachines.seen import MemberSeen

FACTS = st.fixed_dictionaries({field.name: st.booleans() for field in fields(MemberSeen)})


class Walk(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.state = MEMBER.table.initial
        self.steps: list[tuple[Step, MemberSeen]] = []
        self.run = False

    @rule(facts=FACTS)
    def see(self, facts: dict[str, bool]) -> None:
        seen = MemberSeen(**(facts | {"wanted": not facts["unwanted"]}))
        fired = step(MEMBER, self.state, seen)
        if fired is not None:
            self.steps.append((fired, seen))
            self.state = fired.dest

    @invariant()
    def leaves_only_through_removal(self) -> None:
        assert all(fired.source in (REMOVING, REPLACING) for fired, _ in self.steps if fired.dest == GONE)

    @invariant()
    def a_known_member_is_not_removed_before_its_peers_were_told_or_the_deadline_passed(self) -> None:
        for fired, seen in self.steps:
            if fired.dest in (REMOVING, REPLACING) and fired.source not in (REMOVING, DRAINING):
                assert not seen.announced
            if fired.dest in (REMOVING, REPLACING) and fired.source == DRAINING:
                assert seen.peers_told or seen.drain_overdue

    @invariant()
    def no_way_back_once_a_peer_was_told(self) -> None:
        assert not any(seen.begun for fired, seen in self.steps if fired.source == DRAINING and Op.STAY in fired.edge.emit)

    @invariant()
    def a_run_is_ordered_only_where_a_container_runs(self) -> None:
        for fired, seen in self.steps:
            if Op.ATTEMPT in fired.edge.emit or Op.PROBE in fired.edge.emit:
                assert seen.container_running


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
