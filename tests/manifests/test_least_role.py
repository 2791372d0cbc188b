"""The roles grant exactly what whole clusters' lives ask the API server for: a missing grant fails here, and so does an unused one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from support.bodies import cluster, workers
from support.pair import Counting, Replica
from support.stack import Stack, run

from kdasync.api.cluster import KubeDirectorCluster
from kdasync.devcluster.node.access import Access
from kdasync.devcluster.runtime.simguest import SimGuest
from kdasync.guest.order import Outcome, Result
from kdasync.kube.transport import Channel, Request, Stream
from kdasync.render import names

pytestmark = pytest.mark.looptime
Grant = tuple[str, str, str]  # verb, group, resource/subresource
REPLACE = "kubedirector.hpe.com/replace-member"
CLUSTERS = "/apis/kubedirector.hpe.com/v1beta1/namespaces/default/kubedirectorclusters"
DONE = Result(outcome=Outcome.DONE)
FAILED = Result(outcome=Outcome.SCRIPT_FAILED, exit_code=1)


def grants(request: Request) -> set[Grant]:
    """What RBAC asks for a request; a WebSocket exec is a get, or a create on newer servers."""
    words = request.path.strip("/").split("/")
    group = "" if words[0] == "api" else words[1]
    words = words[2:] if words[0] == "api" else words[3:]
    if words[0] == "namespaces" and len(words) > 2:
        words = words[2:]
    resource, name, sub = [*words, "", ""][:3]
    if sub == "exec":
        return {("get", group, "pods/exec"), ("create", group, "pods/exec")}
    return {(_verb(request, name), group, f"{resource}/{sub}" if sub else resource)}


def _verb(request: Request, name: str) -> str:
    if request.method == "GET":
        watching = dict(request.query).get("watch") in ("true", "1")
        return "watch" if watching else "get" if name else "list"
    return {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}[request.method]


class Audited(Counting):
    """Notes what every request needs."""

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.used: set[Grant] = set()

    async def request(self, request: Request, *, timeout: float) -> Any:  # noqa: ASYNC109
        self.used |= grants(request)
        return await super().request(request, timeout=timeout)

    @asynccontextmanager
    async def stream(self, request: Request, *, connect_timeout: float, idle_timeout: float) -> Any:
        if "nothing" not in request.path:
            self.used |= grants(request)
        stream: Stream
        async with super().stream(request, connect_timeout=connect_timeout, idle_timeout=idle_timeout) as stream:
            yield stream

    @asynccontextmanager
    async def channel(self, request: Request, *, connect_timeout: float) -> Any:
        self.used |= grants(request)
        channel: Channel
        async with super().channel(request, connect_timeout=connect_timeout) as channel:
            yield channel


class Old(Audited):
    """A server that cannot stream lists."""

    @asynccontextmanager
    async def stream(self, request: Request, *, connect_timeout: float, idle_timeout: float) -> Any:
        if dict(request.query).get("sendInitialEvents"):
            request = Request("GET", "/api/v1/nothing-like-it-is-served")
        async with super().stream(request, connect_timeout=connect_timeout, idle_timeout=idle_timeout) as stream:
            yield _Refusal() if "nothing" in request.path else stream


class _Refusal:
    status = 422
    headers: dict[str, str] = {}

    async def read(self) -> bytes:
        return b'{"kind": "Status", "status": "Failure", "reason": "Invalid", "code": 422}'


def stored(count: int) -> dict[str, Any]:
    return cluster(workers=count) | {"spec": roles(count)["spec"] | {"app": "demo", "serviceType": "ClusterIP"}}


def roles(count: int) -> dict[str, Any]:
    patch = workers(count)
    for role in patch["spec"]["roles"]:
        role["storage"] = {"size": "1Gi", "storageClassName": "standard"}
    return patch


def written(*roles: dict[str, Any]) -> set[Grant]:
    return {
        (verb, group, resource)
        for role in roles
        for rule in role["rules"]
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def resources(role: dict[str, Any]) -> Iterator[str]:
    for rule in role["rules"]:
        yield from (*rule["resources"], *rule["verbs"], *rule["apiGroups"])


async def grow_and_fail(stack: Stack) -> None:
    """Grow, a role that goes, a service changed and deleted by hand, a failed member with storage replaced, deletion."""
    await stack.create("kubedirectorclusters", stored(2))
    await stack.until(lambda: stack.configured("one"))
    await stack.merge("one", roles(3))
    await stack.until(lambda: stack.configured("one"))
    await stack.merge("one", roles(0))
    await stack.until(lambda: stack.configured("one"))
    service = f"/api/v1/namespaces/default/services/s-{next(iter(stack.members('one')))}"
    await stack.send("PATCH", service, {"metadata": {"ownerReferences": None}}, media="application/merge-patch+json")
    await stack.pause(60)
    await stack.send("DELETE", service)
    await stack.pause(60)
    stack.guests.script = lambda target, _order: (0.5, FAILED if target.pod.endswith("-1") else DONE)
    await stack.merge("one", roles(2))
    await stack.until(lambda: stack.condition("Stalled")["status"] == "True", seconds=300)
    stack.guests.script = lambda _target, _order: (0.5, DONE)
    await stack.merge("one", {"metadata": {"annotations": {REPLACE: "all"}}})
    await stack.until(lambda: stack.configured("one"), seconds=300)
    await stack.send("DELETE", f"{CLUSTERS}/one")
    await stack.until(lambda: not stack.all("pods"), seconds=600)
    await stack.pause(90)


async def taken_names(stack: Stack, replica: Replica) -> None:
    """Names that somebody else has taken, on a server that streams no lists, and real execs once they are free."""
    made = msgspec.convert(await stack.create("kubedirectorclusters", cluster(workers=1)), KubeDirectorCluster)
    service, found = names.headless_service(made), names.stateful_set(made, "worker")
    await stack.send("POST", "/api/v1/namespaces/default/services", {"metadata": {"name": service}, "spec": {"clusterIP": "None"}})
    labels = {"app": "other"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "serviceName": "", "template": template}
    await stack.send("POST", "/apis/apps/v1/namespaces/default/statefulsets", {"metadata": {"name": found}, "spec": spec})
    replica.start()
    await stack.until(lambda: "NameTaken" in str(stack.status("one")), seconds=60)
    await stack.send("DELETE", f"/api/v1/namespaces/default/services/{service}")
    await stack.send("DELETE", f"/apis/apps/v1/namespaces/default/statefulsets/{found}")
    await stack.until(lambda: stack.configured("one"), seconds=300)
    await stack.send("DELETE", f"{CLUSTERS}/one")
    await stack.until(lambda: not stack.all("pods"), seconds=600)


async def used_grants() -> set[Grant]:
    used: set[Grant] = set()
    async with run(start=False) as stack:
        await stack.send("POST", "/api/v1/namespaces", {"metadata": {"name": "kubedirector"}})
        replica = Replica(stack, "one", 1, wire=Audited)
        replica.start()
        await grow_and_fail(stack)
        await replica.stop()
        used |= replica.transport.used
    async with run(start=False) as stack:
        await stack.send("POST", "/api/v1/namespaces", {"metadata": {"name": "kubedirector"}})
        stack.plane.access, stack.runtime._guest = Access(stack.node), SimGuest()
        replica = Replica(stack, "one", 1, wire=Old, real_guests=True)
        await taken_names(stack, replica)
        await replica.stop()
        used |= replica.transport.used
    return used


async def test_the_roles_are_what_is_used(parts: dict[str, Any]) -> None:
    used, granted = await used_grants(), written(parts["ClusterRole"], parts["Role"])
    assert sorted(used - granted) == []
    assert sorted(granted - used) == []


def test_nothing_is_granted_by_a_wildcard_or_to_escalate(parts: dict[str, Any]) -> None:
    words = {*resources(parts["ClusterRole"]), *resources(parts["Role"])}
    assert not words & {"*", "escalate", "bind", "impersonate", "roles", "clusterroles", "serviceaccounts"}
