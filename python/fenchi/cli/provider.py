"""provider: single places."""

from __future__ import annotations

from typing import Annotated

import typer

import fenchi
from fenchi import config
from fenchi.cli import exit_codes
from fenchi.cli.app import app
from fenchi.cli.context import settings

group = typer.Typer(no_args_is_help=True, help="Single places.", rich_markup_mode=None)
app.add_typer(group, name="provider")


@group.command()
def check(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="A directory, or a URL: file:, sftp:.")],
    keep: Annotated[
        bool, typer.Option("--keep", help="Do not delete; leaves about 20 MiB there.")
    ] = False,
) -> int:
    """Test whether a place keeps the promises that fenchi needs, before data is trusted to it."""
    output = settings(context).output
    place = config.ProviderEntry(url=config.url_of(url)).open(url)
    report = fenchi.check_provider(place, may_delete=not keep)
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
    output.report(report.passed, report, passed=report.passed)
    return exit_codes.DONE if report.passed else exit_codes.FAILED


@group.callback()
def _group() -> None:
    """Single places."""
