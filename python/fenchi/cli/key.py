"""key: who can open the vault, and the shares of its key."""

from __future__ import annotations

import typer

from fenchi.cli.app import app

group = typer.Typer(
    no_args_is_help=True,
    help="Who can open the vault, and how that changes.",
    rich_markup_mode=None,
)
app.add_typer(group, name="key")
