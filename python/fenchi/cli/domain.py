"""domain: key domains, each opened by a read key of its own."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

import fenchi
from fenchi import _secret_files
from fenchi.cli.app import app
from fenchi.cli.context import opened, settings
from fenchi.cli.custody_change import ProposalOption, check_secret_place, settle
from fenchi.messages import text

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(group, name="domain")


@group.callback()
def _group() -> None:
    """Key domains: data that one read key opens."""


@group.command()
def add(
    context: typer.Context,
    label: Annotated[str, typer.Argument()],
    read_credential: Annotated[Path | None, typer.Option(metavar="FILE")] = None,
    proposal: ProposalOption = None,
) -> None:
    """Add a key domain for `backup --key-domain`. Needs a slot and admins."""
    wanted = settings(context)
    if read_credential is not None:
        check_secret_place(wanted, read_credential)
    secret = None
    with opened(wanted) as vault:
        change = vault.change_policy(add_key_domains=[label])
        if read_credential is not None and change.published:
            secret = vault.export_credential("read", [label])
    members = settle(wanted, change, proposal)
    if read_credential is not None and secret is not None:
        _secret_files.write(read_credential, secret)
        wanted.output.say("domain.credential", path=read_credential, domain=label)
    elif read_credential is not None:
        wanted.output.say("domain.credential_later", domain=label)
    wanted.output.say("domain.moving")
    written = None if secret is None else str(read_credential)
    wanted.output.document(True, **members, key_domain=label, read_credential=written)


def _opened_domains(vault: fenchi.Vault) -> Counter[str]:
    return Counter(snapshot.key_domain for snapshot in vault.snapshots())


@group.command("list")
def list_(context: typer.Context) -> None:
    """List the key domains, and what moving a module to another one means. Any role."""
    wanted = settings(context)
    with opened(wanted) as vault:
        labels = vault.custody().key_domains
        counts = _opened_domains(vault)
    rows = [[label, str(counts[label]) if counts[label] else "-"] for label in labels]
    wanted.output.table([text("column.domain"), text("column.snapshots")], rows)
    wanted.output.say("domain.moving")
    wanted.output.document(
        True, key_domains=[{"label": one, "snapshots": counts[one]} for one in labels]
    )
