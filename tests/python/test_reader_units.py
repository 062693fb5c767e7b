"""The independent reader against bytes made here by a second writer of FORMAT.md.

Nothing of fenchi is used: `Writer` below makes a whole small vault in Python, and tests damage it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib.util
import itertools
import os
import random
import struct
import sys
from pathlib import Path

import pytest

nacl_pwhash = pytest.importorskip("nacl.pwhash", reason="PyNaCl is not installed")
zstandard = pytest.importorskip("zstandard", reason="zstandard is not installed")
pytest.importorskip("cryptography", reason="cryptography is not installed")
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.x25519 import (  # noqa: E402
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import (  # noqa: E402
    AESGCM,
    ChaCha20Poly1305,
)
from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: E402

_PATH = Path(__file__).resolve().parent.parent / "reader" / "fenchi_reader.py"
_spec = importlib.util.spec_from_file_location("fenchi_reader", _PATH)
assert _spec is not None
assert _spec.loader is not None
reader = importlib.util.module_from_spec(_spec)
sys.modules["fenchi_reader"] = reader
_spec.loader.exec_module(reader)

SEED = 20260711


@pytest.fixture
def rng(request):
    print(f"seed {SEED}, {request.node.name}")
    return random.Random(f"{SEED} {request.node.name}")


# --- a writer of FORMAT.md ----------------------------------------------------------------------


def cbor(value) -> bytes:
    def head(major, n):
        for low, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
            if n < 24:
                return bytes([major << 5 | n])
            if n < 1 << 8 * size:
                return bytes([major << 5 | low]) + n.to_bytes(size, "big")
        raise OverflowError(n)

    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(cbor(k) + cbor(value[k]) for k in sorted(value))


def be32(n):
    return struct.pack(">I", n)


def lp(x):
    return be32(len(x)) + x


def sha(x):
    return hashlib.sha256(x).digest()


def mac(key, x):
    return hmac.new(key, x, hashlib.sha256).digest()


def hkdf(ikm, salt, info, length=32):
    return HKDF(hashes.SHA512(), length, salt or None, info).derive(ikm)


def public_bytes(key):
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def cipher(suite, key):
    return AESGCM(key) if suite == 1 else ChaCha20Poly1305(key)


def slow_mul(a, b, polynomial):
    out = 0
    for bit in range(8):
        if b >> bit & 1:
            out ^= a << bit
    for bit in range(14, 7, -1):
        if out >> bit & 1:
            out ^= polynomial << (bit - 8)
    return out


def slow_pow(a, n, polynomial):
    out = 1
    for _ in range(n % 255):
        out = slow_mul(out, a, polynomial)
    return out


def slow_inverse(a, polynomial):
    return next(x for x in range(1, 256) if slow_mul(a, x, polynomial) == 1)


def slow_parity(i, j):
    if i == 0:
        return 1
    if i == 1:
        return slow_pow(2, j, 0x11D)
    return slow_inverse(slow_pow(2, i - 1, 0x11D) ^ slow_pow(2, 255 - j % 255, 0x11D), 0x11D)


def split_key(secret, randomness, m, context, indexes):
    """Section 12, written without the reader's arithmetic."""
    scheme = bytes([1, m])
    packed = lp(scheme) + lp(secret) + lp(randomness) + lp(context)
    prk = hmac.new(b"fenchi/1/adss", packed, hashlib.sha512).digest()

    def expand(key, info, length):
        out = block = b""
        counter = 1
        while len(out) < length:
            block = hmac.new(key, block + info + bytes([counter]), hashlib.sha512).digest()
            out, counter = out + block, counter + 1
        return out[:length]

    tag, key, coins = expand(prk, b"J", 32), expand(prk, b"K", 32), expand(prk, b"L", 32 * (m - 1))
    pad = expand(key, b"enc", 64)
    hidden = bytes(x ^ y for x, y in zip(secret + randomness, pad, strict=True))
    shares = []
    for i in indexes:
        value = bytearray(key)
        for c in range(1, m):
            power = slow_pow(i, c, 0x11B)
            for b in range(32):
                value[b] ^= slow_mul(coins[32 * (c - 1) + b], power, 0x11B)
        body = b"fsh1" + scheme + bytes([i, 0]) + struct.pack(">H", len(context)) + context
        body += bytes(value) + hidden + tag + bytes(96)
        shares.append(body + sha(body)[:4])
    return shares


class Writer:
    """Makes a vault with one domain, one writer and one admin, in directories of a folder."""

    def __init__(self, folder, rng, *, k, n, suite=1, form=1, password=b"correct horse", liars=()):
        self.liars, self.first_pack = liars, None
        self.folder, self.rng, self.k, self.n, self.suite, self.form = (
            folder,
            rng,
            k,
            n,
            suite,
            form,
        )
        self.password, self.seq, self.previous = password, 0, bytes(32)
        self.roots = [folder / f"provider{p}" for p in range(n)]
        self.ids = [rng.randbytes(16) for _ in range(n)]
        self.admin, self.signer = (Ed25519PrivateKey.from_private_bytes(rng.randbytes(32))
                                   for _ in range(2))  # fmt: skip
        self.read_key, self.verify_key = (X25519PrivateKey.from_private_bytes(rng.randbytes(32))
                                          for _ in range(2))  # fmt: skip
        self.outer, self.namer, self.id_root, self.index_root = (rng.randbytes(32) for _ in "1234")
        self.domain, self.writer, self.run = (rng.randbytes(16) for _ in "123")
        self.s, self.t = rng.randbytes(32), rng.randbytes(32)
        genesis = cbor({1: 1, 2: [public_bytes(self.admin)], 3: 1, 4: rng.randbytes(32)})
        self.vault = sha(genesis)
        self.put_all("k/genesis.0", genesis)
        self.make_keys()
        secret = self.read_key.private_bytes_raw()
        place = self.run + self.domain
        if form == 1:
            info = b"fenchi/1/wrap\0" + self.vault + self.domain + be32(1)
            self.wrapped_s = cbor([1, self.seal(hkdf(secret, b"", info), 8, place, self.s)])
        else:
            self.wrapped_s = cbor([2, self.seal_to(self.read_key, 8, place, self.s)])
        self.wrapped_t = cbor([2, self.seal_to(self.verify_key, 9, place, self.t)])

    def put(self, p, name, data):
        prefix, rest = name.split("/")
        path = self.roots[p] / prefix / (rest[:2] if prefix == "d" and p % 2 == 0 else "") / rest
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def put_all(self, name, data):
        for p in range(self.n):
            self.put(p, name, data)

    def name(self, label, prefix):
        return prefix + base64.b32encode(mac(self.namer, label)[:20]).decode().lower() + ".0"

    def seal(self, key, kind, context, plain, salt=None, pad=0):
        if pad:
            size = 1 << pad
            while size < len(plain) + 88:
                size *= 2
            plain = lp(plain) + bytes(size - 88 - len(plain))
        salt = salt(plain) if salt else self.rng.randbytes(32)
        head = bytes([1, self.suite, kind])
        okm = hkdf(key, salt, b"fenchi/1/seal\0" + head + self.vault + lp(context), 64)
        nonce = be32(1) + bytes(8)
        body = cipher(self.suite, okm[:32]).encrypt(nonce, plain, None)
        return head + b"\0" + salt + okm[32:] + body

    def seal_to(self, recipient, kind, context, plain):
        own = X25519PrivateKey.from_private_bytes(self.rng.randbytes(32))
        both = public_bytes(own) + public_bytes(recipient)
        shared = own.exchange(X25519PublicKey.from_public_bytes(both[32:]))
        key = hkdf(shared, both, b"fenchi/1/x25519")
        return both[:32] + self.seal(key, kind, context, plain)

    def make_keys(self):
        r = self.rng.randbytes
        root, leaf_secret, slot_id, salt = r(32), r(32), r(16), r(16)
        context = self.vault + be32(1) + sha(b"leaf") + bytes(16)
        shares = split_key(leaf_secret, r(32), self.k, context, range(1, self.n + 1))
        leaves = [cbor({1: self.ids[p], 2: shares[p]}) for p in range(self.n)]
        for p, leaf in enumerate(leaves):
            self.put(p, "k/leaf-00000001.0", leaf)
        child = nacl_pwhash.argon2id.kdf(32, self.password, salt, 1, 8192)
        info = b"fenchi/1/slot\0" + self.vault + be32(1) + slot_id + sha(b"passphrase")
        box = self.seal(hkdf(lp(child) + lp(leaf_secret), b"", info), 7, be32(1) + slot_id, root)
        slot = {1: slot_id, 2: "passphrase", 3: {1: 1, 2: salt, 3: [1, 8, 1]}, 4: box}
        slots = cbor({1: 1, 2: self.vault, 3: 1, 4: [slot]})
        verify = [self.verify_key.private_bytes_raw(), public_bytes(self.verify_key)]
        read = [1, self.read_key.private_bytes_raw(), public_bytes(self.read_key)]
        domain = {1: self.domain, 2: "default", 3: [read], 4: self.id_root, 5: self.index_root}
        ring = {1: 1, 2: 1, 3: self.outer, 4: self.namer, 5: verify[0], 6: verify[1], 7: [domain]}
        keyring = self.seal(root, 6, be32(1), cbor(ring), pad=12)
        self.put_all("k/slots-00000001.0", slots)
        self.put_all("k/keyring-00000001.0", keyring)
        details = {1: "test", 2: [], 3: [[self.domain, "default"]], 4: "", 5: [], 6: [], 7: 0}
        self.policy = {
            1: 1, 2: self.vault, 3: 1, 4: self.vault, 5: [0, 0], 6: self.k,
            7: [[self.ids[p], p, 1] for p in range(self.n)], 8: [self.n, 1, 0, 0], 9: self.suite,
            10: 1, 11: 1, 12: verify[1], 13: [[self.domain, 1, read[2]]], 14: [1, sha(slots)],
            15: [1, sha(keyring)], 16: [1, [[p, sha(leaf)] for p, leaf in enumerate(leaves)]],
            17: [bytes(32), bytes(32)],
            18: [[self.writer, public_bytes(self.signer), 1, 1]],
            19: [1, [public_bytes(self.admin)]],
            20: self.seal(self.outer, 11, be32(1), cbor(details), pad=10),
        }  # fmt: skip
        self.put_all("k/policy-00000001.0", self.signed_policy(self.policy))

    def signed_policy(self, policy, signer=None):
        signer, payload = signer or self.admin, cbor(policy)
        message = b"fenchi/1/policy\0" + self.vault + payload
        return cbor([payload, [[public_bytes(signer), signer.sign(message)]]])

    def pack(self, chunks, kind, segments=12):
        """Stores chunks in one pack, every other one in two pieces; returns their references."""
        body, rows, references = b"", [], []
        id_info = b"fenchi/1/id\0" + self.vault + self.domain + bytes(16)
        id_key = hkdf(self.id_root, b"", id_info)
        for i, plain in enumerate(chunks):
            packed = zstandard.ZstdCompressor(level=3).compress(plain)
            stored = b"\1" + packed if len(packed) < len(plain) else b"\0" + plain
            cut = len(stored) // 3 if i % 2 and len(stored) > 3 else 0
            spans = []
            for first, last in ((0, cut), (cut, len(stored))) if cut else ((0, len(stored)),):
                body += self.rng.randbytes(self.rng.randrange(1, 999))
                rows.append(
                    [mac(id_key, plain), len(plain), len(stored), first, len(body), last - first]
                )
                spans.append([len(body), last - first])
                body += stored[first:last]
            references.append([mac(id_key, plain), self.run, len(plain), spans])
        trailer = cbor({1: 1, 2: rows})
        ident = mac(self.rng.randbytes(32), trailer)
        room = segments * 65520 - len(body) - len(trailer) - 4
        assert room >= 0, "does not fit"
        self.split(ident, body + bytes(room) + trailer + be32(len(trailer)), kind, segments)
        return [
            [c, r, size, [[ident, *span] for span in spans]] for c, r, size, spans in references
        ]

    def split(self, ident, plain, kind, segments):
        self.first_pack = self.first_pack or ident
        info = (
            b"fenchi/1/pack\0"
            + bytes([1, self.suite, kind])
            + self.vault
            + be32(1)
            + be32(segments)
        )
        keys = hkdf(self.s, ident, info, 64)
        box = cipher(self.suite, keys[:32])
        blocks = [
            box.encrypt(be32(s == segments - 1) + struct.pack(">Q", s),
                        plain[s * 65520 : (s + 1) * 65520], None)
            for s in range(segments)
        ]  # fmt: skip
        per_shard = -(-segments // self.k)
        blocks += [bytes(65536)] * (per_shard * self.k - segments)
        info = b"fenchi/1/tag\0" + bytes([self.suite]) + self.vault + bytes([self.k])
        tag_key = hkdf(self.t, ident, info + be32(segments) + b"\1")
        for p in range(self.n):
            index = (p + int.from_bytes(ident[:4], "big")) % self.n
            header = {
                1: 1, 2: self.suite, 3: 1, 4: self.writer, 5: self.domain, 6: ident, 7: self.k, 8: 1,
                9: segments, 10: index, 11: self.n, 12: keys[32:], 13: self.wrapped_s,
                14: self.wrapped_t, 15: self.run, 16: kind, 17: bytes(16),
            }  # fmt: skip
            prefix = b"hdr" + ident + bytes([index])
            data = self.seal(self.outer, 1, b"", cbor(header),
                             salt=lambda x, prefix=prefix: mac(self.outer, prefix + x), pad=12)  # fmt: skip
            assert len(data) == 4096
            for b in range(per_shard):
                block = self.shard_block(blocks, per_shard, index, b)
                if index in self.liars:
                    block = bytes([block[0] ^ 1]) + block[1:]
                nonce = be32(index) + struct.pack(">Q", b)
                data += block + cipher(self.suite, tag_key).encrypt(nonce, b"", block)
            label = b"shard\0" + self.ids[p] + ident + bytes([self.k])
            self.put(p, self.name(label, "d/"), data)

    def shard_block(self, blocks, per_shard, index, b):
        if index < self.k:
            return blocks[index * per_shard + b]
        total = 0
        for j in range(self.k):
            factor = slow_parity(index - self.k, j)
            table = bytes(slow_mul(factor, x, 0x11D) for x in range(256))
            total ^= int.from_bytes(blocks[j * per_shard + b].translate(table), "big")
        return total.to_bytes(65536, "big")

    def record(self, kind, body):
        self.seq += 1
        payload = cbor({1: kind, 2: self.writer, 3: self.seq, 4: self.previous, 5: [9, 9], 6: body})
        message = b"fenchi/1/record\0" + self.vault + payload
        signed = cbor([payload, self.signer.sign(message)])
        self.previous = sha(signed)
        place = self.writer + struct.pack(">Q", self.seq)
        box = self.seal(self.outer, 2, place, signed, pad=12)
        for p in range(self.n):
            self.put(p, self.name(b"record\0" + self.ids[p] + place, "r/"), box)
        return self.seq, self.previous

    def snapshot(self, root, label="nightly"):
        content = {1: 1, 2: 1, 3: label, 4: [100, 0], 5: [200, 5], 6: "host", 7: [b"/srv/data"],
                   8: root, 9: [1, 1, 1, 1, 0, 0], 10: []}  # fmt: skip
        key = hkdf(self.s, b"", b"fenchi/1/snapshot\0" + self.vault + self.domain)
        box = self.seal(key, 3, self.run + self.domain, cbor(content), pad=10)
        return cbor({1: self.domain, 2: self.run, 3: 1, 4: self.wrapped_s, 5: box})

    def commit(self, snapshots, seal=True):
        empty = [0, b""]
        body = {1: 1, 3: empty, 4: empty, 5: empty, 6: snapshots, 7: [], 8: self.n, 9: [0]}
        seq, digest = self.record(1, body)
        if seal:
            self.record(2, {1: seq, 2: digest})
        return seq, digest


def entry(path, kind, **more):
    keys = {"size": 9, "content": 10, "target": 11, "inode": 13, "xattrs": 14}
    fields = {1: path, 2: kind, 3: more.pop("mode", 0o640), 4: os.getuid(), 5: os.getgid(),
              8: more.pop("time", [1_600_000_000, 123_456_700])}  # fmt: skip
    fields.update((keys[name], value) for name, value in more.items())
    return fields


FILES = {
    b"data/big.bin": 600_000,
    b"data/empty": 0,
    b"data/one": 1,
    b"data/sub/text.txt": 90_000,
    b"data/sub-x/\xa4\xa4 big5\n": 77,
}


def small_vault(folder, rng, **options):
    """A vault with one sealed snapshot; returns (writer, {path: bytes})."""
    w = Writer(folder, rng, **options)
    contents = {p: rng.randbytes(size) for p, size in FILES.items()}
    contents[b"data/sub/text.txt"] = b"land register\n" * 5000
    names = [name for name in contents if contents[name]]
    references = dict(zip(names, w.pack([contents[x] for x in names], 1), strict=True))
    holed = w.pack([b"A" * 10, b"B" * 20], 1)
    contents[b"data/holes"] = bytes(100_000) + b"A" * 10 + bytes(50_000) + b"B" * 20 + bytes(999)
    places = [[100_000, holed[0]], [150_010, holed[1]]]
    node = w.pack([cbor([2, 0, places])], 2)[0]
    entries = [entry(p, 1, size=len(c), content=[0, [[0, references[p]]]]) if c
               else entry(p, 1, size=0) for p, c in contents.items() if p != b"data/holes"]  # fmt: skip
    size = len(contents[b"data/holes"])
    entries += [
        entry(b"data/holes", 1, size=size, content=[1, [[node, 2, 150_030]]]),
        entry(b"data", 2, mode=0o2750, time=[-5, 7000]),
        entry(b"data/sub", 2, mode=0o500),
        entry(b"data/sub-x", 2, mode=0o755),
        entry(b"data/link", 3, target=b"../../outside"),
        entry(b"data/fifo", 4),
        entry(b"data/setuid", 1, size=0, mode=0o4755),
        entry(b"data/twin1", 1, size=1, content=[0, [[0, references[b"data/one"]]]], inode=[1, 2]),
        entry(b"data/twin2", 1, size=1, content=[0, [[0, references[b"data/one"]]]], inode=[1, 2]),
    ]
    contents.update({b"data/twin1": contents[b"data/one"], b"data/twin2": contents[b"data/one"]})
    entries.sort(key=lambda e: e[1].split(b"/"))
    half = len(entries) // 2
    nodes = w.pack([cbor([1, 0, entries[:half]]), cbor([1, 0, entries[half:]])], 2)
    root = [1, [[nodes[0], half, entries[half - 1][1]],
                [nodes[1], len(entries) - half, entries[-1][1]]]]  # fmt: skip
    w.object = w.snapshot(root)
    w.commit([w.object])
    return w, contents


def restore(w, tmp_path, capsys, *, absent=(), options=(), password=None, with_id=True):
    """(exit code, restored top folder, stdout, stderr)"""
    (tmp_path / "password").write_bytes((password or w.password) + b"\n")
    out = tmp_path / "out"
    arguments = ["--password-file", str(tmp_path / "password"), "--out", str(out), *options]
    arguments += ["--vault-id", w.vault.hex()] if with_id else []
    arguments += [str(root) for p, root in enumerate(w.roots) if p not in absent]
    code = reader.main(arguments)
    captured = capsys.readouterr()
    return code, out / sha(w.object).hex()[:8], captured.out, captured.err


def assert_same(top, contents):
    for path, data in contents.items():
        restored = Path(os.fsdecode(os.path.join(os.fsencode(top), path)))
        assert restored.read_bytes() == data, path


def shards(root):
    return sorted(path for path in (root / "d").rglob("*.0") if path.is_file())


def flip(path, offset, bit=0):
    data = bytearray(path.read_bytes())
    data[offset] ^= 1 << bit
    path.write_bytes(bytes(data))


# --- parts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [0, 23, 24, 255, 256, 65535, 65536, 2**32, 2**64 - 1, -1, -25, -(2**63), b"", b"x" * 300, "分持",
     [], [[[]]], {0: 1, 23: b"", 24: [True, False], 1000: "x"}],
)  # fmt: skip
def test_cbor_in_its_deterministic_form_is_read(value):
    assert reader.cbor_decode(cbor(value)) == value


@pytest.mark.parametrize(
    "text",
    ["", "1817", "190017", "1a0000ffff", "1b00000000ffffffff", "5801ff", "0000", "f6", "f7", "f97e00",
     "f818", "f814", "c000", "9fff", "5f4100ff", "bf0000ff", "1c", "ff", "61ff", "62c080", "4201",
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
    expected = {b"a:b": "a%3Ab", b"con.txt": "%63on.txt", b"x.": "x%2E", b"\xa4\xa4": "%A4%A4",
                "分持".encode(): "分持", b"50%": "50%25", b"a\nb": "a%0Ab", b"nul": "%6Eul"}  # fmt: skip
    for name, text in expected.items():
        assert reader.portable(name) == text


def test_names_are_shown_without_control_characters():
    assert reader.show(b"a\x1b[31m\n\xff") == "a\\x1b[31m\\n\\xff"


# --- whole vaults -------------------------------------------------------------------------------


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
    assert os.readlink(data / "link") == "../../outside"
    assert (data / "twin1").samefile(data / "twin2")
    assert (data / "fifo").is_fifo()
    assert data.stat().st_mtime_ns == -5 * 10**9 + 7000
    assert (data / "one").stat().st_mtime_ns == 1_600_000_000_123_456_700
    assert (data / "setuid").stat().st_mode & 0o7777 == 0o755
    assert (data / "sub").stat().st_mode & 0o7777 == 0o500
    assert data.stat().st_mode & 0o7777 == 0o750
    holes = (data / "holes").stat()
    assert holes.st_blocks * 512 < holes.st_size
    assert "9 files" in out.replace("9 files,", "9 files")
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
    w.record(3, {1: [w.writer, seq, digest]})
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
