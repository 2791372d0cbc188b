"""`kdasync explore`: every reachable combination of machines and world, checked."""

from __future__ import annotations

import sys
import time

import click

_MODELS = ("one", "two-by-three", "three-by-two", "small")


@click.command("explore")
@click.option("--model", type=click.Choice([*_MODELS, "all"]), default="all", show_default=True, help="What to walk.")
@click.option(
    "--deep", is_flag=True, help="Two faults and two edits on every path, not three of both together: two and a half minutes."
)
def command(model: str, *, deep: bool) -> None:
    """Walk the state machines through everything that can happen; exit code 1 if a rule is broken or a state leads nowhere."""
    from kdasync.explore.explore import explorer

    found = 0
    walks = explorer(time.monotonic, total=4) if deep else explorer(time.monotonic)
    for name in _MODELS if model == "all" else (model,):
        report = walks.run(name)
        click.echo(str(report))
        found += len(report.findings)
    if model == "all":
        for report in (walks.conform(), walks.coverage()):
            click.echo(str(report))
            found += len(report.findings)
    if found:
        click.echo(f"{found} found.", err=True)
        sys.exit(1)
