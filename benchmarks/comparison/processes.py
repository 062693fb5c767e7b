"""Runs a process and tells what the kernel counted for it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build" / "tools"


class Failed(Exception):
    """A process that had to succeed did not: no figure comes from it."""


@dataclass(frozen=True)
class Run:
    seconds: float
    cpu_seconds: float
    peak_mib: float


def run(words: Sequence[object], **environment: str) -> Run:
    """One process, as the kernel saw it and all that it started and waited for.

    The peak is that of the largest single process. Raises Failed for any exit code but 0.
    """
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            [str(word) for word in words],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)  # wait4 took it from Popen
        seconds = time.monotonic() - began
        if child.returncode != 0:
            said.seek(0)
            tail = said.read().decode(errors="replace")[-2000:]
            raise Failed(f"exit code {child.returncode} from {words}\n{tail}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def output(words: Sequence[object], **environment: str) -> str:
    """What a process prints on stdout. Raises Failed for any exit code but 0."""
    done = subprocess.run(
        [str(word) for word in words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Failed(f"exit code {done.returncode} from {words}\n{done.stderr[-2000:]}")
    return done.stdout


def say(text: str) -> None:
    print(f"compare: {text}", file=sys.stderr, flush=True)


def build(*targets: str) -> Path:
    """Makes targets of the release build; returns the folder of the benchmarks."""
    folder = ROOT / "build" / "release"
    environment = {**os.environ, "CCACHE_BASEDIR": str(ROOT), "CCACHE_NOHASHDIR": "1"}
    for words in (
        ["cmake", "--preset", "release"],
        ["cmake", "--build", str(folder), "--target", *targets],
    ):
        done = subprocess.run(
            words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise Failed(f"{' '.join(words)}\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
    return folder / "benchmarks"
