"""Questions to the API server, all at once and no longer than an admission answer may take.

Guarantees: requests go to the API server and nowhere else; what could not be learnt raises, and so is a refusal, never a permission.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import msgspec

from kdasync.admission.live import Question
from kdasync.admission.request import User
from kdasync.admission.world import Lookup, Permission, Thing
from kdasync.api.meta import Object, Wire
from kdasync.errors import BadRequest, NotFound
from kdasync.kube.client import Client
from kdasync.kube.resource import Resource


class ClaimSpec(Wire, frozen=True):
    """core/v1 PersistentVolumeClaimSpec, as far as a projection cares."""

    volume_mode: str | None = None
    access_modes: list[str] = []


class ClaimModes(Object, frozen=True):
    """core/v1 PersistentVolumeClaim, its modes."""

    spec: ClaimSpec = ClaimSpec()


class ReviewStatus(Wire, frozen=True):
    """authorization.k8s.io/v1 SubjectAccessReviewStatus."""

    allowed: bool = False


class AccessReview(Object, frozen=True):
    """authorization.k8s.io/v1 SubjectAccessReview, its answer."""

    status: ReviewStatus = ReviewStatus()


CLAIMS = Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", ClaimModes)
REVIEWS = Resource("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", AccessReview, namespaced=False)
_KINDS: dict[str, Resource[Any]] = {
    "secrets": Resource("", "v1", "secrets", "Secret", Object),
    "configmaps": Resource("", "v1", "configmaps", "ConfigMap", Object),
    "serviceaccounts": Resource("", "v1", "serviceaccounts", "ServiceAccount", Object),
    "persistentvolumeclaims": CLAIMS,
}


async def ask(client: Client, user: User, questions: Iterable[Question]) -> dict[Question, Thing | bool | None]:
    """Every answer.

    Raises:
        KdasyncError: one could not be learnt.
    """
    todo = tuple(questions)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_one(client, user, question)) for question in todo]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    return {question: task.result() for question, task in zip(todo, tasks, strict=True)}


async def _one(client: Client, user: User, question: Question) -> Thing | bool | None:
    if isinstance(question, Lookup):
        return await _look(client, question)
    return (await client.create(REVIEWS, "", msgspec.json.encode(review(user, question)))).status.allowed


async def _look(client: Client, lookup: Lookup) -> Thing | None:
    try:
        found = await client.get(_KINDS[lookup.resource], lookup.namespace, lookup.name)
    except (NotFound, BadRequest):  # what cannot be a name names nothing
        return None
    if isinstance(found, ClaimModes):
        return Thing(volume_mode=found.spec.volume_mode, access_modes=tuple(found.spec.access_modes))
    return Thing()


def review(user: User, permission: Permission) -> dict[str, Any]:
    """The body of a SubjectAccessReview: lower-case plural with its group, as RBAC rules are written."""
    attributes = {key: value for key, value in msgspec.structs.asdict(permission).items() if value}
    spec: dict[str, Any] = {"user": user.username, "resourceAttributes": attributes}
    if user.uid:
        spec["uid"] = user.uid
    spec["groups"] = list(user.groups)
    spec["extra"] = {key: list(values) for key, values in user.extra.items()}
    return {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
