"""Names that DNS answers, from Endpoints. Pure.

Source: the Kubernetes DNS specification 1.1: a service's name gives its ready addresses, an address with a host name has a name of its own.
There are no virtual addresses here: the name of a service with a cluster IP gives the pods behind it too, so a service's `port` must
equal its `targetPort` for callers inside.
"""

from __future__ import annotations

from collections.abc import Iterable

from kdasync.devcluster.controllers.calls import Document, key_of

Names = dict[str, tuple[str, ...]]


def names_of(endpoints: Iterable[Document], *, domain: str = "cluster.local") -> Names:
    """Fully qualified name -> addresses, without a trailing dot."""
    names: Names = {}
    for each in endpoints:
        namespace, name = key_of(each)
        base = f"{name}.{namespace}.svc.{domain}"
        addresses = [address for subset in each.get("subsets") or () for address in subset.get("addresses") or ()]
        if addresses:
            names[base] = tuple(dict.fromkeys(address["ip"] for address in addresses))
        for address in addresses:
            if "hostname" in address:
                names[f"{address['hostname']}.{base}"] = (address["ip"],)
    return names
