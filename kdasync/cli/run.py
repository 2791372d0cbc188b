"""`kdasync run`: the operator in, or beside, a real cluster."""

from __future__ import annotations

import click

from kdasync.cli.access import where


@click.command("run")
@where
@click.option("--namespace", help="Watch this namespace only (default: all).")
def command(kubeconfig: str | None, context: str | None, namespace: str | None) -> None:
    """Run the operator until SIGTERM.

    Knobs are KDASYNC_* variables (kdasync/settings.py). Without options it uses the pod's service account, else the default kubeconfig.
    """
    from kdasync import settings
    from kdasync.cli import loop
    from kdasync.cli.service import run_service
    from kdasync.telemetry import logging

    chosen = settings.load(watch_namespace=namespace) if namespace else settings.load()
    logging.configure(level=chosen.log_level, style=chosen.log_format)
    loop.run(lambda: run_service(kubeconfig, context, chosen))
