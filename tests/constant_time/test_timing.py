"""Time tells nothing of a secret: Welch's t over many measurements of each operation.

FENCHI_TIMING_MEASUREMENTS says how many; with ten million it takes some minutes.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
from pathlib import Path

import pytest
from builds import EVERY_BUILD, program

pytestmark = pytest.mark.custody

MEASUREMENTS = int(os.environ.get("FENCHI_TIMING_MEASUREMENTS", "300000"))
SEEDS = (20260111, 20260112, 20260113)


@functools.cache
def timing() -> Path:
    return program("timing", EVERY_BUILD[0])


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([timing(), *arguments], capture_output=True, text=True, check=False)


def test_no_operation_tells_its_secret_by_its_time() -> None:
    """A leak stays when it is looked for again; what a busy machine does to one run does not."""
    found = []
    for seed in SEEDS:
        done = run("--measurements", str(MEASUREMENTS), "--seed", str(seed))
        assert done.returncode in (0, 1), done.stderr
        found.append(done.stdout)
        if done.returncode == 0:
            break
    print(found[-1])
    assert len(re.findall(r"largest \|t\| = ", found[-1])) == 4
    assert done.returncode == 0, "\n".join(found)


def test_a_comparison_that_ends_early_is_noticed() -> None:
    done = run("--measurements", str(MEASUREMENTS), "--leak")
    assert done.returncode == 1, done.stdout + done.stderr
