"""Writes what was measured: JSON, a plot, and docs/PERFORMANCE.md."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from comparison.rows import Row, from_json, shown, table

METHODS = Path(__file__).with_name("methods.md")
EXPLANATIONS = Path(__file__).with_name("explanations.toml")


def explanations() -> dict[str, str]:
    """Why a row is below its goal, by the row's key: kept when the page is made again."""
    with EXPLANATIONS.open("rb") as file:
        return {key: str(text).strip() for key, text in tomllib.load(file)["rows"].items()}


def write_json(
    path: Path, rows: Iterable[Row], facts: Mapping[str, str], inputs: Sequence[str]
) -> None:
    document: dict[str, Any] = {
        "facts": dict(facts),
        "inputs": list(inputs),
        "rows": [row.as_json() for row in rows],
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def read_json(path: Path) -> tuple[list[Row], dict[str, str], list[str]]:
    """Rows, facts and inputs of an earlier run."""
    document = json.loads(path.read_text(encoding="utf-8"))
    rows = [from_json(kept) for kept in document["rows"]]
    return rows, document["facts"], document["inputs"]


def plot(path: Path, rows: Iterable[Row]) -> None:
    """The rows with a goal: each ratio as a part of its goal, from its least to its best round."""
    matplotlib: Any = import_module("matplotlib")  # with scripts/setup --benchmarks only
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "fenchi"  # the same picture for the same figures
    pyplot: Any = import_module("matplotlib.pyplot")

    wanted = [row for row in rows if row.goal is not None and row.values][::-1]
    figure, axes = pyplot.subplots(figsize=(11, 1.5 + 0.3 * len(wanted)))
    for place, row in enumerate(wanted):
        goal = row.goal or 1.0
        parts = [goal / v if row.at_most else v / goal for v in row.values]
        middle = goal / row.median if row.at_most else row.median / goal
        colour = "#2a7a3b" if row.met else "#b03a2e"
        axes.barh(place, middle, color=colour, height=0.6, alpha=0.85)
        axes.plot([min(parts), max(parts)], [place, place], color="black", linewidth=1)
        label = f" {shown(row.median, row.unit)}{'' if row.unit == 'x' else ' ' + row.unit}"
        axes.text(max(middle, max(parts)), place, label, va="center", fontsize=7)
    axes.axvline(1.0, color="black", linewidth=1)
    names = [f"{row.key}  ({row.goal_text})" for row in wanted]
    axes.set_yticks(range(len(wanted)), names, fontsize=7)
    axes.set_xlabel("of the goal: the line is the goal, right of it is better", fontsize=8)
    axes.margins(y=0.01)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def section(title: str, lines: Iterable[str]) -> list[str]:
    return [f"## {title}", "", *lines, ""]


def notes(rows: Sequence[Row]) -> list[str]:
    """Each note once, with the rows that it belongs to."""
    by_note: dict[str, list[str]] = {}
    for row in rows:
        if row.note:
            by_note.setdefault(row.note, []).append(row.key)
    return [f"- {note}: *{'; '.join(keys)}*." for note, keys in by_note.items()]


def below(rows: Sequence[Row], texts: Mapping[str, str]) -> list[str]:
    lines = []
    for row in rows:
        if not row.met:
            median = shown(row.median, row.unit) if row.values else "not measured"
            text = texts.get(row.key, "Not explained yet.")
            lines.append(f"- **{row.key}**: {median}, goal {row.goal_text}. {text}")
    return lines or ["None."]


def markdown(
    rows: Sequence[Row],
    facts: Mapping[str, str],
    inputs: Sequence[str],
    command: str,
    picture: str,
) -> str:
    goals = [row for row in rows if row.goal is not None]
    others = [row for row in rows if row.goal is None]
    met = sum(row.met for row in goals)
    return "\n".join(
        [
            "# Performance",
            "",
            f"Made by `{command}`; do not edit. {met} of {len(goals)} goals met.",
            "",
            f"![Figures as parts of their goals]({picture})",
            "",
            *section("Figures with a goal", table(goals)),
            *section("Below their goal, and what holds them", below(goals, explanations())),
            *section("Further figures", table(others)),
            *section("What was verified, and other notes", notes(rows)),
            *section("Inputs", [f"- {line}" for line in inputs]),
            *section("Machine and programs", [f"- {k}: {v}" for k, v in facts.items()]),
            METHODS.read_text(encoding="utf-8").rstrip(),
            "",
        ]
    )
