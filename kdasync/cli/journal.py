"""Reads a cluster's journal: one JSON line a step, in a ConfigMap that belongs to the cluster."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from kdasync.errors import DefinitionError
from kdasync.kube.client import Client
from kdasync.kube.resource import CLUSTERS, CONFIG_MAPS
from kdasync.reconcile.conditions import rfc3339
from kdasync.reconcile.journal import FIELD, Line
from kdasync.render import names

__all__ = ["Line", "chosen", "history", "show", "start"]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_AGO = re.compile(r"(\d+)([smhd])")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


async def history(client: Client, namespace: str, cluster: str) -> list[Line]:
    """All lines, oldest first.

    Raises:
        NotFound: there is no such cluster, or nothing was written yet.
    """
    found = await client.get(CLUSTERS, namespace, cluster)
    journal = await client.get(CONFIG_MAPS, namespace, names.journal(found))
    return [msgspec.json.decode(line, type=Line) for line in journal.data.get(FIELD, "").splitlines()]


def start(since: str, *, now: float) -> str:
    """`since` as RFC 3339 text; empty stays empty.

    Raises:
        DefinitionError: it is neither a time nor a duration.
    """
    ago = _AGO.fullmatch(since)
    if ago:
        return rfc3339(now - int(ago[1]) * _UNITS[ago[2]])
    if since and not _TIME.fullmatch(since):
        raise DefinitionError(f"{since} is no time.", field="--since", remedy="Write 2026-01-31T12:00:00Z, or 90s, 15m, 2h, 1d.")
    return since


def chosen(lines: Iterable[Line], *, member: str, begin: str) -> Iterator[Line]:
    """Those of one member (empty: all) from a time on; such texts sort by time."""
    return (line for line in lines if member in {"", line.member} and line.time >= begin)


def show(line: Line) -> str:
    """A line for people."""
    gap = f"({line.gap} lines are missing) " if line.gap else ""
    asks = f"  [{', '.join(line.asks)}]" if line.asks else ""
    detail = f"  {line.detail}" if line.detail else ""
    subject = line.member or "cluster"
    return f"{gap}{line.time}  {subject}  {line.source} -> {line.dest}  {line.trigger}  after {line.lasted:.1f} s{asks}{detail}"
