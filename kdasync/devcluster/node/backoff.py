"""The kubelet's back-off of restarts: the first at once, then 10 s, doubled up to 300 s, forgotten after 600 s of quiet. Pure.

Source: Kubernetes, "Container restart policy"; kubelet `MaxContainerBackOff` and client-go's `flowcontrol.Backoff`.
"""

from __future__ import annotations

_FIRST = 10.0
_LIMIT = 300.0
_QUIET = 2 * _LIMIT


class Backoff:
    """One container's; times are the loop's, in seconds."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._last = 0.0

    def next(self, now: float) -> float:
        """Seconds to wait before the restart after an end at `now`."""
        if self._seconds and now - self._last > _QUIET:
            self._seconds = 0.0
        wait = self._seconds
        self._seconds = min(self._seconds * 2, _LIMIT) or _FIRST
        self._last = now + wait
        return wait
