"""What must hold for one member: in every step, in every situation, and in the end. One named function each."""

from __future__ import annotations

from collections.abc import Callable

from kdasync.explore.member_pass import Fired
from kdasync.explore.member_state import BEGUN, NONE, NOW, OURS, PLAIN, RUNNING, TOLD, UNPACKAGED, Whole, seen_phase
from kdasync.explore.member_world import deletes
from statemachines import role as roles
from statemachines.actions import Do, Op
from statemachines.machine import Built
from statemachines.member import CONFIGURED, DRAINING, REMOVING, REPLACING
from statemachines.member import GONE as MEMBER_GONE

StepRule = Callable[[Fired], bool]
StateRule = Callable[[Built, Whole], bool]


def a_known_member_leaves_only_after_its_peers_were_told(fired: Fired) -> bool:
    """... or the drain deadline passed, which is then said."""
    edge, (mem, world) = fired
    if edge.dest not in (REMOVING, REPLACING) or edge.source in (REMOVING, REPLACING):
        return True
    if edge.source != DRAINING:
        return not mem.announced
    return world.peers == TOLD or (bool(mem.late) and Op.MISSED in edge.emit)


def a_run_is_ordered_only_where_a_container_runs(fired: Fired) -> bool:
    """An order names the container that it is for."""
    edge, (mem, world) = fired
    if Op.ATTEMPT in edge.emit or Op.PROBE in edge.emit:
        return seen_phase(world) == RUNNING
    return Op.UPDATE not in edge.emit or mem.container != NONE


def one_run_at_a_time(fired: Fired) -> bool:
    """A notification is ordered only if no other run is; a setup may replace a run that is lost or void."""
    edge, (mem, _) = fired
    return Op.UPDATE not in edge.emit or not mem.run


def what_began_is_not_taken_back(fired: Fired) -> bool:
    """The first peer that begins to hear that a member leaves is the point of no return."""
    edge, (_, world) = fired
    return Op.STAY not in edge.emit or world.peers != BEGUN


def only_a_user_makes_a_member_leave(fired: Fired) -> bool:
    """Pods and claims are given up only for a member without a place, or one whose replacement was asked for."""
    edge, (mem, world) = fired
    if edge.source in roles.LEAVING or edge.dest not in roles.LEAVING:
        return True
    return bool(mem.replace or not world.wanted)


def a_configured_member_is_set_up(built: Built, whole: Whole) -> bool:
    """The status claims no more than is true: the files of the container that is remembered were set up, to the end."""
    del built
    mem, world = whole
    if mem.state not in roles.AT_WORK or world.role in (PLAIN, UNPACKAGED) or world.phase != RUNNING or mem.container != NOW:
        return True
    return world.files == OURS


def no_pod_is_deleted_that_the_table_did_not_ask_for(built: Built, whole: Whole) -> bool:
    """A deletion is wanted only in a state whose row says so."""
    return not deletes(whole) or Do.POD in built.state[whole.mem.state].do


def a_run_waits_only_where_it_is_delivered(built: Built, whole: Whole) -> bool:
    """An ordered run lasts only in states that deliver it."""
    return not whole.mem.run or Do.RUN in built.state[whole.mem.state].do


def a_failed_member_has_a_remedy(built: Built, whole: Whole) -> bool:
    """Either a retry is planned, or the state tells the user what to do, and its reason is known."""
    mem = whole.mem
    return mem.state not in roles.FAILED or bool(mem.retry) or (bool(built.state[mem.state].remedy) and bool(mem.bad))


STEP_RULES: tuple[StepRule, ...] = (
    a_known_member_leaves_only_after_its_peers_were_told,
    a_run_is_ordered_only_where_a_container_runs,
    one_run_at_a_time,
    what_began_is_not_taken_back,
    only_a_user_makes_a_member_leave,
)
STATE_RULES: tuple[StateRule, ...] = (
    a_configured_member_is_set_up,
    no_pod_is_deleted_that_the_table_did_not_ask_for,
    a_run_waits_only_where_it_is_delivered,
    a_failed_member_has_a_remedy,
)


def at_rest(whole: Whole) -> bool:
    """The goal: gone if unwanted; else at work in its running container with nothing to tell, or failed and in need of a user."""
    mem, world = whole
    if world.view >= 0:
        return False
    if not world.wanted:
        return mem.state == MEMBER_GONE
    if mem.state in roles.FAILED and not mem.retry:
        return not mem.replace
    return healthy(whole)


def healthy(whole: Whole) -> bool:
    """At work in its running container, everything told."""
    mem, world = whole
    works = mem.state == CONFIGURED and mem.container == NOW and world.phase == RUNNING and not mem.retry and not mem.replace
    return works and bool(mem.announced) and not world.tell
