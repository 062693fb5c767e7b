"""provider: single places."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Annotated

import typer

import fenchi
from fenchi import config
from fenchi.cli import exit_codes
from fenchi.cli.app import app
from fenchi.cli.context import settings
from fenchi.cli.output import Output, to_json
from fenchi.messages import text

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(group, name="provider")


def _findings(output: Output, report: fenchi.ContractReport) -> None:
    for finding in report.findings:
        bad = "FAIL" if finding.required else "note"
        output.say(
            "contract.item",
            mark="ok  " if finding.passed else bad,
            check=finding.check,
            message=f": {finding.message}" if finding.message and not finding.passed else "",
        )
    failed = sum(not finding.passed and finding.required for finding in report.findings)
    key = "contract.passed" if report.passed else "contract.failed"
    output.say(
        key,
        location=report.location,
        count=failed or len(report.findings),
        total=len(report.findings),
    )


def _abilities(output: Output, report: fenchi.ContractReport) -> None:
    """The table of what the place can do, and what that means for a vault."""
    rows = [
        [
            text(f"ability.{one.name}"),
            text(f"ability.{one.name}.{one.value}", detail=one.detail),
            text(f"ability.{one.name}.{one.value}.means"),
        ]
        for one in report.abilities
    ]
    columns = [text(f"column.{name}") for name in ("ability", "found", "means")]
    output.table(columns, rows)


def _same_places(
    output: Output, places: list[fenchi.BuiltinProvider]
) -> list[dict[str, str | bool]]:
    compared: list[dict[str, str | bool]] = []
    for first, second in itertools.combinations(places, 2):
        same = fenchi.same_place(first, second)
        key = "contract.one_place" if same else "contract.two_places"
        output.say(key, first=first.location(), second=second.location())
        compared.append({"first": first.location(), "second": second.location(), "same": same})
    return compared


@group.command()
def check(
    context: typer.Context,
    urls: Annotated[list[str], typer.Argument(metavar="URL...")],
    keep: Annotated[bool, typer.Option("--keep")] = False,
    retain: Annotated[int, typer.Option(min=0)] = 0,
) -> int:
    """Test whether places keep the promises that fenchi needs, and what each can do.

    Of several places, whether two are one, too.
    """
    output = settings(context).output
    # Without what vault.toml may put around them: retries would hide how a place is.
    places = [fenchi.open_provider(config.url_of(url)) for url in urls]
    reports = []
    for place in places:
        report = fenchi.check_provider(place, may_delete=not keep, retain=timedelta(seconds=retain))
        _findings(output, report)
        _abilities(output, report)
        reports.append(report)
    same_places = _same_places(output, places)
    passed = all(report.passed for report in reports)
    passed = passed and not any(pair["same"] for pair in same_places)
    if len(reports) == 1:
        output.report(passed, reports[0], passed=passed)
    else:
        members = [{"passed": report.passed, **to_json(report)} for report in reports]
        output.document(passed, passed=passed, providers=members, compared=same_places)
    return exit_codes.DONE if passed else exit_codes.FAILED


@group.callback()
def _group() -> None:
    """Single places."""
