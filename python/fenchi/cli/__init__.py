"""The command `fenchi`. One file a group of commands; exit codes are in exit_codes.py."""

from __future__ import annotations

import gc
from typing import NoReturn


def main() -> NoReturn:
    """Entry point of the console script."""
    # What is read to begin with stays until the end: looking through it for garbage, again and
    # again and once more at the exit, finds none and takes longer than a short command.
    gc.disable()
    from fenchi.cli import run

    gc.freeze()
    gc.enable()
    run.main()


__all__ = ["main"]
