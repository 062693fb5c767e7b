"""The independent reader on snapshots that no honest writer makes, by one who holds every key."""

from __future__ import annotations

import os
import random

import pytest
from reader_writer import Writer, entry, restore, sha

SEED = 20261122


@pytest.fixture
def rng(request):
    print(f"seed {SEED}, {request.node.name}")
    return random.Random(f"{SEED} {request.node.name}")


def planted(tmp_path, rng, capsys, entries):
    """(exit code, top folder, stderr) of a vault with `good` and these entries; nothing appears
    beside the top folder."""
    w = Writer(tmp_path / "vault", rng, k=1, n=1)
    w.object = w.snapshot([0, sorted([entry(b"good", 1, size=0), *entries(w)], key=path_of)])
    w.commit([w.object])
    (tmp_path / "inner").mkdir()
    (tmp_path / "outside").mkdir()
    before = sorted(tmp_path.rglob("*"))
    code, top, _, err = restore(w, tmp_path / "inner", capsys)
    after = [p for p in tmp_path.rglob("*") if tmp_path / "inner" not in p.parents]
    assert sorted(after) == before
    assert (top / "good").exists()
    assert {p.name for p in (tmp_path / "inner").iterdir()} == {"out", "password"}
    assert [p.name for p in (tmp_path / "inner/out").iterdir()] == [top.name]
    return code, top, err


def path_of(item):
    return item[1].split(b"/")


@pytest.mark.parametrize(
    "path",
    [b"../evil", b"hex/../../evil", b"/evil", b"//evil", b".", b"..", b"x/./evil", b"x\0y", b""],
)
def test_planted_paths_that_leave_the_target_are_refused(path, tmp_path, rng, capsys):
    code, top, err = planted(tmp_path, rng, capsys, lambda w: [entry(path, 1, size=0)])
    assert code == 21
    assert "the format forbids" in err
    assert {p.name for p in top.iterdir()} <= {"good"}


def test_planted_links_are_made_and_never_followed(tmp_path, rng, capsys):
    outside = os.fsencode(tmp_path / "outside")

    def entries(w):
        (reference,) = w.pack([b"content"], 1)
        evil = {"size": 7, "content": [0, [[0, reference]]]}
        return [
            entry(b"link", 3, target=outside, inode=[1, 2]),
            entry(b"link/below", 1, **evil),
            entry(b"link/folder", 2),
            entry(b"up", 3, target=b"../.."),
            entry(b"up/evil", 3, target=b"x"),
            entry(b"x", 1, inode=[1, 2], **evil),
            entry(b"y", 3, target=outside + b"/new"),
            entry(b"y", 1, **evil),
            entry(b"z", 1, inode=[1, 2], **evil),
        ]

    code, top, err = planted(tmp_path, rng, capsys, entries)
    assert code == 21  # "y" stands there twice: not in order
    for path in ("link/below", "link/folder", "up/evil"):
        assert f"not written: {path}" in err
    assert (top / "x").read_bytes() == b"content"
    assert (top / "x").samefile(top / "z")
    assert not (top / "x").is_symlink()


def test_entries_of_one_number_are_one_file_only_where_they_agree_in_the_rest(
    tmp_path, rng, capsys
):
    def entries(w):
        (reference,) = w.pack([b"content"], 1)
        full = {"size": 7, "content": [0, [[0, reference]]], "inode": [1, 2]}
        return [
            entry(b"a", 1, **full),
            entry(b"b", 1, **full),
            entry(b"hole", 1, size=7, inode=[1, 2]),
            {**entry(b"mode", 1, **full), 3: 0o600},
            entry(b"size", 1, **{**full, "size": 9}),
            {**entry(b"time", 1, **full), 8: [7, 8]},
        ]

    code, top, _ = planted(tmp_path, rng, capsys, entries)
    assert code == 0
    assert (top / "a").samefile(top / "b")
    files = {(top / name).stat().st_ino for name in ("a", "hole", "mode", "size", "time")}
    assert len(files) == 5
    assert (top / "hole").read_bytes() == bytes(7)
    assert (top / "size").read_bytes() == b"content\0\0"


def test_planted_references_and_sizes_lose_their_file_only(tmp_path, rng, capsys):
    def entries(w):
        (good,) = w.pack([b"content"], 1)
        ident, run, size, [[pack, offset, stored]] = good
        bad = {
            b"beyond": [ident, run, size, [[pack, 12 * 65520 - 1, stored]]],
            b"far": [ident, run, size, [[pack, 1 << 63, stored]]],
            b"nowhere": [ident, run, size, [[sha(pack), offset, stored]]],
            b"wrong id": [sha(ident), run, size, [[pack, offset, stored]]],
            b"shifted": [ident, run, size, [[pack, offset + 1, stored]]],
            b"no pieces": [ident, run, size, []],
            b"other run": [ident, sha(run)[:16], size, [[pack, offset, stored]]],
        }
        made = [entry(p, 1, size=7, content=[0, [[0, r]]]) for p, r in bad.items()]
        made.append(entry(b"longer than its size", 1, size=3, content=[0, [[0, good]]]))
        made.append(entry(b"level 9", 1, size=7, content=[9, [[good, 1, 7]]]))
        return [*made, entry(b"huge", 1, size=(1 << 63) - 1), entry(b"fine", 1, size=0)]

    code, top, err = planted(tmp_path, rng, capsys, entries)
    assert code == 21
    for path in ("beyond", "far", "nowhere", "wrong id", "shifted", "no pieces", "other run"):
        assert f"{top}/{path}: " in err, path
    assert f"{top}/longer than its size: " in err
    assert f"{top}/level 9: " in err
    assert (top / "fine").exists()


@pytest.mark.parametrize(("key", "value"), [(2, 300), (2, 3), (3, 1 << 32), (10, 256), (11, 0)])
def test_planted_headers_with_impossible_numbers_lose_their_pack_only(
    key, value, tmp_path, rng, capsys
):
    def entries(w):
        w.header_changes = {key: value}
        (bad,) = w.pack([b"content"], 1)
        w.header_changes = {}
        (good,) = w.pack([b"content"], 1)
        return [
            entry(b"bad", 1, size=7, content=[0, [[0, bad]]]),
            entry(b"fine", 1, size=7, content=[0, [[0, good]]]),
        ]

    code, top, err = planted(tmp_path, rng, capsys, entries)
    assert code == 21
    assert "impossible number" in err or "does not belong" in err
    assert (top / "fine").read_bytes() == b"content"
