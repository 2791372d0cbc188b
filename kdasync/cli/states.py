"""Which state a cluster or a member is in, as the operator remembers it in the cluster's status."""

from __future__ import annotations

from kdasync.errors import DefinitionError
from kdasync.kube.client import Client
from kdasync.kube.resource import CLUSTERS
from kdasync.reconcile.naming import pod_at


async def state_of(client: Client, namespace: str, *, machine: str, name: str) -> str:
    """The identifier of the state; of the cluster `name`, or of the member whose pod is `name`.

    Raises:
        NotFound: there is no such cluster.
        DefinitionError: there is no such member.
    """
    if machine == "cluster":
        status = (await client.get(CLUSTERS, namespace, name)).status
        return status.kdasync.state if status and status.kdasync else "new"
    for cluster in (await client.list(CLUSTERS, namespace)).items:
        memory = cluster.status.kdasync if cluster.status else None
        for member in memory.members if memory else []:
            if pod_at(cluster, member.role, member.ordinal) == name:
                return member.state
    raise DefinitionError(f"no member {name} in namespace {namespace}.", field="--name", remedy="Name a pod of a cluster.")
