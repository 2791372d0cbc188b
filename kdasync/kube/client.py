"""Typed calls to the API server, with the retry policy in one place.

Flow: a call becomes one `Request`; the answer's bytes are decoded once, into the kind's struct; a non-2xx answer becomes an error.

Guarantees: a call with all its repeats ends within `settings.request_timeout`. Repeated are: anything answered 429 or 503 with
Retry-After (it was not processed), reads that failed on the wire or with 5xx, and writes that surely never left. A write that may
have arrived is never sent again: who asked looks at the object first. After 429 or 503 all calls of this client wait, not only one.
`before_send` runs before each attempt of a write, so that a lost lease stops it. Only errors of `errors.py` are raised.

Assumptions: one client per process and identity.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import msgspec

from kdasync.errors import ApiError, Gone, KdasyncError, ServerError, TooManyRequests, TransportError
from kdasync.kube.backoff import Backoff
from kdasync.kube.resource import Resource
from kdasync.kube.status import Listing, decode, decode_list, failure, succeeded
from kdasync.kube.transport import Query, Request, Response, Transport
from kdasync.settings import Settings

T = TypeVar("T")

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
_JSON = "application/json"
_PAGE = 500
_UNAVAILABLE = 503
_READS = frozenset({"get", "list"})


class Observer(Protocol):
    """Receives one call per attempt, for metrics. `code` is the HTTP status, 0 if no answer came."""

    def __call__(self, verb: str, kind: str, code: int, seconds: float) -> None:
        """Count it."""
        ...


def ignore(verb: str, kind: str, code: int, seconds: float) -> None:
    """The Observer that does nothing."""


def permit() -> None:
    """The fence that is always open."""


class _Call(msgspec.Struct, frozen=True):
    verb: str
    kind: str
    request: Request


class _DeleteOptions(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    propagation_policy: str | None = None
    preconditions: dict[str, str] = {}


def _pause(error: KdasyncError) -> float | None:
    """Seconds the server asked all of us to wait before it will process the request at all."""
    if isinstance(error, TooManyRequests) or (isinstance(error, ServerError) and error.code == _UNAVAILABLE):
        return error.retry_after
    return None


def _repeatable(verb: str, error: KdasyncError) -> bool:
    if isinstance(error, TooManyRequests) or _pause(error) is not None:
        return True
    if isinstance(error, TransportError):
        return verb in _READS or not error.sent
    return verb in _READS and isinstance(error, ServerError)


class Client:
    """Calls over one transport.

    Args:
        transport: the wire; it stays the caller's to close.
        settings: `request_timeout` is used.
        clock: monotonic seconds (`loop.time`).
        sleep: e.g. `asyncio.sleep`.
        random: numbers in [0, 1).
        observe: see `Observer`.
        before_send: raises to forbid a write (the lease's fence).
    """

    def __init__(
        self,
        transport: Transport,
        *,
        settings: Settings,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        random: Callable[[], float],
        observe: Observer = ignore,
        before_send: Callable[[], None] = permit,
    ) -> None:
        self.transport = transport
        self.settings = settings
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self.observe = observe
        self._before_send = before_send
        self._not_before = 0.0

    async def get(self, resource: Resource[T], namespace: str, name: str) -> T:
        """One object. Raises NotFound and the rest of the tree."""
        request = Request("GET", resource.path(namespace, name))
        return decode((await self._send("get", resource, request)).body, resource)

    async def list(
        self,
        resource: Resource[T],
        namespace: str = "",
        *,
        label_selector: str = "",
        field_selector: str = "",
        limit: int = _PAGE,
    ) -> Listing[T]:
        """All objects, read in pages of `limit`; of all namespaces if `namespace` is empty.

        Raises:
            ServerError: an object cannot be decoded, beside the rest of the tree.
        """
        selectors = (("labelSelector", label_selector), ("fieldSelector", field_selector))
        query = (("limit", str(limit)), *(pair for pair in selectors if pair[1]))
        try:
            return await self._pages(resource, namespace, query)
        except Gone:  # the continue token expired between two pages
            return await self._pages(resource, namespace, query)

    async def _pages(self, resource: Resource[T], namespace: str, query: Query) -> Listing[T]:
        items: tuple[T, ...] = ()
        token = ""
        while True:
            page = await self.page(resource, namespace, query=query, token=token)
            if page.broken:
                raise ServerError(502, "Undecodable", page.broken[0])
            items += page.items
            token = page.continue_
            if not token:
                return Listing(items, page.resource_version)

    async def page(self, resource: Resource[T], namespace: str, *, query: Query, token: str) -> Listing[T]:
        """One page of a list; `token` is the `continue_` of the page before. Unreadable objects are in `broken`."""
        more = (*query, ("continue", token)) if token else query
        response = await self._send("list", resource, Request("GET", resource.collection_path(namespace), more))
        return decode_list(response.body, resource)

    async def create(self, resource: Resource[T], namespace: str, body: bytes) -> T:
        """Create from JSON. Raises AlreadyExists and the rest of the tree."""
        return await self._write("create", resource, _body("POST", resource.collection_path(namespace), body))

    async def replace(self, resource: Resource[T], namespace: str, name: str, body: bytes, *, subresource: str = "") -> T:
        """Replace by JSON that carries the resourceVersion it is based on. Raises Conflict and the rest of the tree."""
        return await self._write("update", resource, _body("PUT", resource.path(namespace, name, subresource), body))

    async def patch(
        self,
        resource: Resource[T],
        namespace: str,
        name: str,
        body: bytes,
        *,
        content_type: str,
        subresource: str = "",
    ) -> T:
        """Patch; `content_type` is JSON_PATCH or MERGE_PATCH. Raises Invalid if a JSON patch `test` fails, and the rest of the tree."""
        path = resource.path(namespace, name, subresource)
        return await self._write("patch", resource, _body("PATCH", path, body, content_type=content_type))

    async def apply(
        self,
        resource: Resource[T],
        namespace: str,
        name: str,
        body: bytes,
        *,
        field_manager: str,
        force: bool = True,
        subresource: str = "",
    ) -> T:
        """Server-side apply. It re-creates what was deleted: design section 9 rule 4 says where not to use it."""
        query = (("fieldManager", field_manager), ("force", str(force).lower()))
        path = resource.path(namespace, name, subresource)
        return await self._write("apply", resource, _body("PATCH", path, body, content_type=APPLY_PATCH, query=query))

    async def delete(
        self,
        resource: Resource[T],
        namespace: str,
        name: str,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        propagation: str | None = None,
    ) -> None:
        """Delete; `propagation` is `Foreground`, `Background` or `Orphan`. Raises NotFound, Conflict on a precondition, and the rest."""
        conditions = {key: value for key, value in (("uid", uid), ("resourceVersion", resource_version)) if value}
        body = msgspec.json.encode(_DeleteOptions(propagation, conditions))
        await self._send("delete", resource, _body("DELETE", resource.path(namespace, name), body))

    async def _write(self, verb: str, resource: Resource[T], request: Request) -> T:
        return decode((await self._send(verb, resource, request)).body, resource)

    async def _send(self, verb: str, resource: Resource[T], request: Request) -> Response:
        """Attempts until an answer, a final error, or no time is left."""
        call = _Call(verb, resource.kind, request)
        deadline = self._clock() + self.settings.request_timeout
        backoff = Backoff(self._random, limit=self.settings.request_timeout)
        while True:
            await self._rest(deadline)
            try:
                return await self._attempt(call, deadline - self._clock())
            except (ApiError, TransportError) as error:
                delay = self._delay(error, backoff)
                if not _repeatable(verb, error) or self._clock() + delay >= deadline:
                    raise
            await self._sleep(delay)

    def _delay(self, error: KdasyncError, backoff: Backoff) -> float:
        """How long this call waits; a pause that the server asked for holds back the whole client."""
        pause = _pause(error)
        if pause is None:
            return backoff.next()
        self._not_before = max(self._not_before, self._clock() + pause)
        return pause + self._random() * backoff.next()

    async def _rest(self, deadline: float) -> None:
        wait = self._not_before - self._clock()
        if wait <= 0:
            return
        if self._not_before >= deadline:
            raise TooManyRequests(429, "TooManyRequests", "The API server asked this client to wait.", retry_after=wait)
        await self._sleep(wait)

    def check_fence(self) -> None:
        """Raise what the fence raises; for effects that are not requests of this client, such as an exec."""
        self._before_send()

    async def opened(self, verb: str, kind: str, opening: Awaitable[T]) -> T:
        """Await the opening of a connection (watch, exec) and count it; 101 and 200 both count as 200."""
        start = self._clock()
        code = 0
        try:
            result = await opening
            code = 200
        except ApiError as error:
            code = error.code
            raise
        finally:
            self.observe(verb, kind, code, self._clock() - start)
        return result

    async def _attempt(self, call: _Call, seconds: float) -> Response:
        if call.verb not in _READS:
            self._before_send()
        start = self._clock()
        code = 0
        try:
            response = await self.transport.request(call.request, timeout=seconds)
            code = response.status
        finally:
            self.observe(call.verb, call.kind, code, self._clock() - start)
        if not succeeded(response):
            raise failure(response)
        return response


def _body(method: str, path: str, body: bytes, *, content_type: str = _JSON, query: Query = ()) -> Request:
    return Request(method, path, query, {"Content-Type": content_type}, body)
