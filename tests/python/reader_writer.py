"""A second writer of FORMAT.md, in Python, for the reader's tests.

Nothing of fenchi is used. `Writer` makes a small vault with cheap Argon2 parameters, in directories
as the local provider lays them out, and signs, seals, splits and tags as the document says; its
arithmetic is long multiplication, so that it shares no method with the reader either.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib.util
import os
import struct
import sys
from pathlib import Path

import pytest

pytest.importorskip("nacl.pwhash", reason="PyNaCl is not installed")
pytest.importorskip("zstandard", reason="zstandard is not installed")
pytest.importorskip("cryptography", reason="cryptography is not installed")
import nacl.pwhash as nacl_pwhash  # noqa: E402
import zstandard  # noqa: E402
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


def passphrase_node(w, bound, salt):
    """(node, its child key)"""
    del bound
    key = nacl_pwhash.argon2id.kdf(32, w.password, salt, 1, 8192)
    return {1: 1, 2: salt, 3: [1, 8, 1]}, key


def and_node(bound, path, children):
    """(node, its child key) of AND over (node, child key) pairs."""
    keys = b"".join(lp(key) for _, key in children)
    info = b"fenchi/1/and\0" + bound + path
    return {1: 5, 2: [node for node, _ in children]}, hkdf(keys, b"", info)


def or_node(w, bound, path, children):
    """(node, its common key) of OR over (node, child key) pairs."""
    slot, common = bound[36:52], w.rng.randbytes(32)
    items = [
        [node, w.seal(key, 10, slot + path + bytes([i]), common)]
        for i, (node, key) in enumerate(children)
    ]
    return {1: 6, 2: items}, common


class Writer:
    """Makes a vault with one domain, one writer and one admin, in directories of a folder."""

    def __init__(self, folder, rng, *, k, n, suite=1, form=1, password=b"correct horse", liars=(),
                 make_node=None):  # fmt: skip
        self.liars, self.first_pack, self.make_node = liars, None, make_node
        self.header_changes = {}
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
        bound = self.vault + be32(1) + slot_id + sha(b"passphrase")
        node, child = (self.make_node or passphrase_node)(self, bound, salt)
        info = b"fenchi/1/slot\0" + bound
        box = self.seal(hkdf(lp(child) + lp(leaf_secret), b"", info), 7, be32(1) + slot_id, root)
        slot = {1: slot_id, 2: "passphrase", 3: node, 4: box}
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
                1: 1, 2: self.suite, 3: 1, 4: self.writer, 5: self.domain, 6: ident, 7: self.k,
                8: 1, 9: segments, 10: index, 11: self.n, 12: keys[32:], 13: self.wrapped_s,
                14: self.wrapped_t, 15: self.run, 16: kind, 17: bytes(16),
            }  # fmt: skip
            header.update(self.header_changes)
            prefix = b"hdr" + ident + bytes([header[10] & 255])

            def salt(plain, prefix=prefix):
                return mac(self.outer, prefix + plain)

            data = self.seal(self.outer, 1, b"", cbor(header), salt=salt, pad=12)
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
    whole = {p: c for p, c in contents.items() if p != b"data/holes"}
    more = {p: {"content": [0, [[0, references[p]]]]} if c else {} for p, c in whole.items()}
    entries = [entry(p, 1, size=len(c), **more[p]) for p, c in whole.items()]
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
        restored = top / os.fsdecode(path)
        assert restored.read_bytes() == data, path
