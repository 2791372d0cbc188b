"""`kdasync docs`: the pages that are made from the tables."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("docs")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("docs"))
def command(folder: Path) -> None:
    """Write the diagrams and the page of reasons into FOLDER (default: docs)."""
    from kdasync.cli.pages import pages

    for name, text in pages().items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        click.echo(place)
