"""Runs a process and tells what the kernel counted for it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build" / "tools"


# The kernel counts what the starting process had in memory as the started one's peak: so a small
# process stands between.
LAUNCHER = """
import os, sys, time
counted = int(sys.argv[1])
os.set_inheritable(counted, False)
began = time.monotonic()
_, status, used = os.wait4(os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ), 0)
seconds = time.monotonic() - began
said = f"{seconds} {used.ru_utime + used.ru_stime} {used.ru_maxrss}"
os.write(counted, said.encode())
sys.exit(abs(os.waitstatus_to_exitcode(status)))
"""


# Writes to so many MiB of its own memory, and ends.
TOUCH = """
import mmap, sys
memory = mmap.mmap(-1, int(sys.argv[1]) << 20)
for _ in range(int(sys.argv[1])):
    memory.write(bytes(1 << 20))
"""


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
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as counted:
        launcher = [sys.executable, "-I", "-S", "-c", LAUNCHER, str(counted.fileno())]
        code = subprocess.call(
            [*launcher, *(str(word) for word in words)],
            env={**os.environ, **environment},
            pass_fds=[counted.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        if code != 0:
            said.seek(0)
            tail = said.read().decode(errors="replace")[-2000:]
            raise Failed(f"exit code {code} from {words}\n{tail}")
        counted.seek(0)
        seconds, cpu_seconds, peak = (float(word) for word in counted.read().split())
    return Run(seconds, cpu_seconds, peak / 1024)


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


def warm_memory(size: int) -> None:
    """Touches so many bytes of free memory, all but a GiB of it at most, and lets them go.

    A virtual machine's host takes back what lies free for a while: whoever comes first would pay.
    """
    available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    mib = max(1, min(size, available - (1 << 30)) >> 20)
    output([sys.executable, "-I", "-S", "-c", TOUCH, mib])


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
