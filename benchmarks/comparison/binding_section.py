"""The Python binding against C++ on the same job: the backup verb over an incompressible file."""

from __future__ import annotations

import sys
from pathlib import Path

from comparison.inputs import Input
from comparison.processes import build, output, say
from comparison.rows import Row, Rows
from comparison.tools import PROVIDERS, Fenchi

GOAL = 0.97
JOB = """
import sys, time, fenchi
config, level, source = sys.argv[1:]
with fenchi.open(config) as vault:
    began = time.perf_counter()
    fenchi.BackupReport  # its module is read when it is used first
    read = time.perf_counter()
    vault.backup(source, compression_level=int(level))
    print(read - began, time.perf_counter() - read)
"""


def seconds_in_python(tool: Fenchi) -> tuple[float, float]:
    """Of reading the module of the report, once in a process, and of the verb."""
    words = [sys.executable, "-c", JOB, tool.folder / "vault.toml", tool.source.level]
    reading, verb = output([*words, tool.source.folder], **tool.environment()).split()
    return float(reading), float(verb)


def seconds_in_cpp(tool: Fenchi, program: Path) -> float:
    places = [f"{name}={tool.folder / name}" for name in PROVIDERS]
    words = [program, tool.state, tool.password_file, tool.source.level, tool.source.folder]
    return float(output([*words, *places], **tool.environment()))


def measure(rows: Rows, given: Input, scratch: Path, rounds: int) -> None:
    program = build("fenchi_backup_job") / "fenchi_backup_job"
    row = Row("binding", "backup by the Python binding against C++", goal=GOAL)
    row.note = (
        "seconds of the verb, new vaults, each first every other time; the wheel as scripts/setup "
        "builds it, C++ as the release preset does; default verification; Python has read the "
        "module of the report, once in a process: see the row for it"
    )
    once = Row("binding", "reading the module of the report, once in a process", unit="s")
    once.note = "with what it needs; no part of the row above"
    for number in range(rounds + 1):
        seconds: dict[str, float] = {}
        for language in ("python", "cpp") if number % 2 else ("cpp", "python"):
            tool = Fenchi(scratch, given)
            tool.start()
            if language == "cpp":
                seconds[language] = seconds_in_cpp(tool, program)
            else:
                reading, seconds[language] = seconds_in_python(tool)
        if number == 0:
            continue  # pages touched
        say(f"binding {number}/{rounds}: {seconds['python']:.2f} s, C++ {seconds['cpp']:.2f} s")
        rows.add(row, seconds["cpp"] / seconds["python"])
        rows.add(once, reading)
