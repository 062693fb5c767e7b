"""The command `fenchi`."""

from __future__ import annotations

from typing import Annotated

import typer

import fenchi

app = typer.Typer(no_args_is_help=True, add_completion=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fenchi {fenchi.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Back up into shards that no single provider can read or lose for you."""


def main() -> None:
    """Entry point of the console script."""
    app()
