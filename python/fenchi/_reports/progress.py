"""How far a verb is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a verb is. Totals are 0 while unknown."""

    phase: str
    items_done: int
    items_total: int
    bytes_done: int
    bytes_total: int
    current: str
