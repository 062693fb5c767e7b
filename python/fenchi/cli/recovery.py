"""card, recover: the one page that is enough, and what starts from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

import fenchi
from fenchi import config
from fenchi._custody_config import PASSPHRASE, CustodyTable
from fenchi.ceremony import card_file, typed_page
from fenchi.ceremony.card import Card, fingerprint_of
from fenchi.ceremony.collecting import Collection, Verdict
from fenchi.cli import exit_codes
from fenchi.cli.app import app
from fenchi.cli.ceremony import (
    TypedOption,
    ask_passphrase,
    fault_members,
    gather,
    require_enough,
)
from fenchi.cli.context import Settings, opened, passphrase, settings, warned
from fenchi.cli.paper import FormatOption, formats_of, open_vault, talk, write_card
from fenchi.cli.pin import open_token
from fenchi.cli.restoring import restore_into
from fenchi.cli.unlocking import read_key
from fenchi.custody import Unlock, parse_access
from fenchi.messages import text


@app.command()
def card(
    context: typer.Context,
    to: Annotated[Path, typer.Option(metavar="DIR")] = Path(),
    format: FormatOption = None,
) -> None:
    """Write the recovery card: one page, nothing secret, enough for a clean machine."""
    wanted = settings(context)
    kinds = formats_of(format)
    with opened(wanted) as vault:
        made, files = write_card(wanted, vault, to, kinds)
        if not vault.status().freshness_proven:
            wanted.output.say("freshness")
    wanted.output.document(True, vault=made.vault, policy=made.policy_version, files=files)


# ---- recover ----


def _entry(value: str) -> tuple[str, config.ProviderEntry]:
    name, sign, url = value.partition("=")
    if not (name and sign and url):
        raise typer.BadParameter(text("usage.provider", value=value))
    return name, config.ProviderEntry(url=config.url_of(url))


def _sorted(items: list[Path]) -> tuple[Card, list[Path]]:
    """The card, from a file or typed, and what else was brought."""
    cards: list[Card] = []
    shares = []
    for path in items:
        found, other = card_file.look(path)
        cards += found
        if other:
            shares.append(path)
    if any(card != cards[0] for card in cards):
        raise fenchi.InvalidArgument(text("recover.cards"), text("recover.cards_hint"))
    card = cards[0] if cards else typed_page.type_card(talk())
    if card is None:
        raise fenchi.Cancelled(text("talk.ended"), text("talk.ended_hint"))
    return card, shares


def _configuration(wanted: Settings, known: Card, given: list[str]) -> tuple[config.Config, bool]:
    """vault.toml as it is, when it is of the card's vault; else, and then True, one made of the
    card, which is not written yet."""
    path = wanted.config
    if path.exists():
        loaded = config.load(path)
        if loaded.vault_id != known.vault:
            other = (loaded.vault_id or "-")[:16]
            raise fenchi.InvalidArgument(
                text("recover.other", path=path, vault=other), text("recover.other_hint")
            )
        if given:
            raise fenchi.InvalidArgument(
                text("recover.exists", path=path), text("recover.other_hint")
            )
        return loaded, False
    providers = dict(known.providers) | dict(map(_entry, given))
    if not providers:
        hint = text("recover.no_providers_hint")
        raise fenchi.InvalidArgument(text("recover.no_providers"), hint)
    policy = config.VaultPolicy(name=known.vault_name or "vault", needed=known.needed)
    return config.Config(vault_id=known.vault, policy=policy, providers=providers), True


def _proved(
    wanted: Settings, made: config.Config, status: fenchi.VaultStatus
) -> tuple[dict[str, config.ProviderEntry], dict[str, config.ProviderEntry]]:
    """The card's places that showed the vault's key share, and the others: a card is not signed."""
    known = {one.name: one.holds_vault for one in status.providers}
    proved = {name: entry for name, entry in made.providers.items() if known.get(name)}
    others = {name: entry for name, entry in made.providers.items() if name not in proved}
    for name, entry in others.items():
        wanted.output.warn(text("recover.not_proved", name=name, url=entry.url))
    return proved, others


def _keep(wanted: Settings, made: config.Config, vault: fenchi.Vault) -> None:
    """Writes the vault.toml: of the card only where the providers are, the rest by the vault's
    signed policy."""
    report, status = vault.custody(), vault.status()
    table = CustodyTable(
        open=", OR ".join(dict.fromkeys(report.slots)),
        custodians={one.group: one.custodians for one in report.groups},
        recipients={one.name: one.public_key for one in report.tokens},
    )
    path = wanted.config
    policy = replace(made.policy, name=status.name or made.policy.name, needed=status.needed)
    places, others = _proved(wanted, made, status)
    config.write_new(path, config.render(policy, places, table, others))
    config.write_id(path, vault.id)
    wanted.output.say("recover.config", path=path)
    keys = [name for name in table.passphrase_names() if name != PASSPHRASE]
    if keys:
        wanted.output.say("recover.recipients", path=path, names=", ".join(keys))


def _wants_passphrase(opens: str, with_shares: bool) -> bool:
    """Whether no alternative opens with the shares alone. Unknown: shares alone do."""
    if not opens:
        return not with_shares
    access = [parse_access(one) for one in parse_access(opens).alternatives]
    if with_shares:
        fitting = [one for one in access if one.groups]
        return bool(fitting) and all(one.names for one in fitting)
    return any(one.names and not one.groups for one in access)


def _unlock(
    wanted: Settings, known: Card, files: list[Path], typed: bool, ask: bool
) -> tuple[Unlock, Verdict | None]:
    with_shares = bool(files) or typed
    verdict = None
    if with_shares:
        speaker = talk()
        collection = Collection(
            vault=known.vault, epoch=known.epoch, ask_passphrase=ask_passphrase(speaker)
        )
        verdict = gather(wanted.output, files, typed, collection, speaker)
        require_enough(verdict)
    keys = [read_key(wanted.output, source) for source in wanted.factors.recipient_keys]
    tokens = [open_token(wanted.output, uri) for uri in wanted.factors.tokens]
    passphrases = []
    # Of the card's names nobody can say which are passphrases: who brings a key knows.
    if ask or (not keys and not tokens and _wants_passphrase(known.opens, with_shares)):
        passphrases = [passphrase(wanted)]
    shares = verdict.shares if verdict else {}
    return Unlock(
        shares=shares, passphrases=passphrases, recipient_keys=keys, tokens=tokens
    ), verdict


def _compare(wanted: Settings, vault: fenchi.Vault, known: Card, accept_older: bool) -> None:
    """That nothing older than the card is served; the policy was held to it by the opening, and
    the records that it names by the first look at the logs."""
    served = {log.writer: log.seq for log in vault.status().head.logs}
    older = [log for log in known.logs if served.get(log.writer, 0) < log.seq]
    if not known.logs:
        wanted.output.warn(text("recover.fresh_unknown"))
    elif not older:
        wanted.output.say("recover.fresh", made=known.made or "-")
    for log in older:
        have = served.get(log.writer, 0)
        wanted.output.say("recover.log", writer=log.writer[:8], have=have, known=log.seq)
    if older and not accept_older:
        raise fenchi.Damaged(text("recover.older"), text("recover.older_hint"))
    rule = vault.custody().admins
    if fingerprint_of(rule.threshold, rule.keys) != known.fingerprint:
        wanted.output.warn(text("recover.admins"))


def _next(wanted: Settings, vault: fenchi.Vault) -> None:
    found = vault.snapshots()
    wanted.output.say("recover.open", name=vault.name, count=len(found))
    for one in list(found)[-5:]:
        began = one.began.isoformat(timespec="minutes")
        wanted.output.say("recover.snapshot", id=one.id[:8], label=one.label, began=began)
    wanted.output.say("recover.next")


@app.command()
def recover(
    context: typer.Context,
    item: Annotated[list[Path] | None, typer.Argument(metavar="[CARD] [SHARE]...")] = None,
    typed: TypedOption = False,
    with_passphrase: Annotated[bool, typer.Option("--passphrase")] = False,
    provider: Annotated[list[str] | None, typer.Option(metavar="NAME=URL")] = None,
    target: Annotated[str | None, typer.Option("--restore", metavar="TARGET")] = None,
    snapshot: Annotated[str, typer.Option()] = "latest",
    accept_older: Annotated[bool, typer.Option("--accept-older")] = False,
) -> int:
    """Start from a recovery card on a clean machine: open the vault, and go on to restore."""
    wanted = settings(context)
    known, share = _sorted(item or [])
    wanted.output.say("recover.card", name=known.vault_name or "-", vault=known.vault)
    unlock, verdict = _unlock(wanted, known, share, typed, with_passphrase)
    loaded, is_new = _configuration(wanted, known, provider or [])
    for name, entry in loaded.providers.items():
        wanted.output.say("recover.provider", name=name, url=entry.url)
    with open_vault(loaded, unlock, known.head) as vault, warned(wanted, vault):
        _compare(wanted, vault, known, accept_older)
        if is_new:
            _keep(wanted, loaded, vault)
        if target is not None:
            return restore_into(wanted, vault, snapshot, target)
        _next(wanted, vault)
        shares = {} if verdict is None else fault_members(verdict)
        count = len(vault.snapshots())
        wanted.output.document(True, vault=vault.id, snapshots=count, **shares)
    return exit_codes.DONE
