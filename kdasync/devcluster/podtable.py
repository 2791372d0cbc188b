"""The cells of a pod row. Source: printPod in kubernetes `pkg/printers/internalversion/printers.go`."""

from __future__ import annotations

from typing import Any

from kdasync.devcluster import age
from kdasync.devcluster.query import dig

Json = dict[str, Any]


def _statuses(value: Json) -> list[Json]:
    return list(dig(value, "status.containerStatuses") or ())


def ready(value: Json) -> str:
    """Ready containers of all."""
    good = sum(1 for item in _statuses(value) if item.get("ready"))
    return f"{good}/{len(dig(value, 'spec.containers') or ())}"


def restarts(value: Json, now: float) -> str:
    """Restarts, with the age of the last one."""
    statuses = _statuses(value)
    count = sum(int(item.get("restartCount") or 0) for item in statuses)
    ends = [dig(item, "lastState.terminated.finishedAt") for item in statuses]
    last = max((str(end) for end in ends if end), default="")
    return f"{count} ({age.since(last, now)} ago)" if count and last else str(count)


def gates(value: Json) -> str:
    """Readiness gates that are met."""
    wanted = dig(value, "spec.readinessGates") or ()
    if not wanted:
        return "<none>"
    met = {item["type"] for item in dig(value, "status.conditions") or () if item.get("status") == "True"}
    return f"{sum(1 for gate in wanted if gate.get('conditionType') in met)}/{len(wanted)}"


def status(value: Json) -> str:
    """One word for the pod."""
    reason = str(dig(value, "status.reason") or dig(value, "status.phase") or "")
    reason = _init_reason(value) or _main_reason(value, reason)
    if value["metadata"].get("deletionTimestamp"):
        return "Unknown" if dig(value, "status.reason") == "NodeLost" else "Terminating"
    return reason


def _ended(state: Json) -> str:
    if state.get("reason"):
        return str(state["reason"])
    return f"Signal:{state['signal']}" if state.get("signal") else f"ExitCode:{state.get('exitCode', 0)}"


def _init_reason(value: Json) -> str:
    total = len(dig(value, "spec.initContainers") or ())
    for index, item in enumerate(dig(value, "status.initContainerStatuses") or ()):
        state = item.get("state") or {}
        ended = state.get("terminated")
        if ended and not ended.get("exitCode"):
            continue
        if ended:
            return f"Init:{_ended(ended)}"
        waiting = (state.get("waiting") or {}).get("reason", "")
        return f"Init:{waiting}" if waiting not in {"", "PodInitializing"} else f"Init:{index}/{total}"
    return ""


def _main_reason(value: Json, reason: str) -> str:
    running = False
    for item in reversed(_statuses(value)):
        state = item.get("state") or {}
        waiting = (state.get("waiting") or {}).get("reason")
        if waiting:
            reason = str(waiting)
        elif state.get("terminated"):
            reason = _ended(state["terminated"])
        elif item.get("ready") and state.get("running") is not None:
            running = True
    return "Running" if reason == "Completed" and running else reason
