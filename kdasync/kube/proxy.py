"""Which HTTP proxy stands between us and the API server, read once at start.

Why ours: aiohttp would look it up in a thread for every request, and Python's `no_proxy` knows no CIDR ranges, which is how
people exempt the addresses of their cluster.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit


def _matches(host: str, entry: str) -> bool:
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        name = entry.removeprefix("*").removeprefix(".")
        return host == name or host.endswith(f".{name}")


def _variable(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name.lower()) or environ.get(name.upper()) or ""


def proxy_for(url: str, environ: Mapping[str, str]) -> str | None:
    """The proxy for `url` by `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` (names, suffixes, addresses, CIDR), or None."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxy = _variable(environ, f"{parts.scheme}_proxy")
    exempt = [entry.strip() for entry in _variable(environ, "no_proxy").split(",") if entry.strip()]
    if not proxy or any(_matches(host, entry.split(":")[0] if entry.count(":") == 1 else entry) for entry in exempt):
        return None
    return proxy
