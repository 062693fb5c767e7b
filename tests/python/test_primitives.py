"""fenchi.primitives against outside vectors, other implementations, and their own promises.

Others: `cryptography` and hashlib; the reader of tests/reader, whose arithmetic and boxes are
written from FORMAT.md alone; tests/unit/chunking/chunker_vectors.py, likewise.
"""

from __future__ import annotations

import array
import ast
import enum
import hashlib
import hmac
import importlib.util
import inspect
import itertools
import mmap
import pickle
import random
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import fenchi
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fenchi import SecretBytes, _core, primitives
from fenchi.primitives import Aead, Chunker, ChunkStream, ErasureCode, SealType, SegmentCipher
from hypothesis import given, settings
from hypothesis import strategies as st
from outside_vectors import wycheproof
from reader_writer import reader

ROOT = Path(__file__).resolve().parents[2]
OTHERS = {"aes256gcm": AESGCM, "chacha20poly1305": ChaCha20Poly1305}
SUITES = tuple(OTHERS)
KEY = bytes(range(32))
NONCE = bytes(range(12))
VAULT = hashlib.sha256(b"vault").digest()
LARGE = 100_000  # runs without the interpreter lock


def filled(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


# ---- AEAD ----


@pytest.mark.parametrize("suite", SUITES)
def test_aead_agrees_with_wycheproof(suite: str) -> None:
    name, wanted = {
        "aes256gcm": ("aes_gcm_test.json", 66),
        "chacha20poly1305": ("chacha20_poly1305_test.json", 316),
    }[suite]
    vectors = wycheproof(name, wanted, keySize=256, ivSize=96, tagSize=128)
    for vector in vectors:
        aead = Aead(vector.raw("key"), suite)
        sealed = vector.raw("ct") + vector.raw("tag")
        call = (vector.raw("iv"), sealed, vector.raw("aad"))
        if vector.valid:
            assert aead.decrypt(*call) == vector.raw("msg"), vector.name
            message = (vector.raw("iv"), vector.raw("msg"), vector.raw("aad"))
            assert aead.encrypt(*message) == sealed, vector.name
        else:
            with pytest.raises(fenchi.Damaged):
                aead.decrypt(*call)


@pytest.mark.parametrize("suite", SUITES)
@settings(max_examples=60, deadline=None)
@given(
    key=st.binary(min_size=32, max_size=32),
    nonce=st.binary(min_size=12, max_size=12),
    data=st.one_of(st.binary(max_size=300), st.integers(0, LARGE).map(filled)),
    aad=st.binary(max_size=100),
)
def test_aead_gives_the_bytes_of_cryptography(
    suite: str, key: bytes, nonce: bytes, data: bytes, aad: bytes
) -> None:
    expected = OTHERS[suite](key).encrypt(nonce, data, aad)
    aead = Aead(key, suite)
    assert aead.encrypt(nonce, data, aad) == expected
    assert aead.decrypt(nonce, expected, aad) == data
    tag = aead.tag(nonce, data)
    assert tag == OTHERS[suite](key).encrypt(nonce, b"", data)
    aead.check_tag(nonce, data, tag)


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("size", [0, 1, 1000, LARGE])
def test_into_variants_write_the_start_of_a_buffer_and_nothing_else(suite: str, size: int) -> None:
    aead = Aead(KEY, suite)
    data = filled(size)
    sealed = aead.encrypt(NONCE, data, b"aad")
    room = bytearray(b"\xee" * (size + 16 + 5))
    assert aead.encrypt_into(NONCE, data, room, b"aad") == size + 16
    assert room == sealed + b"\xee" * 5
    in_place = bytearray(sealed + b"\xee")
    assert aead.decrypt_into(NONCE, memoryview(in_place)[:-1], in_place, b"aad") == size
    assert in_place == data + sealed[size:] + b"\xee"
    short = bytearray(size + 15)
    with pytest.raises(fenchi.InvalidArgument, match=f"{size + 15} bytes, needs {size + 16}"):
        aead.encrypt_into(NONCE, data, short, b"aad")
    assert short == bytes(size + 15)


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("size", [20, LARGE])
def test_changed_bytes_are_refused_and_leave_zeros(suite: str, size: int) -> None:
    aead = Aead(KEY, suite)
    sealed = aead.encrypt(NONCE, filled(size), b"aad")
    for at in {0, size // 2, size - 1, size, size + 15}:
        bad = bytearray(sealed)
        bad[at] ^= 1
        out = bytearray(b"\xee" * size)
        with pytest.raises(fenchi.Damaged):
            aead.decrypt_into(NONCE, bad, out, b"aad")
        assert out == bytes(size)
    for call in ((NONCE, sealed), (bytes(12), sealed, b"aad"), (NONCE, sealed[:-1], b"aad")):
        with pytest.raises(fenchi.Damaged):
            aead.decrypt(*call)
    with pytest.raises(fenchi.Damaged):
        aead.check_tag(NONCE, b"other", aead.tag(NONCE, b"message"))


def test_wrong_sizes_and_names_are_refused() -> None:
    with pytest.raises(fenchi.InvalidArgument, match="31 bytes, needs 32"):
        Aead(bytes(31))
    with pytest.raises(fenchi.Unsupported):
        Aead(KEY, "rot13")  # type: ignore[arg-type]
    aead = Aead(KEY)
    with pytest.raises(fenchi.InvalidArgument, match="11 bytes, needs 12"):
        aead.encrypt(bytes(11), b"")
    with pytest.raises(fenchi.InvalidArgument, match="shorter than an AEAD tag"):
        aead.decrypt(NONCE, bytes(15))
    with pytest.raises(fenchi.InvalidArgument):
        aead.rekey(bytes(33))
    assert aead.suite == primitives.default_suite()
    before = aead.encrypt(NONCE, b"data")
    aead.rekey(bytes(32))
    assert aead.encrypt(NONCE, b"data") != before


def test_output_that_runs_into_the_input_is_refused() -> None:
    aead = Aead(KEY)
    memory = memoryview(bytearray(200))
    for at in (1, 15, 35):
        with pytest.raises(fenchi.InvalidArgument, match="overlaps"):
            aead.encrypt_into(NONCE, memory[:50], memory[at:])
        with pytest.raises(fenchi.InvalidArgument, match="overlaps"):
            aead.encrypt_into(NONCE, memory[at : at + 20], memory)
    assert bytes(memory) == bytes(200)
    assert aead.encrypt_into(NONCE, memory[:30], memory[30:]) == 46


@pytest.mark.parametrize("suite", SUITES)
def test_segments_open_where_they_were_sealed_only(suite: str) -> None:
    cipher = SegmentCipher(SecretBytes(KEY), suite)
    pieces = [filled(70_000, 1), filled(70_000, 2), b"end"]
    sealed = [cipher.seal(i, piece, final=i == 2) for i, piece in enumerate(pieces)]
    for i, box in enumerate(sealed):
        nonce = int(i == 2).to_bytes(4, "big") + i.to_bytes(8, "big")
        assert OTHERS[suite](KEY).decrypt(nonce, box, None) == pieces[i]
    assert [cipher.open(i, box, final=i == 2) for i, box in enumerate(sealed)] == pieces
    for number, box, final in ((1, sealed[0], False), (2, sealed[2], False), (1, sealed[1], True)):
        with pytest.raises(fenchi.Damaged):
            cipher.open(number, box, final=final)
    room = bytearray(80_000)
    assert cipher.seal_into(0, pieces[0], room, final=False) == 70_016
    assert room[:70_016] == sealed[0]
    assert cipher.open_into(0, memoryview(room)[:70_016], room, final=False) == 70_000
    assert room[:70_000] == pieces[0]


def test_stream_keys_are_the_two_halves_of_hkdf() -> None:
    keys = primitives.derive_stream_keys(KEY, b"salt", b"info")
    halves = HKDF(hashes.SHA512(), 64, b"salt", b"info").derive(KEY)
    assert (keys.key.reveal(), keys.commitment) == (halves[:32], halves[32:])
    with pytest.raises(fenchi.InvalidArgument):
        primitives.derive_stream_keys(bytes(31), b"salt", b"info")


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("size", [0, 5, LARGE])
def test_box_opens_with_the_reader_and_with_us(suite: Any, size: int) -> None:
    data = filled(size)
    bound: dict[str, Any] = {"type": SealType.index, "vault": VAULT, "context": b"name"}
    box = primitives.seal(KEY, data, **bound, suite=suite)
    assert len(box) == size + 84
    assert reader.open_box(VAULT, KEY, int(SealType.index), b"name", box) == data
    assert primitives.open_sealed(KEY, box, **bound).reveal() == data
    salt = bytes(32)
    again = primitives.seal(KEY, data, **bound, suite=suite, salt=salt)
    assert again == primitives.seal(KEY, data, **bound, suite=suite, salt=salt) != box


@pytest.mark.parametrize(
    ("at", "error"),
    [
        *((0, fenchi.Unsupported), (1, fenchi.Unsupported), (2, fenchi.Damaged)),
        *((3, fenchi.Damaged), (4, fenchi.WrongKey), (36, fenchi.WrongKey)),
        *((68, fenchi.Damaged), (-1, fenchi.Damaged)),
    ],
)
def test_each_part_of_a_box_is_checked(at: int, error: type[fenchi.Error]) -> None:
    box = bytearray(primitives.seal(KEY, b"data", type=SealType.record, vault=VAULT))
    box[at] ^= 0x40
    with pytest.raises(error):
        primitives.open_sealed(KEY, box, type=SealType.record, vault=VAULT)


def test_box_belongs_to_key_vault_and_context() -> None:
    box = primitives.seal(KEY, b"data", type=SealType.record, vault=VAULT, context=b"a")
    for key, vault, context in ((bytes(32), VAULT, b"a"), (KEY, KEY, b"a"), (KEY, VAULT, b"b")):
        with pytest.raises(fenchi.WrongKey):
            primitives.open_sealed(key, box, type=SealType.record, vault=vault, context=context)
    with pytest.raises(fenchi.InvalidArgument):
        primitives.seal(KEY, b"data", type=SealType.record, vault=VAULT[:-1])


# ---- Hashes ----


def test_hmac_agrees_with_wycheproof() -> None:
    kept = 0
    for vector in wycheproof("hmac_sha256_test.json", 174):
        key, message, tag = (vector.raw(field) for field in ("key", "msg", "tag"))
        whole = primitives.hmac_sha256(key, message)
        assert hmac.compare_digest(whole[: len(tag)], tag) == vector.valid, vector.name
        if len(key) == 32:
            assert primitives.KeyedHash(key)(message) == whole
            kept += 1
    assert kept > 0


@pytest.mark.parametrize("bits", [256, 512])
def test_hkdf_agrees_with_wycheproof(bits: int) -> None:
    derive = getattr(primitives, f"hkdf_sha{bits}")
    into = getattr(primitives, f"hkdf_sha{bits}_into")
    extract = getattr(primitives, f"hkdf_extract_sha{bits}")
    expand = getattr(primitives, f"hkdf_expand_sha{bits}")
    refused = 0
    for vector in wycheproof(f"hkdf_sha{bits}_test.json", 83):
        ikm, salt, info, okm = (vector.raw(f) for f in ("ikm", "salt", "info", "okm"))
        size = vector.number("size")
        if not vector.valid:
            with pytest.raises(fenchi.InvalidArgument):
                derive(ikm, salt, info, size)
            refused += 1
            continue
        assert derive(ikm, salt, info, size).reveal() == okm, vector.name
        assert expand(extract(ikm, salt), info, size).reveal() == okm, vector.name
        room = bytearray(size)
        assert into(ikm, salt, info, room) == size
        assert room == okm
    assert refused > 0
    with pytest.raises(fenchi.InvalidArgument, match=f"at most {255 * bits // 8} bytes"):
        expand(KEY, b"", 255 * bits // 8 + 1)


@pytest.mark.parametrize("size", [0, 1, 64, LARGE])
def test_hashes_agree_with_hashlib(size: int) -> None:
    data = filled(size)
    sha, mac = hashlib.sha256(data).digest(), hmac.digest(KEY, data, "sha256")
    assert primitives.sha256(data) == sha
    assert primitives.hmac_sha256(KEY, data) == primitives.KeyedHash(KEY)(data) == mac
    room = bytearray(b"\xee" * 33)
    for write, expected in (
        (lambda: primitives.sha256_into(data, room), sha),
        (lambda: primitives.hmac_sha256_into(KEY, data, room), mac),
        (lambda: primitives.KeyedHash(KEY).hash_into(data, room), mac),
    ):
        room[:32] = bytes(32)
        assert write() == 32
        assert room == expected + b"\xee"
    pieces = (data[:7], b"", data[7:])
    for hasher, expected in (
        (primitives.Sha256Hasher(), sha),
        (primitives.HmacSha256Hasher(KEY), mac),
    ):
        for _ in range(2):  # finish starts again
            for piece in pieces:
                hasher.update(piece)
            assert hasher.finish() == expected
    with pytest.raises(fenchi.InvalidArgument):
        primitives.sha256_into(data, bytearray(31))
    with pytest.raises(fenchi.InvalidArgument):
        primitives.KeyedHash(bytes(31))


# ---- Chunker ----


@pytest.fixture(scope="module")
def vectors() -> ModuleType:
    path = ROOT / "tests" / "unit" / "chunking" / "chunker_vectors.py"
    spec = importlib.util.spec_from_file_location("chunker_vectors", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SMALL = {"min_bytes": 256, "average_bytes": 1024, "max_bytes": 4096}


def split_at_random(data: bytes, generator: random.Random, piece_max: int) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size = generator.randrange(piece_max + 1)
        yield data[at : at + size]
        at += size


def test_cuts_are_those_of_the_definition(vectors: ModuleType) -> None:
    data = vectors.stream(200_000)
    expected = vectors.chunk_lengths(data, *SMALL.values())
    assert len(expected) > 100
    stream = ChunkStream(Chunker(**SMALL))
    assert stream.feed(data) + stream.finish() == expected
    defaults = Chunker()
    large = vectors.stream(3 << 20)
    lengths = vectors.chunk_lengths(large, 256 << 10, 1 << 20, 4 << 20)
    assert defaults.first_cut(large, last=True) == lengths[0]
    assert list(primitives.cut_points([large])) == list(itertools.accumulate(lengths))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kind", ["content_defined", "fixed"])
def test_cuts_are_the_same_for_every_split_of_the_input(kind: Any, seed: int) -> None:
    chunker = Chunker(kind, **SMALL)
    generator = random.Random(seed)
    data = filled(generator.randrange(60_000), seed)
    ends = list(primitives.cut_points([data], chunker))
    assert ends == ([] if not data else [*ends[:-1], len(data)])
    for piece_max in (1, 100, 5000, 100_000):
        pieces = list(split_at_random(data, generator, piece_max))
        assert list(primitives.cut_points(pieces, chunker)) == ends
        parts = list(primitives.chunks(pieces, chunker))
        assert b"".join(parts) == data
        assert list(itertools.accumulate(map(len, parts))) == ends
    if kind == "fixed":
        assert ends[:-1] == list(range(1024, len(data), 1024))


def test_first_cut_asks_for_more_and_a_stream_starts_again() -> None:
    chunker = Chunker(**SMALL)
    data = filled(5000)
    first = chunker.first_cut(data, last=False)
    assert chunker.first_cut(data[: first - 1], last=False) == 0
    assert chunker.first_cut(data[: first - 1], last=True) == first - 1
    assert chunker.first_cut(b"", last=True) == 0
    stream = ChunkStream(chunker)
    assert stream.finish() == []
    once = stream.feed(data) + stream.finish()
    assert stream.feed(data) + stream.finish() == once


def test_chunker_says_its_rule_and_refuses_a_wrong_one() -> None:
    assert repr(Chunker(**SMALL)) == ("Chunker(min_bytes=256, average_bytes=1024, max_bytes=4096)")
    assert repr(Chunker("fixed", average_bytes=1000)) == "Chunker('fixed', average_bytes=1000)"
    chunker = Chunker(**SMALL)
    assert (chunker.kind, chunker.average_bytes) == ("content_defined", 1024)
    for kind, sizes in (("content_defined", {"average_bytes": 1000}), ("rolling", {})):
        with pytest.raises(fenchi.InvalidArgument):
            Chunker(kind, **sizes)  # type: ignore[arg-type]


# ---- Erasure code ----

COUNTS = [(1, 1), (1, 3), (2, 3), (3, 5), (6, 9), (10, 14)]


def by_definition(data: list[bytes], k: int, index: int) -> bytes:
    """A shard as the reader computes it from FORMAT.md 7.2."""
    return reader.combine(data, reader.shard_row(k, index), len(data[0]))


@pytest.mark.parametrize(("k", "n"), COUNTS)
@pytest.mark.parametrize("size", [1, 33, 20_000])
def test_parity_is_that_of_the_format(k: int, n: int, size: int) -> None:
    code = ErasureCode(k, n)
    data = [filled(size, seed) for seed in range(k)]
    parity = code.encode(data)
    assert parity == [by_definition(data, k, index) for index in range(k, n)]
    room = [bytearray(size) for _ in parity]
    code.encode_into(data, room)
    assert room == parity
    for index in (0, k, n + 1):
        expected = data[0] if index == 0 else by_definition(data, k, index)
        assert code.encode_shard(data, index) == expected
        out = bytearray(size)
        code.encode_shard_into(data, index, out)
        assert out == expected


@pytest.mark.parametrize(("k", "n"), COUNTS)
def test_any_k_shards_give_all_shards(k: int, n: int) -> None:
    code = ErasureCode(k, n)
    data = [filled(5000, seed) for seed in range(k)]
    shards = data + code.encode(data)
    generator = random.Random(7)
    for _ in range(20):
        have = generator.sample(range(n), k)
        wanted = generator.sample(range(n), n)
        expected = [shards[i] for i in wanted]
        assert code.decode({i: shards[i] for i in have}, wanted) == expected
        room = [bytearray(5000) for _ in wanted]
        code.decode_into({i: shards[i] for i in have}, wanted, room)
        assert room == expected
        decoder = code.prepare_decode(have, wanted)
        assert decoder.apply([shards[i] for i in have]) == expected
        cut = slice(*sorted(generator.sample(range(5000), 2)))  # the same range of each
        ranges = [memoryview(shards[i])[cut] for i in have]
        assert decoder.apply(ranges) == [shard[cut] for shard in expected]
        room = [bytearray(5000) for _ in wanted]
        decoder.apply_into([shards[i] for i in have], room)
        assert room == expected


def test_erasure_code_refuses_what_it_cannot_do() -> None:
    code = ErasureCode(2, 3)
    assert (code.k, code.n, repr(code)) == (2, 3, "ErasureCode(2, 3)")
    refused: list[Callable[[], object]] = [
        lambda: ErasureCode(0, 3),
        lambda: ErasureCode(3, 2),
        lambda: ErasureCode(2, 256),
        lambda: code.encode([b"ab"]),
        lambda: code.encode([b"ab", b"c"]),
        lambda: code.encode([]),
        lambda: code.encode_into([b"ab", b"cd"], [bytearray(3)]),
        lambda: code.encode_shard([b"ab", b"cd"], 255),
        lambda: code.decode({0: b"ab"}, [1]),
        lambda: code.decode({0: b"ab", 300: b"cd"}, [1]),
        lambda: code.decode({0: b"ab", 2: b"cd"}, [1, 1]),
        lambda: code.decode_into({0: b"ab", 2: b"cd"}, [1], []),
        lambda: code.prepare_decode([0], [1]),
        lambda: code.prepare_decode([0, 2], [1]).apply([b"ab"]),
    ]
    for call in refused:
        with pytest.raises(fenchi.InvalidArgument):
            call()
    assert code.encode([b"", b""]) == [b""]


def test_outputs_that_overlap_are_refused() -> None:
    code = ErasureCode(2, 4)
    memory = memoryview(bytearray(range(100)))
    apart = (memory[0:10], memory[10:20], memory[20:30], memory[30:40])
    code.encode_into(apart[:2], apart[2:])
    code.encode_into([apart[0], apart[0]], apart[2:])  # inputs may be the same
    before = bytes(memory)
    for left, right in ((memory[19:29], apart[3]), (apart[2], memory[29:39]), (apart[0], apart[3])):
        with pytest.raises(fenchi.InvalidArgument, match="overlaps"):
            code.encode_into(apart[:2], [left, right])
        with pytest.raises(fenchi.InvalidArgument, match="overlaps"):
            code.decode_into({0: apart[0], 1: apart[1]}, [2, 3], [left, right])
    assert bytes(memory) == before


# ---- Key sharing ----


@pytest.mark.parametrize(("threshold", "count"), [(1, 1), (2, 3), (3, 5), (8, 16)])
def test_shares_recover_here_and_in_the_reader(threshold: int, count: int) -> None:
    shares = primitives.split_key(KEY, threshold=threshold, count=count, context=b"for tests")
    assert [share.index for share in shares] == list(range(1, count + 1))
    assert {(share.threshold, share.context) for share in shares} == {(threshold, b"for tests")}
    generator = random.Random(count)
    for _ in range(5):
        chosen = generator.sample(shares, threshold)
        theirs = reader.recover([reader.Share(s.serialize().reveal()) for s in chosen])
        assert theirs == KEY
        back = primitives.recover_key({str(share.index): share for share in chosen})
        assert back.key.reveal() == KEY
        assert back.used == tuple(str(share.index) for share in chosen)
        assert back.faults == ()
    if threshold > 1:
        few = [(f"s{i}", share) for i, share in enumerate(shares[: threshold - 1])]
        with pytest.raises(fenchi.WrongKey):
            primitives.recover_key(few)


def test_bad_shares_are_named() -> None:
    shares = primitives.split_key(SecretBytes(KEY), threshold=2, count=4, context=VAULT + b"2")
    old = primitives.split_key(KEY, threshold=2, count=3, context=VAULT + b"1")
    foreign = primitives.split_key(KEY, threshold=2, count=3, context=b"another")
    decayed = bytearray(shares[0].serialize().reveal())
    decayed[100] ^= 1
    forged = bytearray(shares[3].serialize().reveal())
    forged[10 + 33] ^= 1  # inside the value; the checksum is made again
    forged[-4:] = hashlib.sha256(forged[:-4]).digest()[:4]
    back = primitives.recover_key(
        [
            *(("decayed", decayed), ("good", shares[1]), ("twice", shares[1].serialize())),
            *(("forged", forged), ("fine", shares[2]), ("old", old[0]), ("foreign", foreign[0])),
        ],
        context=VAULT + b"2",
    )
    assert back.key.reveal() == KEY
    assert back.used == ("good", "fine")
    assert {fault.name: fault.kind for fault in back.faults} == {
        **{"decayed": "damaged", "twice": "duplicate", "forged": "forged"},
        **{"old": "old", "foreign": "foreign"},
    }
    assert all(fault.message for fault in back.faults)
    with pytest.raises(fenchi.Damaged):
        primitives.KeyShare.parse(decayed)
    again = primitives.KeyShare.parse(shares[0].serialize())
    assert again.serialize().reveal() == shares[0].serialize().reveal()


class EdDealer:
    """A dealer whose signatures are made by `cryptography`."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self.private = private
        self.public_key = private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)


def test_dealer_signs_shares() -> None:
    dealer = EdDealer(Ed25519PrivateKey.generate())
    shares = primitives.split_key(KEY, threshold=2, count=3, dealer=dealer)
    assert all(s.is_signed and s.dealer_public_key == dealer.public_key for s in shares)
    unsigned = primitives.split_key(bytes(32), threshold=1, count=1)
    assert unsigned[0].dealer_public_key is None
    back = primitives.recover_key(
        [("stranger", unsigned[0]), ("a", shares[0]), ("b", shares[2])],
        dealer_public_key=dealer.public_key,
    )
    assert (back.key.reveal(), [fault.name for fault in back.faults]) == (KEY, ["stranger"])
    with pytest.raises(fenchi.InvalidArgument):
        primitives.rebuild_share([("a", shares[0]), ("b", shares[1])], 3)


def test_callbacks_that_fail_are_the_cause() -> None:
    class Broken(EdDealer):
        def sign(self, message: bytes) -> bytes:
            raise LookupError("token is gone")

    with pytest.raises(fenchi.InvalidArgument) as caught:
        primitives.split_key(KEY, threshold=1, count=1, dealer=Broken(Ed25519PrivateKey.generate()))
    assert isinstance(caught.value.__cause__, LookupError)

    def refuse(key: SecretBytes) -> bool:
        raise LookupError("nothing to compare with")

    shares = primitives.split_key(KEY, threshold=1, count=1)
    with pytest.raises(fenchi.Error) as failed:
        primitives.recover_key({"a": shares[0]}, accept=refuse)
    assert isinstance(failed.value.__cause__, LookupError)


def test_accept_decides_between_two_sharings() -> None:
    one = primitives.split_key(KEY, threshold=1, count=1)
    two = primitives.split_key(bytes(32), threshold=1, count=1)
    items = [("one", one[0]), ("two", two[0])]
    with pytest.raises(fenchi.WrongKey):
        primitives.recover_key(items)
    back = primitives.recover_key(items, accept=lambda key: key.reveal() == bytes(32))
    assert (back.key.reveal(), back.used) == (bytes(32), ("two",))
    with pytest.raises(fenchi.WrongKey):
        primitives.recover_key(items, accept=lambda key: False)


def test_lost_share_is_made_again() -> None:
    shares = primitives.split_key(KEY, threshold=3, count=5, context=b"c")
    items = {str(share.index): share for share in shares[:3]}
    for index in (4, 5):
        again = primitives.rebuild_share(items, index, context=b"c")
        assert again.serialize().reveal() == shares[index - 1].serialize().reveal()
    for index in (0, 256):
        with pytest.raises(fenchi.InvalidArgument):
            primitives.rebuild_share(items, index)


def test_counts_and_sizes_of_a_sharing_are_checked() -> None:
    for key, threshold, count in ((KEY, 0, 1), (KEY, 3, 2), (KEY, 1, 256), (bytes(31), 1, 1)):
        with pytest.raises(fenchi.InvalidArgument):
            primitives.split_key(key, threshold=threshold, count=count)
    with pytest.raises(fenchi.InvalidArgument):
        primitives.split_key(KEY, threshold=1, count=1, context=bytes(65_536))


# ---- Buffers, secrets, threads, help ----


def test_any_contiguous_buffer_goes_in(tmp_path: Path) -> None:
    data = filled(40_000)
    file = tmp_path / "data"
    file.write_bytes(data)
    expected = hashlib.sha256(data).digest()
    words = array.array("I")
    words.frombytes(data)
    for source in (data, bytearray(data), memoryview(data), words, SecretBytes(data)):
        assert primitives.sha256(source) == expected
    with (
        file.open("rb") as opened,
        mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
    ):
        assert primitives.sha256(mapped) == expected
        assert b"".join(primitives.chunks([mapped, words])) == data + data
    assert primitives.sha256(memoryview(data)[7:100]) == hashlib.sha256(data[7:100]).digest()


def test_other_arguments_are_refused_clearly() -> None:
    code = ErasureCode(1, 2)
    for call in (
        lambda: primitives.sha256("text"),  # type: ignore[arg-type]
        lambda: primitives.sha256(None),  # type: ignore[arg-type]
        lambda: primitives.sha256_into(b"", "text"),  # type: ignore[arg-type]
        lambda: code.encode(["text"]),  # type: ignore[list-item]
    ):
        with pytest.raises(TypeError, match="bytes-like object is needed, not '(str|NoneType)'"):
            call()
    strided = memoryview(bytearray(100))[::2]
    for refused in (
        lambda: primitives.sha256(strided),
        lambda: code.encode([strided]),
        lambda: primitives.sha256_into(b"", strided),
        lambda: primitives.sha256_into(b"", bytes(32)),
        lambda: code.encode_into([b"a"], [b"a"]),
    ):
        with pytest.raises(BufferError, match="must be contiguous") as caught:
            refused()
        assert caught.value.__cause__ is not None


def test_buffer_is_let_go_after_a_call_that_fails() -> None:
    sealed = bytearray(Aead(KEY).encrypt(NONCE, b"data"))
    with pytest.raises(fenchi.Damaged):
        Aead(bytes(32)).decrypt(NONCE, sealed)
    sealed.append(1)  # BufferError if it were still held


def test_secrets_are_never_shown_or_copied() -> None:
    keys = primitives.derive_stream_keys(KEY, b"", b"")
    share = primitives.split_key(KEY, threshold=1, count=1)[0]
    back = primitives.recover_key({"a": share})
    cipher = SegmentCipher(KEY)
    shown = repr([keys, share, back, Aead(KEY), cipher, primitives.KeyedHash(KEY)])
    value = share.serialize().reveal()[10:42]  # one share is the key itself
    for secret in (KEY, keys.key.reveal(), value):
        assert repr(secret)[2:-1][:20] not in shown
        assert secret.hex()[:16] not in shown
    for holder in (keys, share, back, Aead(KEY), cipher, primitives.KeyedHash(KEY)):
        with pytest.raises(TypeError):
            pickle.dumps(holder)


@pytest.mark.parametrize("size", [1000, LARGE])
def test_threads_take_turns_at_one_object(size: int) -> None:
    aead, keyed = Aead(KEY, "aes256gcm"), primitives.KeyedHash(KEY)
    wrong: list[int] = []

    def work(seed: int) -> None:
        data, nonce = filled(size, seed), seed.to_bytes(12, "big")
        expected = AESGCM(KEY).encrypt(nonce, data, None)
        mac = hmac.digest(KEY, data, "sha256")
        for _ in range(100):
            if aead.encrypt(nonce, data) != expected or keyed(data) != mac:
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def lets_others_run(call: Callable[[], object]) -> bool:
    """Whether another thread gets the interpreter lock during a few calls of `call`."""
    gate = threading.Lock()
    ran: list[bool] = []

    def wait_and_run() -> None:
        with gate:
            ran.append(True)

    interval = sys.getswitchinterval()
    gate.acquire()
    thread = threading.Thread(target=wait_and_run)
    thread.start()
    sys.setswitchinterval(1000)  # seconds: from here the lock changes hands only if it is given
    try:
        gate.release()
        for _ in range(50):
            call()
            if ran:
                return True
        return bool(ran)
    finally:
        sys.setswitchinterval(interval)
        thread.join()


def test_long_calls_let_other_threads_run_and_short_ones_do_not() -> None:
    large = bytes(16 << 20)
    room = bytearray(len(large) + 16)
    aead, keyed, chunker, code = Aead(KEY), primitives.KeyedHash(KEY), Chunker(), ErasureCode(1, 2)
    stream = ChunkStream(chunker)
    calls: list[Callable[[Any], object]] = [
        primitives.sha256,
        keyed,
        lambda data: aead.encrypt_into(NONCE, data, room),
        lambda data: aead.tag(NONCE, data),
        lambda data: code.encode_into([data], [memoryview(room)[: len(data)]]),
        stream.feed,
    ]
    for call in calls:
        assert lets_others_run(lambda call=call: call(large))  # type: ignore[misc]
        assert not lets_others_run(lambda call=call: call(large[:1000]))  # type: ignore[misc]


def test_every_name_has_help() -> None:
    for name in primitives.__all__:
        item = getattr(primitives, name)
        assert inspect.getdoc(item), name
        if inspect.isclass(item) and item.__module__ == "fenchi._core" and name != "SealType":
            for member, value in vars(item).items():
                if not member.startswith("_") and callable(value):
                    assert inspect.getdoc(value), f"{name}.{member}"


def test_stub_names_what_is_there() -> None:
    stub = ast.parse((Path(_core.__file__).parent / "_core.pyi").read_text(encoding="utf-8"))
    classes = [node for node in stub.body if isinstance(node, ast.ClassDef)]
    functions = {node.name for node in stub.body if isinstance(node, ast.FunctionDef)}
    public = {name for name in vars(_core) if not name.startswith("_")}
    assert functions | {node.name for node in classes} == public
    for node in classes:
        written = {member.name for member in node.body if isinstance(member, ast.FunctionDef)}
        written |= {
            target.id
            for member in node.body
            if isinstance(member, ast.Assign)
            for target in member.targets
            if isinstance(target, ast.Name)
        }
        item = getattr(_core, node.name)
        built = set(item.__members__) if issubclass(item, enum.Enum) else set(vars(item))
        hidden = {name for name in built | written if name.startswith("_")}
        assert written - hidden == built - hidden, node.name
