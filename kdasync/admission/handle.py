"""AdmissionReview in, AdmissionReview out: the whole webhook but for its socket.

Flow: bounds, decode, judge, ask what is open, judge again, encode.
Guarantees: every request gets an answer: what is no review a 4xx, everything else an allowed or a refused review in the version that
was asked. An error of ours is a refusal that says so, never a connection that breaks off. No answer repeats the object.
Source: admission.k8s.io/v1.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from kdasync.admission.ask import ask
from kdasync.admission.live import Known, LiveWorld, Question
from kdasync.admission.request import Json, Operation, User, Verdict
from kdasync.admission.request import Request as Review
from kdasync.admission.review import mutate, validate
from kdasync.admission.world import World
from kdasync.errors import DefinitionError, KdasyncError
from kdasync.kube.client import Client
from kdasync.kube.transport import Request, Response
from kdasync.telemetry.logging import logger

MUTATE, VALIDATE, HEALTH, READY = "/mutate", "/validate", "/healthz", "/readyz"
BODY = 8 * 1024 * 1024  # bytes: an object and its old form, each at most etcd's 1.5 MiB, escaped
PASSES = 4  # of the rules; an answer opens new questions at most twice
_LONGEST = 16 * 1024  # characters of a refusal

Judge = Callable[[Review, World], Verdict]
Ask = Callable[[User, set[Question]], Awaitable[dict[Question, Any]]]


class _Kind(msgspec.Struct, frozen=True):
    kind: str = ""


class _Asked(msgspec.Struct, frozen=True, rename="camel"):
    uid: str
    kind: _Kind
    operation: Operation
    namespace: str = ""
    user_info: User = User()
    object: Any = None
    old_object: Any = None


class _Envelope(msgspec.Struct, frozen=True, rename="camel"):
    request: _Asked
    api_version: str = "admission.k8s.io/v1"


class Webhook:
    """Answers reviews.

    Args:
        known: the stores.
        ask: answers what they do not hold.
        nonce: random bytes for encryption and new keys.
    """

    def __init__(self, known: Known, ask: Ask, *, nonce: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._known = known
        self._ask = ask
        self._log = logger("admission")
        self._judges: dict[str, Judge] = {
            MUTATE: lambda review, world: mutate(review, world, nonce),
            VALIDATE: validate,
        }

    async def handle(self, request: Request) -> Response:
        """One HTTP request."""
        if request.path == HEALTH:
            return _text(200, "ok")
        judge = self._judges.get(request.path)
        if judge is None:
            return _text(404, "there is /mutate, /validate and /healthz")
        if request.method != "POST":
            return _text(405, "POST an AdmissionReview")
        if len(request.body) > BODY:
            return _text(413, f"an AdmissionReview has at most {BODY} bytes")
        try:
            envelope = msgspec.json.decode(request.body, type=_Envelope)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            return _text(400, f"this is no AdmissionReview: {error}")
        return _answer(envelope, await self._verdict(envelope.request, judge))

    async def _verdict(self, asked: _Asked, judge: Judge) -> Verdict:
        try:
            return await self._judged(_review(asked), judge)
        except KdasyncError as error:
            self._log.warning("not judged", kind=asked.kind.kind, error=str(error))
            return _unable("the API server did not answer", "Try again; if it goes on, look at the operator's log.")
        except Exception as error:  # noqa: BLE001 - a bug of ours must not become a broken connection
            self._log.error("not judged", kind=asked.kind.kind, exc_info=error)
            return _unable("kdasync failed", "Report the operator's log.")

    async def _judged(self, review: Review, judge: Judge) -> Verdict:
        answers: dict[Question, Any] = {}
        for _ in range(PASSES):
            world = LiveWorld(self._known, answers)
            verdict = judge(review, world)
            if not world.asked:
                return verdict
            answers |= await self._ask(review.user, world.asked)
        return verdict


def asker(client: Client) -> Ask:
    """Questions over a client; one without a fence: every replica asks."""
    return lambda user, questions: ask(client, user, questions)


def _review(asked: _Asked) -> Review:
    document, old = _document(asked.object, asked.namespace), _document(asked.old_object, asked.namespace)
    return Review(
        operation=asked.operation, kind=asked.kind.kind, namespace=asked.namespace, user=asked.user_info, object=document, old=old
    )


def _document(value: Any, namespace: str) -> Json | None:
    """The object with its namespace, which a create may leave to the path."""
    if not isinstance(value, dict):
        return None
    meta = value.get("metadata")
    if namespace and isinstance(meta, dict) and not meta.get("namespace"):
        return {**value, "metadata": {**meta, "namespace": namespace}}
    return value


def _unable(what: str, remedy: str) -> Verdict:
    return Verdict(findings=(DefinitionError(f"{what}, so this could not be judged.", field="object", remedy=remedy),))


def _answer(envelope: _Envelope, verdict: Verdict) -> Response:
    response: Json = {"uid": envelope.request.uid, "allowed": verdict.allowed}
    if verdict.warnings:
        response["warnings"] = list(verdict.warnings)
    if not verdict.allowed:
        response["status"] = _status(verdict)
    elif verdict.patch:
        response |= {"patchType": "JSONPatch", "patch": base64.b64encode(msgspec.json.encode(verdict.patch)).decode()}
    body = {"apiVersion": envelope.api_version, "kind": "AdmissionReview", "response": response}
    return Response(200, {"content-type": "application/json"}, msgspec.json.encode(body))


def _status(verdict: Verdict) -> Json:
    causes = [{"reason": item.reason, "message": item.message, "field": item.field} for item in verdict.findings]
    return {
        "status": "Failure",
        "message": verdict.message[:_LONGEST],
        "reason": "Invalid",
        "code": 422,
        "details": {"causes": causes},
    }


def _text(status: int, text: str) -> Response:
    return Response(status, {"content-type": "text/plain"}, text.encode())
