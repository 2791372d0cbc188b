"""From a run that the memory has ordered to the `Order` that a guest gets: configmeta, setup package, injections.

Flow: the setup package is fetched (cached) when the order is built, the shared part of configmeta is rendered once per cluster and
state of membership. Guarantees: an order carries at least the epoch of its run. Assumptions: the caller delivers it soon.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from kdasync.api.app import KubeDirectorApp, SetupPackage
from kdasync.api.cluster import KubeDirectorCluster, Role
from kdasync.api.memory import MemberMemory, Memory
from kdasync.api.workloads import ConfigMap, Secret
from kdasync.errors import DefinitionError
from kdasync.guest.configmeta import (
    ClusterView,
    ConfigmetaInput,
    MemberView,
    Published,
    RoleView,
    Shared,
    for_member,
    render_shared,
)
from kdasync.guest.order import Injection, Order, Package, Provenance
from kdasync.guest.secretkeys import decrypt
from kdasync.reconcile.membership import split
from kdasync.reconcile.naming import pod_of
from kdasync.reconcile.observe import find_app
from kdasync.reconcile.plan import Deliver
from kdasync.reconcile.snapshot import Snapshot
from kdasync.reconcile.stores import Stores
from kdasync.render.keys import CONFIG_MAP_TYPE, SECRET_TYPE
from kdasync.render.view import headless_name
from kdasync.settings import Settings
from statemachines.role import LEAVING

_SHARED = 256  # clusters whose shared text is kept


class Packages(Protocol):
    """Where setup packages come from."""

    async def get(self, url: str) -> Package:
        """The checked package. Raises GuestError or DefinitionError with reason and remedy."""
        ...


class Orders:
    """Builds orders; keeps the shared text of the clusters that were last at work."""

    def __init__(self, stores: Stores, settings: Settings, packages: Packages) -> None:
        self._stores = stores
        self._settings = settings
        self._packages = packages
        self._shared: dict[str, tuple[object, Shared]] = {}

    def maker(self, snapshot: Snapshot, memory: Memory, member: MemberMemory, action: Deliver) -> Callable[[], Awaitable[Order]]:
        """What a job calls to build its order, for each try anew."""

        async def make() -> Order:
            return await self._make(snapshot, memory, member, action)

        return make

    async def _make(self, snapshot: Snapshot, memory: Memory, member: MemberMemory, action: Deliver) -> Order:
        run = action.run
        provenance = Provenance(snapshot.cluster.metadata.uid, member.role, member.node_id)
        base = Order(
            container=run.container,
            event=run.event,
            attempt=run.attempt,
            commit=run.commit,
            provenance=provenance,
            stop=action.stop,
        )
        app_role = snapshot.app_role(member.role)
        if action.stop or app_role is None or snapshot.app is None:
            return base
        setup = app_role.config_package
        package = setup if isinstance(setup, SetupPackage) else None
        common = {
            "new_layout": bool(package and package.use_new_setup_layout),
            "tail": 256 if app_role.max_log_size_dump is None else app_role.max_log_size_dump,
            "args": split(run.args),
            "configmeta": for_member(self.shared(snapshot, memory), member.node_id) if package else None,
        }
        if run.event == "recover":
            return msgspec.structs.replace(
                base, **(common | {"probe": True, "trust_unmarked": bool(member.container) or run.adopted})
            )
        if run.event != "configure":
            return msgspec.structs.replace(base, **common)
        return await self._setup(snapshot, member, msgspec.structs.replace(base, **common), package)

    async def _setup(self, snapshot: Snapshot, member: MemberMemory, base: Order, package: SetupPackage | None) -> Order:
        role = snapshot.role(member.role)
        url = package.package_url if package else ""
        fetched = await self._packages.get(url) if url.startswith("http") else None
        return msgspec.structs.replace(
            base,
            setup=True,
            package=fetched,
            package_path=url.removeprefix("file://") if url.startswith("file:") else "",
            configcli=package is not None,
            systemd=bool(snapshot.app and snapshot.app.spec.systemd_required),
            injections=_injections(role),
            provenance=msgspec.structs.replace(base.provenance, digest=fetched.digest if fetched else ""),
        )

    def shared(self, snapshot: Snapshot, memory: Memory) -> Shared:
        """The part of configmeta that all members share."""
        given = configmeta_input(self._stores, self._settings, snapshot, memory)
        known = self._shared.get(snapshot.cluster.metadata.uid)
        if known is not None and known[0] == given:
            return known[1]
        rendered = render_shared(given)
        self._shared.pop(snapshot.cluster.metadata.uid, None)
        while len(self._shared) >= _SHARED:
            self._shared.pop(next(iter(self._shared)))
        self._shared[snapshot.cluster.metadata.uid] = (given, rendered)
        return rendered


def configmeta_input(stores: Stores, settings: Settings, snapshot: Snapshot, memory: Memory) -> ConfigmetaInput:
    """What configmeta is rendered from."""
    links = snapshot.connected
    pairs = [(found, find_app(stores, settings, found)[0]) for found in links.clusters]
    return ConfigmetaInput(
        cluster=_own(snapshot, memory),
        clusters=tuple(_other(found, app, snapshot) for found, app in pairs if app is not None),
        configmaps=tuple(_published(found, CONFIG_MAP_TYPE) for found in links.configmaps),
        secrets=tuple(_published(found, SECRET_TYPE) for found in links.secrets),
    )


def _own(snapshot: Snapshot, memory: Memory) -> ClusterView:
    assert snapshot.app is not None  # noqa: S101 - an order is only built for a known app
    present = [member for member in memory.members if member.state not in LEAVING]
    return _view(
        snapshot.cluster,
        snapshot.app,
        snapshot,
        {
            role.id: tuple(
                MemberView(
                    node_id=member.node_id,
                    pod=pod_of(snapshot, member),
                    auth_token=member.auth_token,
                    block_device_paths=_devices(role),
                )
                for member in sorted(present, key=lambda member: member.ordinal)
                if member.role == role.id
            )
            for role in snapshot.spec.roles
        },
    )


def _devices(role: Role) -> tuple[str, ...]:
    blocks = role.block_storage
    return tuple(f"{blocks.path_prefix}{index}" for index in range(blocks.num_devices)) if blocks else ()


def _other(found: KubeDirectorCluster, app: KubeDirectorApp, snapshot: Snapshot) -> ClusterView:
    recorded = found.status.roles if found.status else []
    members = {
        role.id: tuple(MemberView(node_id=member.node_id, pod=member.pod, auth_token=member.auth_token) for member in role.members)
        for role in recorded
    }
    return _view(found, app, snapshot, members)


def _view(
    cluster: KubeDirectorCluster, app: KubeDirectorApp, snapshot: Snapshot, members: dict[str, tuple[MemberView, ...]]
) -> ClusterView:
    return ClusterView(
        name=cluster.metadata.name,
        uid=cluster.metadata.uid,
        namespace=cluster.metadata.namespace,
        app=app.spec,
        service=headless_name(cluster),
        domain=snapshot.config.cluster_svc_domain_base,
        roles=tuple(
            RoleView(
                id=role.id,
                members=members.get(role.id, ()),
                memory=role.resources.limits.get("memory", 0),
                cpu=role.resources.limits.get("cpu", 0),
                secret_keys=_secret_keys(role, snapshot.config.master_encryption_key or ""),
            )
            for role in cluster.spec.roles
        ),
    )


def _secret_keys(role: Role, master_key: str) -> tuple[tuple[str, str], ...]:
    """Plain values; what the master key does not open is left out, as KubeDirector does."""
    out = []
    for key in role.secret_keys:
        try:
            out.append((key.name, key.value or decrypt(key.encrypted_value, master_key)))
        except DefinitionError:
            continue
    return tuple(out)


def _published(found: ConfigMap | Secret, label: str) -> Published:
    meta = found.metadata
    return Published(
        name=meta.name,
        type=meta.labels.get(label, ""),
        data=found.data or None,
        labels=meta.labels or None,
        annotations=meta.annotations or None,
    )


def _injections(role: Role | None) -> tuple[Injection, ...]:
    out = []
    for entry in role.file_injections if role else []:
        allowed = entry.permissions
        mode = allowed.file_mode if allowed else None
        out.append(
            Injection(
                url=entry.src_url,
                directory=entry.dest_dir,
                mode=f"{mode:o}" if mode is not None else "",
                owner=(allowed.file_owner or "") if allowed else "",
                group=(allowed.file_group or "") if allowed else "",
            )
        )
    return tuple(out)
