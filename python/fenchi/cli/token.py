"""key token: what is on a token, for a recipient of vault.toml."""

from __future__ import annotations

from typing import Annotated

import typer

import fenchi
from fenchi import _toml_text, custody
from fenchi._custody_config import PASSPHRASE, key_text
from fenchi.cli import pin
from fenchi.cli.context import settings
from fenchi.cli.key import group
from fenchi.custody import parse_access
from fenchi.messages import text

_DEFAULT_NAME = "token"


def _is_name(name: str) -> bool:
    """Whether it can stand in an access expression, for something else than a passphrase."""
    try:
        return name != PASSPHRASE and parse_access(name).names == (name,)
    except fenchi.InvalidArgument:
        return False


@group.command()
def token(
    context: typer.Context,
    uri: Annotated[str, typer.Argument(metavar="URI")],
    make: Annotated[str | None, typer.Option(metavar="LABEL")] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME")] = None,
) -> None:
    """Try a token, and show the public key in it; or make a key on it. Needs no vault."""
    wanted = settings(context)
    if name is not None and not _is_name(name):
        raise typer.BadParameter(text("usage.name", value=name))
    if make is None:
        found = pin.open_token(wanted.output, uri)
    else:
        found = pin.make_key(wanted.output, uri, make)
    custody.check_token(found)
    called = name or (make if make is not None and _is_name(make) else _DEFAULT_NAME)
    lines = "\n".join(_toml_text.recipient_lines(called, found.public_key))
    if make is not None:
        wanted.output.say("key.token_made")
    wanted.output.say("key.token", token=found.name, lines=lines)
    wanted.output.document(
        True, token=found.name, name=called, public_key=key_text(found.public_key), made=bool(make)
    )
