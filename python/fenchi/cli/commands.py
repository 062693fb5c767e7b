"""Which files declare which command: a run reads those of its own, help and completion all.

Most commands are short, and reading all files was a third of what `fenchi ls` cost.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence

import typer

from fenchi.cli.app import app
from fenchi.cli.help import Command

# In the order in which people meet them. Each file registers its commands on import.
FILES = {
    "init": ("init",),
    "backup": ("backup",),
    "snapshots": ("browse",),
    "ls": ("browse",),
    "cat": ("browse",),
    "restore": ("restore",),
    "verify": ("health",),
    "repair": ("health",),
    "status": ("health",),
    "drill": ("drill",),
    "provider": ("provider", "courier"),
    "attest": ("attest",),
    "key": ("key", "token", "ceremony", "revoke"),
    "card": ("recovery",),
    "recover": ("recovery",),
    "rekey": ("rekey",),
    "domain": ("domain",),
    "writer": ("writer",),
    "admin": ("admin",),
}
_FLAGS = ("--json",)  # of the program itself: its other options take a value
_COMPLETION = "_FENCHI_COMPLETE"


def place_of_command(arguments: Sequence[str]) -> int:
    """Where the command's name stands; behind the end when there is none."""
    place = 0
    while place < len(arguments) and arguments[place].startswith("-"):
        word = arguments[place]
        alone = "=" in word or word in _FLAGS or (len(word) > 2 and word[1] != "-")  # "-cFILE"
        place += 1 if alone else 2
    return min(place, len(arguments))


def whole_tree() -> Command:
    """All commands, as typer builds them."""
    for files in FILES.values():
        _read(files)
    return typer.main.get_command(app)


def tree_for(arguments: Sequence[str]) -> Command:
    """The command that is called, or all: for help, completion, and a name that is none."""
    place = place_of_command(arguments)
    name = "".join(arguments[place:][:1])
    if list(arguments) == ["--version"]:  # answered before any command is looked for
        name = "backup"
    if name not in FILES or _COMPLETION in os.environ:
        return whole_tree()
    _read(FILES[name])
    return typer.main.get_command(app)


def _read(files: Sequence[str]) -> None:
    for name in files:
        importlib.import_module(f"fenchi.cli.{name}")
