"""Seeded defects of the tables: each is found, with a story."""

from __future__ import annotations

import time

import pytest

from kdasync.explore.explore import explorer
from kdasync.explore.mutations import Mutation, mutations, without
from statemachines.member import MEMBER

SEEDED = {mutation.name: mutation for mutation in mutations()}
IN_A_CLUSTER = {
    "a known member is removed without draining": "a_known_member_leaves_only_after_its_peers_were_told",
    "what peers began to hear is taken back": "what_began_is_not_taken_back",
    "a removal below a member that stays waits for ever": "from_every_state_a_world_without_faults_leads_to_the_goal",
    "a cluster with failed members never comes to rest": "from_every_state_a_world_without_faults_leads_to_the_goal",
}
IN_ONE = {
    "a notification that failed is never tried again": "from_every_state_a_world_without_faults_leads_to_the_goal",
    "a setup may last for ever": "from_every_state_a_world_without_faults_leads_to_the_goal",
    "a lost setup is ordered again where nothing runs": "a_run_is_ordered_only_where_a_container_runs",
}


def caught(mutation: Mutation, model: str, rule: str) -> None:
    report = explorer(time.monotonic, member=mutation.member, cluster=mutation.cluster, stale=False).run(model)
    found = [finding for finding in report.findings if finding.rule == rule]
    assert found, str(report)
    assert found[0].story


@pytest.mark.parametrize(("name", "rule"), IN_A_CLUSTER.items())
def test_a_defect_is_found_in_a_small_cluster(name: str, rule: str) -> None:
    caught(SEEDED[name], "small", rule)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "rule"), IN_ONE.items())
def test_a_defect_is_found_in_one_member(name: str, rule: str) -> None:
    caught(SEEDED[name], "one", rule)


def test_every_seeded_defect_is_tried() -> None:
    assert set(SEEDED) == {*IN_A_CLUSTER, *IN_ONE}


def test_a_mutation_that_changes_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="changes nothing"):
        without(MEMBER, lambda edge: edge.trigger == "no such trigger")
