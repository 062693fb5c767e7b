#!/usr/bin/env python3
"""Makes series of versions for chunking_study: one file a version in OUT/SERIES/.

    make_series.py archives SERIES OUT ARCHIVE...   unpacked archives in tar's order, oldest first
    make_series.py sql OUT                          SQLite dumps, rows updated, added, removed
    make_series.py image OUT ARCHIVE...             an ext4 image; each archive replaces the last

Archives are .tar.*, .tgz, .deb, .whl or .zip: successive releases from a package registry. What a
release's name or date changes on every entry (the folder's version number, times) is made the same,
as in a backup of an installed tree. Written with fixed seeds.
"""

import io
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import zipfile


def members(archive: pathlib.Path) -> list[tuple[str, bytes]]:
    """The regular files of an archive as (path without its first folder, bytes), by path."""
    files = []
    if archive.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(archive) as zipped:
            files = [(i.filename, zipped.read(i)) for i in zipped.infolist() if not i.is_dir()]
    else:
        source = archive.read_bytes()
        if archive.suffix == ".deb":
            source = subprocess.run(
                ["dpkg-deb", "--fsys-tarfile", archive], check=True, stdout=subprocess.PIPE
            ).stdout
        with tarfile.open(fileobj=io.BytesIO(source)) as tar:
            for member in tar:
                if member.isfile():
                    name = member.name.removeprefix("./")
                    content = tar.extractfile(member)
                    if content is not None:
                        files.append((name, content.read()))
            if archive.suffix != ".deb":
                files = [(name.partition("/")[2], data) for name, data in files]
    return sorted(files)


def write_tar(path: pathlib.Path, files: list[tuple[str, bytes]]) -> None:
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def make_archives(series: str, out: pathlib.Path, archives: list[str]) -> None:
    folder = out / series
    folder.mkdir(parents=True, exist_ok=True)
    for number, archive in enumerate(archives):
        write_tar(folder / f"{number:02}.tar", members(pathlib.Path(archive)))


def make_sql(out: pathlib.Path, rows: int = 400_000, versions: int = 6) -> None:
    folder = out / "sql"
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(7)  # noqa: S311
    words = [
        "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(3, 11)))
        for _ in range(5000)
    ]

    def row(key: int) -> tuple[int, str, str, int, str]:
        return (
            key,
            f"{rng.getrandbits(128):032x}",
            " ".join(rng.choices(words, k=rng.randint(4, 14))),
            rng.randint(0, 10**7),
            f"2026-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
        )

    base = sqlite3.connect(":memory:")
    base.execute("create table orders(id integer primary key, uid, note, amount, day)")
    base.executemany("insert into orders values(?,?,?,?,?)", (row(i) for i in range(rows)))
    for version in range(versions):
        if version:
            # A day's work: a busy range of 0.5 % and 40 scattered rows; some go, some come.
            busy = rng.randrange(rows)
            keys = [busy + i for i in range(rows // 200)]
            keys += rng.sample(range(rows), 40)
            for key in keys:
                base.execute(
                    "update orders set amount = ?, note = ? where id = ?",
                    (rng.randint(0, 10**7), " ".join(rng.choices(words, k=6)), key),
                )
            for key in rng.sample(range(rows), 20):
                base.execute("delete from orders where id = ?", (key,))
            start = rows + version * rows
            base.executemany(
                "insert into orders values(?,?,?,?,?)",
                (row(start + i) for i in range(rows // 200)),
            )
        with (folder / f"{version:02}.sql").open("w", encoding="utf-8") as dump:
            dump.writelines(line + "\n" for line in base.iterdump())


def make_image(out: pathlib.Path, archives: list[str]) -> None:
    folder = out / "image"
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(8)  # noqa: S311
    kept: dict[str, bytes] = {}
    image = folder / "working"
    for number, archive in enumerate(archives):
        files = dict(members(pathlib.Path(archive)))
        with tempfile.TemporaryDirectory() as scratch:
            root = pathlib.Path(scratch)
            for name, data in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_bytes(data)
            log = root / "log.bin"
            log.write_bytes(rng.randbytes(1 << 19))
            if number == 0:
                command = [
                    "mke2fs",
                    "-q",
                    "-t",
                    "ext4",
                    "-U",
                    "00000000-0000-0000-0000-000000000001",
                ]
                subprocess.run([*command, "-d", scratch, image, "128M"], check=True)
            else:
                script = [f"write {log} log{number}.bin"]
                for name in sorted(kept.keys() - files.keys()):
                    script.append(f'rm "{name}"')
                for name, data in files.items():
                    if name in kept and kept[name] != data:
                        script += [f'rm "{name}"', f'write "{root / name}" "{name}"']
                subprocess.run(
                    ["debugfs", "-w", "-f", "-", image],
                    input="\n".join(script),
                    text=True,
                    check=True,
                    capture_output=True,
                )
        kept = files
        shutil.copy(image, folder / f"{number:02}.img")
    image.unlink()


def main() -> None:
    match sys.argv[1:]:
        case ["archives", series, out, *archives] if archives:
            make_archives(series, pathlib.Path(out), archives)
        case ["sql", out]:
            make_sql(pathlib.Path(out))
        case ["image", out, *archives] if archives:
            make_image(pathlib.Path(out), archives)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
