#!/usr/bin/env python3
"""Runs clang-tidy over the library's sources, each only when something that it reads changed.

check_tidy.py BUILD_DIR: BUILD_DIR holds compile_commands.json and is built, so that ninja knows the
headers of each source. A source that came out clean is remembered in BUILD_DIR/tidy by the hash of
its command, .clang-tidy, the tool's version and every file of this checkout that it includes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("lib", "bindings", "examples")


@dataclass(frozen=True)
class Job:
    source: Path
    key: str  # empty: its headers are not known, so run it and remember nothing


def headers_by_object(build: Path) -> dict[str, list[Path]]:
    """What ninja recorded: for each object the files that were read, those of this checkout."""
    text = subprocess.run(
        ["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True, check=False
    ).stdout
    found: dict[str, list[Path]] = {}
    current: list[Path] = []
    for line in text.splitlines():
        if line.startswith("    "):
            path = (build / line.strip()).resolve()
            if path.is_relative_to(ROOT):
                current.append(path)
        elif ": #deps" in line:
            current = found.setdefault(line.split(": #deps")[0], [])
    return found


def jobs(build: Path) -> list[Job]:
    headers = headers_by_object(build)
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    common = hashlib.sha256(version + (ROOT / ".clang-tidy").read_bytes())
    found = []
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = (Path(entry["directory"]) / entry["file"]).resolve()
        if not any(source.is_relative_to(ROOT / folder) for folder in FOLDERS):
            continue
        words = shlex.split(entry["command"])
        made = words[words.index("-o") + 1]
        read = sorted({source, *headers.get(made, [])})
        hasher = common.copy()
        hasher.update(entry["command"].encode())
        for path in read:
            hasher.update(str(path.relative_to(ROOT)).encode())
            hasher.update(path.read_bytes() if path.exists() else b"")
        found.append(Job(source, hasher.hexdigest() if made in headers else ""))
    return found


def run(build: Path, job: Job) -> str:
    """Empty when clean, else what clang-tidy said."""
    done = subprocess.run(
        ["clang-tidy", "-p", str(build), "--quiet", str(job.source)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        return done.stdout or done.stderr
    if job.key:
        (build / "tidy" / job.key).touch()
    return ""


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    build = Path(sys.argv[1]).resolve()
    (build / "tidy").mkdir(exist_ok=True)
    every = jobs(build)
    wanted = [job for job in every if not job.key or not (build / "tidy" / job.key).exists()]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        failures = [text for text in pool.map(lambda job: run(build, job), wanted) if text]
    for text in dict.fromkeys(failures):  # a header's finding comes once for each source
        print(text)
    print(f"tidy: {len(every)} sources, {len(wanted)} looked at, {len(failures)} with findings")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
