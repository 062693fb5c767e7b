"""Lines for a terminal, where a Chinese character is two columns wide and needs no space around."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_OPENING, _CLOSING = "「『（《〔", "，。、：；）」』》〕！？…"
_WIDE = "\u2e80-\u9fff\uff00-\uffef"
# Pieces that stay whole: one wide character or a word, with the marks that cling to it.
# Compiled when a page is shown: that takes longer than all else of this file.
_PIECE = rf"\s+|[{_OPENING}]*(?:[{_WIDE}]|[^\s{_WIDE}]+)[{_CLOSING}]*|\S"


def width_of(content: str) -> int:
    """In columns of a terminal."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in content)


def pieces(content: str) -> list[str]:
    """What may not be broken: words, wide characters, the space between. Joined, they are all."""
    return re.findall(_PIECE, content)


def wrapped(content: str, width: int) -> Iterator[str]:
    """The lines of one paragraph, each at most `width` columns where its pieces allow it.

    No line begins with a closing mark. An empty text gives one empty line.
    """
    line = ""
    for piece in pieces(content):
        if line.strip() and width_of(line + piece.rstrip()) > width:
            yield line.rstrip()
            line = ""
        if line or not piece.isspace():
            line += " " if piece.isspace() else piece
    yield line.rstrip()


def two_columns(rows: list[tuple[str, str]], width: int) -> Iterator[str]:
    """`rows` of a name and a text, indented; long names stand on a line of their own."""
    names_width = min(max((width_of(name) for name, _ in rows), default=0), 26)
    for name, content in rows:
        lines = list(wrapped(content, max(width - names_width - 4, 20)))
        if width_of(name) > names_width:
            yield f"  {name}"
            name = ""
        for line in lines:
            yield f"  {name}{' ' * (names_width - width_of(name))}  {line}".rstrip()
            name = ""
