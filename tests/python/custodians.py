"""People at a ceremony, played by a script: who sees what, who types what."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

from fenchi import _errors
from fenchi.ceremony.handing import Handover
from fenchi.custody import Custodian, CustodianShare, CustodyPlan

BOARD = [
    Custodian("林美華", "吳大明"),
    Custodian("Chen"),
    Custodian("黃志強", "Lee"),
    Custodian("Wang"),
    Custodian("張淑芬"),
]


class Script:
    """A conversation. `answer` gets each question, with all that was said since the last one."""

    def __init__(self, answer: Callable[[str, str], str] | Iterable[str] = ()) -> None:
        self._answer = answer if callable(answer) else None
        self._lines = [] if callable(answer) else list(answer)
        self.said: list[str] = []
        self.screen: list[str] = []
        """What stands on the screen now."""
        self.screens: list[str] = []
        """What stood there each time it was wiped."""

    def say(self, words: str) -> None:
        self.said.append(words)
        self.screen.append(words)

    def ask(self, question: str) -> str:
        if self._answer is not None:
            reply = self._answer(question, "\n".join(self.screen))
        elif self._lines:
            reply = self._lines.pop(0)
        else:
            raise _errors.Cancelled("the script has ended")
        self.screen += [question, reply]
        return reply

    def ask_secret(self, question: str) -> str:
        reply = self.ask(question)
        self.screen.pop()
        return reply

    def clear(self) -> None:
        self.screens.append("\n".join(self.screen))
        self.screen = []


def misread(line: str, group: int) -> str:
    """The line with one group in which two letters are others."""
    words = line.split()
    other = "".join("Z" if sign != "Z" else "Y" for sign in words[group][:2])
    words[group] = other + words[group][2:]
    return " ".join(words)


def own_line(screen: str, name: str) -> str:
    """The line called `name` of the share whose file was announced last on the screen."""
    written = re.findall(r"(/\S+\.txt)", screen)[-1]
    content = Path(written).read_text()
    return next(line for line in content.splitlines() if line.startswith(f"{name} "))


class Board(Script):
    """Custodians who do everything right. passphrases: by the share's number, from 1."""

    def __init__(self, passphrases: dict[int, str] | None = None) -> None:
        super().__init__(self._reply)
        self._passphrases = passphrases or {}

    def _reply(self, question: str, screen: str) -> str:
        if asked := re.search(r"\b(B\d+)\b", question):
            return own_line(screen, asked[1])
        number = int(re.findall(r"Share (\d+) of", screen)[-1])
        return self._passphrases.get(number, "")


def handover(folder: Path | None, **changed: object) -> Handover:
    fields: dict[str, object] = {
        "vault_name": "land-register 地籍",
        "made": date(2026, 11, 28),
        "folder": folder,
        "formats": ("txt",),
        "passes": 1,
        "memory_kib": 8,
    }
    return Handover(**{**fields, **changed})  # type: ignore[arg-type]  # by the caller's keywords


def plan_for(deliver: Callable[..., object], needed: int = 3, count: int = 5) -> CustodyPlan:
    return CustodyPlan(
        open=f"{needed} of board", custodians={"board": BOARD[:count]}, deliver=deliver
    )


def collect(shares: list[CustodianShare]) -> Callable[..., object]:
    return shares.extend
