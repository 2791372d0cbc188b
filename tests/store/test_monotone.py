"""Whatever the order of list, watch, writes and their late answers: the store never goes backwards and ends at the truth."""

from __future__ import annotations

from hypothesis import settings, strategies
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from kdasync.api.meta import ObjectMeta
from kdasync.api.workloads import Pod
from kdasync.store.index import by_owner
from kdasync.store.store import Store, key_of, version_of

NAMES = strategies.sampled_from(["a", "b", "c"])


class World(RuleBasedStateMachine):
    """A server with a log, a watch that lags behind, and our own writes whose answers arrive late."""

    answers = Bundle("answers")

    def __init__(self) -> None:
        super().__init__()
        self.store: Store[Pod] = Store({"owner": by_owner})
        self.store.swap({}, "0")
        self.version = 0
        self.truth: dict[str, Pod] = {}
        self.log: list[tuple[bool, Pod]] = []
        self.snapshots: list[tuple[int, int, dict[str, Pod]]] = [(0, 0, {})]
        self.position = 0
        self.highest: dict[str, int] = {}

    def next_pod(self, name: str, uid: str) -> Pod:
        self.version += 1
        return Pod(metadata=ObjectMeta(name=name, namespace="ns", uid=uid, resource_version=str(self.version)))

    def note(self, gone: bool, pod: Pod) -> None:
        self.log.append((gone, pod))
        self.snapshots.append((self.version, len(self.log), dict(self.truth)))

    @rule(target=answers, name=NAMES)
    def write(self, name: str) -> Pod:
        known = self.truth.get(name)
        pod = self.next_pod(name, known.metadata.uid if known else f"uid-{self.version}")
        self.truth[name] = pod
        self.note(False, pod)
        return pod

    @rule(name=NAMES, ours=strategies.booleans())
    def remove(self, name: str, ours: bool) -> None:
        known = self.truth.pop(name, None)
        if known is None:
            return
        self.note(True, self.next_pod(name, known.metadata.uid))
        if ours:
            self.store.bury(known)

    @rule(pod=consumes(answers))
    def answer_arrives(self, pod: Pod) -> None:
        self.store.apply(pod)

    @rule()
    def event_arrives(self) -> None:
        if self.position < len(self.log):
            gone, pod = self.log[self.position]
            self.position += 1
            if gone:
                self.store.delete(pod)
            else:
                self.store.observe(pod)

    @rule(lag=strategies.integers(0, 3))
    def list_arrives(self, lag: int) -> None:
        taken = [snapshot for snapshot in self.snapshots if snapshot[1] >= self.position]
        version, position, objects = taken[max(0, len(taken) - 1 - lag)]
        self.store.swap({key_of(pod): pod for pod in objects.values()}, str(version))
        self.position = position

    @invariant()
    def never_backwards(self) -> None:
        for pod in self.store:
            name = pod.metadata.name
            assert version_of(pod) >= self.highest.get(name, 0)
            self.highest[name] = version_of(pod)

    def teardown(self) -> None:
        while self.position < len(self.log):
            self.event_arrives()
        assert {pod.metadata.name: pod for pod in self.store} == self.truth


World.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestWorld = World.TestCase
