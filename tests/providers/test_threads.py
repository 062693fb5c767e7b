"""Each kind of place at its real server, on many threads, by a C++ program.

The same with the program of a build under the thread sanitizer, whose findings end it:

    FENCHI_BUILD_DIR=build/tsan .venv/bin/python -m pytest tests/providers/test_threads.py
"""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import built
import pytest
from real_places import CHECKS_LEAST, KINDS, RACE, looks_first

IN_CPP = ("`file:", "`s3:", "`azure:", "`gs:", "`sftp:", "`webdav:")
OURS = [kind for kind in KINDS if kind.startswith(IN_CPP)]
FILES, FILE_BYTES = 6, 1 << 20


@pytest.mark.parametrize("kind", OURS)
def test_a_place_bears_many_threads(kind: str, tmp_path: Path) -> None:
    program = built.program("tests/providers/fenchi_place_threads")
    work = tmp_path / "work"
    (work / "source").mkdir(parents=True)
    for number in range(FILES):
        (work / "source" / f"{number}").write_bytes(random.Random(number).randbytes(FILE_BYTES))
    with KINDS[kind](tmp_path) as place:
        urls = [place.replace("/place", f"/place{which}", 1) for which in ("", "-a", "-b", "-c")]
        assert len(set(urls)) == 4, urls
        done = subprocess.run(
            [program, work, *urls],
            env=os.environ | {"TSAN_OPTIONS": os.environ.get("TSAN_OPTIONS", "exitcode=66")},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ThreadSanitizer" not in done.stderr
    *failed, checks, locked = done.stdout.splitlines()
    if looks_first(kind):
        failed = [line for line in failed if not line.startswith(RACE)]
    assert failed == []
    assert int(checks.removeprefix("checks: ")) >= CHECKS_LEAST
    assert locked == ("locked: yes" if "lock=" in kind else "locked: no")
    for file in (work / "source").iterdir():
        assert (work / "restored" / "source" / file.name).read_bytes() == file.read_bytes()
