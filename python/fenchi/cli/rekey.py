"""rekey: what earlier keys still read."""

from __future__ import annotations

from typing import Annotated

import typer

import fenchi
from fenchi.cli.app import app
from fenchi.cli.context import opened, settings
from fenchi.cli.output import size
from fenchi.messages import text


@app.command()
def rekey(
    context: typer.Context,
    rewrite: Annotated[bool, typer.Option("--rewrite")] = False,
) -> None:
    """Say what lies at the providers that the keys of earlier epochs still read. Any role."""
    wanted = settings(context)
    if rewrite:
        raise fenchi.Unsupported(text("rekey.needs_prune"), text("rekey.needs_prune_hint"))
    with opened(wanted) as vault:
        epochs = vault.epochs()
        now = vault.custody().epoch
    rows = [[str(e.epoch), str(e.snapshots), str(e.packs), size(e.bytes)] for e in epochs]
    names = ("epoch", "snapshots", "packs", "size")
    wanted.output.table([text(f"column.{name}") for name in names], rows)
    old = [e for e in epochs if e.epoch < now]
    wanted.output.say("rekey.old" if any(e.packs for e in old) else "rekey.none", epoch=now)
    wanted.output.document(True, epoch=now, epochs=list(epochs))
