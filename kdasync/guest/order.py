"""What reconcile asks of a guest, and what the guest answers: frozen values, no I/O.

One `Order` is one exec: a bundle goes in on stdin, a detached launcher claims the run inside the guest, starts the script, and the
same exec stays and reports until the script ends. A cut exec is repeated with the same order: the claim makes it an attach.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class PackageFile(msgspec.Struct, frozen=True):
    """One file of a setup package; `mode` has the permission bits, `link` is the target of a symbolic link or empty."""

    path: str
    mode: int
    data: bytes = b""
    link: str = ""
    directory: bool = False


class Package(msgspec.Struct, frozen=True):
    """A fetched and checked setup package. `root` is its single top-level directory; `digest` is sha256 of the archive."""

    digest: str
    root: str
    files: tuple[PackageFile, ...]


class Injection(msgspec.Struct, frozen=True):
    """A file that the guest downloads before its setup. `mode` is octal text, empty = leave."""

    url: str
    directory: str
    mode: str = ""
    owner: str = ""
    group: str = ""


class Provenance(msgspec.Struct, frozen=True):
    """Whose volume this is: written to the guest at setup, compared when a member recovers."""

    cluster_uid: str
    role: str
    node_id: int
    digest: str = ""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do in one guest.

    Attributes:
        container: container id with its runtime prefix, for KubeDirector's configure.status.
        event, attempt: the run's identity inside this incarnation of the container.
        commit: commit number; the guest refuses an order below the highest it has seen.
        args: arguments for the start script; empty = run nothing (prepare or refresh only).
        configmeta: the document to write, or None to leave it.
        package: to unpack before the run; `package_path`: a `file://` archive inside the guest instead.
        configcli: install the helper and its aliases.
        new_layout: KubeDirector's setup layout of v0.8 and later.
        systemd: wait until systemd's journal service is up.
        setup: this order sets the member up (writes provenance and configure.status).
        trust_unmarked: with `probe`: a volume without provenance is ours, because status knows the container.
        probe: only check what a restarted member has on its volume, and re-make the links.
        tail: characters of stdout and stderr to report after a failure.
        stop: kill the run with this identity instead of starting one.
    """

    container: str
    event: str
    attempt: int
    commit: int
    provenance: Provenance
    args: tuple[str, ...] = ()
    configmeta: bytes | None = None
    package: Package | None = None
    package_path: str = ""
    configcli: bool = False
    new_layout: bool = False
    systemd: bool = False
    setup: bool = False
    probe: bool = False
    trust_unmarked: bool = False
    injections: tuple[Injection, ...] = ()
    tail: int = 256
    stop: bool = False


class Outcome(StrEnum):
    """How an order ended."""

    DONE = "done"  # everything asked for was done; a script, if any, exited 0
    SCRIPT_FAILED = "script_failed"  # the script exited non-zero
    LOST = "lost"  # claimed, but neither running nor finished (killed, or the claim was cut short)
    STALE = "stale"  # a higher commit was seen: another operator is newer
    BUSY = "busy"  # another run holds the guest's run lock
    RECOVERED = "recovered"  # probe: set up before, by us, successfully
    UNCONFIGURED = "unconfigured"  # probe: nothing usable on the volume; set up again
    FOREIGN = "foreign"  # probe: the volume belongs to another cluster, role or node
    BROKEN = "broken"  # the guest lacks something, a download or write failed: see reason, detail, remedy


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The guest's answer. `incarnation` is boot id and start time of PID 1, as found inside the guest."""

    outcome: Outcome
    exit_code: int | None = None
    reason: str = ""
    detail: str = ""
    remedy: str = ""
    stdout: str = ""
    stderr: str = ""
    incarnation: str = ""
