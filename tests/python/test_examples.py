"""The stories run, and the code in README.md is theirs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).resolve().parents[2]
OWN = "docs/providers/write-your-own.md"
BLOCKS = [
    ("README.md", "cpp", "examples/story.cc", "readme"),
    ("README.md", "python", "examples/story.py", "readme"),
    ("README.md", "sh", "examples/story.sh", "readme"),
    (OWN, "cpp", "examples/provider.cc", "example"),
    (OWN, "python", "examples/provider.py", "example"),
]


def run(*words: str) -> str:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PATH": path},
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_python_story_runs(tmp_path: Path) -> None:
    assert "1 files restored" in run(sys.executable, str(ROOT / "examples/story.py"), str(tmp_path))


def test_the_provider_written_in_python_keeps_the_contract(tmp_path: Path) -> None:
    told = run(sys.executable, str(ROOT / "examples/provider.py"), str(tmp_path / "objects.db"))
    assert "FAIL" not in told
    assert "ok   a second Put of one name is refused" in told


def test_the_command_line_story_runs(tmp_path: Path) -> None:
    told = run(str(ROOT / "examples/story.sh"), str(tmp_path))
    assert "Keep safe" in told
    assert "Passed." in told


@pytest.mark.custody
def test_the_custody_story_runs_on_the_command_line(tmp_path: Path) -> None:
    told = run(str(ROOT / "examples/custody.sh"), str(tmp_path))
    assert "needs the read role" in told
    assert "is of epoch 1, the vault is in epoch 2" in told
    assert "any 2 of the 3 custodians of board (Lin (deputy: Wu), Huang, Wang)" in told
    assert "Restored 1 files" in told


@pytest.mark.custody
def test_the_custody_story_runs_in_python(tmp_path: Path) -> None:
    told = run(sys.executable, str(ROOT / "examples/custody.py"), str(tmp_path))
    assert "any 2 of the 3 custodians of board (Lin (deputy: Wu), Chen, Huang)" in told
    assert "is of epoch 1, the vault is in epoch 2" in told
    assert "1 files restored by Huang and Wang" in told


@pytest.mark.parametrize(("document", "language", "file", "mark"), BLOCKS)
def test_documents_show_the_code_that_runs(
    document: str, language: str, file: str, mark: str
) -> None:
    marks = rf"^[ ]*(?://|#) \[{mark}\]\n(.*?)^[ ]*(?://|#) \[/{mark}\]\n"
    marked = re.search(marks, (ROOT / file).read_text(), re.M | re.S)
    assert marked, f"{file} has no [{mark}] marks"
    text = (ROOT / document).read_text()
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)
    assert dedent(marked[1]).strip() in [block.strip() for block in blocks]
