"""The command line. A command's module is imported when it is asked for, and imports what it needs when it runs: `--help` stays fast."""

from __future__ import annotations

import importlib
from typing import Any

import click

from kdasync.errors import KdasyncError

COMMANDS = {
    "demo": "kdasync.cli.demo.command",
    "dev": "kdasync.cli.dev",
    "run": "kdasync.cli.run",
    "history": "kdasync.cli.history",
    "diagram": "kdasync.cli.diagram",
    "explore": "kdasync.cli.explore",
    "catalog": "kdasync.cli.catalog",
    "crds": "kdasync.cli.crds",
    "lint": "kdasync.cli.lint.command",
    "docs": "kdasync.cli.docs",
}


class Lazy(click.Group):
    """A group that knows its commands by the modules that hold them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names, in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; what the user can mend is told in a sentence, without a traceback."""
        try:
            return super().invoke(ctx)
        except KdasyncError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kdasync")
def main() -> None:
    """Run any stateful scale-out application on Kubernetes: every cluster and member is an explicit state machine."""
