"""The independent reader on whole vaults, which a second writer of FORMAT.md makes."""

from __future__ import annotations

import itertools
import os
import random
import struct
from pathlib import Path

import pytest
from reader_writer import (
    Ed25519PrivateKey,
    Writer,
    assert_same,
    cbor,
    entry,
    public_bytes,
    reader,
    restore,
    sha,
    small_vault,
)

SEED = 20260711


@pytest.fixture
def rng(request):
    print(f"seed {SEED}, {request.node.name}")
    return random.Random(f"{SEED} {request.node.name}")


def shards(root):
    return sorted(path for path in (root / "d").rglob("*.0") if path.is_file())


def flip(path, offset, bit=0):
    data = bytearray(path.read_bytes())
    data[offset] ^= 1 << bit
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("k", "n", "suite", "form"),
    [(1, 1, 1, 1), (2, 3, 1, 2), (2, 4, 2, 1), (3, 5, 2, 2), (5, 6, 1, 1)],
)
def test_every_k_subset_of_providers_restores_everything(k, n, suite, form, tmp_path, rng, capsys):
    w, contents = small_vault(tmp_path / "vault", rng, k=k, n=n, suite=suite, form=form)
    for number, present in enumerate(itertools.combinations(range(n), k)):
        absent = set(range(n)) - set(present)
        place = tmp_path / str(number)
        place.mkdir()
        code, top, out, err = restore(w, place, capsys, absent=absent)
        assert code == 0, err
        assert "bad:" not in err
        assert_same(top, contents)
        assert "found bad: 0 shards" in out


def test_attributes_links_and_holes_come_back(tmp_path, rng, capsys):
    w, _ = small_vault(tmp_path, rng, k=2, n=3)
    code, top, out, err = restore(w, tmp_path, capsys)
    assert code == 0, err
    data = top / "data"
    assert (data / "link").is_symlink()
    assert (data / "link").readlink() == Path("../../outside")
    assert (data / "twin1").samefile(data / "twin2")
    assert (data / "fifo").is_fifo()
    assert data.stat().st_mtime_ns == -5 * 10**9 + 7000
    assert (data / "one").stat().st_mtime_ns == 1_600_000_000_123_456_700
    assert (data / "setuid").stat().st_mode & 0o7777 == 0o755
    assert (data / "sub").stat().st_mode & 0o7777 == 0o500
    assert data.stat().st_mode & 0o7777 == 0o750
    holes = (data / "holes").stat()
    assert holes.st_blocks * 512 < holes.st_size
    assert "9 files" in out
    assert w.vault.hex() in out


def test_a_flipped_block_and_a_lost_provider_are_survived_and_named(tmp_path, rng, capsys):
    w, contents = small_vault(tmp_path, rng, k=2, n=4)
    for path in shards(w.roots[1]):
        flip(path, 4096 + 65552 * rng.randrange(6) + rng.randrange(65536), rng.randrange(8))
    code, top, out, err = restore(w, tmp_path, capsys, absent={3})
    assert code == 0, err
    assert_same(top, contents)
    assert f"bad: {w.roots[1]}" in err
    assert "its tag is wrong" in err or "does not decrypt" in err
    assert "found bad: 0 shards" not in out
    for p in (0, 2):
        assert f"bad: {w.roots[p]}" not in err


@pytest.mark.parametrize("how", ["header", "cut", "longer", "swapped", "empty", "gone"])
def test_one_damaged_shard_of_each_pack_is_survived(how, tmp_path, rng, capsys):
    w, contents = small_vault(tmp_path, rng, k=2, n=3)
    paths = shards(w.roots[0])
    first = paths[0].read_bytes()
    for path, following in zip(paths, [*paths[1:], None], strict=True):
        data = path.read_bytes()
        if how == "header":
            flip(path, rng.randrange(4096), rng.randrange(8))
        elif how == "swapped":
            path.write_bytes(following.read_bytes() if following else first)
        elif how == "gone":
            path.unlink()
        else:
            path.write_bytes({"cut": data[:70_000], "longer": data + b"x", "empty": b""}[how])
    code, top, out, err = restore(w, tmp_path, capsys)
    assert code == 0, err
    assert_same(top, contents)
    if how in ("header", "swapped", "empty"):
        assert err.count(f"bad: {w.roots[0]}") == len(paths)


def test_lying_shards_with_right_tags_are_found_by_other_subsets(tmp_path, rng, capsys):
    """Who holds the verify key can forge tags: then only the segments' own tags tell."""
    w, contents = small_vault(tmp_path, rng, k=2, n=5, liars=(0, 2))
    code, top, _, err = restore(w, tmp_path, capsys)
    assert code == 0, err
    assert_same(top, contents)
    assert "does not decrypt" in err
    assert "verify key was misused" in err
    assert not any("its tag is wrong" in line for line in err.splitlines())


def test_a_repaired_generation_is_used_where_the_first_is_bad(tmp_path, rng, capsys):
    w, contents = small_vault(tmp_path, rng, k=2, n=2)
    for path in shards(w.roots[0]):
        path.with_suffix(".3").write_bytes(path.read_bytes())
        flip(path, 5000)
    code, top, _, err = restore(w, tmp_path, capsys)
    assert code == 0, err
    assert_same(top, contents)


def test_what_is_lost_is_named_and_the_rest_restored(tmp_path, rng, capsys):
    w, contents = small_vault(tmp_path, rng, k=2, n=3)
    for p in (0, 1):
        label = b"shard\0" + w.ids[p] + w.first_pack + bytes([w.k])
        name = w.name(label, "d/").split("/")[1]
        (path,) = w.roots[p].rglob(name)
        for b in range(6):
            flip(path, 4096 + 65552 * b + 9)
    code, top, out, err = restore(w, tmp_path, capsys)
    assert code == 21
    assert "lost: " in err
    assert "data/big.bin" in err
    assert (top / "data/holes").read_bytes() == contents[b"data/holes"]
    assert (top / "data/empty").read_bytes() == b""
    assert (top / "data/big.bin").stat().st_size == len(contents[b"data/big.bin"])
    assert "lost: 0 paths" not in out


def test_every_flipped_bit_of_small_objects_at_one_provider_changes_nothing(tmp_path, rng, capsys):
    w, contents = small_vault(tmp_path, rng, k=2, n=3)
    objects = [p for part in "kr" for p in sorted((w.roots[2] / part).rglob("*.0"))]
    assert len(objects) >= 7
    for number, path in enumerate(objects):
        good = path.read_bytes()
        flip(path, rng.randrange(len(good)), rng.randrange(8))
        place = tmp_path / f"out{number}"
        place.mkdir()
        code, top, _, err = restore(w, place, capsys, options=["--snapshot", "latest"])
        assert code == 0, (path, err)
        assert_same(top, contents)
        assert path.name == "genesis.0" or f"bad: {w.roots[2]}" in err, path
        path.write_bytes(good)


def test_a_wrong_password_ends_with_12(tmp_path, rng, capsys):
    w, _ = small_vault(tmp_path, rng, k=2, n=3)
    code, top, _, err = restore(w, tmp_path, capsys, password=b"Correct horse")
    assert code == 12, err
    assert not top.exists()


def test_passwords_are_brought_to_nfc(tmp_path, rng, capsys):
    w, _ = small_vault(tmp_path, rng, k=1, n=1, password="caf\u00e9".encode())
    assert restore(w, tmp_path, capsys, password="cafe\u0301".encode())[0] == 0


def test_fewer_than_k_providers_end_with_22(tmp_path, rng, capsys):
    w, _ = small_vault(tmp_path, rng, k=2, n=3)
    assert restore(w, tmp_path, capsys, absent={0, 1})[0] == 22
    for p in range(3):
        w.roots[p].rename(tmp_path / f"away{p}")
    assert restore(w, tmp_path, capsys)[0] == 22


def test_the_vault_id_is_checked_and_its_absence_warned_of(tmp_path, rng, capsys):
    w, contents = small_vault(tmp_path, rng, k=1, n=2)
    code, top, _, err = restore(w, tmp_path, capsys, with_id=False)
    assert code == 0
    assert "taken on trust" in err
    assert_same(top, contents)
    w.vault = sha(w.vault)
    assert restore(w, tmp_path, capsys)[0] == 1


def test_usage_errors_end_with_1(tmp_path, capsys):
    assert reader.main([]) == 1
    (tmp_path / "password").write_bytes(b"x")
    arguments = ["--password-file", str(tmp_path / "password"), "--out", str(tmp_path / "out")]
    assert reader.main([*arguments, str(tmp_path)]) == 1
    assert "not a vault" in capsys.readouterr().err


def test_a_policy_that_others_signed_is_not_followed(tmp_path, rng, capsys):
    w, contents = small_vault(tmp_path, rng, k=2, n=3)
    before = sha(cbor(w.policy))
    planted = {**w.policy, 3: 2, 4: before, 6: 1}
    w.put(0, "k/policy-00000002.0", w.signed_policy(planted, w.signer))
    code, top, _, err = restore(w, tmp_path, capsys)
    assert code == 0, err
    assert_same(top, contents)
    assert "policy-00000002.0" in err


def test_a_signed_second_policy_is_followed(tmp_path, rng, capsys):
    w, contents = small_vault(tmp_path, rng, k=2, n=3)
    w.put(
        2, "k/policy-00000002.0", w.signed_policy({**w.policy, 3: 2, 4: sha(cbor(w.policy)), 6: 3})
    )
    code, top, out, err = restore(w, tmp_path, capsys)
    assert code == 0, err
    assert_same(top, contents)
    assert "policy 2" in out


def test_only_sealed_snapshots_exist_and_void_and_forget_end_them(tmp_path, rng, capsys):
    w, _ = small_vault(tmp_path, rng, k=1, n=1)
    unsealed, voided, forgotten, kept = (
        w.snapshot([0, []], x) for x in ("un", "void", "forg", "kept")
    )
    w.commit([unsealed], seal=False)
    seq, digest = w.commit([voided], seal=False)
    w.record(3, {1: [w.writer, seq, digest], 2: []})
    w.record(2, {1: seq, 2: digest})
    w.commit([forgotten])
    w.commit([kept])
    for key, ident in ((w.admin, sha(forgotten)), (w.signer, sha(kept))):
        message = b"fenchi/1/approval\0" + w.vault + b"\4" + sha(cbor({1: [ident]}))
        w.record(4, {1: [ident], 2: [[public_bytes(key), key.sign(message)]]})
    code, _, out, err = restore(w, tmp_path, capsys, options=["--list"])
    assert code == 0, err
    listed = {line.split()[0] for line in out.splitlines()}
    assert listed == {sha(w.object).hex(), sha(kept).hex()}


def test_a_sealed_commit_that_is_gone_is_reported(tmp_path, rng, capsys):
    w, contents = small_vault(tmp_path, rng, k=1, n=1)
    w.commit([w.snapshot([0, []], "second")])
    label = b"record\0" + w.ids[0] + w.writer + struct.pack(">Q", 3)
    (w.roots[0] / w.name(label, "r/")).unlink()
    code, top, _, err = restore(w, tmp_path, capsys)
    assert code == 21
    assert "COMMIT 3" in err
    assert_same(top, contents)


def test_two_records_in_one_place_are_told(tmp_path, rng, capsys):
    w, _ = small_vault(tmp_path, rng, k=1, n=2)
    state = w.seq, w.previous
    w.commit([w.snapshot([0, []], "one")])
    w.seq, w.previous = state
    w.roots.reverse()
    w.ids.reverse()
    w.n = 1  # the fork is shown to one provider only
    w.commit([w.snapshot([0, []], "two")])
    _, _, _, err = restore(w, tmp_path, capsys)
    assert "forks the log" in err


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_nothing_is_written_through_a_link(kind, tmp_path, rng, capsys):
    w = Writer(tmp_path, rng, k=1, n=1)
    outside = tmp_path / "outside"
    outside.mkdir()
    link = entry(b"a", 3, target=os.fsencode(outside))
    below = entry(b"a/b", kind, size=0, target=b"x")
    w.object = w.snapshot([0, [link, below, entry(b"c", 1, size=0)]])
    w.commit([w.object])
    code, top, _, err = restore(w, tmp_path, capsys)
    assert code == 1
    assert "not written: a/b" in err
    assert not list(outside.iterdir())
    assert (top / "c").exists()


def test_an_existing_target_is_left_alone(tmp_path, rng, capsys):
    w, _ = small_vault(tmp_path, rng, k=1, n=1)
    assert restore(w, tmp_path, capsys)[0] == 0
    code, _, _, err = restore(w, tmp_path, capsys)
    assert code == 1
    assert "exists" in err


def test_a_deep_path_and_a_directory_whose_entry_is_lost(tmp_path, rng, capsys):
    w = Writer(tmp_path, rng, k=1, n=1)
    deep = [b"/".join([b"d" * 200] * i) for i in range(1, 31)]
    entries = [entry(path, 2) for path in deep] + [entry(deep[-1] + b"/f", 1, size=0)]
    entries.append(entry(b"orphan/f", 1, size=0))
    w.object = w.snapshot([1, [[w.pack([cbor([1, 0, entries])], 2)[0], 32, b"orphan/f"]]])
    w.commit([w.object])
    home = Path.cwd()
    code, top, _, err = restore(w, tmp_path, capsys)
    assert code == 0, err
    assert Path.cwd() == home
    assert (top / "orphan/f").exists()
    assert "made without its attributes" in err
    try:
        os.chdir(top)
        for _ in range(30):
            os.chdir("d" * 200)
        assert Path("f").exists()
    finally:
        os.chdir(home)


def test_of_two_policies_the_one_that_goes_on_is_followed(tmp_path, rng, capsys):
    """Two admins met: the loser's version stays in the first generation at one provider."""
    w, contents = small_vault(tmp_path, rng, k=2, n=3)
    lone = rng.randbytes(16)
    base = {**w.policy, 3: 2, 4: sha(cbor(w.policy))}
    loser = {**base, 5: [1, 0], 18: []}
    winner = {**base, 5: [2, 0]}
    newer = {**winner, 3: 3, 4: sha(cbor(winner)), 18: [*base[18], [lone, bytes(32), 1, 2]]}
    w.put(0, "k/policy-00000002.0", w.signed_policy(loser))
    w.put(0, "k/policy-00000002.1", w.signed_policy(winner))
    w.put(1, "k/policy-00000002.0", w.signed_policy(winner))
    policies = reader.Vault(list(map(str, w.roots)), w.vault)
    assert policies.policy[0] == sha(cbor(winner))  # two providers hold it
    assert policies.chain[-1][18] == winner[18]
    w.put(2, "k/policy-00000003.0", w.signed_policy(newer))
    code, top, out, err = restore(w, tmp_path, capsys)
    assert code == 0, err
    assert "bad:" not in err
    assert "policy 3" in out
    assert_same(top, contents)


def test_a_policy_of_a_later_format_ends_the_reading(tmp_path, rng, capsys):
    w, _ = small_vault(tmp_path, rng, k=1, n=1)
    w.put(0, "k/policy-00000002.0", w.signed_policy({1: 2, 2: w.vault, 3: 2}))
    code, top, _, err = restore(w, tmp_path, capsys)
    assert code == 1
    assert "later format" in err
    assert not top.exists()


def test_a_long_gap_in_a_log_hides_no_snapshot_behind_it(tmp_path, rng, capsys):
    w, _ = small_vault(tmp_path, rng, k=1, n=1)
    w.seq += 3000  # the providers at hand were away
    beyond = w.snapshot([0, []], "beyond")
    w.commit([beyond])
    code, _, out, err = restore(w, tmp_path, capsys, options=["--list"])
    assert code == 0, err
    assert sha(beyond).hex() in out


def test_admins_of_any_policy_approve_and_nobody_else(tmp_path, rng, capsys):
    w, _ = small_vault(tmp_path, rng, k=1, n=1)
    new = {**w.policy, 3: 2, 4: sha(cbor(w.policy)), 19: [1, [public_bytes(w.signer)]]}
    w.put(0, "k/policy-00000002.0", w.signed_policy(new))
    kept, first, second = (w.snapshot([0, []], x) for x in ("kept", "first", "second"))
    w.commit([kept])
    w.commit([first])
    w.commit([second])
    stranger = Ed25519PrivateKey.from_private_bytes(rng.randbytes(32))
    for snapshot, key in ((first, w.admin), (second, w.signer), (kept, stranger)):
        message = b"fenchi/1/approval\0" + w.vault + b"\4" + sha(cbor({1: [sha(snapshot)]}))
        w.record(4, {1: [sha(snapshot)], 2: [[public_bytes(key), key.sign(message)]]})
    code, _, out, err = restore(w, tmp_path, capsys, options=["--list"])
    assert code == 0, err
    listed = {line.split()[0] for line in out.splitlines()}
    assert listed == {sha(w.object).hex(), sha(kept).hex()}


@pytest.mark.parametrize(("rights", "listed"), [([2], False), ([2, 4, 6], False), ([1, 2], True)])
def test_snapshots_count_of_writers_that_ever_had_the_right(rights, listed, tmp_path, rng, capsys):
    """The last policy does not list the writer at all."""
    w = Writer(tmp_path, rng, k=1, n=1)
    policy = {**w.policy, 18: [[*w.policy[18][0][:2], rights[0], 1]]}
    w.put(0, "k/policy-00000001.0", w.signed_policy(policy))
    for version, right in enumerate([*rights[1:], None], 2):
        writers = [[*w.policy[18][0][:2], right, 2]] if right else []
        policy = {**policy, 3: version, 4: sha(cbor(policy)), 18: writers}
        w.put(0, f"k/policy-{version:08}.0", w.signed_policy(policy))
    w.object = w.snapshot([0, []])
    w.commit([w.object])
    code, _, out, err = restore(w, tmp_path, capsys, options=["--list"])
    assert code == 0, err
    assert (sha(w.object).hex() in out) == listed


def test_links_at_a_provider_are_not_followed(tmp_path, rng, capsys):
    w, contents = small_vault(tmp_path, rng, k=1, n=2)
    away = tmp_path / "away"
    away.mkdir()
    for number, path in enumerate(shards(w.roots[0])):
        path.rename(away / str(number))
        path.symlink_to(away / str(number))
    (w.roots[0] / "r").rename(away / "r")
    (w.roots[0] / "r").symlink_to(away / "r")
    code, top, out, err = restore(w, tmp_path, capsys)
    assert code == 0, err
    assert_same(top, contents)
    code, _, out, err = restore(w, away, capsys, absent={1})
    assert "restored: 0 snapshots" in out
