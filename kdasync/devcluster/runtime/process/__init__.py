"""The `process` pod runtime: each pod is real local processes with its own files, address, host name, process ids and DNS.

Why: people without a cluster must see real software form a real cluster, without root, images, daemons or packages. Only Python and
the kernel are assumed (5.12 or newer: overlay in user namespaces, `mount_setattr`); system calls go through ctypes, so there is no
iproute2, unshare, nsenter and no further dependency.

Flow: `runtime` (in the caller's process) starts `guardian`, which enters a new user, mount, network and PID namespace and forks
`node` as PID 1 of it. The node owns a bridge and the DNS responder (`names`), forks the pods' processes (`spawn`) and gives them
their root file system (`root`). The two sides speak over one Unix socket (`wire`); standard streams are file descriptors that
travel on it, so no byte of a log or of an exec is copied by the node.

Guarantees: the death of the caller, the guardian or the node, by whatever signal, ends every process of every pod: the kernel does it,
because the node is PID 1 of the namespace in which all of them live. Mounts and devices vanish with their namespaces; the state
folder is removed by the guardian, or by the next start if the guardian itself was killed.

Assumptions: user namespaces are allowed (else `start` says what to change). An ordinary user has one user id inside: files of
other owners cannot be created, and a container that runs as user N sees everything as owned by N.
"""

from kdasync.devcluster.runtime.process.runtime import ProcessRuntime

__all__ = ["ProcessRuntime"]
