"""The API server's core: a request goes in, an answer comes out; no sockets.

Why: aiohttp is a thin shell around `ApiServer.answer`, the in-process transport another, the simulator a third; so one and the same
server is tested, simulated and used.

Flow: authenticate, route, handle, present (Table or JSON), wrap failures into Status answers.
Guarantees: `answer` raises nothing but cancellation; an answer is a `Response`, a `Streaming` body or an `Upgrade`.
"""

from __future__ import annotations

from typing import Any

from kdasync.devcluster import discovery, routing, verbs
from kdasync.devcluster.answers import Answer
from kdasync.devcluster.plane import Call, Params, Plane
from kdasync.devcluster.status import Failure, no_resource, not_found
from kdasync.kube.transport import Request, Response

Json = dict[str, Any]

ANONYMOUS = "system:anonymous"
ADMIN = "kubernetes-admin"


class ApiServer:
    """Answers requests on one plane."""

    def __init__(self, plane: Plane) -> None:
        self.plane = plane

    async def handle(self, request: Request) -> Response:
        """The complete answer of a request that is no watch and no upgrade."""
        answer = await self.answer(request)
        if isinstance(answer, Response):
            return answer
        return Failure(400, "BadRequest", "this request needs a streaming connection").response()

    async def answer(self, request: Request) -> Answer:
        """The answer of any request."""
        try:
            user = self._user(request)
            return await self._route(request, user)
        except Failure as failure:
            return failure.response()

    def _user(self, request: Request) -> str:
        if not self.plane.tokens:
            return ADMIN
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        user = self.plane.tokens.get(token.strip()) if scheme.lower() == "bearer" else None
        if user is None and request.path not in discovery.PUBLIC:
            raise Failure(401, "Unauthorized", "Unauthorized")
        return user or ANONYMOUS

    async def _route(self, request: Request, user: str) -> Answer:
        params = Params(request.query)
        found = discovery.answer(self.plane, request)
        if found is not None:
            return found
        target = routing.resolve(self.plane.registry, request.path)
        if target is None:
            return self._unknown(request.path)
        key = (request.method, target.resource.plural)
        self.plane.requests[key] = self.plane.requests.get(key, 0) + 1
        call = Call(
            plane=self.plane,
            request=request,
            resource=target.resource,
            namespace=target.namespace,
            name=target.name,
            subresource=target.subresource,
            params=params,
            user=user,
            headers={name.lower(): value for name, value in request.headers.items()},
            warnings=[],
        )
        try:
            return await verbs.dispatch(call)
        except Failure as failure:
            return verbs.warned(call, failure.response())

    def _unknown(self, path: str) -> Response:
        known = routing.nearest(self.plane.registry, path)
        if known is None:
            return Response(404, {"content-type": "text/plain; charset=utf-8"}, b"404 page not found\n")
        if known.resource is not None:
            return not_found(known.resource, known.name).response()
        return no_resource().response()
