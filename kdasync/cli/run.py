"""`kdasync run`: the operator in, or beside, a real cluster."""

from __future__ import annotations

from typing import Any

import click

from kdasync.cli.access import where


@click.command("run")
@where
@click.option("--namespace", help="Watch this namespace only (default: all).")
@click.option("--leader-elect/--no-leader-elect", default=None, help="Act only while holding the lease; needed for two replicas.")
def command(kubeconfig: str | None, context: str | None, namespace: str | None, leader_elect: bool | None) -> None:
    """Run the operator until SIGTERM.

    Knobs are KDASYNC_* variables (kdasync/settings.py). Without options it uses the pod's service account, else the default kubeconfig.
    """
    from kdasync import settings
    from kdasync.cli import loop
    from kdasync.cli.service import run_service
    from kdasync.telemetry import logging

    options: dict[str, Any] = {"watch_namespace": namespace, "leader_election": leader_elect}
    chosen = settings.load(**{name: value for name, value in options.items() if value is not None})
    logging.configure(level=chosen.log_level, style=chosen.log_format)
    loop.run(lambda: run_service(kubeconfig, context, chosen))
