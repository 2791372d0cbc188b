"""`kdasync lint`: the rules of the API server and the webhook, offline."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("lint")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--format", "style", type=click.Choice(["text", "json", "sarif"]), default="text", show_default=True)
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--complete", is_flag=True, help="What is in no file does not exist: Secrets, claims, classes and apps included.")
@click.option("--namespace", default="default", show_default=True, help="Of objects that name none.")
@click.option("--operator-namespace", default="kubedirector", show_default=True, help="Where the config and system apps live.")
def command(files: tuple[str, ...], style: str, *, strict: bool, complete: bool, namespace: str, operator_namespace: str) -> None:
    """Check apps, clusters and configs in FILES ("-": standard input; YAML or JSON, any number of documents) without a cluster.

    All files together are the world: give a cluster's app with it. Exit code 0: fine, 1: something would be refused (or, with
    --strict, there are warnings), 2: wrong usage.
    """
    from kdasync.cli.lint.check import Linter
    from kdasync.cli.lint.documents import documents
    from kdasync.cli.lint.report import FORMATS

    linter = Linter(namespace=namespace, operator_namespace=operator_namespace, complete=complete)
    given = [item for file in files for item in documents("<stdin>" if file == "-" else file, _read(file))]
    findings = linter.lint(given)
    click.echo(FORMATS[style](findings))
    if any(item.level == "error" or strict for item in findings):
        sys.exit(1)


def _read(file: str) -> bytes:
    return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
