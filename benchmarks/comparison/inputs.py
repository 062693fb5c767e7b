"""The inputs: an incompressible file, a database dump, a source tree, a tree of many small files.

All but the incompressible file are the same in every run on one machine. Each is a folder, so that
every tool is given one path.
"""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from random import Random

MIB = 1 << 20
SOURCE_ROOTS = ("/usr/include", "/usr/lib/python3", "/usr/lib/python3.11", "/usr/share/perl")
TREE_ROOTS = ("/usr/share", "/usr/bin")
TREE_FILES = 70_000
TOP_UP_BYTES_MAX = 16 * 1024
BINARIES = Path("/usr/bin")
SPECIAL_BITS = stat.S_ISUID | stat.S_ISGID


@dataclass(frozen=True)
class Input:
    name: str
    folder: Path
    files: int
    bytes: int
    what: str
    level: int = 3  # of zstd, as the tools are told

    @property
    def line(self) -> str:
        return f"`{self.name}`: {self.what}; {self.files:,} files, {self.bytes / 1e6:,.0f} MB"


def counted(name: str, folder: Path, what: str, level: int = 3) -> Input:
    paths = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return Input(name, folder, len(paths), sum(p.stat().st_size for p in paths), what, level)


def make_rand(folder: Path, mib: int) -> Input:
    source = folder / "rand"
    source.mkdir()
    with (source / "incompressible").open("wb") as file:
        for _ in range(mib):
            file.write(os.urandom(MIB))
    return counted("rand", source, "one file of random bytes", level=0)


def sql_lines(generator: Random, first: int, count: int) -> str:
    """`count` rows of a dump: a key, a UUID, names, an amount, a day, in the COPY form."""
    names = ("wei", "chen", "mei", "lin", "hao", "ying", "jun", "hsu", "yu", "tsai", "lee", "wang")
    choose, number = generator.choice, generator.randrange
    return "".join(
        f"{first + i}\t{generator.getrandbits(128):032x}\t{choose(names)} {choose(names)}"
        f"\tparcel {number(100_000)} of section {number(400)}\t{number(10_000_000) / 100:.2f}"
        f"\t20{number(10, 27)}-{number(1, 13):02}-{number(1, 29):02}\n"
        for i in range(count)
    )


def write_sql(path: Path, size: int) -> None:
    generator = Random(7)  # noqa: S311  (data to work on, no secret)
    row = 1
    with path.open("w", encoding="ascii") as file:
        file.write("COPY public.registration (id, uid, owner, parcel, area, day) FROM stdin;\n")
        while file.tell() < size:
            file.write(sql_lines(generator, row, 10_000))
            row += 10_000
        file.write("\\.\n")


def make_sql(folder: Path, mib: int) -> Input:
    source = folder / "sql"
    source.mkdir()
    write_sql(source / "registration.sql", mib * MIB)
    return counted("sql", source, "a generated database dump (COPY rows: keys, UUIDs, names, days)")


def copy_roots(roots: tuple[str, ...], source: Path) -> None:
    """Without setuid and setgid bits, which fenchi gives back on demand only."""
    for root in roots:
        if not Path(root).is_dir():
            continue
        copy = source / root.strip("/").replace("/", "-")
        shutil.copytree(root, copy, symlinks=True)
        for path in copy.rglob("*"):
            mode = path.lstat().st_mode
            if mode & SPECIAL_BITS and not path.is_symlink():
                path.chmod(stat.S_IMODE(mode) & ~SPECIAL_BITS)


def make_source(folder: Path, quick: bool) -> Input:
    source = folder / "source"
    source.mkdir()
    copy_roots(SOURCE_ROOTS[:1] if quick else SOURCE_ROOTS, source)
    return counted("source", source, "source code: " + ", ".join(SOURCE_ROOTS))


def top_up(source: Path, present: int, wanted: int) -> int:
    """Adds small files of text until there are `wanted`, 100 in a folder; returns how many."""
    generator = Random(3)  # noqa: S311
    words = [f"{generator.getrandbits(40):x}" for _ in range(2000)]
    missing = max(0, wanted - present)
    for number in range(missing):
        place = source / "generated" / f"{number // 100:04}"
        if number % 100 == 0:
            place.mkdir(parents=True)
        count = generator.randrange(TOP_UP_BYTES_MAX // 9)
        (place / f"{number:06}.txt").write_text(" ".join(generator.choices(words, k=count)))
    return missing


def make_tree(folder: Path, quick: bool) -> Input:
    source = folder / "tree"
    source.mkdir()
    copy_roots(("/usr/share/doc",) if quick else TREE_ROOTS, source)
    present = counted("tree", source, "").files
    added = top_up(source, present, present + 1000 if quick else TREE_FILES)
    roots = "/usr/share/doc" if quick else " and ".join(TREE_ROOTS)
    return counted("tree", source, f"{roots}, and {added:,} generated small files")


def write_binaries(path: Path, size: int) -> None:
    """Programs of this machine, one behind the other."""
    written = 0
    with path.open("wb") as out:
        for program in sorted(BINARIES.iterdir()):
            if written >= size:
                return
            if program.is_symlink() or not program.is_file():
                continue
            data = program.read_bytes()
            if data[:4] == b"\x7fELF":
                written += out.write(data[: size - written])


def make_mixed(folder: Path, mib: int) -> Input:
    """For slow lines: half incompressible, a quarter a dump, and some hundreds of small files."""
    source = folder / "mixed"
    source.mkdir()
    (source / "incompressible").write_bytes(os.urandom(mib * MIB // 2))
    write_sql(source / "registration.sql", mib * MIB // 4)
    top_up(source, 0, 10 * mib)
    return counted("mixed", source, "half incompressible, a dump, and small files")
