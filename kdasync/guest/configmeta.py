"""configmeta.json: what a start script can know of its cluster. Source: spec/kubedirector-runtime.md 3.9.

Why two steps: a cluster of ten thousand members has one shared text per config epoch; only the `node` object, the tokens and the
secret keys of the member's own role differ. `render_shared` writes the text with holes, `for_member` fills them.

Deliberate differences from KubeDirector:

* Lists of members are in order of ordinal and roles in order of the spec's identity, not by state: the order is stable (D20).
* A role without members is absent from `services` too: KubeDirector's references dangled (its issue 317).
* A connected cluster lists every member (KubeDirector repeated the last), and each of its references starts with
  `connections/clusters/NAME` (KubeDirector's resolved in the local cluster); apps of the system catalog are included (D11).
* `authToken` is the member's own token in its own role; a new key `authTokens` (FQDN -> token) has all of a role's; a role without
  token services does not have the key (D12).
* `secret_keys` holds the member's own role's keys only, unless `share_secret_keys` is set (E1).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

from kdasync.api.app import AppSpec, Service
from kdasync.guest.gojson import Hole, Value, compact, whole
from kdasync.render.quantity import quantity

NODEGROUP = "1"
_MEBI = 1024 * 1024


class MemberView(msgspec.Struct, frozen=True, kw_only=True):
    """A member that the document lists."""

    node_id: int
    pod: str
    auth_token: str = ""
    block_device_paths: tuple[str, ...] = ()


class RoleView(msgspec.Struct, frozen=True, kw_only=True):
    """A role of the spec; `members` by ordinal; `memory` and `cpu` are limits; `secret_keys` are (name, plain value)."""

    id: str
    members: tuple[MemberView, ...] = ()
    memory: str | int | float = 0
    cpu: str | int | float = 0
    secret_keys: tuple[tuple[str, str], ...] = ()


class ClusterView(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster as the document shows it. `service` is the headless service, `domain` begins with a dot."""

    name: str
    uid: str
    namespace: str
    app: AppSpec
    service: str
    domain: str = ".svc.cluster.local"
    roles: tuple[RoleView, ...] = ()


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """A connected ConfigMap or Secret; `type` is the value of its type label; a Secret's `data` is base64 already."""

    name: str
    type: str
    data: Mapping[str, str] | None = None
    labels: Mapping[str, str] | None = None
    annotations: Mapping[str, str] | None = None


class ConfigmetaInput(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the document is made of."""

    cluster: ClusterView
    clusters: tuple[ClusterView, ...] = ()
    configmaps: tuple[Published, ...] = ()
    secrets: tuple[Published, ...] = ()
    share_secret_keys: bool = False


class Shared(msgspec.Struct, frozen=True):
    """The shared text with holes, and what fills them."""

    text: tuple[bytes | Hole, ...]
    cluster: ClusterView
    members: Mapping[int, tuple[RoleView, MemberView]]
    share_secret_keys: bool = False


def fqdn(cluster: ClusterView, member: MemberView) -> str:
    """The member's DNS name."""
    return f"{member.pod}.{_domain(cluster)}"


def _domain(cluster: ClusterView) -> str:
    return f"{cluster.service}.{cluster.namespace}{cluster.domain}"


def render_shared(given: ConfigmetaInput) -> Shared:
    """The text that all members share."""
    document = {
        **_document(given.cluster, ()),
        "node": Hole("node"),
        "connections": {
            "clusters": {view.name: _connected(view) for view in sorted(given.clusters, key=lambda view: view.name)},
            "configmaps": _published(given.configmaps, _plain),
            "secrets": _published(given.secrets, _base64),
        },
    }
    members = {member.node_id: (role, member) for role in given.cluster.roles for member in role.members}
    return Shared(compact(document), given.cluster, members, given.share_secret_keys)


def for_member(shared: Shared, node_id: int) -> bytes:
    """configmeta.json of one member.

    Raises:
        KeyError: no such member.
    """
    role, member = shared.members[node_id]
    return b"".join(piece if isinstance(piece, bytes) else _fill(piece, shared, role, member) for piece in shared.text)


def _fill(hole: Hole, shared: Shared, role: RoleView, member: MemberView) -> bytes:
    if hole.kind == "node":
        return whole(_node(shared.cluster, role, member))
    owner = next(known for known in shared.cluster.roles if known.id == hole.name)
    if hole.kind == "token":
        return whole(member.auth_token if owner is role else owner.members[-1].auth_token)
    if owner.secret_keys and (owner is role or shared.share_secret_keys):
        return b',"secret_keys":' + whole(dict(sorted(owner.secret_keys)))
    return b""


def _node(cluster: ClusterView, role: RoleView, member: MemberView) -> Value:
    name = fqdn(cluster, member)
    devices: dict[str, Value] = {"block_device_paths": member.block_device_paths} if member.block_device_paths else {}
    return {
        "role_id": role.id,
        "nodegroup_id": NODEGROUP,
        "id": str(member.node_id),
        "hostname": name,
        "fqdn": name,
        "domain": _domain(cluster),
        "distro_id": cluster.app.distro_id,
        "depends_on": {},
        **devices,
    }


def _connected(cluster: ClusterView) -> Value:
    """A connected cluster: every token is shown, no secret key is."""
    nothing: dict[str, Value] = {"clusters": None, "configmaps": None, "secrets": None}
    return {**_document(cluster, ("connections", "clusters", cluster.name)), "node": None, "connections": nothing}


def _reference(*path: str) -> Value:
    return {"bdvlibrefkey": path}


def _document(cluster: ClusterView, prefix: tuple[str, ...]) -> dict[str, Value]:
    app, group = cluster.app, (*prefix, "nodegroups", NODEGROUP)
    return {
        "version": str(app.config_schema_version),
        "services": _services(cluster, group),
        "nodegroups": {NODEGROUP: _nodegroup(cluster, group)},
        "distros": {app.distro_id: {NODEGROUP: _reference(*group)}},
        "cluster": {
            "name": cluster.name,
            "isolated": False,
            "id": cluster.uid,
            "config_metadata": {NODEGROUP: _reference(*group, "config_metadata")},
        },
    }


def _populated(cluster: ClusterView) -> list[RoleView]:
    return sorted((role for role in cluster.roles if role.members), key=lambda role: role.id)


def _service_ids(app: AppSpec, role_id: str) -> list[str]:
    known = {service.id for service in app.services}
    ids = {name for entry in app.config.role_services if entry.role_id == role_id for name in entry.service_ids}
    return sorted(ids & known)


def _services(cluster: ClusterView, group: tuple[str, ...]) -> Value:
    result: dict[str, dict[str, Value]] = {}
    for role in _populated(cluster):
        for name in _service_ids(cluster.app, role.id):
            result.setdefault(name, {})[role.id] = _reference(*group, "roles", role.id, "services", name)
    return {name: {NODEGROUP: roles} for name, roles in sorted(result.items())}


def _nodegroup(cluster: ClusterView, group: tuple[str, ...]) -> Value:
    meta = cluster.app.config.config_meta
    return {
        "roles": {role.id: _role(cluster, role, group) for role in _populated(cluster)},
        "distro_id": cluster.app.distro_id,
        "catalog_entry_version": cluster.app.version,
        "config_metadata": None if meta is None else dict(sorted(meta.items())),
    }


def _role(cluster: ClusterView, role: RoleView, group: tuple[str, ...]) -> Value:
    names = [fqdn(cluster, member) for member in role.members]
    ids = [str(member.node_id) for member in role.members]
    by_id = {service.id: service for service in cluster.app.services}
    wanted = _service_ids(cluster.app, role.id)
    secrets: dict[str, Value] = {} if _is_connected(group) else {"": Hole("secrets", role.id)}
    return {
        "services": {name: _service(cluster, role, by_id[name], group) for name in wanted},
        "node_ids": ids,
        "hostnames": names,
        "fqdns": names,
        "fqdn_mappings": dict(sorted(zip(names, ids, strict=True))),
        "flavor": _flavor(role),
        **secrets,
    }


def _is_connected(group: tuple[str, ...]) -> bool:
    return group[0] == "connections"


def _amount(limit: str | float) -> Decimal:
    """A limit that is no quantity counts as none: admission has refused it before."""
    return quantity(limit) or Decimal()


def _flavor(role: RoleView) -> Value:
    return {
        "storage": "n/a",
        "name": "n/a",
        "memory": str((_amount(role.memory) / _MEBI).to_integral_value(ROUND_FLOOR)),
        "description": "n/a",
        "cores": str(_amount(role.cpu).to_integral_value(ROUND_CEILING)),
    }


def _service(cluster: ClusterView, role: RoleView, service: Service, group: tuple[str, ...]) -> Value:
    place = (*group, "roles", role.id)
    return {
        "qualifiers": [],
        "name": service.label.name if service.label else "",
        "id": service.id,
        "hostnames": _reference(*place, "hostnames"),
        "global_id": f"{NODEGROUP}_{role.id}_{service.id}",
        "fqdns": _reference(*place, "fqdns"),
        "exported_service": service.exported_service,
        "endpoints": _endpoints(cluster, role, service),
        **_tokens(cluster, role, service, group),
    }


def _endpoints(cluster: ClusterView, role: RoleView, service: Service) -> Value:
    endpoint = service.endpoint
    if endpoint is None or not endpoint.port:
        return None
    return [f"{endpoint.url_scheme}://{fqdn(cluster, member)}:{endpoint.port}" for member in role.members]


def _tokens(cluster: ClusterView, role: RoleView, service: Service, group: tuple[str, ...]) -> dict[str, Value]:
    if service.endpoint is None or not (service.endpoint.port and service.endpoint.has_auth_token):
        return {"authToken": ""}
    last = role.members[-1].auth_token
    by_name: dict[str, Value] = {fqdn(cluster, member): member.auth_token for member in role.members}
    return {"authToken": last if _is_connected(group) else Hole("token", role.id), "authTokens": dict(sorted(by_name.items()))}


def _plain(value: str) -> str:
    return value


def _base64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def _strings(values: Mapping[str, str] | None, encode: Callable[[str], str]) -> Value:
    return None if values is None else {key: encode(value) for key, value in sorted(values.items())}


def _published(objects: tuple[Published, ...], encode: Callable[[str], str]) -> Value:
    """Type -> objects in the order given. `data` of a Secret is base64 already, its other leaves become so."""
    result: dict[str, list[Value]] = {}
    for known in objects:
        shown: Value = {
            "metadata": {"name": encode(known.name)},
            "data": _strings(known.data, _plain),
            "labels": _strings(known.labels, encode),
            "annotations": _strings(known.annotations, encode),
        }
        result.setdefault(known.type, []).append(shown)
    return dict(sorted(result.items()))
