"""Paths that could not be treated as they should be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fenchi._core_fields import Fields


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A path that could not be saved or restored as it should be, and why."""

    path: str
    code: str
    message: str
    hint: str = ""


def problems_of(items: Iterable[Fields]) -> tuple[Problem, ...]:
    return tuple(Problem(**item) for item in items)
