"""From a pod's document to what the runtime starts. Pure."""

from __future__ import annotations

from kdasync.devcluster.node.env import environment, expand
from kdasync.devcluster.node.lookup import Document, Lookup
from kdasync.devcluster.node.volumes import mounts, sources
from kdasync.devcluster.quantity import amount
from kdasync.devcluster.runtime.protocol import ContainerSpec, SandboxSpec


def sandbox_spec(pod: Document, *, domain: str) -> SandboxSpec:
    """The shared part of a pod; `domain` is the cluster's, e.g. `cluster.local`."""
    meta = pod["metadata"]
    namespace = meta["namespace"]
    return SandboxSpec(
        uid=meta["uid"],
        namespace=namespace,
        name=meta["name"],
        hostname=pod["spec"].get("hostname") or meta["name"],
        search=(f"{namespace}.svc.{domain}", f"svc.{domain}", domain),
    )


def container_spec(pod: Document, container: Document, lookup: Lookup) -> ContainerSpec:
    """One container.

    Raises:
        Refusal: it cannot be started (yet).
    """
    values = environment(pod, container, lookup)
    limits = (container.get("resources") or {}).get("limits") or {}
    user = {**(pod["spec"].get("securityContext") or {}), **(container.get("securityContext") or {})}.get("runAsUser")
    return ContainerSpec(
        name=container["name"],
        image=container["image"],
        command=tuple(expand(word, values) for word in container.get("command") or ()),
        args=tuple(expand(word, values) for word in container.get("args") or ()),
        env=tuple(values.items()),
        working_dir=container.get("workingDir") or "",
        run_as_user=user,
        mounts=mounts(container, sources(pod, lookup), values),
        memory_limit=int(amount(str(limits.get("memory") or 0))),
        stdin=bool(container.get("stdin")),
        tty=bool(container.get("tty")),
    )
