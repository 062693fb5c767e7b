"""The typed story runs, and mypy --strict accepts it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import typed_story

ROOT = Path(__file__).resolve().parents[2]


def test_the_typed_story_runs(source: Path, tmp_path: Path) -> None:
    told = typed_story.story(source, tmp_path, "four words are enough")
    # Both directories, three files and the link.
    assert told.startswith("(datetime.timezone.utc, 6, b'dump', True, True, 2)"), told
    assert told.endswith("True wrong_key True")


def test_mypy_accepts_the_package_and_the_story(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path), "python"]
        + ["tests/python/typed_story.py"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
