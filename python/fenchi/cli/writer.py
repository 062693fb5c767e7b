"""writer: the hosts that write, and their credentials."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import fenchi
from fenchi import custody
from fenchi.cli.app import app
from fenchi.cli.context import opened, settings
from fenchi.cli.custody_change import (
    ProposalOption,
    check_secret_place,
    credentials_written,
    say_waiting,
    settle,
)
from fenchi.messages import text

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(group, name="writer")


@group.callback()
def _group() -> None:
    """Hosts that write backups, and their credentials."""


@group.command()
def add(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE")],
    label: Annotated[str, typer.Option()] = "",
    key_domain: Annotated[list[str] | None, typer.Option()] = None,
    reads: Annotated[bool, typer.Option("--reads")] = False,
    proposal: ProposalOption = None,
) -> None:
    """Let a host write backups that it cannot read or delete. Needs the read role and admins.

    The credential is one file, for that host alone: two hosts with one credential are refused.
    Where several admins must approve, it counts once they have.
    """
    wanted = settings(context)
    check_secret_place(wanted, path)
    new = custody.NewWriter(
        role="read" if reads else "write", key_domains=tuple(key_domain or ()), label=label
    )
    with opened(wanted) as vault:
        before = {one.id for one in vault.custody().writers}
        change = vault.change_policy(add_writers=[new])
        after = vault.custody()
    made = [one.id for one in after.writers if one.id not in before]
    with credentials_written(change, [path]):
        members = settle(wanted, change, proposal)
    wanted.output.say("writer.added_reads" if reads else "writer.added", path=path)
    if change.published:
        members["credential_valid"] = True
    else:
        members |= say_waiting(wanted, after.admins, members, [path], reads)
    writer = made[0] if change.published and len(made) == 1 else None
    wanted.output.document(True, **members, credential=str(path), writer=writer, label=label)


@group.command("list")
def list_(context: typer.Context) -> None:
    """List the hosts that write, and those that were revoked. Any role."""
    wanted = settings(context)
    with opened(wanted) as vault:
        writers = vault.custody().writers
    rows = [
        [
            one.id,
            one.label or text("writer.own"),
            text("writer.reads") if one.reads else text("writer.writes_only"),
            text("writer.revoked") if one.revoked else text("writer.active"),
        ]
        for one in writers
    ]
    columns = [text(f"column.{name}") for name in ("writer", "label", "rights", "state")]
    wanted.output.table(columns, rows)
    wanted.output.document(True, writers=list(writers))


def find(writers: tuple[custody.Writer, ...], wanted: str) -> str:
    """The id of the active writer with this id, prefix of an id, or label."""
    active = [one for one in writers if not one.revoked]
    found = [one.id for one in active if wanted in (one.id, one.label)]
    if not found and len(wanted) >= 4:
        found = [one.id for one in active if one.id.startswith(wanted.lower())]
    if not found:
        raise fenchi.NotFound(text("writer.unknown", wanted=wanted), text("writer.unknown_hint"))
    if len(found) > 1:
        raise fenchi.InvalidArgument(
            text("writer.several", wanted=wanted), text("writer.unknown_hint")
        )
    return found[0]


@group.command()
def revoke(
    context: typer.Context,
    writers: Annotated[list[str], typer.Argument(metavar="WRITER...")],
    proposal: ProposalOption = None,
) -> None:
    """Take hosts the right to write; what they wrote stays. Needs admins.

    Take their credentials at the providers, too.
    """
    wanted = settings(context)
    with opened(wanted) as vault:
        known = vault.custody().writers
        ids = [find(known, one) for one in writers]
        change = vault.change_policy(revoke_writers=ids)
    members = settle(wanted, change, proposal)
    wanted.output.say("writer.revoked_now")
    wanted.output.document(True, **members, revoked=ids)
