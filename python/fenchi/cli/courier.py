"""provider courier: what is carried to a provider that no line reaches."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import unquote

import typer

import fenchi
from fenchi import CourierImportReport, CourierReport, config
from fenchi.cli import exit_codes
from fenchi.cli.context import Settings, opened, settings
from fenchi.cli.health import code_of
from fenchi.cli.output import Output, duration, size
from fenchi.cli.provider import group
from fenchi.messages import text

_courier = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
group.add_typer(_courier, name="courier")

_Medium = Annotated[str, typer.Argument()]


def _path_of(wanted: Settings, provider: str, given: str | None) -> str:
    """The medium that was named, else the one of the provider's courier: URL."""
    if given is not None:
        return given
    entry = config.load(wanted.config).providers.get(provider)
    scheme, _, rest = (entry.url if entry else "").partition(":")
    if scheme != "courier" or not rest.strip("/"):
        raise fenchi.InvalidArgument(
            text("courier.no_path", provider=provider, config=wanted.config),
            text("courier.no_path_hint"),
        )
    return unquote(rest.removeprefix("//"))


def _describe(output: Output, medium: CourierReport) -> None:
    output.say("courier.medium", path=medium.path, objects=medium.objects, bytes=size(medium.bytes))
    for cargo in medium.cargo:
        output.say(
            "courier.cargo",
            provider=cargo.provider,
            objects=cargo.objects,
            bytes=size(cargo.bytes),
        )
    if medium.whole:
        output.say("courier.whole")
        output.say("courier.fingerprint", fingerprint=medium.fingerprint)
        return
    output.say("courier.broken")
    for what in medium.damage:
        output.say("courier.damage", what=what)


@_courier.command()
def export(
    context: typer.Context,
    provider: Annotated[str, typer.Argument()],
    medium: Annotated[str | None, typer.Argument()] = None,
) -> int:
    """Write what a provider lacks to a medium, rebuilt from the others. Counts for nothing yet."""
    wanted = settings(context)
    output = wanted.output
    path = _path_of(wanted, provider, medium)
    with opened(wanted) as vault, output.progress() as progress:
        report = vault.export_courier(provider, path, progress=progress)
    output.say(
        "courier.written",
        objects=report.objects_written,
        bytes=size(report.bytes_written),
        provider=provider,
        seconds=duration(report.seconds),
        there=report.objects_there,
    )
    _describe(output, report.medium)
    if report.left:
        output.say("repair.left", count=len(report.left))
        output.damage(report.left)
    whole = report.complete and report.medium.whole
    output.report(whole, report)
    return code_of(report.left) or (exit_codes.DONE if whole else exit_codes.DAMAGE)


@_courier.command()
def check(context: typer.Context, medium: _Medium) -> int:
    """Read a whole medium: is all of it there, and undamaged? Needs no vault and no passphrase."""
    output = settings(context).output
    with output.progress() as progress:
        report = fenchi.courier.check(medium, progress=progress)
    _describe(output, report)
    output.report(report.whole, report, whole=report.whole)
    return exit_codes.DONE if report.whole else exit_codes.DAMAGE


def _place(wanted: Settings, place: str) -> fenchi.BuiltinProvider:
    if Path(wanted.config).exists():
        entry = config.load(wanted.config).providers.get(place)
        if entry is not None:
            return entry.open(place)
    return config.ProviderEntry(url=config.url_of(place)).open(place)


def _import_statement(output: Output, report: CourierImportReport, location: str) -> None:
    output.say(
        "courier.stored",
        objects=report.objects_stored,
        bytes=size(report.bytes_stored),
        location=location,
        seconds=duration(report.seconds),
        there=report.objects_there,
    )
    if report.left:
        output.say("courier.left", count=len(report.left))
        output.damage(report.left)
    if not report.medium.whole:
        _describe(output, report.medium)


@_courier.command("import")
def import_(
    context: typer.Context,
    medium: _Medium,
    place: Annotated[str, typer.Argument()],
    destination: Annotated[str, typer.Option()] = "",
) -> int:
    """Store what a medium carries for a provider. Overwrites nothing; run again, it goes on."""
    wanted = settings(context)
    output = wanted.output
    provider = _place(wanted, place)
    with output.progress() as progress:
        report = fenchi.courier.load(medium, provider, destination=destination, progress=progress)
    _import_statement(output, report, provider.location())
    output.report(report.complete, report)
    return exit_codes.DONE if report.complete else exit_codes.DAMAGE


@_courier.callback()
def _group() -> None:
    """Media that are carried to a provider that no line reaches."""
