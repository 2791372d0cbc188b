"""What machines may ask for: changes of memory (`Op`, on an edge) and wanted effects (`Do`, while a state lasts).

Why two kinds: an `Op` is applied to the memory in the same pure step and committed before anything that depends on it; a `Do` is
derived again in every pass from the state alone, so a crash between commit and effect repeats the effect, never loses it.
"""

from __future__ import annotations

from enum import StrEnum


class Op(StrEnum):
    """A change of memory that an edge asks for."""

    # member
    ATTEMPT = "attempt"  # order a new attempt of `configure` in the container that runs now
    PROBE = "probe"  # order a check of what a restarted member has on its volume
    SETTLE = "settle"  # setup succeeded: remember container, epochs, and what the member was told by its configmeta
    ADOPT = "adopt"  # the probe found the setup intact: remember the container
    FAIL = "fail"  # remember why it failed, count the attempt, plan the retry
    EXPIRE = "expire"  # the time limit passed: stop the run, fail with the state's reason
    RELEASE = "release"  # drop the current run, it belongs to a container that is gone
    FORGET = "forget"  # the container lost its files: drop what was known of its content
    UPDATE = "update"  # order the next thing the member must be told (configmeta, reconnect, add or del)
    TOLD = "told"  # it was told
    DELAY = "delay"  # telling failed: count, plan the retry
    SKIP = "skip"  # telling failed too often: go on without, and say so
    LEAVE = "leave"  # log that the member leaves, so that its peers are told
    STAY = "stay"  # take that back: nobody was told yet
    MISSED = "missed"  # the drain deadline passed before all peers were told: say so
    # cluster
    BEGIN = "begin"  # a new life: first memory
    OBSERVE = "observe"  # the spec generation has been carried out


class Do(StrEnum):
    """An effect that is wanted while a state lasts."""

    OBJECTS = "objects"  # services and StatefulSets exist as rendered
    RUN = "run"  # the ordered run is delivered to the guest, once
    REPLICAS = "replicas"  # the StatefulSet is lowered below the member
    POD = "pod"  # the pod of this very member is deleted, by UID
    LEFTOVERS = "leftovers"  # service and claims of a member that is gone are deleted, by UID
    FINALIZE = "finalize"  # jobs are stopped and the finalizer is taken off
