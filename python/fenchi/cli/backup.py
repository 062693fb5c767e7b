"""backup: trees or a stream."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Annotated

import typer

import fenchi
from fenchi import escape_path
from fenchi.cli import exit_codes
from fenchi.cli.app import app
from fenchi.cli.context import UsageOption, exact_path, opened, settings, usage_members
from fenchi.cli.output import Output, duration, local_time, size
from fenchi.config import LOCK_DAYS_MAX
from fenchi.messages import text


def _statement(output: Output, report: fenchi.BackupReport) -> None:
    output.say(
        "backup.done",
        snapshot=report.snapshot[:16],
        label=text("backup.label", label=report.label) if report.label else "",
        files=report.files,
        directories=report.directories,
        bytes=size(report.bytes),
    )
    output.say(
        "backup.cost",
        read=size(report.bytes_read),
        new=size(report.bytes_new),
        uploaded=size(report.bytes_uploaded),
        seconds=duration(report.seconds),
        unchanged=report.files_unchanged,
    )
    if report.packs_resumed:
        output.say("backup.resumed", packs=report.packs_resumed)
    if report.providers_missed:
        output.say("backup.missed", providers=", ".join(report.providers_missed))
    if report.locks:
        _locks(output, report.locks)
    if report.unreadable or report.changed_while_read:
        output.say(
            "backup.incomplete", unreadable=report.unreadable, changed=report.changed_while_read
        )
        output.problems(report.problems)


def _locks(output: Output, locks: fenchi.LockReport) -> None:
    until = local_time(locks.until).isoformat(" ", "seconds")
    places = [place.provider for place in locks.places if place.can_lock and not place.failed]
    if locks.complete:
        output.say("backup.locked", until=until, packs=locks.packs, places=", ".join(places))
    else:
        output.say("backup.not_locked", until=until, open=locks.packs_unlocked, packs=locks.packs)
    for place in locks.places:
        if not place.can_lock:
            output.say("backup.cannot_lock", provider=place.provider)
        elif place.failed:
            output.say(
                "backup.lock_failed",
                provider=place.provider,
                failed=place.failed,
                message=escape_path(place.message),
            )


def _profile(output: Output, report: fenchi.BackupReport) -> None:
    """Where the time went, the largest first, then each provider."""
    stages = sorted(report.stages, key=lambda stage: -stage.seconds)
    rows = [(s.stage, f"{s.seconds:.2f}", size(s.bytes) if s.bytes else "") for s in stages]
    rows += [(p.provider, f"{p.seconds:.2f}", size(p.bytes)) for p in report.providers]
    output.table([text("profile.stage"), text("profile.seconds"), text("profile.bytes")], rows)
    output.say("profile.note")


@app.command()
def backup(
    context: typer.Context,
    paths: Annotated[list[str] | None, typer.Argument()] = None,
    label: Annotated[str, typer.Option()] = "",
    exclude: Annotated[list[str] | None, typer.Option()] = None,
    stdin: Annotated[bool, typer.Option("--stdin")] = False,
    name: Annotated[str | None, typer.Option()] = None,
    key_domain: Annotated[str, typer.Option()] = "",
    compression: Annotated[int, typer.Option(min=0, max=19)] = 3,
    rescan: Annotated[bool, typer.Option("--rescan")] = False,
    lock_days: Annotated[int | None, typer.Option(min=0, max=LOCK_DAYS_MAX)] = None,
    profile: Annotated[bool, typer.Option("--profile")] = False,
    usage: UsageOption = False,
) -> int:
    """Back up paths, or a stream with --stdin --name NAME."""
    wanted = settings(context)
    output = wanted.output
    if stdin == bool(paths) or stdin != (name is not None):
        raise typer.BadParameter(text("usage.stdin"))
    lock_for = None if lock_days is None else timedelta(days=lock_days)
    with opened(wanted) as vault, output.progress() as progress:
        if name is not None:
            report = vault.backup_stream(
                sys.stdin.buffer,
                name=exact_path(name),
                label=label,
                key_domain=key_domain,
                compression_level=compression,
                lock_for=lock_for,
                progress=progress,
            )
        else:
            report = vault.backup(
                *(exact_path(path) for path in paths or ()),
                label=label,
                exclude=exclude,
                key_domain=key_domain,
                compression_level=compression,
                rescan=rescan,
                lock_for=lock_for,
                progress=progress,
            )
    _statement(output, report)
    if profile:
        _profile(output, report)
    used = usage_members(output, vault, usage)
    output.report(True, report, complete=report.complete, **used)
    return exit_codes.DONE if report.complete else exit_codes.INCOMPLETE
