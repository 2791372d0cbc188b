"""The garbage collector's decision: one object, the live objects and its dependents in, calls out. Pure.

Source: Kubernetes' documentation of garbage collection. An object goes once none of its owners lives; a reference to a dead owner
beside a live one is cut; an owner in foreground deletion waits for its blocking dependents; one in orphan deletion loses them.

Assumption: an owner that is missing in `alive` is surely gone; the controller asks the API server before it says so.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

import msgspec

from kdasync.devcluster.controllers.calls import Call, Document, Kind, Patch, delete, deleting, key_of, uid_of

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


class Item(msgspec.Struct, frozen=True):
    """An object with its kind."""

    kind: Kind
    document: Document

    @property
    def owners(self) -> list[Document]:
        """Its owner references."""
        return list(self.document["metadata"].get("ownerReferences") or ())

    @property
    def finalizers(self) -> list[str]:
        """Its finalizers."""
        return list(self.document["metadata"].get("finalizers") or ())


def decide(item: Item, *, alive: Container[str], dependents: Sequence[Item], owners: Sequence[Item]) -> list[Call]:
    """`alive` are UIDs, `owners` the living owners of the item, `dependents` those that refer to it."""
    if deleting(item.document):
        return _as_owner(item, dependents)
    return _as_dependent(item, alive, owners)


def _as_dependent(item: Item, alive: Container[str], owners: Sequence[Item]) -> list[Call]:
    solid = [reference for reference in item.owners if reference["uid"] in alive]
    if item.owners and not solid:
        return [delete(item.kind, item.document, propagation=_inherited(item))]
    if any(deleting(owner.document) and FOREGROUND in owner.finalizers for owner in owners) and len(solid) == 1:
        return [delete(item.kind, item.document, propagation="Foreground")]
    if len(solid) < len(item.owners):
        return [_with_owners(item, solid)]
    return []


def _inherited(item: Item) -> str:
    if ORPHAN in item.finalizers:
        return "Orphan"
    return "Foreground" if FOREGROUND in item.finalizers else "Background"


def _as_owner(item: Item, dependents: Sequence[Item]) -> list[Call]:
    if ORPHAN in item.finalizers:
        cut: list[Call] = [_without_owner(dependent, uid_of(item.document)) for dependent in dependents]
        return cut or [_without_finalizer(item, ORPHAN)]
    if FOREGROUND in item.finalizers and not any(_blocks(dependent, item) for dependent in dependents):
        return [_without_finalizer(item, FOREGROUND)]
    return []


def _blocks(dependent: Item, owner: Item) -> bool:
    return any(each["uid"] == uid_of(owner.document) and each.get("blockOwnerDeletion") for each in dependent.owners)


def _without_owner(item: Item, uid: str) -> Patch:
    return _with_owners(item, [reference for reference in item.owners if reference["uid"] != uid])


def _with_owners(item: Item, owners: list[Document]) -> Patch:
    return Patch(item.kind, key_of(item.document), {"metadata": {"uid": uid_of(item.document), "ownerReferences": owners or None}})


def _without_finalizer(item: Item, finalizer: str) -> Patch:
    rest = [each for each in item.finalizers if each != finalizer]
    return Patch(item.kind, key_of(item.document), {"metadata": {"uid": uid_of(item.document), "finalizers": rest or None}})
