"""`kdasync crds`: the custom resource definitions."""

from __future__ import annotations

import click
import yaml

from kdasync.cli.access import where


@click.command("crds")
@click.option("--apply", "applying", is_flag=True, help="Bring them into the cluster instead of printing them.")
@click.option("--rules", "ruled", is_flag=True, help="With the rules that hold without the operator (devcluster cannot run them).")
@where
def command(*, applying: bool, ruled: bool, kubeconfig: str | None, context: str | None) -> None:
    """Print the CRDs (`kdasync crds | kubectl apply --server-side -f -`), or apply them."""
    from kdasync.cli.definitions import bodies, files

    if applying:
        from kdasync.cli import loop

        for name in loop.run(lambda: _apply(kubeconfig, context, ruled=ruled)) or ():
            click.echo(f"{name} applied")
    elif ruled:
        click.echo(yaml.safe_dump_all(bodies(ruled=True), sort_keys=False, width=120), nl=False)
    else:
        click.echo("---\n".join(path.read_text(encoding="utf-8") for path in files()), nl=False)


async def _apply(kubeconfig: str | None, context: str | None, *, ruled: bool) -> list[str]:
    from kdasync.cli.access import client_of
    from kdasync.cli.definitions import apply_definitions

    async with client_of(kubeconfig, context) as client:
        return await apply_definitions(client, replace=True, ruled=ruled)
