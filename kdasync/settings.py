"""Every knob of the operator, one frozen struct, each with its reason. Read from the environment once, at start.

A knob NAME is set by the variable KDASYNC_NAME. Times are in seconds, sizes in bytes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import msgspec

from kdasync.errors import SettingsError

PREFIX = "KDASYNC_"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All knobs. Defaults are for a platform with a thousand clusters."""

    namespace: str = "kubedirector"  # where KubeDirectorConfig and the system catalog live
    watch_namespace: str = ""  # empty: all namespaces
    workers: int = 16  # they only await API calls, so this bounds requests in flight, not CPU
    request_timeout: float = 10  # a worker awaits nothing longer
    connect_timeout: float = 10
    watch_timeout: int = 290  # the server closes; kube-rs's figure, below the usual proxy limit of 300 s
    watch_silence: float = 75  # a bookmark a minute makes this a dead connection
    status_rest: float = 0.5  # projections of one cluster are folded for this long
    exec_transfers: int = 32  # concurrent TLS handshakes cost 2.8 ms of CPU each
    transfer_timeout: float = 120  # one bundle on the wire
    container_id_seconds: float = 120  # a container that runs without an id is named after this
    init_seconds: float = 3600
    configure_seconds: float = 3600
    notify_seconds: float = 600
    drain_seconds: float = 600
    retries: int = 3  # automatic retries of a failed setup
    retry_seconds: float = 10  # before the first one, doubled for each further one
    notify_retries: int = 5
    notify_retry_seconds: float = 5
    backoff_first: float = 0.05  # per key, doubled with full jitter
    backoff_limit: float = 300
    package_limit: int = 64 * 1024 * 1024  # a larger setup package is refused
    package_timeout: float = 60
    journal_limit: int = 128 * 1024  # ring per cluster
    journal_flush: float = 5  # one write per burst
    journal: bool = True
    http_host: str = "0.0.0.0"  # noqa: S104 - metrics and probes are served to the cluster
    http_port: int = 8383  # KubeDirector's metrics port
    leader_election: bool = False  # on in manifests/operator; off where one process is all there is
    lease_name: str = "kdasync"  # in `namespace`; operators of different watch namespaces need different ones
    lease_seconds: int = 15  # the three times are KubeDirector's: a crashed leader is followed after this long
    renew_deadline: float = 10  # a leader stops this long after its last renewal; the rest is for requests on the wire
    lease_retry: float = 2
    webhook: bool = False  # admission; on in manifests/operator, where a service leads to it
    webhook_host: str = "0.0.0.0"  # noqa: S104 - the API server calls from elsewhere
    webhook_port: int = 8443  # KubeDirector's
    access_review: bool = True  # ask whether the user may use what a cluster names; False: KubeDirector's way, everybody may
    log_level: str = "info"
    log_format: str = "json"


def load(environ: Mapping[str, str] = os.environ, **overrides: Any) -> Settings:
    """Settings from `environ` and `overrides`.

    Raises:
        SettingsError: an unknown knob, or a value of the wrong type.
    """
    fields = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    values: dict[str, Any] = {}
    for key, text in environ.items():
        name = key.removeprefix(PREFIX).lower()
        if key.startswith(PREFIX) and name in fields:
            values[name] = text
    try:
        return msgspec.convert({**values, **overrides}, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{PREFIX}*: {error}. Unset the variable or give it a value of that type.") from error
