"""`kdasync demo`: see it work, on this machine or on a cluster of yours."""

from __future__ import annotations

import sys

import click


@click.command("demo")
@click.option("--app", default="dask", type=click.Choice(["dask"]), show_default=True, help="App of the catalog.")
@click.option("--keep", is_flag=True, help="Leave the cluster running until Ctrl-C, and print the kubeconfig.")
@click.option("--context", help="Run it on this context of your kubeconfig, in a namespace of its own.")
@click.option("--plain", is_flag=True, help="Lines of text instead of the live view.")
def command(app: str, keep: bool, context: str | None, plain: bool) -> None:
    """Run a real app through its life: create, work, scale out, scale in, kill a member, delete.

    Exit code 0 only if every step was proven by the app itself.
    """
    from kdasync.cli import loop
    from kdasync.cli.demo.scene import Plan
    from kdasync.cli.demo.show import show

    result = loop.run(lambda: show(Plan(app=app, context=context, keep=keep), plain=plain or not sys.stdout.isatty()))
    sys.exit(130 if result is None else 0 if result else 1)
