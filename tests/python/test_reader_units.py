"""Parts of the independent reader, without a vault."""

from __future__ import annotations

import itertools
import random

import pytest
from reader_writer import (
    Writer,
    and_node,
    be32,
    cbor,
    entry,
    lp,
    or_node,
    passphrase_node,
    reader,
    sha,
    slow_mul,
    slow_parity,
    slow_pow,
    split_key,
)

zstandard = pytest.importorskip("zstandard", reason="zstandard is not installed")

SEED = 20260711


@pytest.fixture
def rng(request):
    print(f"seed {SEED}, {request.node.name}")
    return random.Random(f"{SEED} {request.node.name}")


@pytest.mark.parametrize(
    "value",
    [0, 23, 24, 255, 256, 65535, 65536, 2**32, 2**64 - 1, -1, -25, -(2**63), b"", b"x" * 300,
     "分持", [], [[[]]], {0: 1, 23: b"", 24: [True, False], 1000: "x"}],
)  # fmt: skip
def test_cbor_in_its_deterministic_form_is_read(value):
    assert reader.cbor_decode(cbor(value)) == value


@pytest.mark.parametrize(
    "text",
    ["", "1817", "190017", "1a0000ffff", "1b00000000ffffffff", "5801ff", "0000", "f6", "f7", "f818",
     "f97e00", "f814", "c000", "9fff", "5f4100ff", "bf0000ff", "1c", "ff", "61ff", "62c080", "4201",
     "8101ff", "82", "a20000", "a201000000", "a200010002", "a1200000", "a1410000", "a1617800",
     "a2180100" "0000", "3bffffffffffffffff", "3b8000000000000000", "5bffffffffffffffff",
     "9bffffffffffffffff", "bbffffffffffffffff", "81" * 17 + "00", "fb3ff0000000000000"],
)  # fmt: skip
def test_cbor_in_any_other_form_is_refused(text):
    with pytest.raises(reader.Bad):
        reader.cbor_decode(bytes.fromhex(text))


def test_cbor_of_random_bytes_is_refused_or_encodes_to_the_same_bytes(rng):
    read = 0
    for _ in range(20_000):
        data = rng.randbytes(rng.randrange(1, 9))
        try:
            value = reader.cbor_decode(data)
        except reader.Bad:
            continue
        read += 1
        assert cbor(value) == data
    assert read > 100


def test_maps_refuse_unknown_keys_below_64_and_ignore_others():
    assert reader.check_map({1: 5, 64: b"later"}, "x", {1: int}, {})[1] == 5
    for value in ({1: 5, 63: 0}, {}, {1: -1}, {1: True}, {1: b""}, []):
        with pytest.raises(reader.Bad):
            reader.check_map(value, "x", {1: int}, {})


def test_field_arithmetic_agrees_with_long_multiplication():
    for table, polynomial in ((reader.CODE, 0x11D), (reader.SHARING, 0x11B)):
        for a, b in itertools.product(range(256), repeat=2):
            assert table[a][b] == slow_mul(a, b, polynomial)
    assert reader.POWERS[:255] == [slow_pow(2, i, 0x11D) for i in range(255)]


def test_parity_rows_follow_the_matrix():
    for k in (1, 2, 5, 40):
        for i in range(9):
            assert reader.shard_row(k, k + i) == [slow_parity(i, j) for j in range(k)]
    assert reader.shard_row(3, 1) == [0, 1, 0]


@pytest.mark.parametrize(("k", "n"), [(1, 3), (2, 3), (2, 5), (3, 5), (4, 7), (10, 14)])
def test_every_shard_comes_from_any_k_others(k, n, rng):
    data = [rng.randbytes(64) for _ in range(k)]
    every = [bytes(_dot(reader.shard_row(k, i), [d[b] for d in data]) for b in range(64))
             for i in range(n)]  # fmt: skip
    subsets = list(itertools.combinations(range(n), k))
    for have in rng.sample(subsets, min(40, len(subsets))):
        for want in range(n):
            factors = reader.combination(k, have, want)
            assert reader.combine([every[i] for i in have], factors, 64) == every[want]


def _dot(row, column):
    out = 0
    for a, b in zip(row, column, strict=True):
        out ^= slow_mul(a, b, 0x11D)
    return out


@pytest.mark.parametrize("suite", [1, 2])
def test_sealed_boxes_open_and_any_flipped_bit_is_refused(suite, tmp_path, rng):
    w = Writer(tmp_path, rng, k=1, n=1, suite=suite)
    key = rng.randbytes(32)
    box = w.seal(key, 3, b"place", b"hello", pad=10)
    assert len(box) == 1024
    assert reader.open_box(w.vault, key, 3, b"place", box, 10) == b"hello"
    plain = w.seal(key, 3, b"place", b"hello")
    for bit in range(8 * len(plain)):
        bad = bytearray(plain)
        bad[bit // 8] ^= 1 << bit % 8
        with pytest.raises(reader.Bad):
            reader.open_box(w.vault, key, 3, b"place", bytes(bad))
    for wrong in (
        (w.vault, key, 4, b"place"),
        (w.vault, key, 3, b"plac"),
        (sha(key), key, 3, b"place"),
    ):
        with pytest.raises(reader.Bad):
            reader.open_box(*wrong, plain)
    sealed = w.seal_to(w.verify_key, 9, b"place", b"tag key")
    secret = w.verify_key.private_bytes_raw()
    assert reader.unseal(w.vault, secret, 9, b"place", sealed) == b"tag key"
    with pytest.raises(reader.Bad):
        reader.unseal(w.vault, secret, 9, b"place", bytes(32) + sealed[32:])  # a weak point


@pytest.mark.parametrize(
    "plain",
    [b"", be32(1), bytes(939), be32(1) + b"x" + bytes(934) + b"\1", be32(937) + bytes(936),
     be32(2**32 - 1) + bytes(936), bytes(941)],
)  # fmt: skip
def test_wrong_padding_is_refused(plain, tmp_path, rng):
    w = Writer(tmp_path, rng, k=1, n=1)
    key = rng.randbytes(32)
    for good in (bytes(940), be32(1) + b"x" + bytes(935), be32(936) + b"x" * 936):
        opened = reader.open_box(w.vault, key, 3, b"", w.seal(key, 3, b"", good), 10)
        assert opened == good[4:].rstrip(b"\0")
    box = w.seal(key, 3, b"", plain)
    with pytest.raises(reader.Bad):
        reader.open_box(w.vault, key, 3, b"", box, 10)


def test_a_box_padded_more_than_needed_is_refused(tmp_path, rng):
    w = Writer(tmp_path, rng, k=1, n=1)
    key = rng.randbytes(32)
    box = w.seal(key, 3, b"", lp(b"x") + bytes(2048 - 84 - 5))
    with pytest.raises(reader.Bad):
        reader.open_box(w.vault, key, 3, b"", box, 10)


@pytest.mark.parametrize("m", [1, 2, 3, 7])
def test_any_threshold_of_shares_recovers_the_secret_and_fewer_do_not(m, rng):
    secret, context = rng.randbytes(32), rng.randbytes(84)
    indexes = rng.sample(range(1, 256), m + 2)
    shares = [reader.Share(x) for x in split_key(secret, rng.randbytes(32), m, context, indexes)]
    for subset in itertools.combinations(shares, m):
        assert reader.recover(list(subset)) == secret
    assert reader.recover(shares) == secret
    assert not reader.recover(shares[: m - 1])


def test_damaged_shares_are_refused(rng):
    (share,) = split_key(rng.randbytes(32), rng.randbytes(32), 1, b"context", [9])
    for at in range(len(share)):
        bad = bytearray(share)
        bad[at] ^= 1
        with pytest.raises(reader.Bad):
            reader.Share(bytes(bad))
    for cut in (share[:-1], share + b"\0", b""):
        with pytest.raises(reader.Bad):
            reader.Share(cut)


def test_stored_chunks_that_lie_about_their_size_are_refused():
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(50_000_000))
    frame = zstandard.ZstdCompressor().compress(b"x" * 1000)
    assert reader.expand_stored(b"\1" + frame, 1000) == b"x" * 1000
    assert reader.expand_stored(b"\0abc", 3) == b"abc"
    unsized = zstandard.ZstdCompressor(write_content_size=False).compress(b"x" * 1000)
    for stored, size in (
        (b"\1" + bomb, 1000), (b"\1" + frame, 999), (b"\1" + frame + b"\0", 1000), (b"\0abc", 2),
        (b"\1" + frame[:-1], 1000), (b"\2abc", 3), (b"\1" + frame + frame, 1000),
        (b"\1" + unsized, 1000), (b"\1", 1000),
    ):  # fmt: skip
        with pytest.raises(reader.Bad):
            reader.expand_stored(stored, size)


@pytest.mark.parametrize(
    "path", [b"", b"/etc", b"a//b", b"a/", b".", b"..", b"a/../b", b"a/./b", b"a\0b", b"x" * 65536]
)
def test_names_that_could_leave_the_target_are_refused(path):
    with pytest.raises(reader.Bad):
        reader.check_entry(entry(path, 2))


def test_names_that_windows_cannot_hold_are_escaped(monkeypatch):
    assert reader.portable(b"a:b") == (b"a:b" if reader.RAW_NAMES else "a%3Ab")
    monkeypatch.setattr(reader, "RAW_NAMES", False)
    expected = {b"a:b": "a%3Ab", b"con.txt": "%63on.txt", b"x.": "x%2E", b"\xa4\xa4": "%A4%A4"}
    expected |= {"分持".encode(): "分持", b"5%": "5%25", b"a\nb": "a%0Ab", b"nul": "%6Eul"}
    for name, text in expected.items():
        assert reader.portable(name) == text


def test_names_are_shown_without_control_characters():
    assert reader.show(b"a\x1b[31m\n\xff") == "a\\x1b[31m\\n\\xff"


def test_and_and_or_nodes_at_every_path(tmp_path, rng):
    """Paths stand in AND keys and in the boxes of OR; three levels are the most."""

    def tree(w, bound, salt):
        leaf = passphrase_node(w, bound, salt)
        recipient = ({1: 2, 2: rng.randbytes(32), 3: rng.randbytes(148)}, rng.randbytes(32))
        token = ({1: 7, 2: rng.randbytes(65), 3: rng.randbytes(181)}, rng.randbytes(32))
        deep = and_node(bound, b"\1", [leaf, leaf])
        either = or_node(w, bound, b"\0", [recipient, token, leaf])
        return and_node(bound, b"", [either, deep])

    w = Writer(tmp_path, rng, k=1, n=1, make_node=tree)
    bound = w.vault + be32(1) + rng.randbytes(16) + sha(b"passphrase")
    vault = reader.Vault([str(w.roots[0])], w.vault)
    vault.unlock(w.password)
    assert vault.outer == w.outer
    with pytest.raises(SystemExit):
        reader.Vault([str(w.roots[0])], w.vault).unlock(b"another")
    leaf = passphrase_node(w, bound, bytes(16))
    for path in (b"", b"\0", b"\1", b"\7"):
        node, key = and_node(bound, path, [leaf, leaf])
        assert vault.child_key(node, path, bound, w.password) == key
        assert vault.child_key(node, path[1:] or b"\2", bound, w.password) != key
        node, key = or_node(w, bound, path, [leaf, leaf])
        assert vault.child_key(node, path, bound, w.password) == key
        assert vault.child_key(node, path[1:] or b"\2", bound, w.password) is None
    node, _ = and_node(bound, b"\0\0", [leaf, leaf])
    with pytest.raises(reader.Bad):
        vault.child_key(node, b"\0\0", bound, w.password)
    assert vault.child_key({1: 3, 2: 1, 3: 1, 4: b""}, b"", bound, w.password) is None
