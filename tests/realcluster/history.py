"""Every state of a namespace's clusters with the moment it arrived, from one watch: what tests wait on and measure with."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec
from realcluster.api import Api

Json = dict[str, Any]
_RETRY = 0.2


class Seen(msgspec.Struct, frozen=True):
    """A cluster as it was from `at` on, seconds since the epoch."""

    at: float
    cluster: Json

    @property
    def status(self) -> Json:
        """Its status."""
        found: Json = self.cluster.get("status") or {}
        return found

    def members(self) -> dict[str, str]:
        """Pod -> state."""
        return {member["pod"]: member["state"] for role in self.status.get("roles", ()) for member in role["members"]}

    def condition(self, kind: str) -> Json:
        """A condition, or an empty one."""
        found = [item for item in self.status.get("conditions", ()) if item["type"] == kind]
        return found[0] if found else {"status": "", "reason": "", "message": ""}

    def ready(self) -> bool:
        """Whether what the spec asks for is there."""
        found = self.condition("Ready")
        return found["status"] == "True" and found.get("observedGeneration") == self.cluster["metadata"]["generation"]


class History:
    """Follows clusters in a thread that ends with the process.

    Args:
        api: who asks.
        path: of the collection.
    """

    def __init__(self, api: Api, path: str) -> None:
        self._api = api
        self._path = path
        self._changed = threading.Condition()
        self._seen: dict[str, list[Seen]] = {}
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        while True:
            try:
                for event in self._api.watch(self._path):
                    if event["type"] == "ERROR":
                        break
                    self._note(event)
            except (OSError, http.client.HTTPException):
                time.sleep(_RETRY)  # a definition is served a moment after it is established

    def _note(self, event: Json) -> None:
        gone = event["type"] == "DELETED"
        with self._changed:
            name = event["object"]["metadata"]["name"]
            self._seen.setdefault(name, []).append(Seen(time.time(), {} if gone else event["object"]))
            self._changed.notify_all()

    def of(self, name: str) -> list[Seen]:
        """All states of a cluster so far."""
        with self._changed:
            return list(self._seen.get(name, ()))

    def until(self, name: str, check: Callable[[Seen], bool], *, seconds: float, since: float = 0) -> Seen:
        """The first state from `since` on that passes the check.

        Raises:
            TimeoutError: none did in time; tells the last one.
        """
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                states = self._seen.get(name, [])
                found = next((seen for seen in states if seen.at >= since and check(seen)), None)
                if found is not None:
                    return found
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"{name}: not within {seconds:g} s; last: {_short(states)}")
                self._changed.wait(left)


def _short(states: list[Seen]) -> str:
    if not states:
        return "never seen"
    last = states[-1]
    details = [member for role in last.status.get("roles", ()) for member in role["members"]]
    return f"{last.condition('Ready')} {last.members()} {details}"[:4000]
