"""Whole tools in turn, on fresh repositories in each round.

Wall seconds, CPU seconds and peak memory are those that the kernel counted for the process and what
it started. Every tool's restore of every input is compared with the input once, not timed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from comparison.inputs import Input
from comparison.processes import ROOT, Failed, Run, say, warm_memory
from comparison.rows import Row, Rows
from comparison.tools import ALL, Fenchi, Restic, Tool

VERIFY = (
    "fenchi k = 2 of n = 3: it writes 1.5 times the data, splits, tags and verifies before upload "
    "(compressed chunks expanded and compared, a tile of each pack decrypted); the others write "
    "one copy and verify nothing"
)
PEAK_MIB_MAX = 160.0
PROCESS_BYTES = 160 << 20  # of the tool itself
OTHERS_ROUNDS_MAX = 4  # of tools that no goal names for this input; of two rounds one

# (input, verb, tool) -> how many times as fast fenchi has to be.
GOALS: dict[tuple[str, str, str], float] = {
    ("rand", "backup", "restic"): 3,
    ("tree", "backup", "restic"): 2.5,
    ("tree", "backup", "borg"): 5,
    ("tree", "no change", "restic"): 5,
    ("rand", "restore", "restic"): 4,
    ("tree", "restore", "restic"): 4,
    ("rand", "restore, one lost", "restic"): 3,
    ("tree", "restore, one lost", "restic"): 3,
}
CPU_GOALS = {("rand", "backup", "restic"): 0.45}
STORED_GOALS = {("tree", "restic"): 1.0}


def named_by_goals(given: Input) -> set[str]:
    """The tools that some goal of this input names."""
    keys = [*GOALS, *CPU_GOALS, *STORED_GOALS]
    return {key[-1] for key in keys if key[0] == given.name}


CHECK_ALL = (
    "import sys; from pathlib import Path; from compare_trees import compare_trees\n"
    "counts, differences = compare_trees(Path(sys.argv[1]), Path(sys.argv[2]))\n"
    "sys.exit('\\n'.join(differences[:10]) if differences else counts.entries == 0)"
)


def check_restored(tool: Tool, source: Path, restored: Path) -> None:
    """fenchi: every byte and attribute; others: every byte. In a process of its own."""
    if isinstance(tool, Fenchi):
        words = [sys.executable, "-c", CHECK_ALL, str(source), str(restored)]
    else:
        words = ["diff", "-rq", "--no-dereference", str(source), str(restored)]
    done = subprocess.run(
        words,
        cwd=ROOT / "scripts",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Failed(f"{tool.name} restored something else:\n{(done.stdout + done.stderr)[:2000]}")


def filled_by(verb: str, given: Input) -> int:
    """Bytes of memory that a run of a verb fills at most, whoever runs it.

    Not more: what was touched and lies free goes back to the host while the tool runs.
    """
    copies = {"backup": 1.5, "no change": 0.0}.get(verb, 1.0)
    return int(copies * given.bytes) + PROCESS_BYTES


def run_tool(tool: Tool, scratch: Path, check: bool) -> tuple[dict[str, Run], float]:
    """One round of one tool: its runs by verb, and the stored bytes of one copy."""
    seen: dict[str, Run] = {}
    target = scratch / "target"
    stored = 0.0
    tool.start()
    for verb in tool.verbs:
        warm_memory(filled_by(verb, tool.source))
        seen[verb] = tool.do(verb, target)
        if verb == "backup":
            stored = tool.stored_per_copy()
        if verb.startswith("restore"):
            if check:
                check_restored(tool, tool.source.folder, tool.restored(target))
            shutil.rmtree(target)
    shutil.rmtree(tool.folder)
    return seen, stored


def note_fenchi(rows: Rows, given: Input, runs: dict[str, Run], stored: float) -> None:
    for verb, mine in runs.items():
        row = Row(given.name, f"{verb}: peak memory of fenchi", goal=PEAK_MIB_MAX, at_most=True)
        row.unit, row.note = "MiB", "Python and libraries included"
        rows.add(row, mine.peak_mib)
        rows.add(Row(given.name, f"{verb}: fenchi, wall", unit="s", note=VERIFY), mine.seconds)
        rows.add(Row(given.name, f"{verb}: fenchi, CPU", unit="s"), mine.cpu_seconds)
    rows.add(Row(given.name, "stored by fenchi for each copy", unit="MB"), stored / 1e6)


def speed_row(key: tuple[str, str, str], note: str) -> Row:
    name, verb, tool = key
    return Row(name, f"{verb} against {tool}", goal=GOALS.get(key), note=note)


def cpu_row(key: tuple[str, str, str], note: str = "") -> Row:
    name, verb, tool = key
    title = f"{verb}: CPU, of {tool}'s"
    return Row(name, title, goal=CPU_GOALS.get(key), at_most=True, note=note)


def stored_row(key: tuple[str, str], note: str = "") -> Row:
    name, tool = key
    title = f"stored for each copy, of {tool}'s"
    return Row(name, title, goal=STORED_GOALS.get(key), at_most=True, note=note)


def note_other(
    rows: Rows,
    given: Input,
    mine: tuple[dict[str, Run], float],
    theirs: tuple[dict[str, Run], float],
    tool: str,
) -> None:
    for verb, my_run in mine[0].items():
        their_run = theirs[0].get(verb.removesuffix(", one lost"))
        if their_run is None:
            continue
        key = (given.name, verb, tool)
        rows.add(speed_row(key, VERIFY), their_run.seconds / my_run.seconds)
        rows.add(cpu_row(key), my_run.cpu_seconds / their_run.cpu_seconds)
        if verb != "restore, one lost":
            rows.add(Row(given.name, f"{verb}: {tool}, wall", unit="s"), their_run.seconds)
    rows.add(stored_row((given.name, tool)), mine[1] / theirs[1])


def missing_rows(rows: Rows, given: Input, tool: str) -> None:
    """A goal that could not be measured is a goal that is not met."""
    note = f"no {tool} here"

    def of_both(key: tuple[str, ...]) -> bool:
        return (key[0], key[-1]) == (given.name, tool)

    for key in filter(of_both, GOALS):
        rows.add(speed_row(key, note))
    for key in filter(of_both, CPU_GOALS):
        rows.add(cpu_row(key, note))
    for stored in filter(of_both, STORED_GOALS):
        rows.add(stored_row(stored, note))


def present_tools(rows: Rows, given: Input, wanted: set[str] | None) -> list[type[Tool]]:
    present = []
    for maker in ALL:
        if wanted is not None and maker.name not in wanted and maker is not Fenchi:
            continue
        if maker.locate() is not None:
            present.append(maker)
        else:
            say(f"{maker.name} is not installed: its rows are missing (scripts/setup --benchmarks)")
            missing_rows(rows, given, maker.name)
    return present


def turn(present: Sequence[type[Tool]], given: Input, number: int, rounds: int) -> list[type[Tool]]:
    """Who runs in this round (from 0) of so many, and in which order.

    Backwards every other time, and an even number of times: who comes after others finds memory and
    caches as they left them.
    """
    named = named_by_goals(given) or {Restic.name}  # somebody to compare with in all rounds
    late = number >= (OTHERS_ROUNDS_MAX if rounds > 2 else 1)
    taking_part = [m for m in present if m is Fenchi or m.name in named or not late]
    return taking_part[::-1] if number % 2 else taking_part


def measure(
    rows: Rows, given: Input, scratch: Path, rounds: int, wanted: set[str] | None = None
) -> None:
    say(given.line)
    present = present_tools(rows, given, wanted)
    for number in range(rounds):
        results: dict[str, tuple[dict[str, Run], float]] = {}
        for maker in turn(present, given, number, rounds):
            try:
                results[maker.name] = run_tool(maker(scratch, given), scratch, check=number == 0)
            except Failed as failure:
                if maker is Fenchi:
                    raise
                say(f"{maker.name} is left out: {failure}")
                present.remove(maker)
                missing_rows(rows, given, maker.name)
                clear(scratch, maker.name)
                continue
            tell(f"{given.name} {number + 1}/{rounds}: {maker.name}", *results[maker.name])
        mine = results[Fenchi.name]
        note_fenchi(rows, given, *mine)
        for maker in ALL[1:]:
            if maker.name in results:
                note_other(rows, given, mine, results[maker.name], maker.name)


def clear(scratch: Path, tool: str) -> None:
    for name in ("target", tool):
        shutil.rmtree(scratch / name, ignore_errors=True)


def tell(title: str, seen: dict[str, Run], stored: float) -> None:
    runs = ", ".join(
        f"{verb} {r.seconds:.2f} s (CPU {r.cpu_seconds:.2f}, {r.peak_mib:.0f} MiB)"
        for verb, r in seen.items()
    )
    say(f"{title}: {runs}; {stored / 1e6:,.0f} MB")
