"""Which passphrases are worth asking for: by the expression that opens, and what was brought."""

from __future__ import annotations

from collections.abc import Iterable

from fenchi import _access_tree, _core
from fenchi._access_tree import Term
from fenchi._custody_config import PASSPHRASE, CustodyTable
from fenchi.cli.unlocking import Factors


def _needs(term: Term, custody: CustodyTable, factors: Factors) -> list[str] | None:
    """The passphrases that `term` takes besides the factors; None: they are of no use for it."""
    if term.kind == "name":
        key = custody.recipients.get(term.name)
        if key is None:
            return [term.name]
        return [] if factors.for_recipient(key) else None
    if term.kind == "shares":
        return [] if factors.shares or term.name == _access_tree.PROVIDERS else None
    found = [_needs(child, custody, factors) for child in term.children]
    if term.kind == "and":
        parts = [one for one in found if one is not None]
        return [name for one in parts for name in one] if len(parts) == len(found) else None
    return _fewest(found)


def _fewest(found: Iterable[list[str] | None]) -> list[str] | None:
    return min((one for one in found if one is not None), key=len, default=None)


def _uses(term: Term, custody: CustodyTable, factors: Factors) -> bool:
    """Whether what was brought is of use for `term`."""
    return any(
        (leaf.kind == "shares" and bool(factors.shares) and leaf.name != _access_tree.PROVIDERS)
        or (
            leaf.name in custody.recipients and factors.for_recipient(custody.recipients[leaf.name])
        )
        for leaf in _access_tree.leaves(term)
    )


def passphrases_to_ask(custody: CustodyTable, factors: Factors) -> list[str]:
    """Names of the passphrases that are worth asking for, by what vault.toml plans."""
    if factors.credential is not None:
        return []
    trees = [_access_tree.parse(one) for one in _core.parse_access(custody.open)["alternatives"]]
    if factors.opens:
        trees = [tree for tree in trees if _uses(tree, custody, factors)]
    needed = _fewest(_needs(tree, custody, factors) for tree in trees)
    if factors.opens:
        return list(dict.fromkeys(needed or []))
    # The file may plan what the vault does not have yet: then the vault says what is lacking.
    return list(dict.fromkeys(needed)) if needed else [PASSPHRASE]
