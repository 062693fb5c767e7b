"""What every command needs: the global options, the vault, the passphrase."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, cast

import typer

import fenchi
from fenchi import _errors, _passphrase
from fenchi._custody_config import PASSPHRASE, CustodyTable
from fenchi.cli.exit_codes import NoVault
from fenchi.cli.output import Output
from fenchi.cli.unlocking import Factors, unlock_of
from fenchi.messages import text


@dataclass
class Settings:
    """The global options. Filled by the app's callback before a command runs."""

    config: Path = Path("vault.toml")
    password_file: str | None = None
    output: Output = field(default_factory=Output)
    factors: Factors = Factors()
    passphrases: dict[str, fenchi.SecretBytes] = field(default_factory=dict)
    """Those that the vault was opened with, by name: only where the name is certain."""


def settings(context: typer.Context) -> Settings:
    return cast(Settings, context.obj)


def given_passphrase(wanted: Settings) -> fenchi.SecretBytes | None:
    """By option or environment."""
    if wanted.password_file is not None:
        return _passphrase.from_file(wanted.password_file)
    return _passphrase.from_environment()


def prompted(name: str, new: bool = False) -> fenchi.SecretBytes:
    """Typed without echo; twice for a new one."""
    if not sys.stdin.isatty():
        raise _errors.WrongKey(
            text("password.not_a_terminal"), text("password.not_a_terminal_hint")
        )
    named = name != PASSPHRASE
    question = text("passphrase.ask_named", name=name) if named else text("passphrase.ask")
    typed = _passphrase.typed(question + ": ")
    if new and not typed.equals(_passphrase.typed(text("passphrase.ask_again") + ": ")):
        raise _errors.InvalidArgument(text("passphrase.differ"))
    return typed


def passphrase(wanted: Settings, new: bool = False) -> fenchi.SecretBytes:
    """By option, environment, or prompt: twice for a new vault."""
    return given_passphrase(wanted) or prompted(PASSPHRASE, new)


def _passphrases(
    wanted: Settings, custody: CustodyTable, names: list[str]
) -> list[fenchi.SecretBytes]:
    given = given_passphrase(wanted)
    if given is None:
        wanted.passphrases = {name: prompted(name) for name in names}
        return list(wanted.passphrases.values())
    if len(known := custody.passphrase_names()) == 1:  # else it may be anybody's
        wanted.passphrases = {known[0]: given}
    return [given]


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


def _without(loaded: fenchi.Config, names: Collection[str]) -> fenchi.Config:
    """Without these providers, where enough are left to open the vault with."""
    rest = {name: entry for name, entry in loaded.providers.items() if name not in names}
    return replace(loaded, providers=rest) if len(rest) >= loaded.policy.needed else loaded


@contextmanager
def opened(wanted: Settings, absent: Collection[str] = ()) -> Iterator[fenchi.Vault]:
    """The vault of the configuration; its warnings are shown. absent: providers that are asked for
    nothing."""
    try:
        loaded = fenchi.config.load(wanted.config)
    except fenchi.NotFound as error:
        raise NoVault(error) from error
    loaded = _without(loaded, absent)
    unlock = unlock_of(
        wanted.output,
        wanted.factors,
        loaded.custody,
        lambda names: _passphrases(wanted, loaded.custody, names),
    )
    try:
        vault = fenchi.open(loaded, unlock=unlock)
    except fenchi.NotFound as error:
        raise NoVault(error) from error
    with vault, warned(wanted, vault):
        yield vault


@contextmanager
def warned(wanted: Settings, vault: fenchi.Vault) -> Iterator[None]:
    """Shows a vault's warnings: those of its opening, then what its logs told meanwhile."""
    at_opening = vault.warnings
    for warning in at_opening:
        wanted.output.warn(warning)
    try:
        yield
    finally:
        for warning in vault.warnings:
            if warning not in at_opening:
                wanted.output.warn(warning)


def exact_path(argument: str) -> bytes:
    """The bytes that were typed, whatever the locale."""
    return os.fsencode(argument)
