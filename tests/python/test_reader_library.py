"""The independent reader on whole vaults that the library makes: every byte, from many subsets."""

from __future__ import annotations

import itertools
import os
import random
import shutil
from datetime import timedelta
from pathlib import Path

import fenchi
import pytest
from reader_writer import reader
from vault_tools import GID, LINK, MODE, TYPE, UID, XATTRS, differences, scan
from vaults import PASSPHRASE, make_vault

SEED = 20261121
SUBSETS_MAX = 4
SUITES = {1: "aes256gcm", 2: "chacha20poly1305"}
BLOCK_STRIDE, HEADER = 65552, 4096
MEBIBYTE = 1 << 20


@pytest.fixture
def rng(request) -> random.Random:
    print(f"seed {SEED}, {request.node.name}")
    return random.Random(f"{SEED} {request.node.name}")


def small_tree(top: Path, rng: random.Random) -> None:
    """Holes, hard links, odd names, every time and mode."""
    (top / "deep" / "er").mkdir(parents=True)
    (top / "empty folder").mkdir()
    (top / "empty").touch()
    (top / "one").write_bytes(b"1")
    (top / "noise").write_bytes(rng.randbytes(300_000))
    (top / "text").write_bytes(b"again and again " * 20_000)
    os.link(top / "text", top / "deep" / "text too")
    os.symlink("../text", top / "deep" / "link")
    os.mkfifo(top / "deep" / "fifo", 0o640)
    Path(os.fsdecode(os.path.join(os.fsencode(top), b"\xa4\xc0\xab\xf9"))).write_bytes(b"Big5")
    (top / "line\nbreak\x1b[2J").write_bytes(b"escape")
    with open(top / "holes", "wb") as file:
        for offset in (0, 3 * MEBIBYTE, 9 * MEBIBYTE + 17):
            file.seek(offset)
            file.write(rng.randbytes(70_000))
        file.truncate(12 * MEBIBYTE)
    with open(top / "all hole", "wb") as file:
        file.truncate(5 * MEBIBYTE)
    (top / "one").chmod(0o400)
    for number, path in enumerate(sorted(top.rglob("*"), reverse=True)):
        os.utime(path, ns=(0, (1_000_000_000 + number) * 10**9 + 7 * number), follow_symlinks=False)


def restorable(tree: dict[bytes, list[str]]) -> dict[bytes, list[str]]:
    out = {}
    for path, entry in tree.items():
        fields = list(entry)
        if fields[TYPE] != "l":
            fields[MODE] = f"{int(fields[MODE], 8) & 0o1777:o}"
        if os.geteuid() != 0:
            fields[UID] = fields[GID] = "?"
        out[path] = fields
    return out


class Saved:
    """A vault of the library that holds one snapshot of `source`."""

    def __init__(
        self,
        work: Path,
        source: Path,
        *,
        k: int,
        n: int,
        suite: int,
        lock_for: timedelta | None = None,
    ):
        self.places = [work / "providers" / f"p{i}" for i in range(n)]
        self.places[0].parent.mkdir()
        where: dict[str, object] = {place.name: place.as_uri() for place in self.places}
        self.vault = make_vault(where, work, needed=k, suite=SUITES[suite])
        self.report = self.vault.backup(source, label="differential", lock_for=lock_for)
        assert self.report.complete is (lock_for is None), "no place here locks"
        self.wanted = restorable(scan(source.parent))
        self.password = work / "password"
        self.password.write_text(f"{PASSPHRASE}\n")

    def read(self, places, out: Path, capsys) -> str:
        """What the reader prints when it restores from these places, every byte as saved."""
        arguments = ["--password-file", str(self.password), "--vault-id", self.vault.id]
        code = reader.main([*arguments, "--out", str(out), *map(str, places)])
        printed = capsys.readouterr()
        assert code == 0, printed.err
        (top,) = out.iterdir()
        assert not differences(self.wanted, restorable(scan(top)))
        return printed.out


@pytest.mark.parametrize(
    ("k", "n", "suite"),
    [(1, 1, 1), (1, 3, 2), (2, 3, 1), (2, 4, 2), (3, 4, 1), (3, 7, 2), (5, 6, 1), (10, 12, 2)],
)
def test_every_k_subset_restores_what_the_library_saved(k, n, suite, tmp_path, capsys, rng):
    source = tmp_path / "source" / "tree"
    small_tree(source, rng)
    saved = Saved(tmp_path, source, k=k, n=n, suite=suite)
    assert any(fields[LINK] != "-" for fields in saved.wanted.values())
    subsets = list(itertools.combinations(saved.places, k))
    if len(subsets) > SUBSETS_MAX:
        subsets = rng.sample(subsets, SUBSETS_MAX)
    for number, subset in enumerate(subsets):
        report = saved.read(subset, tmp_path / f"out{number}", capsys)
        assert "found bad: 0 shards, 0 other objects" in report


def test_a_date_that_locks_were_asked_for_is_passed_over(tmp_path, capsys, rng):
    source = tmp_path / "source" / "tree"
    small_tree(source, rng)
    saved = Saved(tmp_path, source, k=2, n=3, suite=1, lock_for=timedelta(days=1))
    (asked,) = saved.vault.verify(depth="exists").locks.snapshots
    assert (asked.snapshot, asked.until) == (saved.report.snapshot, saved.report.locks.until)
    assert "found bad: 0" in saved.read(saved.places[1:], tmp_path / "out", capsys)


def test_long_files_many_files_and_long_attributes(tmp_path, capsys, rng):
    source = tmp_path / "source" / "tree"
    (source / "many").mkdir(parents=True)
    with open(source / "long", "wb") as file:
        for _ in range(66):
            file.write(rng.randbytes(MEBIBYTE // 2) + b"\0" * (MEBIBYTE // 2))
    for number in range(2000):
        (source / "many" / f"{number:04} {'n' * (number % 200)}").write_bytes(
            rng.randbytes(number % 300)
        )
    attribute = None
    for size in (20_000, 3_000):  # few file systems take the first
        try:
            os.setxattr(source / "many", "user.long", rng.randbytes(size))
        except OSError:
            continue
        attribute = size
        break
    saved = Saved(tmp_path, source, k=2, n=3, suite=1)
    assert len(saved.wanted) == 2003
    if attribute:
        assert saved.wanted[b"tree/many"][XATTRS] != "-"
    print(f"longest attribute: {attribute} bytes")
    for number, subset in enumerate(itertools.combinations(saved.places, 2)):
        saved.read(subset, tmp_path / f"out{number}", capsys)


def shards(place: Path) -> list[Path]:
    return sorted(path for path in (place / "d").rglob("*") if path.is_file())


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)


def damage(flipped: Path, otherwise: Path, rng: random.Random) -> None:
    """A flipped byte in every block of one place, and each shard of the other in its own way."""
    for path in shards(flipped):
        for block in range((path.stat().st_size - HEADER) // BLOCK_STRIDE):
            flip(path, HEADER + block * BLOCK_STRIDE + rng.randrange(65536))
    for number, path in enumerate(shards(otherwise)):
        match number % 4:
            case 0:
                path.write_bytes(path.read_bytes()[:-1])
            case 1:
                path.write_bytes(bytes(path.stat().st_size))
            case 2:
                flip(path, rng.randrange(HEADER))
            case _:
                path.unlink()


def test_damaged_shards_are_worked_around_and_counted(tmp_path, capsys, rng):
    """Two of four providers damaged in every pack, each in its own way; k = 2.

    Where a pack's data shards lie is chance, and damage beside them is not met: each place in turn
    is the one whose every block is flipped, so that one round at least meets it.
    """
    source = tmp_path / "source" / "tree"
    small_tree(source, rng)
    saved = Saved(tmp_path, source, k=2, n=4, suite=1)
    assert len({len(shards(place)) for place in saved.places}) == 1
    reports = []
    for turn in range(4):
        work = tmp_path / f"turn{turn}"
        places = [shutil.copytree(place, work / place.name) for place in saved.places]
        damage(places[turn], places[(turn + 1) % 4], rng)
        reports.append(saved.read(places, work / "out", capsys))
    assert any("found bad: 0 shards" not in report for report in reports)


def test_the_library_and_the_reader_restore_alike(tmp_path, capsys, rng):
    source = tmp_path / "source" / "tree"
    small_tree(source, rng)
    saved = Saved(tmp_path, source, k=2, n=3, suite=2)
    absent = [saved.places[2].name]
    back = saved.vault.restore(saved.report.snapshot, tmp_path / "library", absent=absent)
    assert back.complete
    assert not differences(saved.wanted, restorable(scan(tmp_path / "library")))
    saved.read(saved.places[:2], tmp_path / "out", capsys)


def test_backups_of_two_hosts_that_registered_apart(tmp_path, capsys, rng):
    """Each host is a writer of its own, so the policy has two versions: both logs are read."""
    source = tmp_path / "source" / "tree"
    small_tree(source, rng)
    saved = Saved(tmp_path, source, k=2, n=3, suite=1)
    where = {place.name: place.as_uri() for place in saved.places}
    other = tmp_path / "other"
    with fenchi.open(where, passphrase=PASSPHRASE, state_directory=other) as second:
        assert second.backup(source, label="second").complete
    arguments = ["--password-file", str(saved.password), "--vault-id", saved.vault.id, "--list"]
    assert reader.main([*arguments, *map(str, saved.places[1:])]) == 0
    listed = capsys.readouterr().out
    assert "differential" in listed
    assert "second" in listed
