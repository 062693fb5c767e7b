"""restore: a snapshot, or a part of it."""

from __future__ import annotations

from typing import Annotated

import typer

from fenchi.cli import exit_codes
from fenchi.cli.app import app
from fenchi.cli.context import UsageOption, exact_path, opened, settings, usage_members
from fenchi.cli.restoring import code_of, statement


@app.command()
def restore(
    context: typer.Context,
    snapshot: Annotated[str, typer.Argument()],
    target: Annotated[str, typer.Argument()],
    include: Annotated[list[str] | None, typer.Option()] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite")] = False,
    keep_setuid: Annotated[bool, typer.Option("--keep-setuid")] = False,
    devices: Annotated[bool, typer.Option("--devices")] = False,
    absent: Annotated[list[str] | None, typer.Option()] = None,
    usage: UsageOption = False,
) -> int:
    """Restore below TARGET: a backup of /srv/ledger becomes TARGET/ledger."""
    wanted = settings(context)
    with opened(wanted, absent or ()) as vault, wanted.output.progress() as progress:
        report = vault.restore(
            snapshot,
            exact_path(target),
            include=include,
            overwrite=overwrite,
            keep_setuid=keep_setuid,
            make_devices=devices,
            absent=absent or (),
            progress=progress,
        )
    statement(wanted.output, report)
    code = code_of(report)
    done = code in (exit_codes.DONE, exit_codes.INCOMPLETE)
    used = usage_members(wanted.output, vault, usage)
    wanted.output.report(done, report, complete=report.complete, **used)
    return code
