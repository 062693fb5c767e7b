"""How well the chunker finds what two versions have in common, against scalar FastCDC.

Series of versions, made the same in every run: database dumps after days of work, and archives of a
tree of source code in which files were changed, added and removed. The program chunking_study cuts
each with 16 sets of constants and gives means.
"""

from __future__ import annotations

import importlib.util
import io
import json
import shutil
import tarfile
from pathlib import Path
from random import Random

from comparison.processes import ROOT, build, output
from comparison.rows import Row, Rows

GOAL = 0.98


def write_dumps(folder: Path, rows: int, versions: int) -> list[Path]:
    """By the script that made the figures of the decision on chunking."""
    spec = importlib.util.spec_from_file_location(
        "make_series", ROOT / "benchmarks" / "chunking" / "make_series.py"
    )
    if spec is None or spec.loader is None:
        raise ImportError("make_series.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.make_sql(folder, rows, versions)
    return sorted((folder / "sql").iterdir())


def edited(data: bytes, generator: Random) -> bytes:
    """A few lines replaced, inserted or removed."""
    lines = data.splitlines(keepends=True)
    for _ in range(generator.randrange(1, 6)):
        at = generator.randrange(len(lines) + 1)
        new = [b"int value_%d = %d;\n" % (at, generator.getrandbits(30))]
        lines[at : at + generator.randrange(3)] = new * generator.randrange(3)
    return b"".join(lines)


def write_archives(folder: Path, size: int, versions: int) -> list[Path]:
    """Tar archives of C headers of this machine; from one to the next 2 % of the files change."""
    generator = Random(11)  # noqa: S311  (data to work on, no secret)
    files: dict[str, bytes] = {}
    total = 0
    for path in sorted(Path("/usr/include").rglob("*.h")):
        if total >= size:
            break
        if path.is_file():
            files[str(path)] = path.read_bytes()
            total += len(files[str(path)])
    paths = []
    for version in range(versions):
        if version:
            for name in generator.sample(sorted(files), max(1, len(files) // 50)):
                files[name] = edited(files[name], generator)
            del files[generator.choice(sorted(files))]
            files[f"/usr/include/new/{version}.h"] = generator.randbytes(20_000).hex().encode()
        paths.append(folder / f"{version:02}.tar")
        with tarfile.open(paths[-1], "w", format=tarfile.GNU_FORMAT) as tar:
            for name, data in sorted(files.items()):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    return paths


def measure(rows: Rows, scratch: Path, quick: bool) -> None:
    program = build("chunking_study") / "chunking" / "chunking_study"
    folder = scratch / "series"
    folder.mkdir()
    versions = 4 if quick else 8
    series = {
        "database dumps": write_dumps(folder, 100_000 if quick else 400_000, versions),
        "archives of source code": write_archives(folder, (24 if quick else 96) << 20, versions),
    }
    for name, paths in series.items():
        found: dict[tuple[str, int], float] = {}
        for line in output([program, "dedup", name, *paths]).splitlines():
            told = json.loads(line)
            found[told["algorithm"], told["average"]] = told["ratio"]
        for average in sorted({average for _, average in found}):
            rows.add(
                Row(
                    "chunker",
                    f"dedup ratio against scalar FastCDC, {name}, average {average >> 10} KiB",
                    goal=GOAL,
                    note=f"{versions} versions, means of 16 sets of constants each",
                ),
                found["fenchi", average] / found["gear", average],
            )
    shutil.rmtree(folder)
