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
BLOCKS = {"cpp": "examples/story.cc", "python": "examples/story.py", "sh": "examples/story.sh"}
MARKED = re.compile(r"^[ ]*(?://|#) \[readme\]\n(.*?)^[ ]*(?://|#) \[/readme\]\n", re.M | re.S)


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


def test_the_command_line_story_runs(tmp_path: Path) -> None:
    told = run(str(ROOT / "examples/story.sh"), str(tmp_path))
    assert "Keep safe" in told
    assert "Passed." in told


@pytest.mark.parametrize(("language", "file"), BLOCKS.items())
def test_readme_shows_the_code_that_runs(language: str, file: str) -> None:
    marked = MARKED.search((ROOT / file).read_text())
    assert marked, f"{file} has no [readme] marks"
    readme = (ROOT / "README.md").read_text()
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", readme, re.M | re.S)
    assert dedent(marked[1]) in blocks
