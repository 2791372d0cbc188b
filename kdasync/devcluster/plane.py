"""What every request handler shares: storage, served resources, environment and the seams to node and admission.

Why a value of its own: handlers are plain functions of a `Call`; the server, the controllers and the simulator build one plane and
pass it on, so nothing is looked up in module state.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import msgspec

from kdasync.devcluster.environment import Environment
from kdasync.devcluster.hooks import Handler
from kdasync.devcluster.nodes import PodAccess
from kdasync.devcluster.resources import Registry, Resource
from kdasync.devcluster.shape import SchemaShape, Shape, named
from kdasync.devcluster.status import bad_request
from kdasync.devcluster.storage import Entry, Storage
from kdasync.kube.transport import Query, Request

Json = dict[str, Any]

SNAPSHOTS = 64  # pages of lists in flight; an older one is answered with 410, as after an etcd compaction


class Plane:
    """The state behind the API server.

    Attributes:
        access: the node's door to running pods; None answers exec, log and port-forward with 404 as for a pod without node.
        services: (namespace, name) of a service -> handler of this process that answers for it, for admission webhooks.
        tokens: bearer token -> user name. Empty: everybody is admitted.
    """

    def __init__(self, *, environment: Environment, storage: Storage | None = None) -> None:
        self.environment = environment
        self.storage = storage or Storage()
        self.registry = Registry()
        self.access: PodAccess | None = None
        self.tokens: dict[str, str] = {}
        self.services: dict[tuple[str, str], Handler] = {}
        self.requests: dict[tuple[str, str], int] = {}
        self._shapes: dict[tuple[str, str], tuple[Any, Shape]] = {}
        self._snapshots: OrderedDict[str, list[Entry]] = OrderedDict()

    def shape(self, resource: Resource) -> Shape:
        """The merge rules of a kind."""
        if not resource.custom:
            return named()
        key = (resource.qualified, resource.version)
        if key not in self._shapes or self._shapes[key][0] is not resource.schema:
            self._shapes[key] = (resource.schema, SchemaShape(resource.schema, root=True))
        return self._shapes[key][1]

    def keep(self, token: str, rest: list[Entry]) -> None:
        """Keep the rest of a paged list under its continue token."""
        self._snapshots[token] = rest
        while len(self._snapshots) > SNAPSHOTS:
            self._snapshots.popitem(last=False)

    def kept(self, token: str) -> list[Entry] | None:
        """The rest of a paged list, or None if it was dropped."""
        return self._snapshots.get(token)

    def forget(self) -> None:
        """Drop history and pages: what a compaction does to slow clients."""
        self._snapshots.clear()
        self.storage.expire()


class Params:
    """Query parameters."""

    def __init__(self, query: Query) -> None:
        self._query = query

    def get(self, name: str, default: str = "") -> str:
        """First value."""
        return next((value for key, value in self._query if key == name), default)

    def all(self, name: str) -> tuple[str, ...]:
        """All values."""
        return tuple(value for key, value in self._query if key == name)

    def has(self, name: str) -> bool:
        """True if given, also if empty."""
        return any(key == name for key, _ in self._query)

    def flag(self, name: str) -> bool:
        """A boolean as Go parses it in query parameters."""
        return self.has(name) and self.get(name).lower() not in {"false", "0"}

    def number(self, name: str) -> int | None:
        """An integer, None if absent.

        Raises:
            Failure: 400, not a number.
        """
        text = self.get(name)
        if not text:
            return None
        try:
            return int(text)
        except ValueError:
            raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request on one resource.

    Attributes:
        namespace: of the path; "" for cluster scope or all namespaces.
        name: of the path; "" for a collection.
        user: who asks.
    """

    plane: Plane
    request: Request
    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    params: Params
    user: str = ""
    headers: Mapping[str, str] = {}
    warnings: list[str] = []

    @property
    def verb(self) -> str:
        """The HTTP method."""
        return self.request.method

    @property
    def dry_run(self) -> bool:
        """True with `dryRun=All`."""
        return "All" in self.params.all("dryRun")

    @property
    def storage(self) -> Storage:
        """The plane's storage."""
        return self.plane.storage

    @property
    def media_type(self) -> str:
        """Content type of the body without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def stored(self) -> Entry | None:
        """The object of the path, if it exists."""
        return self.storage.get(self.resource.shelf, self.namespace, self.name)
