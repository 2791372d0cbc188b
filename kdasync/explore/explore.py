"""The explorer: walks the models, checks the rules, and that all of the tables came up.

Flow: one member exhaustively, its every situation and step compared with the operator's real functions; then clusters over classes of
members, the classes compared with the one-member walk. A rule that is broken, a state that leads nowhere, a difference, an edge or a
guard that never came up: each is a finding, with a shortest story where there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kdasync.explore.classes import Pair, class_steps, face, unseen
from kdasync.explore.cluster_model import Cluster, ClusterModel
from kdasync.explore.conform import differences
from kdasync.explore.member_rules import STATE_RULES, STEP_RULES, at_rest, healthy
from kdasync.explore.member_state import Whole, describe
from kdasync.explore.member_walk import Walker, initial
from kdasync.explore.report import Finding, Report
from kdasync.explore.search import Graph, stuck, walk
from kdasync.explore.tabulate import Steps
from statemachines import role as roles
from statemachines.cluster import CLUSTER
from statemachines.machine import Built
from statemachines.member import MEMBER

CLUSTERS = {"two-by-three": (2, 3), "three-by-two": (3, 2), "small": (1, 2)}
MODELS = ("one", *CLUSTERS)
_STUCK = "from_every_state_a_world_without_faults_leads_to_the_goal"
_HOPELESS = "a_failed_member_can_be_healed_by_a_user"
TOTAL = 3  # faults and edits together on a path: with four the large models take four times as long
_SHOWN = 3  # stories of states that lead nowhere


@dataclass(slots=True)
class Explorer:
    """Walks over one pair of tables. `now`: seconds, monotonic. `stale`: the one-member walk includes old pictures of the pod.

    `total`: faults and edits together on a path of a large cluster, at most (and at most two of each).
    """

    now: Callable[[], float]
    member: Steps
    cluster: Steps
    stale: bool = True
    total: int = TOTAL
    walked: Walker | None = None

    def run(self, model: str) -> Report:
        """Walk one model of `MODELS`."""
        return self.one() if model == "one" else self.many(model)

    def one(self) -> Report:
        """One member, exhaustively."""
        start = self.now()
        walker = Walker(self.member, stale=self.stale)
        faces: set[Pair] = set()

        def watched(whole: Whole) -> Iterator[tuple[str, int, Whole]]:
            before = face(whole.mem.state, whole.mem.announced)
            for label, cost, after in walker.moves(whole):
                faces.add((before, face(after.mem.state, after.mem.announced)))
                yield label, cost, after

        graph = walk([walker.rest(whole) for whole in initial()], watched)
        self.walked = walker
        findings = [*self._states(graph), *self._steps(walker), *self._stuck(graph), *self._classes(faces)]
        return Report("one", len(graph.states), graph.count, self.now() - start, tuple(findings))

    def conform(self, *, every: int = 1) -> Report:
        """Compare the model of one member with the operator's functions, in every situation or every so manieth."""
        start = self.now()
        walker = self.walked or self._walk_one()
        fired = [step for done in walker.passes.values() for step in done.steps]
        found = differences(self.member, list(walker.passes)[::every], fired[::every])
        findings = tuple(Finding("the_model_is_the_operator", situation=text) for text in found[:_SHOWN])
        return Report("conform", len(walker.passes), len(fired), self.now() - start, findings)

    def _walk_one(self) -> Walker:
        walker = Walker(self.member, stale=self.stale)
        walk([walker.rest(whole) for whole in initial()], walker.moves)
        return walker

    def many(self, model: str) -> Report:
        """A cluster over classes of members."""
        start = self.now()
        count, most = CLUSTERS[model]
        cluster = ClusterModel(
            self.member, self.cluster, most=most, full=model == "small", total=4 if model == "small" else self.total
        )
        graph = walk(cluster.initial(count), cluster.moves, weigh=cluster.weigh)
        broken: dict[str, Finding] = {}
        for number, state in enumerate(graph.states):
            if state.broken and state.broken not in broken:
                broken[state.broken] = Finding(state.broken, tuple(graph.story(number)), told(cluster, state))
        lost = [number for number in stuck(graph, cluster.at_rest) if not graph.states[number].broken]
        findings = [Finding(_STUCK, tuple(graph.story(number)), told(cluster, graph.states[number])) for number in lost[:_SHOWN]]
        return Report(model, len(graph.states), graph.count, self.now() - start, (*broken.values(), *findings))

    def coverage(self) -> Report:
        """What never came up in the walks so far."""
        missing = [*self.member.coverage.missing(self.member.built), *self.cluster.coverage.missing(self.cluster.built)]
        steps = len(self.member.built.table.edges) + len(self.cluster.built.table.edges)
        tabulated = self.member.statistics()["steps"] + self.cluster.statistics()["steps"]
        findings = tuple(Finding("everything_in_the_tables_comes_up", situation=text) for text in missing)
        return Report("coverage", steps, tabulated, 0.0, findings)

    def _states(self, graph: Graph[Whole]) -> Iterator[Finding]:
        for rule in STATE_RULES:
            for number, whole in enumerate(graph.states):
                if not rule(self.member.built, whole):
                    yield Finding(rule.__name__, tuple(graph.story(number)), describe(whole))
                    break

    def _steps(self, walker: Walker) -> Iterator[Finding]:
        for rule in STEP_RULES:
            for done in walker.passes.values():
                wrong = next((step for step in done.steps if not rule(step)), None)
                if wrong is not None:
                    edge = f"{wrong.edge.source} --{wrong.edge.trigger}--> {wrong.edge.dest}"
                    yield Finding(rule.__name__, (edge,), describe(wrong.before))
                    break

    def _stuck(self, graph: Graph[Whole]) -> Iterator[Finding]:
        for number in stuck(graph, at_rest)[:_SHOWN]:
            yield Finding(_STUCK, tuple(graph.story(number)), describe(graph.states[number]))
        asked = {number for number in stuck(graph, healthy) if graph.states[number].mem.state in roles.FAILED}
        walker = Walker(self.member, stale=False)
        for number in sorted(asked):
            whole = graph.states[number]
            tried = walker.rest(Whole(whole.mem._replace(retry=2, attempts=0), whole.world))
            if (
                whole.world.wanted
                and not whole.mem.replace
                and tried == whole
                and whole.world.phase in (0, 4)
                and whole.world.view < 0
            ):
                yield Finding(_HOPELESS, tuple(graph.story(number)), describe(whole))
                break

    def _classes(self, faces: set[Pair]) -> Iterator[Finding]:
        """The classes' steps are those of the tables that run, whichever tables are walked here."""
        for step in unseen(faces, class_steps(ClusterModel(self.member, self.cluster, most=2, full=True), 1)):
            yield Finding("a_class_does_what_its_members_do", situation=step)


def told(model: ClusterModel, cluster: Cluster) -> str:
    """One line for a person."""
    members = "; ".join(
        f"{[f'{member.state}({member.ordinal})' for member in model.known[number].members]} of {model.known[number].target}"
        for number in cluster.roles
    )
    return f"cluster {cluster.state}: {members}"


def explorer(
    now: Callable[[], float], *, member: Built = MEMBER, cluster: Built = CLUSTER, stale: bool = True, total: int = TOTAL
) -> Explorer:
    """An explorer of these tables."""
    return Explorer(now, Steps(member), Steps(cluster), stale, total)
