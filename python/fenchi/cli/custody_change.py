"""What the commands that change who may do what share: plans, shares, proposals, credentials."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote

import typer

import fenchi
from fenchi import _passphrase, _secret_files, _toml_text, config
from fenchi._core import SecretBytes
from fenchi._custody_config import PASSPHRASE, CustodyTable
from fenchi._share_files import ShareFolder
from fenchi.cli.context import Settings, prompted
from fenchi.custody import (
    AdminRule,
    Custodian,
    CustodyPlan,
    CustodyReport,
    PolicyChange,
    parse_access,
)
from fenchi.messages import text

SharesOption = Annotated[Path | None, typer.Option(metavar="DIR")]
NewPassphraseOption = Annotated[list[str] | None, typer.Option(metavar="[NAME=]FILE")]
KeepOption = Annotated[bool, typer.Option("--keep-passphrase")]


def _absent(path: Path | None) -> Path | None:
    """Before anything is done: a proposal without a place would be lost work of several people."""
    if path is not None and path.exists():
        raise typer.BadParameter(text("secret.exists", path=path))
    return path


ProposalOption = Annotated[Path | None, typer.Option(metavar="FILE", callback=_absent)]


def _named_source(value: str, names: tuple[str, ...]) -> tuple[str, str]:
    name, sign, source = value.partition("=")
    return (name, source) if sign and name in names else (PASSPHRASE, value)


def new_passphrases(
    wanted: Settings, names: tuple[str, ...], given: list[str], keep: bool = False
) -> dict[str, SecretBytes]:
    """One for each name: from its source, the one of that name that opened the vault, or typed
    twice."""
    sources = dict(_named_source(value, names) for value in given)
    for name in sources:
        if name not in names:
            known = ", ".join(names) or "-"
            raise typer.BadParameter(text("usage.no_passphrase", name=name, known=known))
    out: dict[str, SecretBytes] = {}
    for name in names:
        if name in sources:
            out[name] = _passphrase.from_file(sources[name])
        elif keep and name in wanted.passphrases:
            out[name] = wanted.passphrases[name]
        else:
            wanted.output.say("custody.new_passphrase", name=name)
            out[name] = prompted(name, new=True)
    return out


@contextmanager
def planned(
    wanted: Settings,
    custody: CustodyTable,
    *,
    shares: Path | None,
    new_passphrase: list[str] | None,
    keep: bool = False,
    open: str | None = None,
) -> Iterator[tuple[CustodyPlan, ShareFolder]]:
    """A plan, and where its shares go. Only the change itself belongs in the body."""
    access = parse_access(open or custody.open)
    if access.groups and shares is None:
        raise typer.BadParameter(text("usage.needs_shares", groups=", ".join(access.groups)))
    folder = ShareFolder(shares or Path())
    if shares is not None:
        check_not_at_provider(wanted, shares)
    names = custody.passphrase_names(open)
    custody.plan(open=open)  # says what is wrong before anything is asked for
    passphrases = new_passphrases(wanted, names, new_passphrase or [], keep)
    try:
        yield custody.plan(open=open, passphrases=passphrases, deliver=folder.deliver), folder
    except BaseException as error:
        # The policy may stand at some providers already: then these shares are all that opens it.
        if folder.written:
            wanted.output.warn(text("custody.shares_uncertain", folder=folder.folder))
        if isinstance(error.__cause__, fenchi.Error):
            raise error.__cause__ from error  # what kept a share from being written
        raise
    for share, path in folder.written:
        holder = share.custodian.holder
        if share.custodian.deputy:
            holder = text("custody.with_deputy", holder=holder, deputy=share.custodian.deputy)
        wanted.output.say("custody.share", path=path, holder=holder, group=share.group)
    if folder.written:
        wanted.output.say("custody.hand_out")


def compare(wanted: Settings, report: CustodyReport, plan: CustodyPlan) -> dict[str, list[str]]:
    """Says whom and what a plan takes in and leaves out; members of the JSON document.

    A vault.toml that is older than the vault could bring somebody back without a word.
    """
    before = {(one.group, person.holder) for one in report.groups for person in one.custodians}
    after = {(group, one.holder) for group, people in plan.custodians.items() for one in people}
    ways = parse_access(plan.open).alternatives
    changes = {
        "joined": [f"{holder} ({group})" for group, holder in sorted(after - before)],
        "left": [f"{holder} ({group})" for group, holder in sorted(before - after)],
        "ways_added": [one for one in ways if one not in report.slots],
        "ways_ended": [one for one in report.slots if one not in ways],
    }
    for key, name in (
        ("custody.joined", "joined"),
        ("custody.left", "left"),
        ("custody.way_added", "ways_added"),
        ("custody.way_ended", "ways_ended"),
    ):
        for what in changes[name]:
            wanted.output.say(key, what=what)
    return changes


def share_members(folder: ShareFolder) -> list[dict[str, Any]]:
    """For the JSON document: whose share lies where; never the share."""
    return [
        {
            "group": share.group,
            "holder": share.custodian.holder,
            "deputy": share.custodian.deputy,
            "index": share.index,
            "path": str(path),
        }
        for share, path in folder.written
    ]


def _free_name(version: int) -> Path:
    number = 1
    while True:
        suffix = "" if number == 1 else f"-{number}"
        path = Path(f"proposal-policy-{version}{suffix}.fpr")
        if not path.exists():
            return path
        number += 1


def settle(wanted: Settings, change: PolicyChange, proposal: Path | None) -> dict[str, Any]:
    """Says that a change is published, or writes the proposal; members of the JSON document."""
    members: dict[str, Any] = {"published": change.published, "policy": change.policy_version}
    if change.published:
        wanted.output.say("policy.published", version=change.policy_version)
        return members
    path = proposal or _free_name(change.policy_version)
    write_public(path, change.proposal)
    wanted.output.say("policy.proposed", path=path, version=change.policy_version)
    return {**members, "proposal": str(path)}


@contextmanager
def credentials_written(change: PolicyChange, paths: Sequence[Path]) -> Iterator[None]:
    """Writes a change's credentials; when the body fails, none stays that can never count."""
    written: list[Path] = []
    try:
        for path, secret in zip(paths, change.credentials, strict=True):
            _secret_files.write(path, secret)
            written.append(path)
        yield
    except BaseException:
        for path in () if change.published else written:
            path.unlink(missing_ok=True)
        raise


def say_waiting(
    wanted: Settings,
    rule: AdminRule,
    members: Mapping[str, Any],
    paths: Sequence[Path],
    reads: bool,
) -> dict[str, Any]:
    """Of credentials whose proposal is not approved: what they are good for, and until when."""
    keys = {"needed": rule.threshold, "total": len(rule.keys)}
    version, proposal = members["policy"], members["proposal"]
    for path in paths:
        wanted.output.say("writer.waits", path=path, version=version, proposal=proposal, **keys)
        wanted.output.say("writer.waits_reads" if reads else "writer.waits_writes", path=path)
    return {
        "credential_valid": False,
        "valid_from_policy": version,
        "approvals_needed": keys["needed"],
    }


def write_public(path: Path, content: bytes) -> None:
    """A new file that is not secret. Errors: AlreadyExists, Io."""
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        message, hint = text("secret.exists", path=path), text("secret.exists_hint")
        raise fenchi.AlreadyExists(message, hint) from None
    except OSError as error:
        raise fenchi.Io(text("secret.unwritable", path=path, why=error.strerror)) from error


def read_public(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise fenchi.Io(text("secret.unreadable", path=path, why=error.strerror)) from error


def check_secret_place(wanted: Settings, path: Path) -> None:
    """Before anything is changed: a secret may be written there.

    Errors: AlreadyExists, Denied where others could get at it, also in a provider's directory.
    """
    _secret_files.check_absent(path)
    check_not_at_provider(wanted, path.absolute().parent)


def check_not_at_provider(wanted: Settings, path: Path) -> None:
    """Errors: Denied for a directory that is a provider's, or in one."""
    if not wanted.config.exists():
        return
    target = path.absolute().resolve()
    for name, entry in config.load(wanted.config).providers.items():
        for url in (entry.url, *entry.spare_urls):
            scheme, _, rest = url.partition(":")
            place = Path(unquote(rest.removeprefix("//")) or "/").resolve()
            if scheme == "file" and target.is_relative_to(place):
                raise fenchi.Denied(
                    text("secret.at_provider", path=path, provider=name),
                    text("secret.folder_shared_hint"),
                )


def with_custodians(
    table: CustodyTable, people: Mapping[str, Sequence[Custodian]], alone: bool
) -> Callable[[str], str]:
    """An edit of vault.toml: these people instead of those of their groups; alone: of all."""

    def edit(content: str) -> str:
        for group, there in table.custodians.items():
            for one in there if alone or group in people else ():
                content = _toml_text.without_block(
                    content, "custodian", group=group, holder=one.holder
                )
        for name in table.recipients if alone else ():
            content = _toml_text.without_block(content, "recipient", name=name)
        for group, members in people.items():
            for one in members:
                lines = _toml_text.custodian_lines(group, one.holder, one.deputy)
                content = _toml_text.with_block(content, lines)
        return content

    return edit


def keep_in_file(
    wanted: Settings, change: PolicyChange, open: str, edit: Callable[[str], str] = str
) -> None:
    """vault.toml follows what was published; what waits for admins it follows later, by hand: the
    new text is laid beside it."""
    if change.published:
        config.write_custody(wanted.config, open, edit)
        wanted.output.say("custody.file_changed", path=wanted.config, open=open)
        return
    later = wanted.config.with_name(f"{wanted.config.name}.policy-{change.policy_version}")
    config.write_custody(wanted.config, open, edit, into=later)
    wanted.output.say("custody.file_later", path=wanted.config, later=later, open=open)
