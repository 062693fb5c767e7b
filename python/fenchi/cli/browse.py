"""snapshots, ls, cat: what is in the vault."""

from __future__ import annotations

import stat
import sys
from typing import Annotated

import typer

from fenchi import Entry, escape_path
from fenchi.cli.app import app
from fenchi.cli.context import exact_path, opened, settings
from fenchi.cli.output import local_time, size
from fenchi.messages import text

_KINDS = {
    "file": stat.S_IFREG,
    "directory": stat.S_IFDIR,
    "symlink": stat.S_IFLNK,
    "fifo": stat.S_IFIFO,
    "char_device": stat.S_IFCHR,
    "block_device": stat.S_IFBLK,
    "socket": stat.S_IFSOCK,
}


@app.command()
def snapshots(context: typer.Context) -> None:
    """List snapshots, oldest first."""
    wanted = settings(context)
    output = wanted.output
    with opened(wanted) as vault:
        found = vault.snapshots()
    if not found.snapshots:
        output.say("snapshots.none")
    else:
        columns = [text(f"column.{c}") for c in "snapshot began label files size paths".split()]
        rows = [
            [
                item.id[:16],
                local_time(item.began).isoformat(" ", "seconds"),
                escape_path(item.label),
                str(item.files),
                size(item.bytes),
                " ".join(escape_path(path) for path in item.paths),
            ]
            for item in found
        ]
        output.table(columns, rows)
    if found.incomplete:
        output.say("snapshots.incomplete", count=found.incomplete)
    if found.other_domains:
        output.say("snapshots.other_domains", count=found.other_domains)
    if found.unreadable:
        output.say("snapshots.unreadable", count=found.unreadable)
    if not found.freshness_proven:
        output.say("freshness")
    output.report(True, found)


def _shown(entry: Entry) -> str:
    mode = stat.filemode(_KINDS.get(entry.type, 0) | entry.mode)
    owner = f"{entry.user or entry.uid}:{entry.group or entry.gid}"
    when = local_time(entry.modified).isoformat(" ", "minutes")[:16]
    arrow = f" -> {escape_path(entry.symlink_target)}" if entry.type == "symlink" else ""
    return f"{mode} {owner:<17} {entry.size:>12} {when} {escape_path(entry.path)}{arrow}"


@app.command()
def ls(
    context: typer.Context,
    snapshot: Annotated[str, typer.Argument()],
    path: Annotated[str, typer.Argument()] = "",
    recursive: Annotated[bool, typer.Option("-r", "--recursive")] = False,
) -> None:
    """List a snapshot, or a directory in it."""
    wanted = settings(context)
    with opened(wanted) as vault:
        entries = list(vault.ls(snapshot, exact_path(path), recursive=recursive))
    for entry in entries:
        wanted.output.line(_shown(entry))
    wanted.output.document(True, entries=entries)


@app.command()
def cat(
    context: typer.Context,
    snapshot: Annotated[str, typer.Argument()],
    path: Annotated[str, typer.Argument()],
) -> None:
    """Write one file's content to stdout. With --json, an error's document goes to stderr."""
    wanted = settings(context)
    wanted.output.stdout_is_data = True
    with opened(wanted) as vault:
        vault.cat(snapshot, exact_path(path), sys.stdout.buffer)
    sys.stdout.buffer.flush()
