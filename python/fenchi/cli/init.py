"""init: makes a vault."""

from __future__ import annotations

import getpass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

import fenchi
from fenchi import config
from fenchi._custody_config import PASSPHRASE, CustodyTable, table_of
from fenchi.cli.app import app
from fenchi.cli.context import Settings, given_passphrase, passphrase, settings
from fenchi.cli.custody_change import (
    NewPassphraseOption,
    SharesOption,
    planned,
    share_members,
)
from fenchi.cli.output import printable
from fenchi.messages import text


def _pair(option: str, form: str, value: str) -> tuple[str, str]:
    left, sign, right = value.partition("=")
    if not (left and sign and right):
        raise typer.BadParameter(text("usage.option_pair", option=option, form=form, value=value))
    return left, right


def _provider(value: str) -> tuple[str, config.ProviderEntry]:
    name, url = _pair("--provider", "NAME=URL", value)
    return name, config.ProviderEntry(url=config.url_of(url))


def _providers(given: list[str]) -> dict[str, config.ProviderEntry]:
    providers: dict[str, config.ProviderEntry] = {}
    for name, entry in map(_provider, given):
        if name in providers:
            raise typer.BadParameter(text("config.twice", name=name))
        providers[name] = entry
    return providers


def _custodian(value: str) -> tuple[str, str, str]:
    group, people = _pair("--custodian", "GROUP=HOLDER or GROUP=HOLDER/DEPUTY", value)
    holder, _, deputy = people.partition("/")
    return group, holder, deputy


def _custody(open: str, custodians: list[str], recipients: list[str]) -> CustodyTable:
    return table_of(
        open,
        [_custodian(value) for value in custodians],
        [_pair("--recipient", "NAME=KEY", value) for value in recipients],
    )


def _create(
    wanted: Settings, table: CustodyTable, shares: Path | None, given: list[str]
) -> tuple[fenchi.Vault, list[dict[str, Any]]]:
    if table.open == PASSPHRASE and not given:
        table.check_names()
        return fenchi.create(wanted.config, passphrase=passphrase(wanted, new=True)), []
    known = given_passphrase(wanted)
    if known is not None:
        names = table.passphrase_names()
        wanted.passphrases = {names[0] if len(names) == 1 else PASSPHRASE: known}
    with planned(wanted, table, shares=shares, new_passphrase=given, keep=known is not None) as (
        plan,
        folder,
    ):
        vault = fenchi.create(wanted.config, custody_plan=plan)
    return vault, share_members(folder)


def _given(context: typer.Context) -> str:
    """The options that were typed and that vault.toml settles."""
    typed = (
        n
        for n in context.params
        if _source(context, n) == "COMMANDLINE" and n not in ("shares", "new_passphrase")
    )
    return ", ".join("--" + name.replace("_", "-") for name in typed)


def _source(context: typer.Context, name: str) -> str:
    return getattr(context.get_parameter_source(name), "name", "")


def _relaxation(value: str, approver: str, until: str | None) -> config.Relaxation:
    axis, ground = _pair("--relax", "AXIS=GROUND", value)
    if axis not in config.AXES:
        known = ", ".join(config.AXES)
        raise typer.BadParameter(text("usage.axis", axis=axis, known=known))
    try:
        expires = None if until is None else date.fromisoformat(until)
    except ValueError:
        raise typer.BadParameter(text("usage.date", value=until)) from None
    return config.Relaxation(
        axis=axis, ground=ground, approver=approver or getpass.getuser(), expires=expires
    )


def _statement(
    wanted: Settings, vault: fenchi.Vault, open: str, written: list[dict[str, Any]]
) -> None:
    say = wanted.output.say
    status = vault.status()
    path = wanted.config
    say("init.done", name=status.name, needed=status.needed, total=status.total)
    say("init.id", id=vault.id)
    say("init.config", path=path)
    lost = status.write_quorum - status.needed
    say("init.quorum", write=status.write_quorum, total=status.total, lost=lost)
    if status.write_quorum == status.total and status.total > status.needed:
        say("init.strict", spare=status.total - status.needed)
    for note in status.placement_notes:
        say("init.placement", note=note)
    if open == PASSPHRASE:
        say("init.keep", path=path, needed=status.needed)
    else:
        say("init.keep_custody", path=path, needed=status.needed, open=open)
    wanted.output.report(True, status, config=str(path), **({"shares": written} if written else {}))


@app.command()
def init(
    context: typer.Context,
    provider: Annotated[list[str] | None, typer.Option()] = None,
    name: Annotated[str, typer.Option()] = "vault",
    needed: Annotated[int, typer.Option()] = 2,
    suite: Annotated[str | None, typer.Option()] = None,
    key_domain: Annotated[list[str] | None, typer.Option()] = None,
    liars: Annotated[int | None, typer.Option()] = None,
    spare_losses: Annotated[int, typer.Option()] = 0,
    write_quorum: Annotated[int | None, typer.Option()] = None,
    home_country: Annotated[str, typer.Option()] = "",
    deny_country: Annotated[list[str] | None, typer.Option()] = None,
    relax: Annotated[list[str] | None, typer.Option()] = None,
    approver: Annotated[str, typer.Option()] = "",
    relax_until: Annotated[str | None, typer.Option()] = None,
    open: Annotated[str, typer.Option("--open", metavar="EXPRESSION")] = PASSPHRASE,
    custodian: Annotated[list[str] | None, typer.Option(metavar="GROUP=HOLDER[/DEPUTY]")] = None,
    recipient: Annotated[list[str] | None, typer.Option(metavar="NAME=KEY")] = None,
    shares: SharesOption = None,
    new_passphrase: NewPassphraseOption = None,
) -> None:
    """Make a vault: from a vault.toml that you wrote, or from options that write one."""
    wanted = settings(context)
    path = wanted.config
    made = False
    if path.exists():
        content = config.load(path)  # says what is wrong with it before a passphrase is asked for
        if content.vault_id is not None:
            raise fenchi.AlreadyExists(
                text("create.has_id", id=content.vault_id[:8]), text("create.has_id_hint")
            )
        if given := _given(context):
            raise typer.BadParameter(text("usage.file_rules", path=printable(path), options=given))
    else:
        if not provider:
            raise typer.BadParameter(text("usage.needs_providers", path=path))
        policy = config.VaultPolicy(
            name=name,
            needed=needed,
            suite=suite,
            key_domains=tuple(key_domain or ("main",)),
            liars=liars,
            spare_losses=spare_losses,
            write_quorum=write_quorum,
            home_country=home_country,
            deny_countries=tuple(deny_country or ()),
            relax=tuple(_relaxation(item, approver, relax_until) for item in relax or ()),
        )
        custody = _custody(open, custodian or [], recipient or [])
        rendered = config.render(policy, _providers(provider), custody)
        content = config.parse(rendered)
        config.write_new(path, rendered)
        made = True
    try:
        vault, written = _create(wanted, content.custody, shares, new_passphrase or [])
    except BaseException:
        if made:  # a file that names no vault helps nobody
            path.unlink(missing_ok=True)
        raise
    with vault:
        _statement(wanted, vault, content.custody.open, written)
