"""key split, combine, check: key shares on paper and in files, handed out and gathered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

import fenchi
from fenchi import config
from fenchi.ceremony import card_file, checking, handing, typed_page
from fenchi.ceremony.collecting import Collection, Outcome, Verdict
from fenchi.ceremony.conversation import Conversation
from fenchi.ceremony.share_page import SharePage, passphrase_of
from fenchi.cli import exit_codes
from fenchi.cli.context import Settings, opened, passphrase, settings
from fenchi.cli.custody_change import (
    check_not_at_provider,
    keep_in_file,
    settle,
    with_custodians,
)
from fenchi.cli.key import group
from fenchi.cli.output import Output, printable
from fenchi.cli.paper import FormatOption, formats_of, open_vault, talk, write_card
from fenchi.cli.restoring import restore_into
from fenchi.custody import Custodian, CustodyPlan, Unlock, parse_access
from fenchi.messages import text

TypedOption = Annotated[bool, typer.Option("--typed")]
ShareArguments = Annotated[list[Path] | None, typer.Argument(metavar="[SHARE]...")]
# ---- split ----


def _people(given: list[str]) -> dict[str, list[Custodian]]:
    groups: dict[str, list[Custodian]] = {}
    for value in given:
        name, sign, people = value.partition("=")
        holder, _, deputy = people.partition("/")
        if not (name and sign and holder.strip()):
            raise typer.BadParameter(text("usage.custodian", value=value))
        members = groups.setdefault(name, [])
        if any(one.holder == holder.strip() for one in members):
            raise typer.BadParameter(text("usage.custodian_twice", value=value))
        members.append(Custodian(holder.strip(), deputy.strip()))
    return groups


def _plan(
    wanted: Settings, expression: str, people: dict[str, list[Custodian]], deliver: Any
) -> CustodyPlan:
    access = parse_access(expression)
    for name, needed in access.groups.items():
        if len(people.get(name, ())) < needed:
            raise typer.BadParameter(
                text("usage.too_few", group=name, needed=needed, there=len(people.get(name, ())))
            )
    unknown = [name for name in access.names if name != "passphrase"]
    if unknown or not access.groups or set(people) != set(access.groups):
        raise typer.BadParameter(text("usage.split_open", open=expression))
    secrets = {}
    if access.names:
        wanted.output.say("split.passphrase")
        secrets = {"passphrase": passphrase(wanted, new=True)}
    return CustodyPlan(
        open=access.canonical, passphrases=secrets, custodians=people, deliver=deliver
    )


@group.command()
def split(
    context: typer.Context,
    open: Annotated[str, typer.Option("--open", metavar="EXPRESSION")],
    custodian: Annotated[list[str], typer.Option(metavar="GROUP=HOLDER[/DEPUTY]")],
    to: Annotated[Path | None, typer.Option(metavar="DIR")] = None,
    format: FormatOption = None,
    print_with: Annotated[str, typer.Option(metavar="COMMAND")] = "",
    rotate: Annotated[bool, typer.Option("--rotate")] = False,
    card: Annotated[Path, typer.Option(metavar="DIR")] = Path(),
) -> int:
    """Hold a key ceremony: each custodian in turn gets a share and confirms it.

    Nothing in the vault changes before the last one has confirmed.
    """
    wanted = settings(context)
    people = _people(custodian)
    if print_with:
        handing.explain_missing("pdf")
    loaded = config.load(wanted.config)
    if to is not None:
        check_not_at_provider(wanted, to)
    how = handing.Handover(
        vault_name=loaded.policy.name,
        made=date.today(),
        folder=to,
        formats=formats_of(format),
        print_command=print_with,
    )
    hand_out = handing.Handing(talk(), how)
    with opened(wanted) as vault:
        plan = _plan(wanted, open, people, hand_out)
        try:
            change = vault.rotate(plan) if rotate else vault.add_access(plan)
        except fenchi.Error as error:
            if hand_out.confirmed:  # the new policy may lie at a provider, and be adopted later
                wanted.output.warn(text("split.unsure"))
            elif isinstance(error.__cause__, fenchi.Error):
                raise error.__cause__ from None  # what stopped the ceremony, not that it stopped
            raise
        members = settle(wanted, change, None)
        if change.published:
            wanted.output.say("split.done", open=plan.open, version=change.policy_version)
            wanted.output.say("split.rotated" if rotate else "split.added")
            members["card"] = write_card(wanted, vault, card, how.formats)[1]
    if not change.published:
        wanted.output.say("split.proposal")
    ways = (() if rotate else parse_access(loaded.custody.open).alternatives) + (plan.open,)
    edit = with_custodians(loaded.custody, people, alone=rotate)
    keep_in_file(wanted, change, ", OR ".join(dict.fromkeys(ways)), edit)
    if to is not None:
        wanted.output.say("split.take", path=to)
    wanted.output.document(True, **members, files=[str(path) for path in hand_out.files])
    return exit_codes.DONE


# ---- gathering, also for recover ----


def show(output: Output, outcome: Outcome) -> None:
    output.say("share.line", text=printable(outcome.text))


def ask_passphrase(speaker: Conversation) -> Callable[[str, SharePage], fenchi.SecretBytes | None]:
    def ask(name: str, page: SharePage) -> fenchi.SecretBytes | None:
        words = speaker.ask_secret(text("share.passphrase", name=name, index=page.index))
        return passphrase_of(words) if words else None

    return ask


def _typed(output: Output, speaker: Conversation, collection: Collection) -> None:
    """Pages, until there are enough or none is left."""
    number = 0
    while not collection.judge().enough:
        number += 1
        try:
            page = typed_page.type_share(speaker, collection.pages)
        except fenchi.Damaged as error:
            output.say("share.line", text=error.message)
            continue
        if page is None:
            return
        show(output, collection.add_page(text("share.typed", number=number), page))


def gather(
    output: Output, files: list[Path], typed: bool, collection: Collection, speaker: Conversation
) -> Verdict:
    """Everything that was brought, judged; each item is spoken of as it comes."""
    for path in files:
        for outcome in collection.add_path(path):
            show(output, outcome)
    if typed:
        _typed(output, speaker, collection)
    verdict = collection.judge()
    known = {id(fault) for fault in collection.faults}
    for fault in verdict.faults:
        if id(fault) not in known:
            show(output, fault)
    if verdict.needed:
        output.say("share.count", have=len(verdict.shares), needed=verdict.needed)
    return verdict


def fault_members(verdict: Verdict) -> dict[str, Any]:
    faults = [{"name": f.name, "kind": f.kind, "message": f.text} for f in verdict.faults]
    return {"good": list(verdict.shares), "needed": verdict.needed, "faults": faults}


def require_enough(verdict: Verdict) -> None:
    """Errors: WrongKey, saying how many lack."""
    if verdict.needed and verdict.missing:
        raise fenchi.WrongKey(
            text("share.more", missing=verdict.missing, needed=verdict.needed),
            text("share.more_hint"),
        )
    if not verdict.needed:
        raise fenchi.WrongKey(text("share.none"), text("share.more_hint"))


# ---- combine ----


@group.command()
def combine(
    context: typer.Context,
    share: ShareArguments = None,
    typed: TypedOption = False,
    card: Annotated[Path | None, typer.Option(metavar="CARD")] = None,
    with_passphrase: Annotated[bool, typer.Option("--passphrase")] = False,
    target: Annotated[str | None, typer.Option("--restore", metavar="TARGET")] = None,
    snapshot: Annotated[str, typer.Option()] = "latest",
) -> int:
    """Bring shares together: say what each is worth, name bad ones, and open the vault."""
    wanted = settings(context)
    loaded = config.load(wanted.config) if wanted.config.exists() else None
    known = None if card is None else card_file.read(card)
    if known and loaded and known.vault != loaded.vault_id:
        other = (loaded.vault_id or "-")[:16]
        raise fenchi.InvalidArgument(
            text("recover.other", path=wanted.config, vault=other), text("recover.other_hint")
        )
    speaker = talk()
    collection = Collection(
        vault=known.vault if known else (loaded.vault_id if loaded else None),
        epoch=known.epoch if known else 0,
        ask_passphrase=ask_passphrase(speaker),
    )
    verdict = gather(wanted.output, share or [], typed, collection, speaker)
    require_enough(verdict)
    if loaded is None:
        wanted.output.say("combine.no_vault", path=wanted.config)
        wanted.output.document(True, opened=False, **fault_members(verdict))
        return exit_codes.DONE
    passphrases = [passphrase(wanted)] if with_passphrase else []
    unlock = Unlock(shares=verdict.shares, passphrases=passphrases)
    head = None if known is None else known.head
    with open_vault(loaded, unlock, head) as vault:
        for warning in vault.warnings:
            wanted.output.warn(warning)
        name = vault.status().name
        wanted.output.say("combine.opens", name=name)
        if target is not None:
            return restore_into(wanted, vault, snapshot, target)
    wanted.output.document(True, opened=True, **fault_members(verdict))
    return exit_codes.DONE


# ---- check ----


def _one_page(path: Path | None, typed: bool, speaker: Conversation) -> tuple[SharePage, list[str]]:
    if typed or path is None:
        page = typed_page.type_share(speaker)
        if page is None:
            raise fenchi.Cancelled(text("talk.ended"), text("talk.ended_hint"))
        return page, []
    found = checking.pages_of(path)
    if len(found) > 1:
        raise fenchi.InvalidArgument(text("check.several", path=path, count=len(found)))
    return found[0].page, list(found[0].notes)


@group.command()
def check(
    context: typer.Context,
    share: Annotated[Path | None, typer.Argument(metavar="SHARE")] = None,
    typed: TypedOption = False,
    card: Annotated[Path | None, typer.Option(metavar="CARD")] = None,
) -> int:
    """Prove alone that your share is whole and of the current epoch. Shows nothing of it."""
    wanted = settings(context)
    output, speaker = wanted.output, talk()
    page, notes = _one_page(share, typed, speaker)
    secret = None
    if page.locked:
        name = share.name if share is not None else text("share.typed", number=1)
        secret = ask_passphrase(speaker)(name, page)
    whole = page.share(secret)  # the form, the passphrase and the dealer's signature
    known = None if card is None else card_file.read(card)
    loaded = config.load(wanted.config) if wanted.config.exists() else None
    standing = checking.standing(page, whole, known, loaded)
    for note in notes:
        output.warn(note)
    output.say("check.whole", index=page.index, needed=page.threshold, set=page.set)
    output.say("check.vault", vault=page.vault, epoch=page.epoch)
    output.say(f"check.{standing.kind}", **standing.values)
    fine = standing.kind in ("current", "alone") and not notes
    label = {"vault": page.vault, "epoch": page.epoch, "set": page.set, "index": page.index}
    output.document(fine, **label, needed=page.threshold, standing=standing.kind, notes=notes)
    return exit_codes.DONE if fine else exit_codes.WRONG_KEY
