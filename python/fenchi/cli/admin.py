"""admin: what m of the vault's admins must sign, as files that travel by mail or USB."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import fenchi
from fenchi import custody
from fenchi._custody_config import read_key as public_key
from fenchi.cli import writer
from fenchi.cli.app import app
from fenchi.cli.context import opened, settings
from fenchi.cli.custody_change import (
    ProposalOption,
    check_secret_place,
    credentials_written,
    read_public,
    say_waiting,
    settle,
    write_public,
)
from fenchi.cli.key import write_key_pair
from fenchi.cli.unlocking import read_key
from fenchi.messages import text

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(group, name="admin")

_Proposal = Annotated[Path, typer.Argument(metavar="PROPOSAL")]


@group.callback()
def _group() -> None:
    """Changes that the vault's admins sign."""


@group.command()
def key(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE")],
) -> None:
    """Make an admin's key pair: a file to keep, a public key for `propose`. Needs no vault."""
    secret = custody.new_admin_key()
    public = custody.admin_key_of(secret)
    write_key_pair(settings(context), path, secret, public, "admin.key")


def _new_writers(given: list[str]) -> list[tuple[Path, custody.NewWriter]]:
    """FILE=LABEL of each."""
    out = []
    for value in given:
        path, sign, label = value.partition("=")
        if not (path and sign and label):
            form = text("usage.option_pair", option="--add-writer", form="FILE=LABEL", value=value)
            raise typer.BadParameter(form)
        out.append((Path(path), custody.NewWriter(label=label)))
    return out


@group.command()
def propose(
    context: typer.Context,
    threshold: Annotated[int | None, typer.Option(min=1)] = None,
    admin: Annotated[list[str] | None, typer.Option(metavar="KEY")] = None,
    close_former: Annotated[bool, typer.Option("--close-former")] = False,
    add_domain: Annotated[list[str] | None, typer.Option(metavar="LABEL")] = None,
    add_writer: Annotated[list[str] | None, typer.Option(metavar="FILE=LABEL")] = None,
    revoke_writer: Annotated[list[str] | None, typer.Option(metavar="WRITER")] = None,
    proposal: ProposalOption = None,
) -> None:
    """Change the policy, or write the proposal that the admins must sign. Needs the admin role.

    Rotations and new ways to open are proposed by `key rotate`, `key add` and `key revoke`.
    """
    wanted = settings(context)
    if (threshold is None) != (not admin):
        raise typer.BadParameter(text("usage.admins"))
    changes: dict[str, Any] = {"close_former_admins": close_former}
    if admin and threshold is not None:
        keys = [public_key("--admin", value) for value in admin]
        changes["admins"] = custody.AdminRule(threshold=threshold, keys=keys)
    writers = _new_writers(add_writer or [])
    for path, _ in writers:
        check_secret_place(wanted, path)
    changes["add_key_domains"] = add_domain or []
    changes["add_writers"] = [one for _, one in writers]
    if not any(changes.values()) and not revoke_writer:
        raise typer.BadParameter(text("usage.nothing_proposed"))
    with opened(wanted) as vault:
        known = vault.custody().writers if revoke_writer else ()
        changes["revoke_writers"] = [writer.find(known, one) for one in revoke_writer or []]
        change = vault.change_policy(**changes)
        rule = vault.custody().admins
    paths = [path for path, _ in writers]
    with credentials_written(change, paths):
        members = settle(wanted, change, proposal)
    for path in paths:
        wanted.output.say("writer.added", path=path)
    if paths:
        members["credentials"] = [str(path) for path in paths]
        members["credential_valid"] = True
    if paths and not change.published:
        members |= say_waiting(wanted, rule, members, paths, reads=False)
    wanted.output.document(True, **members)


@group.command()
def review(context: typer.Context, proposal: _Proposal) -> None:
    """Say in sentences what a proposal changes: read it before you approve. Any role."""
    wanted = settings(context)
    content = read_public(proposal)
    with opened(wanted) as vault:
        lines = vault.review_proposal(content)
    wanted.output.say("admin.review", path=proposal)
    for line in lines:
        wanted.output.line(f"  {line}")
    wanted.output.say("admin.review_next", path=proposal)
    wanted.output.document(True, changes=list(lines))


@group.command()
def approve(
    context: typer.Context,
    proposal: _Proposal,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE")] = None,
) -> None:
    """Sign a proposal with --admin-key: one file to send back. Needs no vault; review it first."""
    wanted = settings(context)
    if wanted.factors.admin_key is None:
        raise fenchi.Denied(text("admin.no_key"), text("admin.no_key_hint"))
    content = read_public(proposal)
    secret = read_key(wanted.output, wanted.factors.admin_key)
    approval = custody.approve_proposal(content, secret)
    key_hex = custody.admin_key_of(secret).hex()
    path = output or proposal.with_name(f"{proposal.stem}-{key_hex[:8]}.fap")
    write_public(path, approval)
    wanted.output.say("admin.approved", path=path)
    wanted.output.document(True, approval=str(path), admin=key_hex)


@group.command()
def publish(
    context: typer.Context,
    proposal: _Proposal,
    approvals: Annotated[list[Path] | None, typer.Argument(metavar="APPROVAL...")] = None,
) -> None:
    """Make a proposal count that enough admins approved; your key counts as one of them."""
    wanted = settings(context)
    content = read_public(proposal)
    files = [read_public(path) for path in approvals or []]
    with opened(wanted) as vault:
        change = vault.publish(content, files)
    wanted.output.say("policy.published", version=change.policy_version)
    wanted.output.document(True, published=True, policy=change.policy_version)
