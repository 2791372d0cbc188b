"""What keeps one role of a cluster from running: Kubernetes would refuse the objects that we render for it.

Source: spec/kubedirector-api.md section 2.9 (C10 labels, C12, C13, C15, C16, C22) and 6.4 (F18, F22).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from kdasync.api import app as apps
from kdasync.api import cluster as clusters
from kdasync.api.config import ConfigSpec
from kdasync.errors import DefinitionError
from kdasync.render.check_amounts import check_minima, check_resources
from kdasync.render.quantity import quantity
from kdasync.render.view import RoleView, ports, role_view
from kdasync.render.volumes import mounts

_PART = re.compile(r"(?!.{64})[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", re.ASCII)
_PREFIX = re.compile(r"(?!.{254})[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)
_PORT_NAME = re.compile(r"(?!.*--)(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?", re.ASCII)
_DEVICES = 100  # more than any node attaches
_ANNOTATIONS = 256 * 1024  # bytes of one map


def check_role(
    cluster: clusters.KubeDirectorCluster, app: apps.KubeDirectorApp, config: ConfigSpec, *, role: clusters.Role, field: str
) -> Iterator[DefinitionError]:
    """Findings of one role; `field` is its path, e.g. `spec.roles[0]`."""
    yield from check_resources(role, field)
    yield from _sizes(role, field)
    yield from _devices(role, field)
    yield from check_labels(role.pod_labels, f"{field}.podLabels")
    yield from check_labels(role.service_labels, f"{field}.serviceLabels")
    yield from check_annotations(role.pod_annotations, f"{field}.podAnnotations")
    yield from check_annotations(role.service_annotations, f"{field}.serviceAnnotations")
    rule = next((known for known in app.spec.roles if known.id == role.id), None)
    if rule is not None:
        yield from check_minima(role, rule, field)
        yield from _ports(app, role, field)
        yield from _paths(role_view(cluster, app, config, role.id), field)


def _sizes(role: clusters.Role, field: str) -> Iterator[DefinitionError]:
    given = {
        "storage.size": role.storage.size if role.storage else None,
        "blockStorage.size": role.block_storage.size if role.block_storage else None,
        "sharedMemory": role.shared_memory,
    }
    for name, text in given.items():
        if text is not None and not (quantity(text) or 0) > 0:
            yield DefinitionError(
                f"{text!r} is no size.",
                field=f"{field}.{name}",
                remedy="Write a quantity above zero such as 10Gi.",
                reason="InvalidSize",
            )


def _devices(role: clusters.Role, field: str) -> Iterator[DefinitionError]:
    devices = role.block_storage.num_devices if role.block_storage else 0
    if devices > _DEVICES:
        yield DefinitionError(
            f"{devices} devices are too many.",
            field=f"{field}.blockStorage.numDevices",
            remedy=f"Ask for at most {_DEVICES} per member.",
            reason="TooManyDevices",
        )


def _ports(app: apps.KubeDirectorApp, role: clusters.Role, field: str) -> Iterator[DefinitionError]:
    exposed = ports(app, role.id)
    for port in exposed:
        if not port_name(port.service):
            yield DefinitionError(
                f"the app's service {port.service!r} cannot name a port.",
                field=f"{field}.id",
                remedy="In the app, use an id of lower-case letters, digits and single dashes with at least one letter.",
                reason="InvalidPort",
            )
    for number in (number for number, times in Counter(port.number for port in exposed).items() if times > 1):
        yield DefinitionError(
            f"two of the app's services in role {role.id} use port {number}.",
            field=f"{field}.id",
            remedy="In the app, give them different ports, or leave one of them out of config.roleServices.",
            reason="InvalidPort",
        )


def _paths(view: RoleView, field: str) -> Iterator[DefinitionError]:
    paths = Counter(mount.path for mount in mounts(view))
    for path in (path for path, times in paths.items() if times > 1):
        yield DefinitionError(
            f"{path} is mounted more than once.",
            field=field,
            remedy="Give the Secret or the projected claim another mountPath.",
            reason="MountClash",
        )


def port_name(service: str) -> bool:
    """True if a service's id can name a container port."""
    return bool(_PORT_NAME.fullmatch(service))


def check_labels(labels: Mapping[str, str] | None, field: str) -> Iterator[DefinitionError]:
    """Keys and values that are no labels."""
    for key, value in (labels or {}).items():
        if not _qualified(key):
            yield _bad_key(key, field)
        if value and not _PART.fullmatch(value):
            yield DefinitionError(
                f"{value!r} is no label value.",
                field=f"{field}[{key}]",
                remedy="Use at most 63 letters, digits, '-', '_' and '.', starting and ending with a letter or digit.",
                reason="InvalidLabel",
            )


def check_annotations(notes: Mapping[str, str] | None, field: str) -> Iterator[DefinitionError]:
    """Keys that are none, and too much text."""
    yield from (_bad_key(key, field) for key in notes or {} if not _qualified(key.lower()))
    if _bytes(notes or {}) > _ANNOTATIONS:
        yield DefinitionError("too long.", field=field, remedy="Use at most 256 KiB of annotations.", reason="InvalidLabel")


def _qualified(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    return bool(_PART.fullmatch(name)) and (not slash or bool(_PREFIX.fullmatch(prefix)))


def _bytes(notes: Mapping[str, str]) -> int:
    return sum(len(key.encode()) + len(value.encode()) for key, value in notes.items())


def _bad_key(key: str, field: str) -> DefinitionError:
    return DefinitionError(
        f"{key!r} is no key.",
        field=field,
        remedy="Use an optional DNS prefix with '/', and at most 63 characters.",
        reason="InvalidLabel",
    )
