"""A page that a person types: each line is checked as it comes, and asked for again if wrong."""

from __future__ import annotations

from collections.abc import Sequence

from fenchi.ceremony import lines, share_page
from fenchi.ceremony.card import CORE_LINES, Card
from fenchi.ceremony.conversation import Conversation
from fenchi.ceremony.share_page import SharePage
from fenchi.messages import text


class _Typing:
    """Lines of the letters A, B or C, kept when they are right."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self.kept: dict[tuple[str, int], bytes] = {}

    def part(self, letter: str) -> bytes:
        numbers = sorted(number for name, number in self.kept if name == letter)
        return b"".join(self.kept[letter, number] for number in numbers)

    def line(self, letter: str, number: int) -> tuple[str, int] | None:
        """One good line, the expected one or another that was named; None: an empty answer."""
        while True:
            answer = self._talk.ask(f"{letter}{number}>")
            if not answer.strip():
                return None
            named = lines.split_name(answer)
            name, content = (letter, number), answer
            if named is not None:
                name, content = (named[0], named[1]), named[2]
            piece, wrong = lines.check_line(content, *name)
            if not wrong:
                self.kept[name] = piece
                return name
            self._talk.say(share_page.explain(wrong))
            self._talk.say(text("page.look_again"))


def _common_of(known: Sequence[SharePage]) -> bytes | None:
    parts = {page.common for page in known}
    return parts.pop() if len(parts) == 1 else None


def type_share(talk: Conversation, known: Sequence[SharePage] = ()) -> SharePage | None:
    """A page; None for an empty answer. `known`: pages that are there, whose lines A may serve.

    Errors: Damaged when all lines are right and do not fit together.
    """
    typing = _Typing(talk)
    common = _common_of(known)
    talk.say(text("type.share_b" if common else "type.share_a"))
    letter, number = ("B", 1) if common else ("A", 1)
    while True:
        name = typing.line(letter, number)
        if name is None:
            return None
        if name[0] == "A" and letter == "B":
            common = None  # another set, after all
        letter, number = name[0], name[1] + 1
        first = typing.kept.get((letter, 1), b"")
        count = share_page.line_count(letter, first)
        if count is None or number <= count:
            continue
        if letter == "A":
            letter, number = "B", 1
        elif letter == "B":
            break
    wrong = _gaps(typing, common is None)
    while wrong:
        for gap in wrong:
            if typing.line(gap[0], gap[1]) is None:
                return None
        wrong = _gaps(typing, common is None)
    return SharePage.of_parts(typing.part("A") if common is None else common, typing.part("B"))


def _gaps(typing: _Typing, with_common: bool) -> list[tuple[str, int]]:
    gaps = []
    for letter in ("A", "B") if with_common else ("B",):
        first = typing.kept.get((letter, 1), b"")
        count = share_page.line_count(letter, first) or 1
        gaps += [(letter, n) for n in range(1, count + 1) if (letter, n) not in typing.kept]
    return gaps


def type_card(talk: Conversation) -> Card | None:
    """The core of a card, six lines; None for an empty answer. Errors: Damaged."""
    typing = _Typing(talk)
    talk.say(text("type.card"))
    while True:
        gaps = [n for n in range(1, CORE_LINES + 1) if ("C", n) not in typing.kept]
        if not gaps:
            return Card.of_bytes(typing.part("C"))
        if typing.line("C", gaps[0]) is None:
            return None
