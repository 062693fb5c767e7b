"""attest: what write-only hosts stored, looked into by who can read."""

from __future__ import annotations

import typer

from fenchi.cli import exit_codes
from fenchi.cli.app import app
from fenchi.cli.context import opened, settings
from fenchi.cli.output import duration, size
from fenchi.messages import text


@app.command()
def attest(context: typer.Context) -> int:
    """Open and compare what other hosts stored, so that this one need not store it again.

    A host that only writes is not believed without: it may claim chunks that it never stored.
    """
    wanted = settings(context)
    with opened(wanted) as vault, wanted.output.progress() as progress:
        report = vault.attest(progress=progress)
    wanted.output.say(
        "attest.done",
        packs=report.packs,
        chunks=report.chunks,
        bytes=size(report.bytes_read),
        seconds=duration(report.seconds),
        before=report.attested_before,
    )
    for line in report.refused:
        wanted.output.line(text("attest.refused", what=line))
    whole = not report.refused
    wanted.output.report(whole, report)
    return exit_codes.DONE if whole else exit_codes.DAMAGE
