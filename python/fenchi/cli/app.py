"""The app and its global options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import fenchi
from fenchi import messages
from fenchi.cli.context import Settings
from fenchi.cli.output import Output
from fenchi.cli.unlocking import Factors
from fenchi.messages import text

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fenchi {fenchi.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    config: Annotated[Path, typer.Option("-c", "--config", envvar="FENCHI_VAULT")] = Path(
        "vault.toml"
    ),
    lang: Annotated[str | None, typer.Option()] = None,
    json: Annotated[bool, typer.Option("--json")] = False,
    password_file: Annotated[str | None, typer.Option(metavar="FILE")] = None,
    share: Annotated[list[str] | None, typer.Option(metavar="FILE")] = None,
    recipient_key: Annotated[list[str] | None, typer.Option(metavar="FILE")] = None,
    token: Annotated[list[str] | None, typer.Option(metavar="URI")] = None,
    admin_key: Annotated[str | None, typer.Option(metavar="FILE")] = None,
    credential: Annotated[str | None, typer.Option(metavar="FILE")] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Encrypted backups in shards: any k of n providers give all back, fewer give nothing."""
    if lang is not None and lang not in messages.LANGUAGES:
        known = ", ".join(messages.LANGUAGES)
        raise typer.BadParameter(text("lang.unknown", lang=lang, known=known))
    factors = Factors(
        tuple(share or ()), tuple(recipient_key or ()), tuple(token or ()), admin_key, credential
    )
    context.obj = Settings(
        config=config, password_file=password_file, output=Output(json), factors=factors
    )
