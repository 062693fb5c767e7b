"""What every command needs: the global options, the vault, the passphrase."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, cast

import typer

import fenchi
from fenchi import _errors, _passphrase
from fenchi.cli.exit_codes import NoVault
from fenchi.cli.output import Output
from fenchi.messages import text


@dataclass
class Settings:
    """The global options. Filled by the app's callback before a command runs."""

    config: Path = Path("vault.toml")
    password_file: Path | None = None
    output: Output = field(default_factory=Output)


def settings(context: typer.Context) -> Settings:
    return cast(Settings, context.obj)


def passphrase(wanted: Settings, new: bool = False) -> fenchi.SecretBytes:
    """By option, environment, or prompt: twice for a new vault."""
    if wanted.password_file is not None:
        return _passphrase.from_file(wanted.password_file)
    secret = _passphrase.from_environment()
    if secret is not None:
        return secret
    if not sys.stdin.isatty():
        raise _errors.WrongKey(
            text("password.not_a_terminal"), text("password.not_a_terminal_hint")
        )
    typed = getpass.getpass(text("passphrase.ask") + ": ")
    if new and typed != getpass.getpass(text("passphrase.ask_again") + ": "):
        raise _errors.InvalidArgument(text("passphrase.differ"))
    return _passphrase.secret_of(typed)


# For the commands that move data.
UsageOption = Annotated[
    bool, typer.Option("--usage", help="Show what went to and from each provider.")
]


def usage_members(output: Output, vault: fenchi.Vault, wanted: bool) -> dict[str, Any]:
    """Shows the table when it is wanted; the members that the JSON document then has."""
    if not wanted:
        return {}
    usage = vault.provider_usage()
    output.usage(usage)
    return {"usage": usage}


@contextmanager
def opened(wanted: Settings) -> Iterator[fenchi.Vault]:
    """The vault of the configuration; its warnings are shown."""
    try:
        loaded = fenchi.config.load(wanted.config)
    except fenchi.NotFound as error:
        raise NoVault(error) from error
    secret = passphrase(wanted)
    try:
        vault = fenchi.open(loaded, passphrase=secret)
    except fenchi.NotFound as error:
        raise NoVault(error) from error
    with vault:
        for warning in vault.warnings:
            wanted.output.warn(warning)
        yield vault


def exact_path(argument: str) -> bytes:
    """The bytes that were typed, whatever the locale."""
    return os.fsencode(argument)
