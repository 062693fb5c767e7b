"""The command `fenchi`. One file a group of commands; exit codes are in exit_codes.py."""

from fenchi.cli.run import main

__all__ = ["main"]
