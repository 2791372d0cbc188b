"""The kubeconfig by which kubectl and the operator find a devcluster."""

from __future__ import annotations

import base64

import yaml

NAME = "kdasync-dev"


def kubeconfig(url: str, *, authority: bytes, token: str, namespace: str = "default") -> str:
    """A kubeconfig as YAML. Without `authority` the URL is plain HTTP; without `token` nobody is asked who he is."""
    cluster: dict[str, str] = {"server": url}
    if authority:
        cluster["certificate-authority-data"] = base64.b64encode(authority).decode()
    text: str = yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": NAME,
            "clusters": [{"name": NAME, "cluster": cluster}],
            "users": [{"name": NAME, "user": {"token": token} if token else {}}],
            "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME, "namespace": namespace}}],
        },
        sort_keys=False,
    )
    return text
