"""Who the ceremony talks to: a terminal, or a script of answers in a test."""

from __future__ import annotations

import getpass
import sys
from typing import Protocol

from fenchi import _errors
from fenchi.messages import text

_WIPE = "\x1b[2J\x1b[3J\x1b[H"  # the screen, what scrolled off it, and to the top


class Conversation(Protocol):
    def say(self, words: str) -> None: ...

    def ask(self, question: str) -> str:
        """One line, without its end. Errors: Cancelled at the end of the input."""

    def ask_secret(self, question: str) -> str:
        """The same, not shown while it is typed."""

    def clear(self) -> None:
        """Leaves nothing of what was said on the screen."""


class Terminal:
    """Questions on stderr, answers from stdin, so that stdout stays the command's own.

    Where stdin is no terminal its lines are the answers, secrets among them: a pipe or a file
    descriptor, never an argument.
    """

    def say(self, words: str) -> None:
        print(words, file=sys.stderr, flush=True)

    def ask(self, question: str) -> str:
        print(f"{question} ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            raise _errors.Cancelled(text("talk.ended"), text("talk.ended_hint"))
        return line.rstrip("\r\n")

    def ask_secret(self, question: str) -> str:
        if not sys.stdin.isatty():
            return self.ask(question)
        try:
            return getpass.getpass(f"{question} ", stream=sys.stderr)
        except EOFError:
            raise _errors.Cancelled(text("talk.ended"), text("talk.ended_hint")) from None

    def clear(self) -> None:
        if sys.stderr.isatty():
            print(_WIPE, end="", file=sys.stderr, flush=True)
