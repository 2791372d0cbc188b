"""What a work queue tells the metrics: one call per fact, named after controller-runtime's `workqueue_*` series.

Why calls and not numbers to poll: latencies are histograms. Depth, unfinished and longest running can be polled from `statistics()`.
"""

from __future__ import annotations

from typing import Protocol


class Hooks(Protocol):
    """Receiver of the facts; times in seconds. Must not raise and not block."""

    def added(self, depth: int) -> None:
        """`workqueue_adds_total`, `workqueue_depth`."""
        ...

    def taken(self, depth: int, waited: float) -> None:
        """`workqueue_queue_duration_seconds`, `workqueue_depth`."""
        ...

    def finished(self, seconds: float) -> None:
        """`workqueue_work_duration_seconds`."""
        ...

    def retried(self) -> None:
        """`workqueue_retries_total`."""
        ...


class NoHooks:
    """Counts nothing."""

    def added(self, depth: int) -> None:
        """See `Hooks`."""

    def taken(self, depth: int, waited: float) -> None:
        """See `Hooks`."""

    def finished(self, seconds: float) -> None:
        """See `Hooks`."""

    def retried(self) -> None:
        """See `Hooks`."""
