"""A row: one figure with its goal, measured round by round. Pure arithmetic and text."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Row:
    """`values` holds one value for each round; the median is held to the goal.

    unit "x" is a ratio. note: what the reader must know, such as the level of verify-before-upload.
    """

    section: str
    name: str
    values: list[float] = field(default_factory=list)
    goal: float | None = None
    at_most: bool = False  # the goal is an upper bound
    unit: str = "x"
    note: str = ""

    @property
    def key(self) -> str:
        return f"{self.section}: {self.name}"

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def met(self) -> bool:
        """What was not measured meets nothing."""
        if self.goal is None:
            return True
        if not self.values:
            return False
        return self.median <= self.goal if self.at_most else self.median >= self.goal

    @property
    def goal_text(self) -> str:
        return "" if self.goal is None else f"{'<=' if self.at_most else '>='} {self.goal:g}"

    def as_json(self) -> dict[str, Any]:
        figures: dict[str, Any] = {"min": None, "median": None, "max": None}
        if self.values:
            figures = {"min": min(self.values), "median": self.median, "max": max(self.values)}
        return {
            "section": self.section,
            "row": self.name,
            "unit": self.unit,
            "goal": self.goal,
            "goal_is": "at most" if self.at_most else "at least",
            "met": self.met,
            **figures,
            "rounds": self.values,
            "note": self.note,
        }


def from_json(kept: Mapping[str, Any]) -> Row:
    """What as_json() made, as a row again."""
    return Row(
        kept["section"],
        kept["row"],
        [float(value) for value in kept["rounds"]],
        kept["goal"],
        kept["goal_is"] == "at most",
        kept["unit"],
        kept["note"],
    )


class Rows:
    """Rows in the order in which they first came, filled round by round."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}

    def add(self, row: Row, *values: float) -> Row:
        kept = self._rows.setdefault(row.key, row)
        kept.values.extend(values)
        return kept

    def __iter__(self) -> Any:
        return iter(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)

    def below(self) -> list[Row]:
        return [row for row in self if not row.met]


def ratios(theirs: Sequence[float], mine: Sequence[float]) -> list[float]:
    """How many times as long as mine theirs took, round by round."""
    return [a / b for a, b in zip(theirs, mine, strict=True)]


def of_limit(whole: Sequence[float], parts: Iterable[Sequence[float]]) -> list[float]:
    """The harmonic limit: the time of all parts one after the other, in that of the whole."""
    return ratios([sum(times) for times in zip(*parts, strict=True)], whole)


def shown(value: float, unit: str) -> str:
    """Three figures that count; seconds and mebibytes of a hundred and more without decimals."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{min(decimals, 3 if unit != 'x' else 2)}f}"


def table(rows: Iterable[Row]) -> list[str]:
    """Markdown: one line for each row, a row below its goal in bold."""
    lines = [
        "| row | rounds | min | median | max | unit | goal | |",
        "|---|---:|---:|---:|---:|---|---|---|",
    ]
    for row in rows:
        if row.values:
            numbers = [shown(v, row.unit) for v in (min(row.values), row.median, max(row.values))]
        else:
            numbers = ["-", "not measured", "-"]
        verdict = "" if row.goal is None else "met" if row.met else "**below its goal**"
        rounds = str(len(row.values))
        cells = [row.key, rounds, *numbers, row.unit, row.goal_text, verdict]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def unknown_explanations(rows: Iterable[Row], texts: Mapping[str, str]) -> list[str]:
    """Explanations that belong to no row: a row was renamed, or the text is a leftover."""
    keys = {row.key for row in rows}
    return sorted(key for key in texts if key not in keys)
