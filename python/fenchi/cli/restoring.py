"""What restore says, for all commands that restore."""

from __future__ import annotations

import fenchi
from fenchi import RestoreReport, escape_path
from fenchi.cli import exit_codes
from fenchi.cli.context import Settings, exact_path
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


def code_of(report: RestoreReport) -> int:
    if report.lost:
        return exit_codes.DATA_LOST
    if report.failed and not report.files + report.directories + report.others:
        return exit_codes.FAILED
    return exit_codes.INCOMPLETE if report.problems else exit_codes.DONE


def restore_into(wanted: Settings, vault: fenchi.Vault, snapshot: str, target: str) -> int:
    """Everything of a snapshot, told and reported; the exit code."""
    with wanted.output.progress() as progress:
        report = vault.restore(snapshot, exact_path(target), progress=progress)
    statement(wanted.output, report)
    code = code_of(report)
    done = code in (exit_codes.DONE, exit_codes.INCOMPLETE)
    wanted.output.report(done, report, complete=report.complete)
    return code
