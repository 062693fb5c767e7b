#!/usr/bin/env python3
"""Measures the peak memory of `fenchi backup` and `fenchi restore`, and holds it to a bound.

    benchmarks/memory [--quick] [--bound MIB] [--scratch DIR]

Makes a 4 GiB incompressible file and a tree of 100,000 files (--quick: 512 MiB and 10,000), backs
each up to four local providers, two of which are needed, restores it and compares every byte and
attribute. Each command is a process of its own; its peak is the ru_maxrss that the kernel tells of
it (Python and libraries included, the page cache not). Exit code 1 when one is over the bound.
Needs 18 GiB of scratch space (--quick: 3).
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]
MIB = 1 << 20
FILES_EACH = 100  # in a directory
BOUND_MIB = 256
PROVIDERS = ("a", "b", "c", "d")
AXES = ("vendor", "vendor_home", "country", "account")


@dataclass(frozen=True)
class Peak:
    what: str
    command: str
    mib: float
    seconds: float
    cpu_seconds: float


def write_file(path: Path, size: int) -> None:
    """Random bytes, a piece at a time: what this process holds its children would inherit."""
    generator = Random(1)  # noqa: S311  (incompressible is all that it has to be)
    with path.open("wb") as file:
        for _ in range(size // MIB):
            file.write(generator.randbytes(MIB))


def write_tree(root: Path, count: int) -> int:
    """`count` files of 0..16 KiB, no two alike, 100 in a directory. Returns their bytes."""
    generator = Random(2)  # noqa: S311
    total = 0
    for number in range(count):
        folder = root / f"{number // FILES_EACH:05}"
        if number % FILES_EACH == 0:
            folder.mkdir(parents=True)
        data = generator.randbytes(generator.randrange(16 * 1024))
        (folder / f"file-{number:06}").write_bytes(data)
        total += len(data)
    return total


def run(what: str, verb: str, words: list[str], environment: dict[str, str]) -> Peak:
    """Runs the fenchi beside this Python, and returns what the kernel counted for that process."""
    command = [str(Path(sys.executable).with_name("fenchi")), *words]
    began = time.monotonic()
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)  # wait4 took it from Popen
    if child.returncode != 0:
        sys.exit(f"memory: exit code {child.returncode} from {' '.join(command)}")
    seconds = time.monotonic() - began
    peak = Peak(what, verb, usage.ru_maxrss / 1024, seconds, usage.ru_utime + usage.ru_stime)
    print(f"{what}: {verb}: {peak.mib:.1f} MiB, {seconds:.1f} s", file=sys.stderr)
    return peak


def compare(source: Path, restored: Path) -> None:
    """In a process of its own, so that this one stays small."""
    code = (
        "import sys; from pathlib import Path; from compare_trees import compare_trees\n"
        "counts, differences = compare_trees(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "sys.exit('\\n'.join(differences[:10]) if differences else counts.entries == 0)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    words = [sys.executable, "-c", code, str(source), str(restored)]
    if subprocess.run(words, env=environment, check=False).returncode != 0:
        sys.exit(f"memory: {restored} is not {source}")


def measure(what: str, source: Path, work: Path) -> list[Peak]:
    """Backup and restore of one source in a vault of its own, which is deleted again."""
    vault, restored = work / "vault", work / "restored"
    vault.mkdir()
    environment = {
        **{**os.environ, "FENCHI_CACHE_DIR": str(vault / "state")},
        "FENCHI_PASSWORD_FILE": str(vault / "password"),
    }
    (vault / "password").write_text(secrets.token_hex(16) + "\n")
    config = ["--config", str(vault / "vault.toml")]
    init = [word for name in PROVIDERS for word in ("--provider", f"{name}={vault / name}")]
    init += [word for axis in AXES for word in ("--relax", f"{axis}=benchmark")]
    run(what, "init", [*config, "init", "--needed", "2", *init], environment)
    backup = run(what, "backup", [*config, "backup", str(source)], environment)
    restore = run(what, "restore", [*config, "restore", "latest", str(restored)], environment)
    compare(source, restored / source.name)
    shutil.rmtree(vault)
    shutil.rmtree(restored)
    return [backup, restore]


def measure_all(work: Path, quick: bool) -> list[Peak]:
    source = work / "source"
    source.mkdir()
    size, count = (512 * MIB, 10_000) if quick else (4096 * MIB, 100_000)
    write_file(source / "incompressible", size)
    peaks = measure(f"file of {size // MIB:,} MiB", source, work)
    (source / "incompressible").unlink()
    total = write_tree(source, count)
    return peaks + measure(f"{count:,} files of {total // MIB:,} MiB", source, work)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="512 MiB and 10,000 files")
    parser.add_argument("--bound", type=float, default=BOUND_MIB, metavar="MIB")
    parser.add_argument("--scratch", type=Path, help="a directory with enough space")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fenchi-memory-", dir=arguments.scratch) as work:
        peaks = measure_all(Path(work), arguments.quick)
    over = 0
    print(f"{'source':<28} {'command':<8} {'peak MiB':>9} {'bound':>6} {'wall s':>8} {'CPU s':>7}")
    for peak in peaks:
        verdict = "" if peak.mib <= arguments.bound else "  OVER"
        over += bool(verdict)
        print(
            f"{peak.what:<28} {peak.command:<8} {peak.mib:9.1f} {arguments.bound:6.0f}"
            f" {peak.seconds:8.1f} {peak.cpu_seconds:7.1f}{verdict}"
        )
    print(f"memory: {over} of {len(peaks)} peaks over the bound")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
