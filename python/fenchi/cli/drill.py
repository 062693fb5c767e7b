"""drill: restore to scratch under a chosen failure, compared and timed."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from fenchi import DrillReport
from fenchi.cli import exit_codes
from fenchi.cli.app import app
from fenchi.cli.context import exact_path, opened, settings
from fenchi.cli.output import Output, duration, size
from fenchi.messages import text

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _parse(value: str | None) -> int | None:
    if value is None:
        return None
    parts = re.fullmatch(r"(\d{1,9})([smhd])", value)
    if parts is None:
        raise typer.BadParameter(text("usage.duration", value=value))
    return int(parts[1]) * _SECONDS[parts[2]]


def _verdict(met: bool) -> str:
    return text("drill.met" if met else "drill.missed")


def _statement(output: Output, report: DrillReport) -> None:
    restored = report.restore
    output.say(
        "drill.done",
        absent=text("drill.without", absent=", ".join(report.absent_providers))
        if report.absent_providers
        else text("drill.nobody"),
        files=restored.files,
        bytes=size(restored.bytes),
        seconds=duration(restored.seconds),
    )
    if restored.lost:
        output.say("restore.lost", count=len(restored.lost))
        output.problems(restored.lost)
    output.say(
        "drill.compared",
        files=report.files_compared,
        bytes=size(report.bytes_compared),
        mismatches=len(report.mismatches),
    )
    output.problems(report.mismatches)
    if report.rto is not None:
        output.say(
            "drill.rto",
            seconds=duration(restored.seconds),
            target=duration(report.rto.total_seconds()),
            verdict=_verdict(report.rto_met),
        )
    age = duration(report.data_age.total_seconds())
    if report.rpo is None:
        output.say("drill.age", seconds=age)
    else:
        output.say(
            "drill.rpo",
            seconds=age,
            target=duration(report.rpo.total_seconds()),
            verdict=_verdict(report.rpo_met),
        )
    output.say("drill.passed" if report.passed else "drill.failed")


def _code(report: DrillReport) -> int:
    if report.passed:
        return exit_codes.DONE
    if report.restore.lost:
        return exit_codes.DATA_LOST
    return exit_codes.FAILED if report.mismatches else exit_codes.TARGET_MISSED


@app.command()
def drill(
    context: typer.Context,
    snapshot: Annotated[str, typer.Argument()] = "latest",
    absent: Annotated[list[str] | None, typer.Option()] = None,
    rto: Annotated[str | None, typer.Option()] = None,
    rpo: Annotated[str | None, typer.Option()] = None,
    scratch: Annotated[str, typer.Option()] = "",
) -> int:
    """Rehearse: restore to scratch without some providers, compare everything, take the time."""
    wanted = settings(context)
    targets = _parse(rto), _parse(rpo)
    with opened(wanted, absent or ()) as vault, wanted.output.progress() as progress:
        report = vault.drill(
            snapshot,
            absent=absent or (),
            rto=targets[0],
            rpo=targets[1],
            scratch=exact_path(scratch),
            progress=progress,
        )
    _statement(wanted.output, report)
    verdicts = {"passed": report.passed, "rto_met": report.rto_met, "rpo_met": report.rpo_met}
    wanted.output.report(report.passed, report, **verdicts)
    return _code(report)
