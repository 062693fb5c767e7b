"""What all commands about paper share: formats, the conversation, and writing the card."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

import fenchi
from fenchi import config
from fenchi._files import replace_file
from fenchi.ceremony import card_file, conversation, handing, html, pdf
from fenchi.ceremony.card import Card
from fenchi.ceremony.conversation import Conversation
from fenchi.cli.context import Settings
from fenchi.cli.exit_codes import NoVault
from fenchi.custody import Unlock
from fenchi.messages import text

FormatOption = Annotated[list[str] | None, typer.Option("--format")]


def talk() -> Conversation:
    return conversation.Terminal()


def formats_of(wanted: list[str] | None) -> tuple[str, ...]:
    """Errors: BadParameter; Unsupported where one that was asked for cannot be made here."""
    if not wanted:
        return handing.available_formats()
    for one in wanted:
        if one not in handing.FORMATS:
            raise typer.BadParameter(text("usage.format", format=one))
        if one not in handing.available_formats():
            handing.explain_missing(one)
    return tuple(dict.fromkeys(wanted))


def open_vault(
    loaded: config.Config, unlock: Unlock, head: fenchi.VaultHead | None
) -> fenchi.Vault:
    """With what was gathered. Errors: NoVault where there is none."""
    try:
        return fenchi.open(loaded, unlock=unlock, known_head=head)
    except fenchi.NotFound as error:
        raise NoVault(error) from error


def _render(card: Card, kind: str) -> bytes:
    if kind == "txt":
        return card_file.render(card).encode()
    sheet = card_file.card_sheet(card)
    return pdf.render(sheet) if kind == "pdf" else html.render(sheet).encode()


def write_card(
    wanted: Settings, vault: fenchi.Vault, folder: Path, kinds: tuple[str, ...]
) -> tuple[Card, list[str]]:
    """The card of an opened vault, in each format; a file of the same policy is replaced."""
    made = Card.of(vault, config.load(wanted.config), made=date.today())
    contents = {kind: _render(made, kind) for kind in kinds}
    files = []
    for kind, content in contents.items():
        path = folder / f"recovery-card-{made.vault[:8]}-policy-{made.policy_version}.{kind}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            replace_file(path, content)
        except OSError as error:
            why = error.strerror or str(error)
            raise fenchi.Io(
                text("card.unwritten", path=path, why=why), text("card.again")
            ) from error
        wanted.output.say("card.written", path=path)
        files.append(str(path))
    wanted.output.say("card.keep")
    return made, files
