#!/usr/bin/env python3
"""Exercises what grows with the number of files and chunks, and says what each costs.

    benchmarks/scale [--files N] [--chunks N] [--budget SECONDS] [--scratch DIR] [--json FILE]

Files (default 1,000,000, tiny): backs a tree of them up, then again without a change, in processes
of their own; seconds, peak memory, and bytes of the local index for each file. Every thousandth
file is changed before a third run, which has to read those and no other. Chunks (default
10,000,000): fills a local index with them by the program fenchi_index_scale; disk and memory for
each, and the time of a look-up.

--budget: seconds for filling the index (default 1,200). What was reached by then is measured and
printed with its number; less than wanted is exit code 1.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from compare import scratch_parent
from comparison.inputs import Input, counted
from comparison.processes import Failed, build, output, say
from comparison.tools import Fenchi

FILES_EACH = 1000  # in a directory
CHANGED_EACH = 1000  # one of so many is changed
PEAK_MIB_MAX = 256.0


@dataclass(frozen=True)
class Figure:
    what: str
    value: float
    unit: str

    @property
    def line(self) -> str:
        digits = 0 if self.value >= 1000 else 2
        return f"{self.what:<52} {self.value:>14,.{digits}f} {self.unit}"


def write_files(folder: Path, count: int) -> Input:
    """`count` files of a few bytes, no two alike."""
    for number in range(count):
        place = folder / f"{number // FILES_EACH:05}"
        if number % FILES_EACH == 0:
            place.mkdir(parents=True)
        (place / f"{number:07}").write_bytes(b"record %d\n" % number)
    return counted("files", folder, "tiny files")


def change_some(folder: Path, count: int) -> int:
    changed = range(0, count, CHANGED_EACH)
    for number in changed:
        path = folder / f"{number // FILES_EACH:05}" / f"{number:07}"
        path.write_bytes(b"record %d, corrected\n" % number)
    return len(changed)


def index_bytes(tool: Fenchi) -> int:
    return sum(path.stat().st_size for path in tool.state.rglob("index-*"))


def report_of_backup(tool: Fenchi) -> dict[str, int]:
    """A backup as JSON: what it read."""
    words = ["--config", tool.folder / "vault.toml", "--json", "backup", tool.source.folder]
    return dict(json.loads(output([tool.program, *words], **tool.environment())))


def measure_files(scratch: Path, count: int) -> list[Figure]:
    say(f"writing {count:,} files")
    source = write_files(scratch / "files", count)
    tool = Fenchi(scratch, source)
    tool.start()
    figures = []
    for what in ("first backup", "no-change backup"):
        done = tool.backup()
        say(f"{what}: {done.seconds:.1f} s, {done.peak_mib:.0f} MiB")
        figures += [
            Figure(f"{count:,} files, {what}: wall", done.seconds, "s"),
            Figure(f"{count:,} files, {what}: CPU", done.cpu_seconds, "s"),
            Figure(f"{count:,} files, {what}: for each file", done.seconds / count * 1e6, "us"),
            Figure(f"{count:,} files, {what}: peak memory", done.peak_mib, "MiB"),
        ]
    each = index_bytes(tool) / count
    figures.append(Figure("local index on disk, for each file", each, "bytes"))
    changed = change_some(source.folder, count)
    unchanged = report_of_backup(tool)["files_unchanged"]
    if unchanged != count - changed:
        raise Failed(f"{changed} files changed, but {count - unchanged} were read again")
    figures.append(Figure("files read again after a change of so many", changed, "files"))
    shutil.rmtree(tool.folder)
    shutil.rmtree(source.folder)
    return figures


def measure_chunks(scratch: Path, count: int, budget: float) -> tuple[list[Figure], bool]:
    say(f"filling an index with {count:,} chunks")
    program = build("fenchi_index_scale") / "fenchi_index_scale"
    said = json.loads(output([program, scratch / "index.db", count, budget]))
    reached = said["chunks"]
    name = f"index of {reached:,} chunks"
    figures = [
        Figure(f"{name}: filled in", said["fill_seconds"], "s"),
        Figure(f"{name}: disk, for each chunk", said["disk_bytes"] / reached, "bytes"),
        Figure(f"{name}: memory once open", said["open_mib"], "MiB"),
        Figure(f"{name}: the same, for each chunk", said["open_mib"] * 2**20 / reached, "bytes"),
        Figure(f"{name}: opened in", said["open_seconds"], "s"),
        Figure(f"{name}: look-up of a known chunk", said["known_us"], "us"),
        Figure(f"{name}: look-up of an unknown chunk", said["unknown_us"], "us"),
        Figure(f"{name}: peak memory", said["peak_mib"], "MiB"),
    ]
    return figures, reached >= count


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--chunks", type=int, default=10_000_000)
    parser.add_argument("--budget", type=float, default=1200, help="seconds to fill the index")
    parser.add_argument("--scratch", type=Path)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def main() -> int:
    given = arguments()
    figures: list[Figure] = []
    whole = True
    parent = scratch_parent(given.scratch)
    with tempfile.TemporaryDirectory(prefix="fenchi-scale-", dir=parent) as name:
        try:
            if given.files:
                figures += measure_files(Path(name), given.files)
            if given.chunks:
                more, whole = measure_chunks(Path(name), given.chunks, given.budget)
                figures += more
        except Failed as failure:
            print(f"scale: {failure}", file=sys.stderr)
            return 2
    print("\n".join(figure.line for figure in figures))
    if given.json:
        given.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n")
    over = [f for f in figures if "peak memory" in f.what and f.value > PEAK_MIB_MAX]
    for figure in over:
        print(f"scale: over {PEAK_MIB_MAX:.0f} MiB: {figure.what}")
    if not whole:
        print("scale: the budget ended before all chunks were in the index")
    return 1 if over or not whole else 0


if __name__ == "__main__":
    sys.exit(main())
