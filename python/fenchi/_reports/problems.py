"""Paths that could not be treated as they should be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A path that could not be saved or restored as it should be, and why."""

    path: str
    code: str
    message: str
    hint: str = ""
