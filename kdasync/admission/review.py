"""The two questions of the API server, and both in one for whoever has no API server.

Flow: `mutate` fills in defaults and encrypts, before the schema looks; `validate` refuses, after the schema has looked. So a user
reads the schema's words on shapes and ours on everything else, and no shape that the schema refuses is judged twice.
Guarantees: pure and total: whatever the object is, the answer is a verdict. Nothing is remembered, so a dry run is like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kdasync.admission import app, claim, cluster, config
from kdasync.admission.fill import fill
from kdasync.admission.request import Request, Verdict
from kdasync.admission.shape import read
from kdasync.admission.world import Permission, World
from kdasync.api.meta import Object
from kdasync.errors import DefinitionError
from kdasync.render import keys

BYPASS = "kdasync.io/bypass-admission"  # annotation
BYPASS_VERB = "bypass"  # what RBAC must allow on the resource
PLURALS = {
    "KubeDirectorApp": "kubedirectorapps",
    "KubeDirectorCluster": "kubedirectorclusters",
    "KubeDirectorConfig": "kubedirectorconfigs",
}


def mutate(request: Request, world: World, nonce: Callable[[int], bytes]) -> Verdict:
    """Defaults and encryption as a patch. Refuses only what must not even be patched: secret keys that cannot be encrypted."""
    if request.object is None or not isinstance(request.object.get("metadata"), dict):
        return Verdict()
    match request.kind:
        case "KubeDirectorApp":
            return Verdict(patch=app.fill(request.object))
        case "KubeDirectorCluster":
            changes, findings = fill(request, world, nonce)
            return Verdict(findings=findings, patch=() if findings else changes)
        case "KubeDirectorConfig":
            return Verdict(patch=config.fill(request, nonce))
        case "PersistentVolumeClaim" if request.operation == "CREATE":
            return Verdict(patch=claim.fill(request, world))
        case _:
            return Verdict()


def validate(request: Request, world: World) -> Verdict:
    """What is wrong with an object that has its defaults and a valid shape."""
    try:
        verdict = _judged(request, world)
    except DefinitionError as error:
        verdict = Verdict(findings=(error,))
    return verdict if verdict.allowed or not _bypassed(request, world) else Verdict(advice=tuple(_told(verdict)))


def _judged(request: Request, world: World) -> Verdict:
    match request.kind:
        case "KubeDirectorApp":
            return Verdict(findings=tuple(app.check(request, world)), advice=tuple(app.advise(request)))
        case "KubeDirectorCluster":
            found = cluster.check(request, world)
            return Verdict(findings=found.new, advice=(*found.known, *cluster.advise(request, world)))
        case "KubeDirectorConfig":
            return Verdict(findings=tuple(config.check(request, world)))
        case _:
            return Verdict()


def _bypassed(request: Request, world: World) -> bool:
    """An emergency: the object carries the mark, and the one who writes may pass."""
    try:
        meta = read(request.object if request.object is not None else request.old, Object).metadata
    except DefinitionError:
        return False
    wanted = Permission(BYPASS_VERB, keys.GROUP, PLURALS[request.kind], request.namespace, meta.name)
    return meta.annotations.get(BYPASS) == "true" and world.may(wanted) is True


def _told(verdict: Verdict) -> Iterator[DefinitionError]:
    for finding in verdict.findings:
        message = f"let through by {BYPASS}: {finding.message}"
        yield DefinitionError(message, field=finding.field, remedy=finding.remedy, reason=finding.reason)
