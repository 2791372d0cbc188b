"""The global config: its defaults, its place, its labels, and a master key that stays while something is encrypted with it.

Source: spec/kubedirector-api.md section 2.11.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kdasync.admission.fill import config_changes
from kdasync.admission.references import reserved
from kdasync.admission.request import Change, Request
from kdasync.admission.shape import read
from kdasync.admission.world import Lookup, World
from kdasync.api.config import ConfigSpec, KubeDirectorConfig
from kdasync.errors import DefinitionError
from kdasync.guest.secretkeys import encrypt
from kdasync.render.check_role import check_annotations, check_labels

_KEY = 32  # bytes
_NAMED = 10


def fill(request: Request, nonce: Callable[[int], bytes]) -> tuple[Change, ...]:
    """The defaults as a patch; an absent master key stays the stored one, else it is a new one."""
    try:
        read(request.object, KubeDirectorConfig)
        old = read(request.old, KubeDirectorConfig).spec if request.old is not None else None
    except DefinitionError:
        return ()
    return config_changes(request.object or {}, old, nonce(_KEY).hex())


def check(request: Request, world: World) -> Iterator[DefinitionError]:
    """Why the config may not be written as it is."""
    if request.object is None:
        if named := _clusters(world):
            yield DefinitionError(
                f"the config cannot be deleted while clusters exist: {named}.",
                field="metadata.name",
                remedy="Delete the clusters first, or change the config instead.",
                reason="ConfigInUse",
            )
        return
    config = read(request.object, KubeDirectorConfig)
    if config.metadata.namespace != world.namespace:
        yield DefinitionError(
            f"namespace {config.metadata.namespace} is not the operator's.",
            field="metadata.namespace",
            remedy=f"Create it in {world.namespace}.",
            reason="WrongNamespace",
        )
    spec = config.spec or ConfigSpec()
    name = spec.default_storage_class_name
    if name and world.thing(Lookup("storageclasses", "", name)) is None:
        yield DefinitionError(
            f"there is no StorageClass {name}.",
            field="spec.defaultStorageClassName",
            remedy="Create it first, or name one that exists (`kubectl get storageclass`).",
            reason="NoStorageClass",
        )
    yield from _labels(spec)
    yield from _key(spec, request, world)


def _labels(spec: ConfigSpec) -> Iterator[DefinitionError]:
    for field, labels in (("spec.podLabels", spec.pod_labels), ("spec.serviceLabels", spec.service_labels)):
        yield from check_labels(labels, field)
        yield from reserved(labels, field)
    yield from check_annotations(spec.pod_annotations, "spec.podAnnotations")
    yield from check_annotations(spec.service_annotations, "spec.serviceAnnotations")


def _key(spec: ConfigSpec, request: Request, world: World) -> Iterator[DefinitionError]:
    if spec.master_encryption_key:
        try:
            encrypt("", spec.master_encryption_key, nonce=bytes)
        except DefinitionError as error:
            yield DefinitionError(error.message, field=error.field, remedy=error.remedy, reason="InvalidMasterKey")
    old = (read(request.old, KubeDirectorConfig).spec if request.old is not None else None) or ConfigSpec()
    if old.master_encryption_key and spec.master_encryption_key != old.master_encryption_key and (named := _clusters(world)):
        yield DefinitionError(
            f"the key cannot change while clusters exist: {named}.",
            field="spec.masterEncryptionKey",
            remedy="Leave it as it is: what was encrypted with it could not be read any more.",
            reason="MasterKeyFixed",
        )


def _clusters(world: World) -> str:
    names = sorted(f"{item.metadata.namespace}/{item.metadata.name}" for item in world.clusters())
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
