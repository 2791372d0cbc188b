"""An app: its defaults move into its roles; while clusters use it, it stays as it is.

Source: spec/kubedirector-api.md section 2.8. That an app is in use is read from the clusters themselves, so it holds on every replica,
after a restart and for `kubectl delete --all`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from kdasync.admission import advice_app, equal
from kdasync.admission.request import Change, Json, Request, pointer
from kdasync.admission.shape import read, too_large
from kdasync.admission.world import World
from kdasync.api.app import AppPolicy, AppSpec, KubeDirectorApp, RolePolicy
from kdasync.api.meta import Wire
from kdasync.errors import DefinitionError
from kdasync.render.checks import check_app
from kdasync.render.defaults import LOG_SIZE, default_app

_DEFAULTS = ("defaultImageRepoTag", "defaultConfigPackage", "defaultPersistDirs", "defaultEventList", "defaultMaxLogSizeDump")
_ROLE = (
    ("imageRepoTag", "defaultImageRepoTag"),
    ("persistDirs", "defaultPersistDirs"),
    ("eventList", "defaultEventList"),
    ("maxLogSizeDump", "defaultMaxLogSizeDump"),
)
_NAMED = 10  # clusters in a message


class _Defaults(Wire, frozen=True):
    default_image_repo_tag: str | None = None
    default_config_package: dict[str, Any] | None = None
    default_persist_dirs: list[str] | None = None
    default_event_list: list[str] | None = None
    default_max_log_size_dump: int | None = None


def fill(document: Json) -> tuple[Change, ...]:
    """The defaults as a patch; nothing where they are of another type (the schema refuses that).

    Works on the document: a default that no role takes is dropped without being looked at, as KubeDirector does.
    """
    spec = document.get("spec")
    roles = spec.get("roles") if isinstance(spec, dict) else None
    if not isinstance(spec, dict) or not isinstance(roles, list):
        return ()
    try:
        read(spec, _Defaults)
    except DefinitionError:
        return ()
    gone = [Change("remove", pointer("spec", key)) for key in _DEFAULTS if key in spec]
    made = [change for index, role in enumerate(roles) if isinstance(role, dict) for change in _filled(spec, index, role)]
    return (*gone, *made)


def _filled(spec: Json, index: int, role: Json) -> Iterator[Change]:
    if "configPackage" not in role:
        yield Change("add", pointer("spec", "roles", index, "configPackage"), _package(spec.get("defaultConfigPackage")))
    for key, default in _ROLE:
        value = spec.get(default, LOG_SIZE if key == "maxLogSizeDump" else None)
        if role.get(key) is None and value is not None:
            yield Change("add", pointer("spec", "roles", index, key), value)


def _package(default: Json | None) -> Json | None:
    """A default as KubeDirector writes it into a role: with both keys."""
    return None if default is None else {"useNewSetupLayout": False, **default}


def users(app: KubeDirectorApp, world: World) -> tuple[str, ...]:
    """`namespace/name` of the clusters that use an app."""
    home, name = app.metadata.namespace, app.metadata.name
    system = home == world.namespace
    return tuple(
        sorted(
            f"{cluster.metadata.namespace}/{cluster.metadata.name}"
            for cluster in world.clusters_of(name)
            if (cluster.metadata.namespace == home and cluster.spec.app_catalog in (None, "local"))
            or (system and _takes_system(cluster.metadata.namespace, cluster.spec.app_catalog, name, world))
        )
    )


def _takes_system(namespace: str, catalog: str | None, name: str, world: World) -> bool:
    if catalog is None:
        return not isinstance(world.app(namespace, name), KubeDirectorApp) or namespace == world.namespace
    return catalog == "system"


def check(request: Request, world: World) -> Iterator[DefinitionError]:
    """Why an app may not be written as it is."""
    if request.object is None:
        if request.old is not None:
            yield from _in_use(read(request.old, KubeDirectorApp), world, "deleted")
        return
    app = default_app(read(request.object, KubeDirectorApp))
    yield from check_app(app)
    for index, role in enumerate(app.spec.roles):
        yield from too_large(role.max_log_size_dump, f"spec.roles[{index}].maxLogSizeDump")
    if request.old is not None:
        before = default_app(read(request.old, KubeDirectorApp))
        if _fixed(app.spec) != _fixed(before.spec):
            yield from _in_use(before, world, "changed")


def _fixed(spec: AppSpec) -> AppSpec:
    """What members were made from. Times and retries are read anew whenever they matter, so they may change."""
    plain = equal.plain_app(spec)
    policies = plain.kdasync.roles if plain.kdasync else []
    kept = [
        RolePolicy(id=policy.id, command=policy.command, termination_grace_seconds=policy.termination_grace_seconds)
        for policy in policies
    ]
    shown = [policy for policy in kept if policy.command is not None or policy.termination_grace_seconds is not None]
    return replace(plain, kdasync=AppPolicy(roles=shown))


def _in_use(app: KubeDirectorApp, world: World, what: str) -> Iterator[DefinitionError]:
    named = users(app, world)
    if named:
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        yield DefinitionError(
            f"app {app.metadata.name} cannot be {what} while clusters use it: {', '.join(named[:_NAMED])}{more}.",
            field="metadata.name" if what == "deleted" else "spec",
            remedy="Create a new app under another name, or delete these clusters first.",
            reason="AppInUse",
        )


def advise(request: Request) -> Iterator[DefinitionError]:
    """What is legal but wrong."""
    if request.object is not None:
        yield from advice_app.advise(default_app(read(request.object, KubeDirectorApp)))
