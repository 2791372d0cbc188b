"""`kdasync crds`: the custom resource definitions."""

from __future__ import annotations

import click

from kdasync.cli.access import where


@click.command("crds")
@click.option("--apply", "applying", is_flag=True, help="Bring them into the cluster instead of printing them.")
@where
def command(applying: bool, kubeconfig: str | None, context: str | None) -> None:
    """Print the CRDs (`kdasync crds | kubectl apply --server-side -f -`), or apply them."""
    from kdasync.cli.definitions import files

    if not applying:
        click.echo("---\n".join(path.read_text(encoding="utf-8") for path in files()), nl=False)
        return
    from kdasync.cli import loop

    for name in loop.run(lambda: _apply(kubeconfig, context)) or ():
        click.echo(f"{name} applied")


async def _apply(kubeconfig: str | None, context: str | None) -> list[str]:
    from kdasync.cli.access import client_of
    from kdasync.cli.definitions import apply_definitions

    async with client_of(kubeconfig, context) as client:
        return await apply_definitions(client, replace=True)
