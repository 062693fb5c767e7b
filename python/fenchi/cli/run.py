"""Runs the command: hardens the process, maps every failure to one message and one exit code."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
import traceback
from typing import NoReturn

import typer

from fenchi import Error, Internal
from fenchi.cli import exit_codes, memory, roles
from fenchi.cli import language as languages
from fenchi.cli.commands import place_of_command, tree_for
from fenchi.cli.help import speak
from fenchi.cli.output import Output, dump, printable
from fenchi.cli.usage import UsageError, message, shown
from fenchi.messages import text

_PR_SET_DUMPABLE = 4


def harden() -> None:
    """No core dump and no debugger of another process may show keys, where the system can do it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def run(arguments: list[str]) -> int:
    """Runs one command and returns its exit code."""
    first = arguments[: place_of_command(arguments)]  # the options of the program itself
    languages.choose(first)
    tree = tree_for(arguments)
    roles.state(tree)
    speak(tree)
    output = Output("--json" in first, stdout_is_data=arguments[len(first) :][:1] == ["cat"])
    try:
        code = tree(arguments, prog_name="fenchi", standalone_mode=False)
        if code == exit_codes.INTERRUPTED:  # newer versions of typer turn Ctrl-C into this
            raise KeyboardInterrupt
        return code if isinstance(code, int) else exit_codes.DONE
    except typer.Exit as error:
        return error.exit_code
    except exit_codes.NoVault as error:
        output.error(error.error)
        return exit_codes.NO_VAULT
    except Error as error:
        if isinstance(error.__cause__, BrokenPipeError):
            return _broken_pipe()
        output.error(error)
        return exit_codes.of(error)
    except (KeyboardInterrupt, typer.Abort):
        _say_interrupted(output)
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        return _broken_pipe()
    except UsageError as error:
        return _usage(output, error)
    except Exception as error:  # so that --json stays JSON, and the exit code ours
        traceback.print_exc()
        what = f"{type(error).__name__}: {error}"
        output.error(Internal(text("unexpected", what=what), text("unexpected_hint")))
        return exit_codes.FAILED


def _usage(output: Output, error: BaseException) -> int:
    if output.json:
        document = {"ok": False, "code": "usage", "message": message(error)}
        print(dump({**document, "hint": "fenchi --help"}))
    else:
        print(printable(shown(error)), file=sys.stderr)
    return exit_codes.USAGE


def _say_interrupted(output: Output) -> None:
    if output.json and not output.stdout_is_data:
        document = {"ok": False, "code": "cancelled", "message": text("interrupted"), "hint": ""}
        print(dump(document))
    else:
        print(text("interrupted"), file=sys.stderr)


def _broken_pipe() -> int:
    # Whoever read our output has gone: no message, and none from Python's own flush at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return exit_codes.FAILED


def main() -> NoReturn:
    """Runs what the command line of this process says, and ends it."""
    harden()
    if memory.works_with_words(sys.argv[1:]):
        memory.lock_all()
    sys.exit(run(sys.argv[1:]))
