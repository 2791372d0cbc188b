"""What is legal in an app but seldom meant. Each is a warning at `kubectl apply` and in `kdasync lint`, never a refusal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from kdasync.api.app import AppSpec, KubeDirectorApp, Role, SetupPackage
from kdasync.errors import DefinitionError
from kdasync.render.check_role import port_name
from kdasync.render.view import ports

_TAGGED = re.compile(r".*(:[^/]+|@sha256:.+)")


def advise(app: KubeDirectorApp) -> Iterator[DefinitionError]:
    """Everything to think about in a defaulted app."""
    spec = app.spec
    served = {entry.role_id for entry in spec.config.role_services if entry.service_ids}
    for index, role in enumerate(spec.roles):
        field = f"spec.roles[{index}]"
        yield from _image(role, field)
        yield from _package(role, field)
        yield from _ports(app, role, field)
        if role.id not in served:
            yield DefinitionError(
                f"role {role.id} has no service.",
                field=f"{field}.id",
                remedy="Members get no port and no service; list some in config.roleServices if they should.",
                reason="RoleWithoutService",
            )
        if role.id not in spec.config.selected_roles:
            yield DefinitionError(
                f"role {role.id} is not in config.selectedRoles.",
                field=f"{field}.id",
                remedy="Clusters may leave it out, whatever its cardinality; list it if they must not.",
                reason="RoleNotSelected",
            )
    yield from _unused(spec)


def _image(role: Role, field: str) -> Iterator[DefinitionError]:
    image = role.image_repo_tag or ""
    if image and (not _TAGGED.fullmatch(image) or image.endswith(":latest")):
        yield DefinitionError(
            f"image {image} has no fixed tag.",
            field=f"{field}.imageRepoTag",
            remedy="Name a version, so that members that are added later run the same software.",
            reason="ImageWithoutTag",
        )


def _package(role: Role, field: str) -> Iterator[DefinitionError]:
    package = role.config_package
    if isinstance(package, SetupPackage) and package.package_url.startswith("http://"):
        yield DefinitionError(
            "the setup package comes by plain http.",
            field=f"{field}.configPackage.packageURL",
            remedy="Use https or file: its scripts run as root in every member.",
            reason="PlainHttp",
        )


def _ports(app: KubeDirectorApp, role: Role, field: str) -> Iterator[DefinitionError]:
    exposed = ports(app, role.id)
    for port in exposed:
        if not port_name(port.service):
            yield DefinitionError(
                f"service {port.service!r} cannot name a port: clusters of this app will be refused.",
                field=f"{field}.id",
                remedy="Use an id of lower-case letters, digits and single dashes with at least one letter.",
                reason="InvalidPort",
            )
    for number in (number for number, times in Counter(port.number for port in exposed).items() if times > 1):
        yield DefinitionError(
            f"two services of role {role.id} use port {number}: clusters of this app will be refused.",
            field=f"{field}.id",
            remedy="Give them different ports, or leave one of them out of config.roleServices.",
            reason="InvalidPort",
        )


def _unused(spec: AppSpec) -> Iterator[DefinitionError]:
    used = {name for entry in spec.config.role_services for name in entry.service_ids}
    for index, service in enumerate(spec.services):
        if service.id not in used:
            yield DefinitionError(
                f"service {service.id} is used by no role.",
                field=f"spec.services[{index}].id",
                remedy="List it in config.roleServices, or remove it.",
                reason="UnusedService",
            )
