"""exec, attach, log and port-forward: the pod's streams behind the API server."""

from __future__ import annotations

from kdasync.devcluster import execute, forward
from kdasync.devcluster.answers import Answer, Streaming
from kdasync.devcluster.logs import Log
from kdasync.devcluster.plane import Call
from kdasync.devcluster.status import Failure, bad_request, not_found, not_implemented
from kdasync.kube.transport import Response


async def open_stream(call: Call) -> Answer:
    """The answer of a stream subresource.

    Raises:
        Failure: the pod or container is not there or not running, or devcluster does not serve it.
    """
    entry = call.stored()
    if entry is None:
        raise not_found(call.resource, call.name)
    if call.plane.access is None:
        raise Failure(500, "InternalError", "Internal error occurred: devcluster runs without a node.", details={})
    container = container_of(call, entry.object["spec"])
    if not entry.object["spec"].get("nodeName"):
        if call.subresource == "log":
            return Response(204, {})
        raise bad_request(f"pod {call.name} does not have a host assigned")
    if call.subresource == "exec":
        return await execute.start(call, container)
    if call.subresource == "portforward":
        return forward.start(call)
    if call.subresource == "log":
        return await _log(call, container)
    raise not_implemented(f"{call.subresource} of pods. Use exec or port-forward.")


def container_of(call: Call, spec: dict[str, object]) -> str:
    """The container meant: named, the default one, or the only one.

    Raises:
        Failure: 400, as kube-apiserver words it.
    """
    containers = [item for field in ("containers", "initContainers") for item in _list(spec, field)]
    names = [str(item["name"]) for item in containers]
    named = call.params.get("container")
    if named:
        if named not in names:
            raise bad_request(f"container {named} is not valid for pod {call.name}")
        return named
    first = [str(item["name"]) for item in _list(spec, "containers")]
    if len(first) > 1 and call.subresource != "portforward":
        inits = [str(item["name"]) for item in _list(spec, "initContainers")]
        text = f"a container name must be specified for pod {call.name}, choose one of: [{' '.join(first)}]"
        raise bad_request(text + (f" or one of the init containers: [{' '.join(inits)}]" if inits else ""))
    return first[0]


def _list(spec: dict[str, object], field: str) -> list[dict[str, object]]:
    found = spec.get(field)
    return found if isinstance(found, list) else []


async def _log(call: Call, container: str) -> Answer:
    access = call.plane.access
    if access is None:
        raise not_found(call.resource, call.name)
    try:
        data = await access.log(call.namespace, call.name, container=container, previous=call.params.flag("previous"))
    except LookupError as error:
        raise bad_request(str(error.args[0]) if error.args else str(error)) from error
    tail = call.params.number("tailLines")
    if tail is not None:
        data = b"".join(data.splitlines(keepends=True)[-tail:]) if tail > 0 else b""
    limit = call.params.number("limitBytes")
    if limit is not None:
        data = data[:limit]
    headers = {"content-type": "text/plain"}
    if call.params.flag("follow"):
        return Streaming(Log(data, access.follow(call.namespace, call.name, container=container)), headers)
    return Response(200, headers, data)
