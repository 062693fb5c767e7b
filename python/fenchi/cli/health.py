"""verify, repair, status: whether everything is in its place."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

import fenchi
from fenchi import escape_path
from fenchi.cli import exit_codes
from fenchi.cli.app import app
from fenchi.cli.context import UsageOption, opened, settings, usage_members
from fenchi.cli.output import Output, duration, local_time, size
from fenchi.messages import text


class Depth(StrEnum):
    exists = "exists"
    tags = "tags"
    data = "data"


def code_of(damage: Sequence[fenchi.Damage]) -> int:
    if not damage:
        return exit_codes.DONE
    lost = any(not item.repairable for item in damage)
    return exit_codes.DATA_LOST if lost else exit_codes.DAMAGE


def _statement(output: Output, report: fenchi.VerifyReport) -> None:
    if report.healthy:
        output.say(
            "verify.healthy",
            shards=report.shards,
            packs=report.packs,
            objects=report.objects,
            bytes=size(report.bytes_read),
            seconds=duration(report.seconds),
            depth=report.depth,
        )
    else:
        # What a provider that is away holds is not known: that is no damage.
        known = [item for item in report.damage if item.kind != "unreachable"]
        lost = sum(not item.repairable for item in known)
        if known:
            output.say("verify.lost" if lost else "verify.damaged", count=len(known), lost=lost)
        if report.unreachable:
            output.say("verify.unknown", providers=", ".join(report.unreachable))
        output.damage(sorted(report.damage, key=lambda item: item.repairable))
    if report.chunks_checked:
        output.say(
            "verify.chunks", chunks=report.chunks_checked, snapshots=report.snapshots_checked
        )
    if not report.freshness_proven:
        output.say("freshness")
    if report.locks:
        _locks(output, report.locks)


def _locks(output: Output, locks: fenchi.LockCheck) -> None:
    """Whether what backups asked to be locked still is."""
    gone = [one for one in locks.snapshots if not one.kept]
    if not gone:
        last = max(one.until for one in locks.snapshots)
        until = local_time(last).isoformat(" ", "seconds")
        output.say("verify.locks_hold", snapshots=len(locks.snapshots), until=until)
        return
    sure = any(one.packs_unlocked or one.opening == "unlocked" for one in gone)
    which = "verify.locks_gone" if sure else "verify.locks_unknown"
    output.say(which, count=len(gone), snapshots=len(locks.snapshots))
    for one in gone:
        output.say(
            "verify.lock",
            snapshot=one.snapshot[:16],
            until=local_time(one.until).isoformat(" ", "seconds"),
            open=one.packs_unlocked,
            unknown=one.packs_unknown,
            packs=one.packs,
            opening=text(f"verify.lock.{one.opening}"),
        )
        if one.message:
            output.say("verify.lock_packs", message=escape_path(one.message))
    for place in locks.places:
        if place.failed:
            message = escape_path(place.message)
            output.say(
                "verify.lock_place", provider=place.provider, failed=place.failed, message=message
            )
        elif not place.can_lock:
            output.say("verify.locks_nothing", provider=place.provider)


@app.command()
def verify(
    context: typer.Context,
    depth: Annotated[Depth, typer.Option()] = Depth.tags,
    usage: UsageOption = False,
) -> int:
    """Look for missing and damaged objects. Changes nothing."""
    wanted = settings(context)
    with opened(wanted) as vault, wanted.output.progress() as progress:
        report = vault.verify(depth=depth, progress=progress)
    _statement(wanted.output, report)
    used = usage_members(wanted.output, vault, usage)
    wanted.output.report(
        report.healthy, report, healthy=report.healthy, locks_kept=report.locks_kept, **used
    )
    if report.healthy:
        return exit_codes.DONE if report.locks_kept else exit_codes.INCOMPLETE
    return code_of(report.damage) or exit_codes.DAMAGE


def _repair_statement(
    output: Output, before: fenchi.VerifyReport, report: fenchi.RepairReport
) -> None:
    if before.healthy and report.complete:
        output.say("repair.nothing")
        return
    output.say(
        "repair.done",
        shards=report.shards_written,
        objects=report.objects_written,
        bytes=size(report.bytes_written),
        seconds=duration(report.seconds),
    )
    if before.unreachable:
        output.say("repair.unknown", providers=", ".join(before.unreachable))
    if report.left:
        output.say("repair.left", count=len(report.left))
        output.damage(sorted(report.left, key=lambda item: item.repairable))


def _repair_code(before: fenchi.VerifyReport, report: fenchi.RepairReport) -> int:
    """Of both: what could not be looked at is not mended, whoever answers by now."""
    code = code_of(report.left)
    return exit_codes.DAMAGE if code == exit_codes.DONE and before.unreachable else code


@app.command()
def repair(
    context: typer.Context,
    depth: Annotated[Depth, typer.Option()] = Depth.tags,
) -> int:
    """Verify, then write again what is missing or damaged, from the good shards."""
    wanted = settings(context)
    with opened(wanted) as vault, wanted.output.progress() as progress:
        before = vault.verify(depth=depth, progress=progress)
        report = vault.repair(before, progress=progress)
    _repair_statement(wanted.output, before, report)
    code = _repair_code(before, report)
    done = code == exit_codes.DONE
    wanted.output.report(done, report, found=before.damage, unknown=before.unreachable)
    return code


def _state(report: fenchi.VaultStatus, index: int) -> str:
    provider = report.providers[index]
    if provider.reachable:
        state = text("status.ok") if provider.holds_vault else text("status.empty")
    else:
        state = text("status.unreachable")
    message = provider.message
    return text("status.why", state=state, message=message) if message else state


@app.command()
def status(context: typer.Context, usage: UsageOption = False) -> None:
    """Show the vault: providers, quorums, placement, unfinished backups."""
    wanted = settings(context)
    output = wanted.output
    with opened(wanted) as vault:
        report = vault.status()
    output.say("status.vault", name=report.name, id=report.vault)
    output.say(
        "status.shape",
        needed=report.needed,
        total=report.total,
        write=report.write_quorum,
        read=report.read_quorum,
        liars=report.liars,
        spare=report.spare_losses,
    )
    output.say(
        "status.counts",
        snapshots=report.snapshots,
        incomplete=report.incomplete,
        writers=report.writers,
        policy=report.policy_version,
        epoch=report.epoch,
        domains=", ".join(report.key_domains),
    )
    columns = [text(f"column.{name}") for name in ("provider", "location", "state")]
    rows = [
        [provider.name, provider.location, _state(report, index)]
        for index, provider in enumerate(report.providers)
    ]
    output.table(columns, rows)
    for note in report.placement_notes:
        output.say("init.placement", note=note)
    if not report.freshness_proven:
        output.say("freshness")
    output.report(True, report, **usage_members(output, vault, usage))
