"""No branch and no address depends on a secret: Valgrind watches key sharing, comparison and key
derivation with all secrets marked, as two compilers made them at two levels of optimisation."""

from __future__ import annotations

import functools
import re
import subprocess
from pathlib import Path

import pytest
from builds import EVERY_BUILD, Build, program

pytestmark = pytest.mark.custody

COMMAND = ["valgrind", "--tool=memcheck", "--leak-check=no", "--track-origins=no", "-q"]
REPORTED = 99


@functools.cache
def secret_marks(build: Build) -> Path:
    return program("secret_marks", build, ("FENCHI_MARK_SECRETS",))


def watch(build: Build, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, f"--error-exitcode={REPORTED}", str(secret_marks(build)), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("build", EVERY_BUILD, ids=str)
def test_no_branch_or_address_depends_on_a_secret(build: Build) -> None:
    done = watch(build)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.fullmatch(r"\d+ cases\n", done.stdout)


@pytest.mark.parametrize("leak", ["branch", "address"])
@pytest.mark.parametrize("build", EVERY_BUILD, ids=str)
def test_a_leak_made_on_purpose_is_reported(build: Build, leak: str) -> None:
    done = watch(build, "--leak", leak)
    assert done.returncode == REPORTED, done.stdout + done.stderr
    wanted = "Conditional jump or move" if leak == "branch" else "Use of uninitialised value"
    assert wanted in done.stderr


def test_outside_valgrind_the_program_says_that_it_shows_nothing() -> None:
    done = subprocess.run([secret_marks(EVERY_BUILD[0])], capture_output=True, check=False)
    assert done.returncode == 2
