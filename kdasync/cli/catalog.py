"""`kdasync catalog`: what apps there are, their definitions, their packages."""

from __future__ import annotations

from pathlib import Path

import click


@click.group("catalog")
def command() -> None:
    """List, show and pack the apps that come with kdasync."""


@command.command("list")
def list_() -> None:
    """Names, versions and images of the apps."""
    from rich.console import Console
    from rich.table import Table

    from kdasync.cli.apps import definition, image
    from kdasync.cli.data import apps

    table = Table(box=None, pad_edge=False)
    for title in ("APP", "VERSION", "ROLES", "IMAGE"):
        table.add_column(title, no_wrap=True)
    for name in apps():
        app = definition(name)
        roles = ", ".join(f"{role['id']} {role['cardinality']}" for role in app["spec"]["roles"])
        table.add_row(name, str(app["spec"]["version"]), roles, image(app))
    Console(soft_wrap=True).print(table)


@command.command()
@click.argument("app")
@click.option("--package-base", default="", help="URL of the folder that holds the packages, e.g. https://example.org/packages.")
def show(app: str, package_base: str) -> None:
    """Print an app's definition: `kdasync catalog show dask --package-base URL | kubectl apply -f -`."""
    from kdasync.cli.apps import definition_text

    click.echo(definition_text(app, package_base=package_base), nl=False)


@command.command()
@click.argument("app")
@click.option("--sample", default="small", show_default=True, help="Which one.")
def cluster(app: str, sample: str) -> None:
    """Print a sample cluster of an app."""
    from kdasync.cli.apps import sample_text

    click.echo(sample_text(app, sample), nl=False)


@command.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def pack(folder: Path) -> None:
    """Pack the setup packages of all apps into FOLDER, to be served by any web server."""
    from kdasync.cli.data import data_folder
    from kdasync.guest.pack import catalog_packages

    folder.mkdir(parents=True, exist_ok=True)
    for name, data in catalog_packages(data_folder("catalog")).items():
        (folder / name).write_bytes(data)
        click.echo(f"{folder / name}  {len(data)} bytes")
