"""`kdasync diagram`: a machine as a picture, drawn from the table that runs."""

from __future__ import annotations

import click

from kdasync.cli.access import where


@click.command("diagram")
@click.argument("machine", type=click.Choice(["cluster", "member"]), default="cluster")
@click.option("--format", "form", type=click.Choice(["mermaid", "svg"]), default="mermaid", show_default=True)
@click.option("--name", default="", help="Light the state that this cluster, or this member (a pod), is in now.")
@click.option("-n", "--namespace", default="default", show_default=True)
@where
def command(machine: str, form: str, name: str, namespace: str, kubeconfig: str | None, context: str | None) -> None:
    """Draw the state machine of clusters or of members."""
    from kdasync.cli import loop
    from kdasync.cli.access import client_of
    from kdasync.cli.machines import TABLES
    from kdasync.cli.states import state_of
    from statemachines.diagram import mermaid, svg

    async def look() -> str:
        async with client_of(kubeconfig, context) as client:
            return await state_of(client, namespace, machine=machine, name=name)

    lit = (loop.run(look) or "") if name else ""
    draw = {"mermaid": mermaid, "svg": svg}[form]
    click.echo(draw(TABLES[machine], lit=lit), nl=False)
