"""restore: a snapshot, or a part of it."""

from __future__ import annotations

from typing import Annotated

import typer

from fenchi import RestoreReport, escape_path
from fenchi.cli import exit_codes
from fenchi.cli.app import app
from fenchi.cli.context import UsageOption, exact_path, opened, settings, usage_members
from fenchi.cli.output import Output, duration, size


def statement(output: Output, report: RestoreReport) -> None:
    """What was restored and checked."""
    output.say(
        "restore.done",
        files=report.files,
        directories=report.directories,
        others=report.others,
        bytes=size(report.bytes),
        target=escape_path(report.target),
        seconds=duration(report.seconds),
    )
    output.say(
        "restore.checked",
        chunks=report.chunks_checked,
        fetched=size(report.bytes_fetched),
        replaced=report.shards_replaced,
    )
    if report.files_resumed:
        output.say("restore.resumed", count=report.files_resumed)
    if report.dropped:
        output.say("restore.dropped", count=report.dropped)
    if report.failed:
        output.say("restore.failed", count=report.failed)
    if report.problems:
        output.say("restore.problems", count=len(report.problems))
        output.problems(report.problems)
    if report.lost:
        output.say("restore.lost", count=len(report.lost))
        output.problems(report.lost)
    if not report.freshness_proven:
        output.say("freshness")


def _code(report: RestoreReport) -> int:
    if report.lost:
        return exit_codes.DATA_LOST
    if report.failed and not report.files + report.directories + report.others:
        return exit_codes.FAILED
    return exit_codes.INCOMPLETE if report.problems else exit_codes.DONE


@app.command()
def restore(
    context: typer.Context,
    snapshot: Annotated[str, typer.Argument(help="An id, a unique prefix, or latest[:LABEL].")],
    target: Annotated[str, typer.Argument(help="A directory; made when missing.")],
    include: Annotated[
        list[str] | None, typer.Option(help="Only what matches, as in .gitignore; once for each.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what is there and differs.")
    ] = False,
    keep_setuid: Annotated[
        bool, typer.Option("--keep-setuid", help="Keep setuid and setgid bits.")
    ] = False,
    devices: Annotated[bool, typer.Option("--devices", help="Make devices, too.")] = False,
    absent: Annotated[
        list[str] | None, typer.Option(help="Do without this provider; once for each.")
    ] = None,
    usage: UsageOption = False,
) -> int:
    """Restore below TARGET: a backup of /srv/ledger becomes TARGET/ledger."""
    wanted = settings(context)
    with opened(wanted) as vault, wanted.output.progress() as progress:
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
    code = _code(report)
    done = code in (exit_codes.DONE, exit_codes.INCOMPLETE)
    used = usage_members(wanted.output, vault, usage)
    wanted.output.report(done, report, complete=report.complete, **used)
    return code
