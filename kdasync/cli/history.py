"""`kdasync history`: what a cluster's machines did, and why."""

from __future__ import annotations

import click

from kdasync.cli.access import where


@click.command("history")
@click.argument("name")
@click.option("-n", "--namespace", default="default", show_default=True)
@click.option("--member", default="", help="Only this pod's steps.")
@click.option("--since", default="", help="Only steps from this time on (RFC 3339, UTC), or of the last 90s, 15m, 2h, 1d.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@where
def command(name: str, namespace: str, member: str, since: str, as_json: bool, kubeconfig: str | None, context: str | None) -> None:
    """Print the journal of cluster NAME: every transition with its time, trigger and what it asked for."""
    import time

    import msgspec

    from kdasync.cli import loop
    from kdasync.cli.access import client_of
    from kdasync.cli.journal import Line, chosen, history, show, start

    async def read() -> list[Line]:
        async with client_of(kubeconfig, context) as client:
            return await history(client, namespace, name)

    begin = start(since, now=time.time())
    for line in chosen(loop.run(read) or [], member=member, begin=begin):
        click.echo(msgspec.json.encode(line).decode() if as_json else show(line))
