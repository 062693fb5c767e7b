#!/usr/bin/env python3
"""Compares fenchi with its own parts and with other tools, in one run, in turn.

    benchmarks/compare [--quick] [--rounds N] [--scratch DIR] [--only path|rand|mix]
                       [--json FILE] [--markdown FILE] [--gate]

Path rows: the way from chunks to tagged shards, memory to memory, against the harmonic limit of its
parts (the time that they take one after the other, each alone), round by round (build/release,
made when it is missing). Tool rows: backup, a run without changes, restore, and restore with one
provider lost, of fenchi (k = 2 of 3 local providers: it writes 1.5 times the data, splits, tags and
checks before upload) against restic and borg with their usual settings, each a process of its own,
as its user runs it; wall seconds, CPU seconds and peak memory are those that the kernel counted.
Each row prints min, median and max of the ratios of its rounds. Inputs: `rand`, one incompressible
file of 2 GiB; `mix`, a copy of /usr/share and /usr/bin. --quick: 512 MiB, /usr/share/doc, 3 rounds.
--gate: exit code 1 when the median of a row is below its goal, and the rows are listed. A tool that
is not installed is named, and its rows are missing; with --gate that is a failure too.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MIB = 1 << 20
PROVIDERS = ("a", "b", "c")
AXES = ("vendor", "vendor_home", "country", "account")
PASSPHRASE = "a passphrase for benchmarks"  # noqa: S105  (protects random bytes)


@dataclass
class Row:
    name: str
    goal: float | None
    ratios: list[float] = field(default_factory=list)
    at_most: bool = False  # the goal is an upper bound
    unit: str = "x"

    @property
    def median(self) -> float:
        return statistics.median(self.ratios)

    @property
    def met(self) -> bool:
        if self.goal is None:
            return True
        return self.median <= self.goal if self.at_most else self.median >= self.goal

    def line(self) -> str:
        goal = "" if self.goal is None else f"{'<=' if self.at_most else '>='} {self.goal:g}"
        low, high = min(self.ratios), max(self.ratios)
        mark = "" if self.met else "below its goal"
        return f"| {self.name} | {low:.2f} | {self.median:.2f} | {high:.2f} | {goal} | {mark} |"


@dataclass
class Run:
    seconds: float
    cpu_seconds: float
    peak_mib: float


def run(words: list[object], **environment: str) -> Run:
    """One process, as the kernel saw it and all that it started."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            [str(word) for word in words],
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)  # wait4 took it from Popen
        if child.returncode != 0:
            said.seek(0)
            tail = said.read().decode(errors="replace")[-2000:]
            sys.exit(f"compare: exit code {child.returncode} from {words}\n{tail}")
    seconds = time.monotonic() - began
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def stored_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


class Fenchi:
    name = "fenchi"

    def __init__(self, scratch: Path, source: Path, level: int) -> None:
        self.folder, self.source, self.level = scratch / "fenchi", source, level

    def start(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        (self.folder / "password").write_text(PASSPHRASE)
        words: list[object] = ["init", "--needed", 2]
        for name in PROVIDERS:
            words += ["--provider", f"{name}=file://{self.folder / name}"]
        for axis in AXES:
            words += ["--relax", f"{axis}=a benchmark on one machine"]
        words += ["--approver", "benchmark"]
        self._run(words)

    def _run(self, words: list[object]) -> Run:
        command = [Path(sys.executable).with_name("fenchi"), "--config", self.folder / "vault.toml"]
        return run(
            [*command, *words],
            FENCHI_PASSWORD_FILE=str(self.folder / "password"),
            FENCHI_CACHE_DIR=str(self.folder / "state"),
        )

    def backup(self) -> Run:
        return self._run(["backup", "--compression", self.level, self.source])

    def restore(self, target: Path) -> Run:
        return self._run(["restore", "latest", target])

    def restore_without_one(self, target: Path) -> Run:
        (self.folder / PROVIDERS[0]).rename(self.folder / "lost")
        done = self.restore(target)
        (self.folder / "lost").rename(self.folder / PROVIDERS[0])
        return done

    def stored_per_copy(self) -> float:
        return sum(stored_bytes(self.folder / name) for name in PROVIDERS) * 2 / len(PROVIDERS)


class Restic:
    name = "restic"

    def __init__(self, scratch: Path, source: Path, level: int) -> None:
        self.folder, self.source = scratch / "restic", source
        self.options = ["--compression", "auto" if level else "off"]

    def _run(self, words: list[object]) -> Run:
        return run(
            ["restic", "-q", *self.options, "-r", self.folder / "repo", *words],
            RESTIC_PASSWORD=PASSPHRASE,
            RESTIC_CACHE_DIR=str(self.folder / "cache"),
        )

    def start(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self._run(["init"])

    def backup(self) -> Run:
        return self._run(["backup", self.source])

    def restore(self, target: Path) -> Run:
        return self._run(["restore", "latest", "--target", target])

    def stored_per_copy(self) -> float:
        return stored_bytes(self.folder / "repo")


class Borg:
    name = "borg"

    def __init__(self, scratch: Path, source: Path, level: int) -> None:
        self.folder, self.source = scratch / "borg", source
        self.options = ["--compression", "zstd,3" if level else "none"]
        self.count = 0

    def _run(self, words: list[object], where: Path | None = None) -> Run:
        command = ["borg", *words]
        if where is not None:  # borg extracts into the working folder
            command = ["sh", "-c", 'cd "$0" && exec "$@"', where, *command]
        return run(
            command,
            BORG_REPO=str(self.folder / "repo"),
            BORG_PASSPHRASE=PASSPHRASE,
            BORG_BASE_DIR=str(self.folder / "home"),
        )

    def start(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self._run(["init", "-e", "repokey-blake2"])

    def backup(self) -> Run:
        self.count += 1
        return self._run(["create", *self.options, f"::n{self.count}", self.source])

    def restore(self, target: Path) -> Run:
        target.mkdir()
        return self._run(["extract", f"::n{self.count}"], target)

    def stored_per_copy(self) -> float:
        return stored_bytes(self.folder / "repo")


def make_rand(folder: Path, mib: int) -> Path:
    source = folder / "rand"
    source.mkdir()
    with (source / "incompressible").open("wb") as file:
        for _ in range(mib):
            file.write(os.urandom(MIB))
    return source


def make_mix(folder: Path, quick: bool) -> Path:
    source = folder / "mix"
    source.mkdir()
    for path in ("/usr/share/doc",) if quick else ("/usr/share", "/usr/bin"):
        # Like cp, and without what an ordinary user could not read back.
        shutil.copytree(path, source / path.strip("/").replace("/", "-"), symlinks=True)
    return source


def tool_rows(name: str, source: Path, level: int, rounds: int, scratch: Path) -> list[Row]:
    """All tools in turn, round by round, on fresh repositories."""
    makers = [Fenchi, Restic] + ([Borg] if name == "mix" else [])
    present = []
    for maker in makers:
        if maker is Fenchi or shutil.which(maker.name):
            present.append(maker)
        else:
            print(f"compare: {maker.name} is not installed: its rows are missing", file=sys.stderr)
    goals: dict[tuple[str, str], float] = {
        ("backup", "restic"): 3 if name == "rand" else 2.5,
        ("backup", "borg"): 5,
        ("no change", "restic"): 5,
        ("restore", "restic"): 4,
        ("restore, one lost", "restic"): 3,
    }
    rows: dict[str, Row] = {}

    def note(row: Row, value: float) -> None:
        rows.setdefault(row.name, row).ratios.append(value)

    for number in range(rounds):
        seen: dict[tuple[str, str], Run] = {}
        stored: dict[str, float] = {}
        for maker in present:
            tool = maker(scratch, source, level)
            tool.start()
            seen["backup", tool.name] = tool.backup()
            seen["no change", tool.name] = tool.backup()
            stored[tool.name] = tool.stored_per_copy()
            restores: list[tuple[str, Callable[[Path], Run]]] = [("restore", tool.restore)]
            if isinstance(tool, Fenchi):
                restores.append(("restore, one lost", tool.restore_without_one))
            for verb, restore in restores:
                target = scratch / "target"
                seen[verb, tool.name] = restore(target)
                shutil.rmtree(target)
            shutil.rmtree(tool.folder)
        for (verb, tool_name), measured in seen.items():
            print(
                f"{name}: round {number + 1}: {tool_name}: {verb}: {measured.seconds:.2f} s, CPU "
                f"{measured.cpu_seconds:.2f} s, {measured.peak_mib:.0f} MiB",
                file=sys.stderr,
            )
        for verb in ("backup", "no change", "restore", "restore, one lost"):
            mine = seen[verb, "fenchi"]
            note(Row(f"{name}: {verb}: peak MiB", 160, at_most=True), mine.peak_mib)
            for other in (maker.name for maker in present if maker is not Fenchi):
                theirs = seen[verb.removesuffix(", one lost"), other]
                goal = goals.get((verb, other))
                note(Row(f"{name}: {verb} against {other}", goal), theirs.seconds / mine.seconds)
                if verb == "backup":
                    limit = 0.45 if (name, other) == ("rand", "restic") else None
                    row = Row(f"{name}: CPU of {verb}, of {other}'s", limit, at_most=True)
                    note(row, mine.cpu_seconds / theirs.cpu_seconds)
        for other in stored.keys() - {"fenchi"}:
            limit = 1.0 if (name, other) == ("mix", "restic") else None
            row = Row(f"{name}: stored for each copy, of {other}'s", limit, at_most=True)
            note(row, stored["fenchi"] / stored[other])
    return list(rows.values())


def path_rows(rounds: int) -> list[Row]:
    build = ROOT / "build" / "release"
    quiet = {"check": True, "stdout": sys.stderr, "cwd": ROOT}
    subprocess.run(["cmake", "--preset", "release"], **quiet)
    subprocess.run(["cmake", "--build", build, "--target", "fenchi_path"], **quiet)
    rows = []
    for k, n in ((3, 5), (2, 3)):
        words = [build / "benchmarks" / "fenchi_path", str(max(rounds, 11)), str(k), str(n)]
        seen = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
        for name, goal, parts in (
            ("encrypt_split_tag", 0.95, ("encrypt", "split", "tags")),
            ("full_path", 0.90, ("cuts", "ids", "encrypt", "split", "tags")),
        ):
            row = Row(f"path: {name} {k}-of-{n}, of the harmonic limit of its parts", goal)
            for number, seconds in enumerate(seen[name]):
                row.ratios.append(sum(seen[part][number] for part in parts) / seconds)
            rows.append(row)
            speed = seen["bytes"] / statistics.median(seen[name]) / 1e9
            rows.append(Row(f"path: {name} {k}-of-{n}, GB/s of input", None, [speed]))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--scratch", type=Path, help="where inputs and repositories are made")
    parser.add_argument("--only", choices=("path", "rand", "mix"), action="append")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--gate", action="store_true")
    given = parser.parse_args()
    rounds = given.rounds or (3 if given.quick else 5)
    wanted = given.only or ["path", "rand", "mix"]
    rows: list[Row] = []
    if "path" in wanted:
        rows += path_rows(rounds)
    with tempfile.TemporaryDirectory(prefix="fenchi-compare-", dir=given.scratch) as name:
        folder = Path(name)
        if "rand" in wanted:
            rand = make_rand(folder, 512 if given.quick else 2048)
            rows += tool_rows("rand", rand, 0, rounds, folder)
            shutil.rmtree(rand)
        if "mix" in wanted:
            rows += tool_rows("mix", make_mix(folder, given.quick), 3, rounds, folder)
    table = ["| row | min | median | max | goal | |", "|---|---|---|---|---|---|"]
    table += [row.line() for row in rows]
    print("\n".join(table))
    if given.json:
        given.json.write_text(json.dumps([asdict(row) | {"median": row.median} for row in rows]))
    if given.markdown:
        given.markdown.write_text("\n".join(table) + "\n")
    below = [row.name for row in rows if not row.met]
    if given.gate and below:
        print("below their goals: " + "; ".join(below))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
