"""An alternative of an access expression as a tree: who it takes, and what is left without someone.

    tree = parse("2 of board AND passphrase")
    fewest_people(tree)  # 3

The library has checked and normalised the text (custody.parse_access): nothing is refused here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PROVIDERS = "providers"
_TOKEN = re.compile(r"[()]|[^()\s]+")


@dataclass(frozen=True)
class Term:
    """kind: "name", "shares", "and", "or"."""

    kind: str
    name: str = ""
    threshold: int = 0
    children: tuple[Term, ...] = ()


class _Tokens:
    def __init__(self, expression: str) -> None:
        self._left: list[str] = _TOKEN.findall(expression)[::-1]

    def peek(self) -> str:
        return self._left[-1] if self._left else ""

    def take(self) -> str:
        return self._left.pop()


def _item(tokens: _Tokens) -> Term:
    token = tokens.take()
    if token == "(":  # noqa: S105
        inner = _joined(tokens)
        tokens.take()
        return inner
    if tokens.peek() == "of":
        tokens.take()
        return Term("shares", tokens.take(), int(token))
    return Term("name", token)


def _joined(tokens: _Tokens) -> Term:
    children = [_item(tokens)]
    kind = ""
    while tokens.peek() in ("AND", "OR"):
        kind = tokens.take().lower()
        children.append(_item(tokens))
    return Term(kind, children=tuple(children)) if kind else children[0]


def parse(alternative: str) -> Term:
    return _joined(_Tokens(alternative))


def render(term: Term) -> str:
    """The text of a tree, as parse() takes it."""
    if term.kind == "name":
        return term.name
    if term.kind == "shares":
        return f"{term.threshold} of {term.name}"
    parts = [f"({render(one)})" if one.children else render(one) for one in term.children]
    return f" {term.kind.upper()} ".join(parts)


def without(term: Term, name: str) -> Term | None:
    """What still opens when nobody holds `name` any more; None: nothing."""
    if term.kind in ("name", "shares"):
        return None if term.name == name else term
    left = [one for child in term.children if (one := without(child, name)) is not None]
    if term.kind == "and" and len(left) < len(term.children):
        return None
    kept = tuple(dict.fromkeys(left))  # two children may be the same now
    if len(kept) < 2:
        return kept[0] if kept else None
    return Term(term.kind, children=kept)


def fewest_people(term: Term) -> int:
    """How many people it takes at least: holders of a passphrase, a key or a share."""
    if term.kind == "name":
        return 1
    if term.kind == "shares":
        return 0 if term.name == PROVIDERS else term.threshold
    counts = [fewest_people(child) for child in term.children]
    return sum(counts) if term.kind == "and" else min(counts)


def leaves(term: Term) -> list[Term]:
    """Names and groups, in the order in which they stand."""
    if not term.children:
        return [term]
    return [leaf for child in term.children for leaf in leaves(child)]
