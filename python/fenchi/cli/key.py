"""key: who can open the vault, and how that changes. Ceremonies with paper: ceremony.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import fenchi
from fenchi import _secret_files, config, custody
from fenchi._custody_config import CustodyTable, key_text
from fenchi.cli import access_words
from fenchi.cli.app import app
from fenchi.cli.context import Settings, opened, settings
from fenchi.cli.custody_change import (
    KeepOption,
    NewPassphraseOption,
    ProposalOption,
    SharesOption,
    check_secret_place,
    compare,
    keep_in_file,
    planned,
    settle,
    share_members,
)
from fenchi.cli.output import Output, to_json
from fenchi.custody import parse_access
from fenchi.messages import text

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(group, name="key")


@group.callback()
def _group() -> None:
    """Who can open the vault, and how that changes."""


# ---- show ----

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)


def _span(at: str) -> tuple[datetime, datetime]:
    """The first and the last instant of a day, or one moment twice. Without a zone: UTC."""
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise typer.BadParameter(text("usage.date", value=at)) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment, moment + _DAY - _INSTANT) if len(at) == len("2026-01-31") else (moment, moment)


def _reports(vault: fenchi.Vault, at: str | None) -> list[custody.CustodyReport]:
    """What held on that day, the newest first."""
    if at is None:
        return [vault.custody()]
    start, end = _span(at)
    found = [vault.custody(end)]
    while found[-1].time > start:
        try:
            found.append(vault.custody(found[-1].time - _INSTANT))
        except fenchi.NotFound:  # the vault was made on that day
            break
    return found


def _statement(output: Output, report: custody.CustodyReport, domain: str | None) -> None:
    when = report.time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    output.say("access.version", version=report.policy_version, epoch=report.epoch, time=when)
    for number, slot in enumerate(access_words.slots(report), 1):
        people = access_words.how_many(slot["people"])
        output.say("access.way", number=number, people=people, words=slot["in_words"])
    for token in dict.fromkeys((one.name, key_text(one.public_key)) for one in report.tokens):
        output.say("access.token_key", name=token[0], key=token[1])
    if domain is None:
        output.say("access.domains", domains=", ".join(report.key_domains))
    else:
        output.say("access.domain", domain=domain)
    output.say("access.credentials")
    output.say("access.admins", threshold=report.admins.threshold, total=len(report.admins.keys))
    for key in report.admins.keys:
        output.say("access.admin", key=key.hex())


@group.command()
def show(
    context: typer.Context,
    at: Annotated[str | None, typer.Option(metavar="DATE")] = None,
    key_domain: Annotated[str | None, typer.Option()] = None,
) -> None:
    """Say in words who can, or could on a day, open the vault, alone or together. Any role."""
    wanted = settings(context)
    with opened(wanted) as vault:
        reports = _reports(vault, at)
    if key_domain is not None:
        known = ", ".join(reports[0].key_domains)
        reports = [one for one in reports if key_domain in one.key_domains]
        if not reports:
            raise fenchi.NotFound(text("domain.unknown", domain=key_domain, known=known))
    shown: list[dict[str, object]] = []
    for report in reports:
        same = {**to_json(report), "policy_version": 0, "time": "", "writers": []}
        if same not in shown:  # a version that changed something else says nothing new
            _statement(wanted.output, report, key_domain)
            shown.append(same)
    if reports[0].epoch > 1:
        wanted.output.say("custody.old_factors", epoch=reports[0].epoch)
    versions = [{**to_json(one), "slots": access_words.slots(one)} for one in reports]
    wanted.output.document(True, **versions[0], earlier_that_day=versions[1:])


# ---- rotate, add ----


@dataclass(frozen=True)
class Rotation:
    """The options that every rotation has."""

    shares: Path | None
    new_passphrase: list[str] | None
    keep_passphrase: bool
    proposal: Path | None
    may_end_ways: bool = False
    """Whether somebody said that a way to open the vault is to end."""


def run_rotation(
    wanted: Settings, table: CustodyTable, how: Rotation, edit: Callable[[str], str] = str
) -> None:
    """A new epoch by `table`; vault.toml follows with its expression and `edit`."""
    with opened(wanted) as vault:
        before = vault.custody()
        ended = [one for one in before.slots if one not in parse_access(table.open).alternatives]
        if ended and not how.may_end_ways:
            raise fenchi.InvalidArgument(
                text("custody.ends_ways", ways=", ".join(ended), path=wanted.config),
                text("custody.ends_ways_hint", open=table.open),
            )
        with planned(
            wanted,
            table,
            shares=how.shares,
            new_passphrase=how.new_passphrase,
            keep=how.keep_passphrase,
        ) as (plan, folder):
            changes = compare(wanted, before, plan)
            change = vault.rotate(plan)
    members = {**settle(wanted, change, how.proposal), **changes}
    keep_in_file(wanted, change, table.open, edit)
    if change.published:
        wanted.output.say("custody.old_factors_now")
    wanted.output.document(True, **members, open=table.open, shares=share_members(folder))


@group.command()
def rotate(
    context: typer.Context,
    open: Annotated[str | None, typer.Option("--open", metavar="EXPRESSION")] = None,
    shares: SharesOption = None,
    new_passphrase: NewPassphraseOption = None,
    keep_passphrase: KeepOption = False,
    proposal: ProposalOption = None,
) -> None:
    """New keys for what will be written: as vault.toml says, or --open. Needs a slot and admins."""
    wanted = settings(context)
    table = config.load(wanted.config).custody
    if open is not None:
        table = replace(table, open=parse_access(open).canonical)
    how = Rotation(shares, new_passphrase, keep_passphrase, proposal, open is not None)
    run_rotation(wanted, table, how)


@group.command()
def add(
    context: typer.Context,
    expression: Annotated[str, typer.Argument(metavar="EXPRESSION")],
    shares: SharesOption = None,
    new_passphrase: NewPassphraseOption = None,
    proposal: ProposalOption = None,
) -> None:
    """Add another way to open the vault, besides those that there are. Needs a slot and admins.

    Its custodians and recipients stand in vault.toml.
    """
    wanted = settings(context)
    table = config.load(wanted.config).custody
    added = parse_access(expression).canonical
    there = parse_access(table.open).alternatives
    if added in there:
        raise fenchi.AlreadyExists(text("custody.way_exists", expression=added))
    whole = replace(table, open=", OR ".join((*there, added)))
    whole.check_names()
    with (
        opened(wanted) as vault,
        planned(wanted, whole, shares=shares, new_passphrase=new_passphrase, open=added) as (
            plan,
            folder,
        ),
    ):
        change = vault.add_access(plan)
    members = settle(wanted, change, proposal)
    keep_in_file(wanted, change, whole.open)
    wanted.output.document(True, **members, open=whole.open, shares=share_members(folder))


# ---- Keys that people hold, credentials ----


def write_key_pair(
    wanted: Settings, path: Path, secret: fenchi.SecretBytes, public: bytes, key: str
) -> None:
    """The secret as hex into a file, the public key on the screen. key: of the statement."""
    check_secret_place(wanted, path)
    _secret_files.write(path, fenchi.SecretBytes(secret.reveal().hex().encode() + b"\n"))
    wanted.output.say(key, path=path, key=public.hex())
    wanted.output.document(True, path=str(path), public_key=public.hex())


@group.command()
def recipient(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE")],
) -> None:
    """Make a recipient's key pair: a file to keep, a public key for vault.toml. Needs no vault."""
    secret = custody.new_recipient_key()
    public = custody.recipient_key_of(secret)
    write_key_pair(settings(context), path, secret, public, "key.recipient")


class CredentialRole(StrEnum):
    read = "read"
    verify = "verify"
    admin = "admin"


_WRITTEN = {
    CredentialRole.read: "key.credential_read",
    CredentialRole.verify: "key.credential_verify",
    CredentialRole.admin: "key.credential_admin",
}


@group.command()
def credential(
    context: typer.Context,
    role: Annotated[CredentialRole, typer.Argument()],
    path: Annotated[Path, typer.Argument(metavar="FILE")],
    key_domain: Annotated[list[str] | None, typer.Option()] = None,
) -> None:
    """Write a credential: what one role needs and nothing more. You need that role yourself."""
    wanted = settings(context)
    check_secret_place(wanted, path)
    with opened(wanted) as vault:
        secret = vault.export_credential(role.value, key_domain or ())
    _secret_files.write(path, secret)
    wanted.output.say(_WRITTEN[role], path=path)
    wanted.output.document(True, path=str(path), role=role.value, key_domains=key_domain or [])
