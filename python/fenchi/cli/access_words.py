"""Who can open a vault, in the words of the catalogue."""

from __future__ import annotations

from typing import Any

from fenchi import _access_tree
from fenchi._access_tree import Term
from fenchi._custody_config import PASSPHRASE
from fenchi.custody import Custodian, CustodyGroup, CustodyReport
from fenchi.messages import text


def person(one: Custodian) -> str:
    if one.deputy:
        return text("custody.with_deputy", holder=one.holder, deputy=one.deputy)
    return one.holder


def _group(term: Term, groups: list[CustodyGroup]) -> str:
    if term.name == _access_tree.PROVIDERS:
        return text("access.providers", needed=term.threshold)
    found = next((one for one in groups if one.group == term.name), None)
    if found is None:
        return text("access.unnamed_group", needed=term.threshold, group=term.name)
    groups.remove(found)
    return text(
        "access.group",
        needed=term.threshold,
        count=len(found.custodians),
        group=term.name,
        people=", ".join(person(one) for one in found.custodians),
    )


def _words(term: Term, groups: list[CustodyGroup], tokens: frozenset[str]) -> str:
    if term.kind == "name":
        if term.name in tokens:
            return text("access.token", name=term.name)
        if term.name == PASSPHRASE:
            return text("access.passphrase")
        return text("access.holder", name=term.name)
    if term.kind == "shares":
        return _group(term, groups)
    parts = [
        f"({_words(one, groups, tokens)})" if one.children else _words(one, groups, tokens)
        for one in term.children
    ]
    return text("access.and" if term.kind == "and" else "access.or").join(parts)


def slots(report: CustodyReport) -> list[dict[str, Any]]:
    """For each slot: its expression, a sentence, and how many people it takes at least."""
    out: list[dict[str, Any]] = []
    for expression, known in zip(report.slots, report.described, strict=True):
        if not known:
            words = text("access.unknown", expression=expression)
            out.append({"expression": expression, "in_words": words, "people": None})
            continue
        term = _access_tree.parse(expression)
        groups = [one for one in report.groups if one.slot == expression]
        tokens = frozenset(one.name for one in report.tokens if one.slot == expression)
        words = text("access.slot", who=_words(term, groups, tokens), needed=report.needed)
        people = _access_tree.fewest_people(term)
        out.append({"expression": expression, "in_words": words, "people": people})
    return out


def how_many(people: int | None) -> str:
    """ "alone", "3 together"."""
    if people is None:
        return text("access.people_unknown")
    if people == 0:
        return text("access.people_none")
    return text("access.people_one") if people == 1 else text("access.people", count=people)
