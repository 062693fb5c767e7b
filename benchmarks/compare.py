#!/usr/bin/env python3
"""Compares fenchi with its own parts and with other tools, in one run, in turn.

    benchmarks/compare [--quick] [--rounds N] [--scratch DIR] [--only SECTION]... [--peers NAMES]
                       [--json FILE] [--markdown FILE] [--from JSON] [--beside TEXT] [--gate]

Sections: path (the ways through the library against their parts and yardsticks), chunker, rand (one
incompressible file), sql (a database dump), source (source code), tree (many small files), binding
(Python against C++), shaped (providers behind 20 ms and 100 Mbit/s). Each row is printed with the
least, the median and the greatest of its rounds. docs/PERFORMANCE.md says how it is measured.

--quick: small inputs and few rounds, under five minutes. --peers: names of the tools to compare
with, separated by commas. --markdown: writes the page, and beside it a plot, performance.svg.
--from: measures nothing, takes the rows of an earlier --json (to write the page with new texts).
--beside: what else the machine did meanwhile, for the page.
--gate: exit code 1 when a row is below its goal or could not be measured, and these are listed.
The default scratch folder is in memory (/dev/shm) where 12 GiB are free there.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from comparison import (
    binding_section,
    dedup_section,
    facts,
    inputs,
    path_section,
    report,
    shaped_section,
    tool_section,
)
from comparison.inputs import Input
from comparison.processes import Failed, say
from comparison.rows import Row, Rows, table, unknown_explanations

SECTIONS = ("path", "chunker", "rand", "sql", "source", "tree", "binding", "shaped")
SHM = Path("/dev/shm")  # noqa: S108  (private folders are made in it)
SHM_FREE_MIN = 12 << 30


def scratch_parent(given: Path | None) -> Path | None:
    if given is not None:
        return given
    enough = SHM.is_dir() and shutil.disk_usage(SHM).free >= SHM_FREE_MIN
    return SHM if enough else None


class Comparison:
    def __init__(self, given: argparse.Namespace, scratch: Path) -> None:
        self.quick: bool = given.quick
        self.rounds: int = given.rounds or (2 if given.quick else 6)
        self.peers = set(given.peers.split(",")) if given.peers else None
        self.scratch = scratch
        self.rows = Rows()
        self.inputs: list[str] = []

    def with_input(self, make: Callable[[], Input], measure: Callable[[Input], None]) -> None:
        source = make()
        try:
            measure(source)
        finally:
            shutil.rmtree(source.folder)

    def tools(self, make: Callable[[], Input], rounds: int) -> None:
        def measure(source: Input) -> None:
            self.inputs.append(source.line)
            tool_section.measure(self.rows, source, self.scratch, rounds, self.peers)

        self.with_input(make, measure)

    def run(self, section: str) -> None:
        say(f"section {section}")
        scratch, quick, rounds = self.scratch, self.quick, self.rounds
        match section:
            case "path":
                path_section.measure(self.rows, scratch, quick, rounds)
            case "chunker":
                dedup_section.measure(self.rows, scratch, quick)
            case "rand":
                self.tools(
                    lambda: inputs.make_rand(scratch, 64 if quick else 2048),
                    # Seconds each: their noise is as large as what is left to a goal.
                    rounds if quick else max(rounds, 12),
                )
            case "sql":
                self.tools(lambda: inputs.make_sql(scratch, 48 if quick else 512), rounds)
            case "source":
                self.tools(lambda: inputs.make_source(scratch, quick), rounds)
            case "tree":
                self.tools(lambda: inputs.make_tree(scratch, quick), rounds)
            case "binding":
                self.with_input(
                    lambda: inputs.make_rand(scratch, 128 if quick else 256),
                    # What it shows is smaller than the noise of a round: many short ones.
                    lambda source: binding_section.measure(
                        self.rows, source, scratch, rounds if quick else max(rounds, 42)
                    ),
                )
            case "shaped":
                self.with_input(
                    lambda: inputs.make_mixed(scratch, 4 if quick else 32),
                    lambda source: shaped_section.measure(
                        self.rows, source, scratch, 1 if quick else rounds
                    ),
                )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="small inputs, few rounds")
    parser.add_argument("--rounds", type=int, help="at least; even, so that each is first as often")
    parser.add_argument("--scratch", type=Path, help="where inputs and repositories are made")
    parser.add_argument("--only", choices=SECTIONS, action="append")
    parser.add_argument("--peers", metavar="NAMES", help="such as restic,borg; default: all")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--from", dest="earlier", type=Path, metavar="JSON")
    parser.add_argument("--beside", default="", metavar="TEXT")
    parser.add_argument("--gate", action="store_true")
    return parser.parse_args()


def write(
    given: argparse.Namespace, rows: list[Row], known: Mapping[str, str], used: list[str]
) -> None:
    if given.json:
        report.write_json(given.json, rows, known, used)
    if not given.markdown:
        return
    if given.beside:
        known = {**known, "beside it": given.beside}
    picture = given.markdown.with_name("performance.svg")
    report.plot(picture, rows)
    words = ["benchmarks/compare", *(["--quick"] if given.quick else [])]
    command = " ".join([*words, "--markdown", "docs/PERFORMANCE.md"])
    page = report.markdown(rows, known, used, command, picture.name)
    given.markdown.write_text(page, encoding="utf-8")


def measured(given: argparse.Namespace) -> list[Row]:
    """Runs the sections; what is known is written after each, so that little is lost."""
    parent = scratch_parent(given.scratch)
    with tempfile.TemporaryDirectory(prefix="fenchi-compare-", dir=parent) as name:
        comparison = Comparison(given, Path(name))
        known = facts.collect(comparison.scratch)
        for section in given.only or SECTIONS:
            comparison.run(section)
            write(given, list(comparison.rows), known, comparison.inputs)
    return list(comparison.rows)


def main() -> int:
    given = arguments()
    try:
        if given.earlier:
            rows, known, used = report.read_json(given.earlier)
            write(given, rows, known, used)
        else:
            rows = measured(given)
    except Failed as failure:
        print(f"compare: {failure}", file=sys.stderr)
        return 2
    for key in unknown_explanations(rows, report.explanations()) if not given.only else []:
        say(f"explanations.toml: there is no row '{key}'")
    print("\n".join(table(rows)))
    below = [row for row in rows if not row.met]
    if below:
        print("\nbelow their goals:", *[f"  {row.key}" for row in below], sep="\n")
    return 1 if given.gate and below else 0


if __name__ == "__main__":
    sys.exit(main())
