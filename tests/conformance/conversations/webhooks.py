"""Admission webhooks: change, refuse, warn, fail; what they are asked."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from conformance.samples import define, widget
from conformance.talk import MERGE, Step, Talk

from kdasync.devcluster import certificates

Json = dict[str, Any]
Reply = Callable[[Json], Json]

_ROOT = "/apis/admissionregistration.k8s.io/v1"


class _Server:
    def __init__(self, authority: bytes) -> None:
        self.authority = authority
        self.url = ""
        self.reply: Reply = lambda _: {"allowed": True}
        self.asked: list[Json] = []

    async def handle(self, request: web.Request) -> web.Response:
        review = await request.json()
        self.asked.append(review["request"])
        answer = self.reply(review["request"])
        if "status_code" in answer:
            return web.Response(status=answer["status_code"])
        body = {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "response": {"uid": review["request"]["uid"], **answer},
        }
        return web.json_response(body)


@asynccontextmanager
async def _serving(talk: Talk) -> AsyncIterator[_Server]:
    host = talk.ground.host
    issued = certificates.issue((host,), now=datetime.now(UTC).timestamp())
    server = _Server(issued.authority)
    application = web.Application()
    application.router.add_post("/{path:.*}", server.handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, 0, ssl_context=issued.server_context()).start()
        server.url = f"https://{host}:{runner.addresses[0][1]}/hook"
        yield server
    finally:
        await runner.cleanup()


def _configuration(talk: Talk, server: _Server, *, kind: str, **more: Any) -> Json:
    rule = {
        "apiGroups": [talk.group],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE", "DELETE"],
        "resources": ["widgets"],
    }
    hook = {
        "name": f"{kind.lower()}.{talk.group}",
        "clientConfig": {"url": server.url, "caBundle": base64.b64encode(server.authority).decode()},
        "rules": [rule],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        **more,
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": f"{kind}WebhookConfiguration",
        "metadata": {"name": f"hook-{talk.token}"},
        "webhooks": [hook],
    }


async def _install(talk: Talk, server: _Server, path: str, *, kind: str, **more: Any) -> None:
    """Register and wait until the server asks."""
    plural = f"{kind.lower()}webhookconfigurations"
    await talk.quiet("POST", f"{_ROOT}/{plural}", _configuration(talk, server, kind=kind, **more))
    for _ in range(300):
        await talk.quiet("POST", path, widget(talk, "probe"), dryRun="All")
        if server.asked:
            break
    server.asked.clear()


def _asked(talk: Talk, title: str, server: _Server) -> None:
    talk.steps.append(Step(title, "what the webhook was asked", talk.normal(server.asked)))
    server.asked.clear()


def _patch(*operations: Json) -> Json:
    return {"allowed": True, "patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(operations).encode()).decode()}


async def configurations(talk: Talk) -> None:
    async with _serving(talk) as server:
        for kind in ("Mutating", "Validating"):
            body = _configuration(talk, server, kind=kind)
            body["webhooks"][0]["clientConfig"]["caBundle"] = ""
            path = f"{_ROOT}/{kind.lower()}webhookconfigurations"
            await talk(f"{kind}: defaults", "POST", path, body, dryRun="All")
            body["webhooks"][0].pop("sideEffects")
            await talk(f"{kind}: no side effects said", "POST", path, body, dryRun="All")
            body["webhooks"][0]["name"] = "short"
            await talk(f"{kind}: a short name", "POST", path, body, dryRun="All")


async def mutation(talk: Talk) -> None:
    path = await define(talk)
    async with _serving(talk) as server:
        await _install(talk, server, path, kind="Mutating")
        server.reply = lambda _: _patch(
            {"op": "add", "path": "/spec/colour", "value": "blue"}, {"op": "add", "path": "/spec/strange", "value": 1}
        )
        await talk("create", "POST", path, widget(talk))
        _asked(talk, "asked at create", server)
        await talk("update", "PATCH", f"{path}/one", {"spec": {"size": 2, "colour": "red"}}, kind=MERGE)
        _asked(talk, "asked at update", server)
        server.reply = lambda _: _patch({"op": "add", "path": "/spec/size", "value": 100})
        await talk("an invalid result", "POST", path, widget(talk, "two"))
        server.reply = lambda _: _patch({"op": "remove", "path": "/spec/none"})
        await talk("a patch that fails", "POST", path, widget(talk, "two"))
        server.reply = lambda _: {"allowed": False, "status": {"message": "not today", "code": 403}}
        await talk("refuse", "POST", path, widget(talk, "two"))
        server.reply = lambda _: {"allowed": True, "warnings": ["think twice"]}
        await talk("warn", "POST", path, widget(talk, "two"))
        server.asked.clear()
        await talk("status is another resource", "PATCH", f"{path}/one/status", {"status": {"phase": "a"}}, kind=MERGE)
        _asked(talk, "not asked for status", server)


async def refusal(talk: Talk) -> None:
    path = await define(talk)
    async with _serving(talk) as server:
        await _install(talk, server, path, kind="Validating")
        await talk("allowed", "POST", path, widget(talk))
        _asked(talk, "asked at create", server)
        server.reply = lambda _: {"allowed": False, "status": {"message": "not today"}}
        await talk("with a message", "POST", path, widget(talk, "two"))
        server.reply = lambda _: {"allowed": False, "status": {"reason": "Busy"}}
        await talk("with a reason", "POST", path, widget(talk, "two"))
        server.reply = lambda _: {
            "allowed": False,
            "status": {"reason": "Invalid", "code": 422, "message": "size", "details": {"causes": [{"field": "spec"}]}},
        }
        await talk("with a code", "POST", path, widget(talk, "two"))
        server.reply = lambda _: {"allowed": False}
        await talk("without a word", "POST", path, widget(talk, "two"))
        server.asked.clear()
        await talk("update refused", "PATCH", f"{path}/one", {"spec": {"size": 2}}, kind=MERGE)
        _asked(talk, "asked at update", server)
        await talk("delete refused", "DELETE", f"{path}/one")
        _asked(talk, "asked at delete", server)
        await talk("collection refused", "DELETE", path)
        server.reply = lambda _: {"allowed": True}
        server.asked.clear()
        await talk("dry", "POST", path, widget(talk, "two"), dryRun="All")
        _asked(talk, "asked for a dry run", server)
        await talk("delete", "DELETE", f"{path}/one")
        server.reply = lambda _: {"status_code": 500}
        await talk("broken", "POST", path, widget(talk, "two"))


async def failures(talk: Talk) -> None:
    path = await define(talk)
    async with _serving(talk) as server:
        await _install(talk, server, path, kind="Validating", failurePolicy="Ignore", sideEffects="None")
        server.reply = lambda _: {"status_code": 500}
        await talk("ignored", "POST", path, widget(talk))
        server.reply = lambda _: {"allowed": False, "status": {"message": "no"}}
        await talk("a refusal is not ignored", "POST", path, widget(talk, "two"))
