"""Who may ask the API server: one static token per user, so that the audit log tells them apart."""

from __future__ import annotations

import secrets
from pathlib import Path

import msgspec
import yaml
from realcluster.layout import API_PORT, NODE, Layout


class User(msgspec.Struct, frozen=True):
    """A line of the token file."""

    name: str
    groups: tuple[str, ...] = ()


USERS = {
    "admin": User("admin", ("system:masters",)),
    "operator": User("operator", ("system:masters",)),  # the operator on a developer's machine; as a pod it has its own account
    "bare": User("bare", ("system:masters",)),  # the benchmark's bare client
    "provisioner": User("provisioner", ("system:masters",)),
    "controller-manager": User("system:kube-controller-manager"),
    "scheduler": User("system:kube-scheduler"),
    "proxy": User("system:kube-proxy"),
    "coredns": User("coredns"),
    "kwok": User("kwok", ("system:masters",)),
    "kubelet": User(f"system:node:{NODE}", ("system:nodes",)),
}


def write(layout: Layout) -> None:
    """The token file, and a kubeconfig for each user."""
    tokens = {key: secrets.token_hex(16) for key in USERS}
    lines = [f'{tokens[key]},{user.name},{key},"{",".join(user.groups)}"' for key, user in USERS.items()]
    _private(layout.path("tokens.csv"), "\n".join(lines) + "\n")
    for key, token in tokens.items():
        _private(layout.kubeconfig(key), kubeconfig(layout, key, token))


def kubeconfig(layout: Layout, name: str, token: str) -> str:
    """A kubeconfig as YAML, valid inside and outside."""
    cluster = {"server": f"https://{layout.address}:{API_PORT}", "certificate-authority": str(layout.path("pki", "ca.crt"))}
    text: str = yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [{"name": "real", "cluster": cluster}],
            "users": [{"name": name, "user": {"token": token}}],
            "contexts": [{"name": name, "context": {"cluster": "real", "user": name}}],
        },
        sort_keys=False,
    )
    return text


def token(layout: Layout, name: str) -> str:
    """The token of a user."""
    value: str = yaml.safe_load(layout.kubeconfig(name).read_text())["users"][0]["user"]["token"]
    return value


def _private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)
