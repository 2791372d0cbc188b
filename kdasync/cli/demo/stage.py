"""What a user can do to a cluster, with nothing but the API server: apply, scale, wait, exec, logs, delete.

Guarantees: every wait has an end; when it comes, `Unproven` says what was waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from kdasync.api.cluster import KubeDirectorCluster
from kdasync.api.workloads import ContainerStatus
from kdasync.errors import ApiError, KdasyncError, NotFound
from kdasync.kube.client import MERGE_PATCH, Client
from kdasync.kube.exec import STDERR, exec_
from kdasync.kube.resource import APPS, CLAIMS, CLUSTERS, CONFIG_MAPS, PODS, SERVICES, STATEFUL_SETS, Resource
from kdasync.kube.transport import Request
from kdasync.render import keys

T = TypeVar("T")
LOOK = 0.1  # seconds between two looks
TAIL = 15  # lines of a log


class Unproven(KdasyncError):
    """Something did not come true."""


class Output(msgspec.Struct, frozen=True):
    """What a command in a pod left."""

    code: int
    stdout: str
    stderr: str


class Stage:
    """One cluster, seen from outside."""

    def __init__(
        self, client: Client, *, namespace: str, app: dict[str, Any], cluster: dict[str, Any], patience: float = 300
    ) -> None:
        self.client = client
        self.namespace = namespace
        self.name: str = cluster["metadata"]["name"]
        self._app = app
        self._cluster = cluster
        self._patience = patience

    async def create(self) -> None:
        """Apply the app and the cluster."""
        wanted: tuple[tuple[Resource[Any], dict[str, Any]], ...] = ((APPS, self._app), (CLUSTERS, self._cluster))
        for resource, body in wanted:
            name = body["metadata"]["name"]
            await self.client.apply(resource, self.namespace, name, msgspec.json.encode(body), field_manager="kdasync-demo")

    async def cluster(self) -> KubeDirectorCluster:
        """The cluster as it is now."""
        return await self.client.get(CLUSTERS, self.namespace, self.name)

    async def members(self, role: str) -> list[str]:
        """Pods of a role, by ordinal, as the status lists them."""
        status = (await self.cluster()).status
        return [member.pod for found in (status.roles if status else []) if found.id == role for member in found.members]

    async def scale(self, role: str, count: int) -> None:
        """Ask for `count` members of a role."""
        roles = [{**entry, "members": count} if entry["id"] == role else entry for entry in self._cluster["spec"]["roles"]]
        body = msgspec.json.encode({"spec": {"roles": roles}})
        await self.client.patch(CLUSTERS, self.namespace, self.name, body, content_type=MERGE_PATCH)

    async def ready(self) -> None:
        """Wait until the status says that the newest spec is true: what `kubectl wait --for=condition=Ready` does."""

        async def check() -> bool:
            cluster = await self.cluster()
            conditions = cluster.status.conditions if cluster.status else []
            return any(
                each.type == "Ready" and each.status == "True" and each.observed_generation == cluster.metadata.generation
                for each in conditions
            )

        await self.until(f"cluster {self.name} to be Ready", check)

    async def container(self, pod: str) -> ContainerStatus | None:
        """The app container of a pod; None if there is no such pod."""
        try:
            found = await self.client.get(PODS, self.namespace, pod)
        except NotFound:
            return None
        return next((each for each in found.status.container_statuses if each.name == keys.APP_CONTAINER), ContainerStatus())

    async def run(self, pod: str, command: tuple[str, ...], stdin: bytes = b"") -> Output:
        """Run a command in the app container of a pod, as `kubectl exec -i` does."""
        outputs = {False: bytearray(), True: bytearray()}
        async with exec_(self.client, self.namespace, pod, keys.APP_CONTAINER, command, stdin=True) as process:
            await process.write(stdin)
            await process.close_stdin()
            async for channel, piece in process:
                outputs[channel == STDERR] += piece
        return Output(process.exit_code or 0, outputs[False].decode(), outputs[True].decode())

    async def delete(self) -> None:
        """Delete the cluster."""
        await self.client.delete(CLUSTERS, self.namespace, self.name)

    async def gone(self) -> None:
        """Wait until nothing of the cluster is left."""

        async def check() -> bool:
            return not await self.left()

        await self.until("everything of the cluster to be gone", check)

    async def left(self) -> list[str]:
        """Whatever still exists of the cluster, as `Kind/name`."""
        selector = f"{keys.CLUSTER}={self.name}"
        kinds: tuple[Resource[Any], ...] = (PODS, STATEFUL_SETS, SERVICES, CLAIMS, CONFIG_MAPS)
        found = [
            f"{kind.kind}/{item.metadata.name}"
            for kind in kinds
            for item in (await self.client.list(kind, self.namespace, label_selector=selector)).items
        ]
        try:
            found.append(f"KubeDirectorCluster/{(await self.cluster()).metadata.name}")
        except NotFound:
            return found
        return found

    async def logs(self) -> dict[str, str]:
        """The last lines of each pod of the cluster."""
        pods = await self.client.list(PODS, self.namespace, label_selector=f"{keys.CLUSTER}={self.name}")
        return {pod.metadata.name: await self._log(pod.metadata.name) for pod in pods.items}

    async def _log(self, pod: str) -> str:
        query = (("container", keys.APP_CONTAINER), ("tailLines", str(TAIL)))
        request = Request("GET", PODS.path(self.namespace, pod, "log"), query)
        return (await self.client.transport.request(request, timeout=10)).body.decode(errors="replace")

    async def until(self, what: str, check: Callable[[], Awaitable[bool]]) -> None:
        """Wait until `check` is true.

        Raises:
            Unproven: it did not become true in time.
        """
        try:
            async with asyncio.timeout(self._patience):
                while not await _patiently(check):  # noqa: ASYNC110 - what is waited for lies in the API server
                    await asyncio.sleep(LOOK)
        except TimeoutError as error:
            raise Unproven(f"waited {self._patience:g} s for {what}") from error


async def _patiently(check: Callable[[], Awaitable[bool]]) -> bool:
    """A look that met a transient error has seen nothing."""
    try:
        return await check()
    except ApiError as error:
        if error.transient:
            return False
        raise
