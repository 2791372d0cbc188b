"""Status of a pod from the node's record. Pure but for the conditions' transition times, which the record keeps.

Source: core/v1 PodStatus; phase as in the kubelet's `getPhase`.
"""

from __future__ import annotations

from collections.abc import Sequence

from kdasync.devcluster.node.record import ContainerRecord, Document, PodRecord, Running, State, Terminated, Waiting

_NOT_READY = "ContainersNotReady"


def pod_status(record: PodRecord, *, now: str, host_ip: str) -> Document:
    """The whole status; `now` is RFC 3339 text."""
    status: Document = {"phase": phase(record), "conditions": _conditions(record, now)}
    if record.failure:
        status["reason"], status["message"] = record.failure
    if record.scheduled.done:
        status |= {"hostIP": host_ip, "hostIPs": [{"ip": host_ip}], "startTime": record.started}
        status["containerStatuses"] = [container_status(each) for each in record.main]
        if record.init:
            status["initContainerStatuses"] = [container_status(each) for each in record.init]
    if record.ip:
        status |= {"podIP": record.ip, "podIPs": [{"ip": record.ip}]}
    return status


def phase(record: PodRecord) -> str:
    """`Pending`, `Running`, `Succeeded` or `Failed`."""
    if record.failure:
        return "Failed"
    always = record.document["spec"].get("restartPolicy", "Always") == "Always"
    if not record.initialized:
        return "Failed" if not always and any(failed(each.state) for each in record.init) and _never(record) else "Pending"
    if any(isinstance(each.state, Waiting) and each.last is None for each in record.main):
        return "Pending"
    if always or any(not isinstance(each.state, Terminated) for each in record.main):
        return "Running"
    return "Failed" if any(failed(each.state) for each in record.main) else "Succeeded"


def _never(record: PodRecord) -> bool:
    return bool(record.document["spec"].get("restartPolicy") == "Never")


def failed(state: State) -> bool:
    """Ended with an error."""
    return isinstance(state, Terminated) and state.exit_code != 0


def container_status(record: ContainerRecord) -> Document:
    """core/v1 ContainerStatus."""
    status: Document = {
        "name": record.name,
        "image": record.image,
        "imageID": record.image,
        "ready": record.ready,
        "started": record.started,
        "restartCount": record.restarts,
        "state": _state(record.state),
        "lastState": {} if record.last is None else _state(record.last),
    }
    if record.container_id:
        status["containerID"] = record.container_id
    return status


def _state(state: State) -> Document:
    match state:
        case Waiting(reason, message):
            return {"waiting": {"reason": reason, **({"message": message} if message else {})}}
        case Running(started):
            return {"running": {"startedAt": started}}
        case Terminated():
            return {"terminated": _terminated(state)}


def _terminated(state: Terminated) -> Document:
    body: Document = {"exitCode": state.exit_code, "reason": state.reason, "startedAt": state.started, "finishedAt": state.finished}
    if state.message:
        body["message"] = state.message
    if state.container_id:
        body["containerID"] = state.container_id
    return body


def _conditions(record: PodRecord, now: str) -> list[Document]:
    """The conditions as they are now; a time changes only with its status."""
    found: list[Document] = []
    for kind, status, reason, message in _facts(record):
        condition: Document = {"type": kind, "status": "True" if status else "False"}
        if reason:
            condition |= {"reason": reason, "message": message}
        old = record.conditions.get(kind)
        same = old is not None and old["status"] == condition["status"]
        condition["lastTransitionTime"] = old["lastTransitionTime"] if old is not None and same else now
        record.conditions[kind] = condition
        found.append(condition)
    return found


def _facts(record: PodRecord) -> list[tuple[str, bool, str, str]]:
    scheduled = record.scheduled
    if not scheduled.done:
        return [("PodScheduled", False, scheduled.reason or "SchedulerError", scheduled.message)]
    unready = [each.name for each in record.main if not each.ready]
    ended = phase(record) in {"Succeeded", "Failed"}
    reason = {"Succeeded": "PodCompleted", "Failed": "PodFailed"}.get(phase(record), _NOT_READY) if unready or ended else ""
    words = _unready_words(unready)
    pending = [each.name for each in record.init if not (isinstance(each.state, Terminated) and each.state.exit_code == 0)]
    initialized = record.initialized or not record.init
    incomplete = f"containers with incomplete status: [{' '.join(pending)}]"
    return [
        ("PodReadyToStartContainers", record.sandbox, "", ""),
        ("Initialized", initialized, "" if initialized else "ContainersNotInitialized", incomplete),
        ("Ready", not reason, reason, words),
        ("ContainersReady", not reason, reason, words),
        ("PodScheduled", True, "", ""),
    ]


def _unready_words(names: Sequence[str]) -> str:
    return f"containers with unready status: [{' '.join(names)}]"
