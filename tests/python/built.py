"""Programs that the C++ build makes for Python tests to drive."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def program(path: str) -> Path:
    """The newest build of build/*/`path`, or the one in FENCHI_BUILD_DIR; skips where none is."""
    if "FENCHI_BUILD_DIR" in os.environ:
        builds = [Path(os.environ["FENCHI_BUILD_DIR"])]
    else:
        builds = sorted((ROOT / "build").glob("*"))
    files = [build / path for build in builds if (build / path).is_file()]
    if not files:
        pytest.skip(f"{path} is not built: ninja -C build/dev {Path(path).name}")
    return max(files, key=lambda file: file.stat().st_mtime)
