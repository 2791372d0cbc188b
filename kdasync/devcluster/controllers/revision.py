"""Revisions of a StatefulSet's template: a name per content, and the stored templates. Pure.

Why: pods below a rolling update's partition keep, and get back, the template they had. Source: apps/v1 ControllerRevision.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from kdasync.devcluster.controllers.calls import REVISION, STATEFUL_SET, Create, Document

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # Kubernetes' safe alphabet: no vowels, no look-alikes
_LENGTH = 10


def revision_hash(template: Document) -> str:
    """A short word that depends on the content alone."""
    number = int.from_bytes(hashlib.sha256(msgspec.json.encode(template, order="deterministic")).digest(), "big")
    letters = []
    for _ in range(_LENGTH):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    return "".join(letters)


def revision_name(stateful_set: Document) -> str:
    """Name of the revision of the set's present template."""
    return f"{stateful_set['metadata']['name']}-{revision_hash(stateful_set['spec']['template'])}"


def owner_reference(stateful_set: Document) -> Document:
    """A controlling, blocking reference to the set."""
    return {
        "apiVersion": STATEFUL_SET.api_version,
        "kind": STATEFUL_SET.kind,
        "name": stateful_set["metadata"]["name"],
        "uid": stateful_set["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def store_revision(stateful_set: Document, known: Iterable[Document]) -> list[Create]:
    """The call that stores the present template, unless it is stored."""
    name = revision_name(stateful_set)
    numbers = [1]
    for revision in known:
        if revision["metadata"]["name"] == name:
            return []
        numbers.append(revision.get("revision", 0) + 1)
    body = {
        "apiVersion": REVISION.api_version,
        "kind": REVISION.kind,
        "metadata": {
            "name": name,
            "namespace": stateful_set["metadata"].get("namespace", ""),
            "labels": {
                **(stateful_set["spec"]["selector"].get("matchLabels") or {}),
                "controller.kubernetes.io/hash": name.rsplit("-", 1)[1],
            },
            "ownerReferences": [owner_reference(stateful_set)],
        },
        "data": {"spec": {"template": stateful_set["spec"]["template"]}},
        "revision": max(numbers),
    }
    return [Create(REVISION, body)]


def template_of(name: str, *, stateful_set: Document, known: Iterable[Document]) -> Document:
    """The template of a revision; the set's own if that revision is not stored any more."""
    for revision in known:
        if revision["metadata"]["name"] == name:
            template: Document = revision["data"]["spec"]["template"]
            return template
    own: Document = stateful_set["spec"]["template"]
    return own
