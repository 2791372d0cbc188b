"""Places, replicas and the rules about the tail."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from statemachines import role as roles
from statemachines.member import CONFIG_ERROR, CONFIGURED, DRAINING, MEMBER, REMOVING, REPLACING
from statemachines.role import Place

STATES = st.sampled_from([state.id for state in MEMBER.table.states if state.id != "gone"])
PLACES = st.lists(STATES, max_size=8).map(lambda states: [Place(i, state) for i, state in enumerate(states)])


def test_vacant_places_are_those_below_the_target_without_a_member() -> None:
    assert roles.vacant([Place(0, CONFIGURED), Place(2, CONFIGURED)], 4) == (1, 3)


def test_replicas_drop_only_the_contiguous_suffix_that_is_being_removed() -> None:
    assert roles.replicas([Place(0, CONFIGURED), Place(1, REMOVING), Place(2, DRAINING), Place(3, REMOVING)]) == 3
    assert roles.replicas([Place(0, CONFIGURED), Place(1, REMOVING)]) == 1
    assert roles.replicas([]) == 0


def test_a_healthy_tail_stays_while_a_lower_member_is_down() -> None:
    places = [Place(0, CONFIG_ERROR), Place(1, CONFIGURED), Place(2, CONFIGURED)]
    assert roles.held(places, 2) == 0
    assert not roles.unwanted(places[2], 2, 0)
    assert roles.unwanted(Place(2, CONFIG_ERROR), 2, 0)
    assert roles.held([Place(0, CONFIG_ERROR, replace=True), *places[1:]], 2) is None
    assert roles.unwanted(places[2], 2, None)


def test_nothing_holds_a_role_that_is_emptied() -> None:
    places = [Place(0, CONFIG_ERROR), Place(1, CONFIGURED)]
    assert roles.held(places, 0) is None
    assert all(roles.unwanted(place, 0, None) for place in places)


def test_a_member_below_one_that_stays_cannot_leave_by_replicas() -> None:
    assert roles.highest_kept([Place(1, DRAINING), Place(2, CONFIGURED)]) == 2
    assert roles.highest_kept([Place(0, CONFIGURED), Place(1, DRAINING), Place(2, REPLACING)]) == 0
    assert roles.highest_kept([]) == -1


@given(PLACES, st.integers(0, 9))
def test_replicas_never_cut_off_a_member_that_is_not_being_removed(places: list[Place], target: int) -> None:
    count = roles.replicas(places)
    assert all(place.state == REMOVING for place in places if place.ordinal >= count)
    assert set(roles.vacant(places, target)).isdisjoint({place.ordinal for place in places})
