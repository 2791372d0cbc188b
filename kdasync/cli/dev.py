"""`kdasync dev`: a Kubernetes for one person, on this machine."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("dev")
@click.option("--runtime", type=click.Choice(["process", "simulated"]), default="process", show_default=True, help="What a pod is.")
@click.option("--kubeconfig", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the kubeconfig.")
@click.option("--port", default=0, help="Port of the API server (default: a free one).")
@click.option("--no-operator", is_flag=True, help="Kubernetes and the CRDs only.")
@click.option(
    "--image", default="", help="What unknown images stand for, e.g. localhost/kdasync/host:1, this machine's own software."
)
def command(runtime: str, kubeconfig: Path | None, port: int, no_operator: bool, image: str) -> None:
    """Run a Kubernetes of your own with the CRDs and the operator until Ctrl-C; print the kubeconfig.

    Pods are real processes with their own files, addresses and names, or only simulated. Nothing is left behind at the end.
    """
    from kdasync.cli import loop
    from kdasync.cli.development import Wish, develop

    wish = Wish(runtime=runtime, kubeconfig=kubeconfig, port=port, operator=not no_operator, image=image)
    loop.run(lambda: develop(wish, tell=click.echo))
    click.echo("ended; nothing is left")
