"""key revoke: custodians, recipients and writers that count no more."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

import fenchi
from fenchi import _access_tree, _toml_text, config, custody
from fenchi._custody_config import CustodyTable
from fenchi.cli import writer
from fenchi.cli.context import settings
from fenchi.cli.custody_change import (
    KeepOption,
    NewPassphraseOption,
    ProposalOption,
    SharesOption,
)
from fenchi.cli.key import Rotation, group, run_rotation
from fenchi.messages import text

_revoke = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
group.add_typer(_revoke, name="revoke")


@_revoke.callback()
def _group() -> None:
    """Take custodians, recipients or writers out."""


def _group_of(table: CustodyTable, holder: str, wanted: str | None) -> str:
    """The group that the holder is in."""
    groups = [
        name
        for name, people in table.custodians.items()
        if any(one.holder == holder for one in people) and wanted in (None, name)
    ]
    if not groups:
        known = ", ".join(
            sorted({one.holder for people in table.custodians.values() for one in people})
        )
        raise fenchi.NotFound(text("custody.no_custodian", holder=holder, known=known or "-"))
    if len(groups) > 1:
        message = text("custody.several_groups", holder=holder, groups=", ".join(groups))
        raise fenchi.InvalidArgument(message)
    return groups[0]


@_revoke.command("custodian")
def revoke_custodian(
    context: typer.Context,
    holder: Annotated[str, typer.Argument()],
    group_name: Annotated[str | None, typer.Option("--group")] = None,
    successor: Annotated[str | None, typer.Option(metavar="HOLDER")] = None,
    deputy: Annotated[str, typer.Option()] = "",
    shares: SharesOption = None,
    new_passphrase: NewPassphraseOption = None,
    keep_passphrase: KeepOption = False,
    proposal: ProposalOption = None,
) -> None:
    """Rotate to new shares, without one custodian. Needs a slot and admins.

    All others get new shares; their old ones open nothing that is written from then on.
    """
    wanted = settings(context)
    table = config.load(wanted.config).custody
    name = _group_of(table, holder, group_name)
    left = tuple(one for one in table.custodians[name] if one.holder != holder)
    if successor is not None:
        left = (*left, custody.Custodian(successor, deputy))
    changed = replace(table, custodians={**table.custodians, name: left})

    def edit(content: str) -> str:
        content = _toml_text.without_block(content, "custodian", group=name, holder=holder)
        if successor is None:
            return content
        lines = _toml_text.custodian_lines(name, successor, deputy)
        return _toml_text.with_block(content, lines)

    how = Rotation(shares, new_passphrase, keep_passphrase, proposal)
    run_rotation(wanted, changed, how, edit)


@_revoke.command("recipient")
def revoke_recipient(
    context: typer.Context,
    name: Annotated[str, typer.Argument()],
    shares: SharesOption = None,
    new_passphrase: NewPassphraseOption = None,
    keep_passphrase: KeepOption = False,
    proposal: ProposalOption = None,
) -> None:
    """Rotate to keys that a recipient's key does not open. Needs a slot and admins."""
    wanted = settings(context)
    table = config.load(wanted.config).custody
    if name not in table.recipients:
        known = ", ".join(table.recipients) or "-"
        raise fenchi.NotFound(text("custody.no_recipient", name=name, known=known))
    trees = [_access_tree.parse(one) for one in custody.parse_access(table.open).alternatives]
    left = [one for tree in trees if (one := _access_tree.without(tree, name)) is not None]
    if not left:
        hint = text("custody.nothing_left_hint")
        raise fenchi.InvalidArgument(text("custody.nothing_left", name=name), hint)
    open_left = custody.parse_access(", OR ".join(_access_tree.render(one) for one in left))
    changed = replace(
        table,
        open=open_left.canonical,
        recipients={key: value for key, value in table.recipients.items() if key != name},
        custodians={
            key: value for key, value in table.custodians.items() if key in open_left.groups
        },
    )

    def edit(content: str) -> str:
        content = _toml_text.without_block(content, "recipient", name=name)
        for group_name, people in table.custodians.items():
            for one in people if group_name not in open_left.groups else ():
                content = _toml_text.without_block(
                    content, "custodian", group=group_name, holder=one.holder
                )
        return content

    how = Rotation(shares, new_passphrase, keep_passphrase, proposal, may_end_ways=True)
    run_rotation(wanted, changed, how, edit)


_revoke.command("writer")(writer.revoke)
