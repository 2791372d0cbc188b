"""All metrics, in one registry of our own, with children made at start: a rate never starts with a gap, and a scrape stays small.

Labels are edges, states, kinds and reasons of the tables, never clusters or pods: a thousand clusters are as many series as one.
Names of the queue's metrics are controller-runtime's, so that its dashboards work.
"""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import generate_latest

from statemachines.cluster import CLUSTER
from statemachines.machine import Built, Edge, Step
from statemachines.member import MEMBER

MACHINES: tuple[Built, ...] = (CLUSTER, MEMBER)
_FAST = (0.001, 0.005, 0.02, 0.1, 0.5, 2, 10)
_SLOW = (0.1, 0.5, 2, 10, 60, 300, 1800, 7200)

disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """Every series of the operator."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        edge = ("machine", "source", "trigger", "dest")
        self._transitions = self._counter("kdasync_transitions", "State transitions.", *edge)
        self._durations = self._histogram(
            "kdasync_transition_duration_seconds", "Time spent in the state that a transition left.", _SLOW, *edge
        )
        self._objects = self._gauge("kdasync_state_objects", "Objects by state.", "machine", "state")
        self._failures = self._counter("kdasync_failures", "Failed setups and notifications by reason.", "reason")
        self._requests = self._counter("kdasync_api_requests", "Requests to the API server.", "verb", "kind", "code")
        self._request_seconds = self._histogram("kdasync_api_request_duration_seconds", "Latency of requests.", _FAST, "verb")
        self._exec_seconds = self._histogram(
            "kdasync_guest_exec_seconds", "From the begin of an order to its end.", _SLOW, "outcome"
        )
        self.lag = self._histogram("kdasync_event_lag_seconds", "From the receipt of a watch event to the committed status.", _FAST)
        self.status_writes = self._counter("kdasync_status_writes", "Committed statuses.")
        self.loop_lag = self._gauge("kdasync_event_loop_lag_seconds", "How late the last timer was.")
        self.leader = self._gauge("kdasync_leader", "1 while this process leads.")
        self.queue = QueueMetrics(self.registry)
        self._edges = {
            (built.table.name, edge.source, edge.trigger, edge.dest): self._children(built, edge)
            for built in MACHINES
            for edge in built.table.edges
        }
        self._states = {
            built.table.name: {state.id: self._objects.labels(built.table.name, state.id) for state in built.table.states}
            for built in MACHINES
        }

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, text, labels, buckets=buckets, registry=self.registry)

    def _children(self, built: Built, edge: Edge) -> tuple[Counter, Histogram]:
        labels = (built.table.name, edge.source, edge.trigger, edge.dest)
        return self._transitions.labels(*labels), self._durations.labels(*labels)

    def transition(self, step: Step, lasted: float) -> None:
        """One step was taken; the state it left had lasted `lasted` seconds."""
        count, duration = self._edges[(step.machine, step.source, step.trigger, step.dest)]
        count.inc()
        duration.observe(lasted)

    def population(self, machine: str, states: Mapping[str, int]) -> None:
        """How many objects of a machine are in each state now."""
        for state, gauge in self._states[machine].items():
            gauge.set(states.get(state, 0))

    def nobody(self) -> None:
        """We count no objects any more."""
        for built in MACHINES:
            self.population(built.table.name, {})

    def failure(self, reason: str) -> None:
        """A setup or notification failed."""
        self._failures.labels(reason).inc()

    def request(self, verb: str, kind: str, code: int, seconds: float) -> None:
        """One request to the API server; code 0 = no answer."""
        self._requests.labels(verb, kind, str(code)).inc()
        self._request_seconds.labels(verb).observe(seconds)

    def executed(self, outcome: str, seconds: float) -> None:
        """One order to a guest ended."""
        self._exec_seconds.labels(outcome).observe(seconds)

    def exposition(self) -> bytes:
        """The text of a scrape."""
        return generate_latest(self.registry)


class QueueMetrics:
    """The work queue's series; see `workqueue/hooks.py`."""

    def __init__(self, registry: CollectorRegistry, *, name: str = "cluster") -> None:
        labels = ("name",)
        self._adds = Counter("workqueue_adds", "Adds.", labels, registry=registry).labels(name)
        self._depth = Gauge("workqueue_depth", "Keys that wait.", labels, registry=registry).labels(name)
        self._waits = Histogram(
            "workqueue_queue_duration_seconds", "Time in the queue.", labels, buckets=_FAST, registry=registry
        ).labels(name)
        self._work = Histogram("workqueue_work_duration_seconds", "Time in work.", labels, buckets=_FAST, registry=registry).labels(
            name
        )
        self._retries = Counter("workqueue_retries", "Retries.", labels, registry=registry).labels(name)

    def added(self, depth: int) -> None:
        """A key was added."""
        self._adds.inc()
        self._depth.set(depth)

    def taken(self, depth: int, waited: float) -> None:
        """A worker took a key."""
        self._depth.set(depth)
        self._waits.observe(waited)

    def finished(self, seconds: float) -> None:
        """A run ended."""
        self._work.observe(seconds)

    def retried(self) -> None:
        """A run failed."""
        self._retries.inc()
