#!/usr/bin/env python3
"""Restores a fenchi vault from any k of its providers, without fenchi.

Written from FORMAT.md alone; section numbers are those of that document. Needs Python 3.9 or later
and, from PyPI, cryptography >= 40, pynacl, zstandard. Slots are opened by a password, by key shares
of custodians (files), by what the providers hold, and by AND and OR of these.

    fenchi_reader.py [--password-file F] [--share-file F]... --vault-id HEX --out DIR DIR DIR ...

It only reads the providers and only makes new files below DIR. Everything is checked: the chain of
signatures and hashes from the vault id on, key commitments before anything is decrypted, segments
and chunks. What is damaged is rebuilt from other shards, and named.
Exit codes: 0 all restored; 1 usage, not a vault, or DIR could not be written; 12 wrong password;
21 some data is lost (the rest is restored, each lost path is named); 22 too few providers.
"""

# ruff: noqa: B905
# fmt: off
from __future__ import annotations

import argparse
import base64
import functools
import hashlib
import hmac
import itertools
import os
import struct
import sys
import time
import unicodedata
from collections import Counter, namedtuple
from pathlib import Path

import nacl.pwhash
import zstandard
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

SEGMENT, BLOCK, HEADER, TAG, CHUNK_MAX, OBJECT_MAX = 65520, 65536, 4096, 16, 4194304, 1048576
LOOK_AHEAD = 4096  # sequence numbers that a log may lack at every provider at hand (13)
SUBSETS_MAX = 3000  # k-subsets of shards that are tried for one segment
TIME = "time"  # a kind of value: [seconds, nanoseconds]
OK, FAILED, WRONG_KEY, LOST, TOO_FEW = 0, 1, 12, 21, 22
class Bad(Exception):
    """Bytes that do not pass a check. The caller tries another copy, or reports a loss."""
def require(good, text: str) -> None:
    if not good:
        raise Bad(text)
def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
def stop(code: int, text: str):
    note(f"error: {text}")
    raise SystemExit(code)
def show(name: bytes) -> str:
    """A name for people: no byte of it reaches the terminal unescaped."""
    text = name.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)

# --- 1 Notation ---
be32, be64 = struct.Struct(">I").pack, struct.Struct(">Q").pack
def lp(x: bytes) -> bytes:
    return be32(len(x)) + x
def sha256(x: bytes) -> bytes:
    return hashlib.sha256(x).digest()
def hkdf(ikm: bytes, salt: bytes, info: bytes, length: int = 32) -> bytes:
    return HKDF(SHA512(), length, salt, info).derive(ikm)
def expand(prk: bytes, info: bytes, length: int = 32) -> bytes:
    return HKDFExpand(SHA512(), length, info).derive(prk)
class Cbor:
    """A decoder that refuses everything but the deterministic form of section 1.1."""
    def __init__(self, data: bytes):
        self.data, self.at = data, 0
    def head(self) -> tuple:
        first = self.data[self.at] if self.at < len(self.data) else 31
        require(first & 31 < 28, "CBOR: cut off, or an indefinite length")
        size = 1 << (first & 31) - 24 if first & 31 > 23 else 0
        raw, self.at = self.data[self.at + 1 : self.at + 1 + size], self.at + 1 + size
        number = int.from_bytes(raw, "big") if size else first & 31
        shortest = size == 0 or number >= (24 if size == 1 else 1 << size * 4)
        require(len(raw) == size and shortest, "CBOR: cut off, or not the shortest form")
        return (first >> 5 if first < 0xF8 else 8), number
    def item(self, depth: int = 1):
        major, number = self.head()
        if major in (0, 1) and number < 1 << 64 - major:
            return number if major == 0 else -1 - number
        if major == 7 and number in (20, 21):
            return number == 21
        known = major in (2, 3, 4, 5) and number <= len(self.data) - self.at and depth <= 16
        require(known, "CBOR: cut off, too deep, or a kind of value that the format has not")
        if major in (2, 3):
            self.at += number
            raw = self.data[self.at - number : self.at]
            text = raw if major == 2 else attempt(raw.decode)
            require(text is not None, "CBOR: a text is not UTF-8")
            return text
        if major == 4:
            return [self.item(depth + 1) for _ in range(number)]
        out: dict = {}
        for _ in range(number):
            kind, key = self.head()
            require(kind == 0 and key > next(reversed(out), -1), "CBOR: map keys are not ascending")
            out[key] = self.item(depth + 1)
        return out
def cbor_decode(data: bytes):
    reader = Cbor(data)
    value = reader.item()
    require(reader.at == len(data), "CBOR: bytes behind the value")
    return value
def check(value, kind, what: str):
    """The value if it is of a kind: a type (int: unsigned), a number (bytes of that length), a
    list (array of exactly these kinds), a one-tuple (array of any length), TIME, None (any)."""
    if isinstance(kind, type):
        good = type(value) is kind and not (kind is int and value < 0)
    elif kind == TIME:
        good = type(value) is list and [type(x) for x in value] == [int, int]
        good = good and -(1 << 63) <= value[0] < 1 << 63 and 0 <= value[1] < 10**9
    elif isinstance(kind, int):
        good = type(value) is bytes and len(value) == kind
    elif kind is not None:
        good = type(value) is list and (isinstance(kind, tuple) or len(value) == len(kind))
        kinds = kind if isinstance(kind, list) else itertools.repeat(kind[0])
        for item, item_kind in zip(value, kinds) if good else ():
            check(item, item_kind, what)
    require(kind is None or good, f"{what}: a field has the wrong type, sign or length")
    return value
def check_map(value, what: str, need: dict, may: dict) -> dict:
    """A map with all keys of `need`, any of `may`, and unknown ones from 64 on (section 1.1)."""
    require(type(value) is dict and need.keys() <= value.keys(), f"{what}: a key is absent")
    for key, field in value.items():
        require(key >= 64 or key in need or key in may, f"{what}: unknown key {key}")
        check(field, need.get(key, may.get(key)), f"{what}: key {key}")
    return value
def attempt(function, *arguments):
    """What the function returns, or None where it refuses the bytes that it gets."""
    try:
        return function(*arguments)
    except (Bad, InvalidTag, InvalidSignature, ValueError):
        return None
def signed_by(public: bytes, signature: bytes, message: bytes) -> bool:
    key = attempt(Ed25519PublicKey.from_public_bytes, public)
    return bool(key and attempt(lambda: key.verify(signature, message) or True))

# --- 3 Seal ---
def aead(suite: int, key: bytes):
    require(suite in (1, 2), f"unknown suite {suite}")
    return AESGCM(key) if suite == 1 else ChaCha20Poly1305(key)
def open_box(vault: bytes, key: bytes, kind: int, context: bytes, box: bytes, pad: int = 0):
    """The plaintext of a sealed box; `pad` is e where the box is padded to 2^e."""
    start = (1, kind, 0, True)
    require((*box[:1], *box[2:4], len(box) >= 84) == start, "not a box of the expected type")
    okm = hkdf(key, box[4:36], b"fenchi/1/seal\0" + box[:3] + vault + lp(context), 64)
    require(hmac.compare_digest(okm[32:], box[36:68]), "a box does not open with this key")
    plain = attempt(aead(box[1], okm[:32]).decrypt, be32(1) + be64(0), box[68:], None)
    require(plain is not None, "a box is damaged")
    if pad:
        size, whole, padded = int.from_bytes(plain[:4], "big"), 1 << pad, plain
        while whole < size + 88:
            whole *= 2
        plain = padded[4 : 4 + size]
        good = whole == len(box) and padded == lp(plain).ljust(len(padded), b"\0")
        require(good, "wrong padding")
    return plain
def unseal(vault: bytes, secret: bytes, kind: int, context: bytes, sealed: bytes) -> bytes:
    """Opens bytes that were sealed to an X25519 public key."""
    own = X25519PrivateKey.from_private_bytes(secret)
    point = attempt(X25519PublicKey.from_public_bytes, sealed[:32])
    shared = point and attempt(own.exchange, point)  # refuses an all-zero result
    require(shared, "a weak or short X25519 key")
    salt = sealed[:32] + own.public_key().public_bytes_raw()
    return open_box(vault, hkdf(shared, salt, b"fenchi/1/x25519"), kind, context, sealed[32:])

# --- 7.2 and 12 Arithmetic in GF(2^8) ---
def multiplication(polynomial: int) -> list:
    """The multiplication table of a GF(2^8), one row for each factor."""
    twice = bytes(x << 1 ^ (polynomial if x & 128 else 0) for x in range(256))
    rows = [bytes(256), bytes(range(256))]
    for i in range(2, 256):
        row = rows[i // 2].translate(twice)
        rows.append(bytes(x ^ y for x, y in zip(row, rows[1])) if i % 2 else row)
    return rows

CODE, SHARING = multiplication(0x11D), multiplication(0x11B)
POWERS = list(itertools.accumulate([1] * 255, lambda x, _: CODE[2][x]))  # of 2
def shard_row(k: int, index: int) -> list:
    """What a shard is made of (7.2): one factor for each data shard."""
    i = index - k
    if i < 2:
        return [int(j == index) if i < 0 else POWERS[i * j % 255] for j in range(k)]
    return [CODE[POWERS[(i - 1) % 255] ^ POWERS[-j % 255]].index(1) for j in range(k)]

@functools.lru_cache(maxsize=1024)
def combination(k: int, have: tuple, want: int) -> tuple:
    """Factors that make shard `want` out of the k shards `have`, by Gauss elimination."""
    rows = [list(row) for row in zip(*(shard_row(k, i) for i in (*have, want)))]
    for c in range(k):
        pivot = next(r for r in range(c, k) if rows[r][c])  # there is one: the code is MDS
        rows[c], rows[pivot] = rows[pivot], rows[c]
        rows[c] = list(bytes(rows[c]).translate(CODE[CODE[rows[c][c]].index(1)]))
        for r, row in enumerate(rows):
            if r != c and row[c]:
                rows[r] = [x ^ CODE[row[c]][y] for x, y in zip(row, rows[c])]
    return tuple(row[k] for row in rows)
def combine(blocks, factors, size: int = BLOCK) -> bytes:
    """Sum of factor times block: a table look-up by translate(), XOR of one long number."""
    total = 0
    for block, factor in zip(blocks, factors):
        total ^= int.from_bytes(block.translate(CODE[factor]), "little") if factor else 0
    return total.to_bytes(size, "little")

class Share:
    """A key share (section 12): of a leaf, for which the policy's hash vouches, or of a slot."""
    def __init__(self, data: bytes):
        at = 10 + int.from_bytes(data[8:10], "big")
        good = (len(data), data[:5], data[-4:]) == (at + 228, b"fsh1\1", sha256(data[:-4])[:4])
        require(good and data[5] and data[6] and not data[7], "a key share is damaged")
        self.index, self.value = data[6], data[at : at + 32]
        self.scheme, self.context = data[4:6], data[10:at]
        self.cipher, self.check = data[at + 32 : at + 96], data[at + 96 : at + 128]
def recover(shares: list):
    """The secret that m shares of one dealing give; None where there are fewer."""
    dealings: dict = {}
    for s in shares:
        dealings.setdefault((s.scheme, s.context, s.cipher, s.check), {})[s.index] = s
    for (scheme, context, cipher, tag), dealing in dealings.items():
        for chosen in itertools.combinations(dealing.values(), scheme[1]):
            key = bytearray(32)
            for share in chosen:  # Lagrange's interpolation at 0
                factor = 1
                for i in (s.index for s in chosen if s is not share):
                    factor = SHARING[SHARING[factor][i]][SHARING[share.index ^ i].index(1)]
                for b in range(32):
                    key[b] ^= SHARING[factor][share.value[b]]
            both = bytes(x ^ y for x, y in zip(cipher, expand(bytes(key), b"enc", 64)))
            packed = lp(scheme) + lp(both[:32]) + lp(both[32:]) + lp(context)
            prk = hmac.new(b"fenchi/1/adss", packed, hashlib.sha512).digest()
            if hmac.compare_digest(expand(prk, b"J") + expand(prk, b"K"), tag + key):
                return both[:32]
    return None

# --- 2 Objects at a provider ---
class Provider:
    """One directory as the local provider writes it. Nothing that it says is believed unchecked."""
    def __init__(self, root: str):
        self.root, self.name, self.ident, self.seat = Path(root).resolve(), root, b"", -1
    def read(self, name: str, limit: int, offset: int = 0):
        """At most `limit` bytes of an object, plain or fanned out (d/ab/abcd), or None."""
        prefix, rest = name.split("/")
        for path in (self.root / prefix / rest, self.root / prefix / rest[:2] / rest):
            try:
                if path.is_file() and path.resolve() == path:  # no link, and below none
                    with path.open("rb") as file:
                        file.seek(offset)
                        return file.read(limit)
            except OSError:
                return b""  # present but not readable: as bad as wrong bytes
        return None
    def copies(self, stem: str, limit: int, cut: bool = False):
        """(name, bytes) of each generation, lowest first; what is too long is cut, or empty."""
        for name in (f"{stem}.{g}" for g in range(8)):
            data = self.read(name, limit if cut else limit + 1)
            if data is not None:
                yield name, data if len(data) <= limit else b""

# --- 5 Genesis, policy, slots, keyring ---
GENESIS = {1: int, 2: (32,), 3: int, 4: 32}
POLICY = {**dict.fromkeys((1, 3, 6, 9, 10, 11), int), **dict.fromkeys((2, 4, 12), 32), 5: TIME,
          7: ([16, int, int],), 8: [int] * 4, 13: ([16, int, 32],), 14: [int, 32], 15: [int, 32],
          16: [int, ([int, 32],)], 17: [32, 32], 18: ([16, 32, int, int],), 19: [int, (32,)],
          20: bytes}
KEYRING = {1: int, 2: int, 3: 32, 4: 32, 5: 32, 6: 32, 7: (dict,)}
DOMAIN = {1: 16, 2: str, 3: ([int, 32, 32],), 4: 32, 5: 32}
RECORD = {1: int, 2: 16, 3: int, 4: 32, 5: TIME, 6: dict}
HEAD = {1: int, 2: int, 3: int, 4: 16, 5: 16, 6: 32, 7: int, 8: int, 9: int, 10: int, 11: int}
HEAD.update({12: 32, 13: bytes, 14: bytes, 15: 16, 16: int, 17: 16})
COMMIT, SEAL, VOID, FORGET = 1, 2, 3, 4  # kinds of records, and what a restore needs of them
BODIES = {COMMIT: {6: (bytes,)}, SEAL: {1: int, 2: 32}, VOID: {1: [16, int, 32], 2: (list,)},
          FORGET: {1: (32,), 2: ([32, 64],)}}

def check_policy(vault: bytes, version: int, data: bytes, before: dict) -> dict:
    """The payload (0 = its hash) of a policy that the admins of the version before signed."""
    payload, signatures = check(cbor_decode(data), [bytes, ([32, 64],)], "policy")
    message, (threshold, admins) = b"fenchi/1/policy\0" + vault + payload, before[19]
    signers = {p for p, s in signatures if p in admins and signed_by(p, s, message)}
    require(len(signers) >= threshold, f"policy: {len(signers)} of {threshold} signatures")
    m = cbor_decode(payload)
    if type(m) is dict and m.get(1) != 1:
        stop(FAILED, f"policy {version} is of a later format: use the reader that lies beside it")
    check_map(m, "policy", POLICY, {64: ([16, int, 32],)})
    same = [m[2], m[3], m[4]] == [vault, version, before[0]]
    counts = 1 <= m[6] <= 255 and 1 <= m[19][0] <= len(set(m[19][1])) and m[11] < 1 << 32
    require(same and counts and all(seat < 255 for _, seat, _ in m[7]), "policy: impossible")
    return {0: sha256(payload), **m}

class Vault:
    """An opened vault: its providers, keys and records."""
    def __init__(self, roots: list, vault_id):
        self.all = [Provider(root) for root in roots if Path(root).is_dir()]
        self.bad: dict = {}  # (provider, object) -> first reason
        self.damage = self.chunks = 0  # losses that have no path; chunks checked
        self.data_key = functools.lru_cache(None)(self._data_key)
        self.pack = functools.lru_cache(32)(functools.partial(Pack, self))
        self.segment = functools.lru_cache(512)(lambda pack, s: pack.segment(s))  # 32 MiB
        for root in set(roots) - {p.name for p in self.all}:
            note(f"warning: {root}: no such directory; this provider counts as lost")
        self.id, rule = self._find_genesis(vault_id)
        self.chain = self._find_policies(rule) or stop(LOST, "no policy 1 has valid signatures")
        self.policy = self.chain[-1]
        self.ks = list(dict.fromkeys(policy[6] for policy in reversed(self.chain)))
        self.seats = {p[0]: p[1] for policy in self.chain for p in policy[7]}
        self.writers = {w[0]: w[1] for policy in reversed(self.chain) for w in policy[18]}
        self.savers = {w[0] for policy in self.chain for w in policy[18] if w[2] & 1}
    def found_bad(self, provider: Provider, name: str, reason) -> None:
        if (provider.name, name) not in self.bad:
            self.bad[provider.name, name] = reason
            note(f"bad: {provider.name}: {name}: {reason}")
    def lose(self, what: str) -> None:
        self.damage += 1
        note(f"lost: {what}")
    def good_copies(self, stem, test, limit: int = OBJECT_MAX):
        """(provider, what test() makes of its lowest good copy); bad copies are named."""
        for provider in self.all:
            for name, data in provider.copies(stem(provider) if callable(stem) else stem, limit):
                try:
                    yield provider, test(data)
                    break
                except Bad as error:
                    self.found_bad(provider, name, error)
    def _find_genesis(self, vault_id) -> tuple:
        found = Counter(data for p in self.all for _, data in p.copies("k/genesis", 65536))
        for data, _ in found.most_common():
            m = attempt(lambda x: check_map(cbor_decode(x), "genesis", GENESIS, {}), data)
            good = m and m[1] == 1 and 1 <= m[3] <= len(m[2]) == len(set(m[2])) <= 255
            if good and vault_id in (None, sha256(data)):
                if vault_id is None:
                    note(f"warning: no --vault-id: genesis is taken on trust: {sha256(data).hex()}")
                return sha256(data), [m[3], m[2]]
        return stop(FAILED if self.all else TOO_FEW, "not a vault, or not the one with this id")
    def _find_policies(self, rule: list) -> list:
        """The longest chain of policies: admins may have signed several of one version (5.2)."""
        chains: list = [[{0: self.id, 19: rule}]]
        while True:
            version, found = len(chains[0]), {}  # hash -> (its chain, providers that hold it)
            for p in self.all:
                for name, data in p.copies(f"k/policy-{version:08}", 262144):
                    test = functools.partial(check_policy, self.id, version, data)
                    good = [[*chain, m] for chain in chains if (m := attempt(test, chain[-1]))]
                    for chain in good:
                        found.setdefault(chain[-1][0], (chain, set()))[1].add(p.name)
                    if not good:
                        self.found_bad(p, name, "policy: not signed, damaged or of another chain")
            if not found:
                return chains[0][1:]
            chains = [found[x][0] for x in sorted(found, key=lambda x: (-len(found[x][1]), x))]
    def _named(self, kind: str, field: int) -> bytes:
        """An object that the policy names by version and hash, from any provider."""
        (version, digest), text = self.policy[field], "not what the policy names"
        copies = self.good_copies(f"k/{kind}-{version:08}",
                                  lambda x: require(sha256(x) == digest, text) or x)
        found = [data for _, data in copies]
        return found[0] if found else stop(LOST, f"no provider holds good {kind} {version}")
    def _check_leaf(self, data: bytes) -> tuple:
        """(provider id, seat, share): a leaf also tells which provider it lies at (5.4)."""
        leaf = check_map(cbor_decode(data), "leaf", {1: 16, 2: bytes}, {64: (bytes,)})
        share, seat = Share(leaf[2]), self.seats.get(leaf[1], -1)
        good = [seat, sha256(data)] in self.policy[16][1] and share.index == seat + 1
        require(good, "leaf: not what the policy names")
        return leaf[1], seat, share, [Share(x) for x in leaf.get(64, [])]
    def child_key(self, node: dict, path: bytes, bound: bytes, password):
        """A node's child key (5.3); None where it takes something that was not brought."""
        if node.get(1) in (3, 4):
            context = bound[:36] + bound[52:] + bound[36:52] + path  # T
            fit = [s for s in self.shares if s.context == context]
            return recover([s for s in fit if node[1] == 4 or s.scheme[1] == node[2]])
        if node.get(1) == 1 and password is not None:
            check_map(node, "node", {1: int, 2: 16, 3: [int, int, int]}, {})
            salt, (passes, kib, lanes) = node[2], node[3]
            require(1 <= passes <= 20 and 8 <= kib <= 4 << 20 and lanes == 1, "Argon2 out of range")
            return nacl.pwhash.argon2id.kdf(32, password, salt, passes, kib << 10)
        if node.get(1) not in (5, 6):
            return None
        both, item = node[1] == 5, dict if node[1] == 5 else [dict, bytes]
        below = check_map(node, "node", {1: int, 2: (item,)}, {})[2]
        require(len(path) < 2 and 2 <= len(below) <= 8, "nodes stand too deep, or too many")
        keys = [self.child_key(x if both else x[0], path + bytes([i]), bound, password)
                for i, x in enumerate(below)]
        if both:
            info = b"fenchi/1/and\0" + bound + path
            return None if None in keys else hkdf(b"".join(map(lp, keys)), b"", info)
        place = bound[36:52] + path  # slot id, path
        opened = (attempt(open_box, self.id, key, 10, place + bytes([i]), below[i][1])
                  for i, key in enumerate(keys) if key)
        return next(filter(None, opened), None)
    def unlock(self, password, brought=()) -> None:
        shares: list = []
        self.shares = list(brought)  # of slots: of custodians, and what lies at the providers
        for version in range(self.policy[16][0], 0, -1):  # seats may keep an older leaf object
            for provider, leaf in self.good_copies(f"k/leaf-{version:08}", self._check_leaf, 65536):
                if not provider.ident:
                    provider.ident, provider.seat, share, held = leaf
                    shares.append(share)
                    self.shares = self.shares + held
        secret = recover(shares)
        if not secret:
            stop(TOO_FEW, f"too few providers: {len(shares)} have a good leaf")
        slots = cbor_decode(self._named("slots", 14))
        check_map(slots, "slots", {1: int, 2: 32, 3: int, 4: (dict,)}, {})
        require([slots[x] for x in (1, 2, 3)] == [1, self.id, self.policy[11]], "foreign slots")
        for slot in slots[4][:64]:
            check_map(slot, "slot", {1: 16, 2: str, 3: dict, 4: bytes}, {})
            bound = self.id + be32(slots[3]) + slot[1] + sha256(slot[2].encode())
            child = self.child_key(slot[3], b"", bound, password)
            key = hkdf(lp(child or b"") + lp(secret), b"", b"fenchi/1/slot\0" + bound)
            root = child and attempt(open_box, self.id, key, 7, bound[32:52], slot[4])
            if root:
                break
        else:
            stop(WRONG_KEY, "wrong password, too few key shares, or the slots take something else")
        box = self._named("keyring", 15)
        ring = cbor_decode(open_box(self.id, root, 6, be32(self.policy[11]), box, 12))
        check_map(ring, "keyring", KEYRING, {8: 32})
        self.outer, self.namer, self.verify_secret = ring[3], ring[4], ring[5]
        self.domains = {check_map(m, "domain", DOMAIN, {})[1]: m for m in ring[7]}
        for provider in (p for p in self.all if not p.ident):
            note(f"warning: {provider.name}: no good leaf, so it is not used")
        self.all = [p for p in self.all if p.ident]
    def name(self, prefix: str, label: bytes, what: bytes, provider: Provider) -> str:
        digest = hmac.digest(self.namer, label + provider.ident + what, "sha256")
        return prefix + base64.b32encode(digest[:20]).decode().lower()

    # --- 9 Log ---
    def _check_record(self, writer: bytes, seq: int, box: bytes) -> dict:
        """A record's payload; 0 = its hash."""
        signed = open_box(self.id, self.outer, 2, writer + be64(seq), box, 12)
        payload, signature = check(cbor_decode(signed), [bytes, 64], "record")
        message = b"fenchi/1/record\0" + self.id + payload
        require(signed_by(self.writers[writer], signature, message), "record: wrong signature")
        m = check_map(cbor_decode(payload), "record", RECORD, {})
        require([m[2], m[3]] == [writer, seq] and 1 <= m[1] <= 7, "record: misplaced, or unknown")
        check_map(m[6], "record body", BODIES.get(m[1], {}), dict.fromkeys(range(1, 10)))
        return {0: sha256(signed), **m}
    def read_log(self) -> None:
        """Reads every writer's records; two different ones in a place are kept, as a fork."""
        self.records: list = []
        there = {path.name[:-2] for p in self.all for path in p.root.glob("r/**/*")}
        for writer in self.writers:
            seq, gap, before = 0, 0, {bytes(32)}
            while gap < LOOK_AHEAD:
                seq, gap = seq + 1, gap + 1
                stem = functools.partial(self.name, "r/", b"record\0", writer + be64(seq))
                if not any(stem(p)[2:] in there for p in self.all):
                    before = set()
                    continue
                test = functools.partial(self._check_record, writer, seq)
                found = {m[0]: m for _, m in self.good_copies(stem, test)}
                if len(found) > 1 or any(before and m[4] not in before for m in found.values()):
                    note(f"warning: writer {writer.hex()}: record {seq} forks the log")
                if not found:
                    self.lose(f"record {seq} of writer {writer.hex()}: every copy is bad")
                self.records += found.values()
                gap, before = 0, set(found)
    def _approved(self, m: dict) -> bool:
        """Whether enough admins of one policy signed a FORGET (its body without key 2). Where a
        policy closed the admins before it (key 64), they count for records up to there only."""
        body, n = m[6], len(m[6][1])
        head = b"%c" % (0x80 + n) if n < 24 else b"\x98%c" % n if n < 256 else b"\x99" + be32(n)[2:]
        bare = b"\xa1\x01" + head + b"".join(b"\x58\x20" + ident for ident in body[1])
        message = b"fenchi/1/approval\0" + self.id + bytes([FORGET]) + sha256(bare)
        signers = {p for p, s in body[2] if signed_by(p, s, message)}
        closed = [i for i, p in enumerate(self.chain) if p.get(64)
                  and {w: seq for w, seq, _ in p[64]}.get(m[2], 0) < m[3]]
        chain = self.chain[closed[-1] :] if closed else self.chain
        return any(len(signers & set(p[19][1])) >= p[19][0] for p in chain)
    def snapshots(self) -> list:
        """Every snapshot that exists (9.2), oldest label first."""
        objects: dict = {}
        commits = {(m[2], m[3], m[0]): m[6][6] for m in self.records if m[1] == COMMIT}
        voids = [(m[2], m[3], tuple(m[6][1])) for m in self.records if m[1] == VOID]
        for m in (m for m in self.records if m[1] == SEAL and m[2] in self.savers):
            place = (m[2], m[6][1], m[6][2])
            if any(w == m[2] and s < m[3] and p == place for w, s, p in voids):
                continue
            if place not in commits:
                self.lose(f"COMMIT {place[1]} of writer {m[2].hex()} is sealed, but not to be had")
            objects.update((sha256(x), x) for x in commits.get(place, []))
        for m in (m for m in self.records if m[1] == FORGET and self._approved(m)):
            objects = {ident: x for ident, x in objects.items() if ident not in m[6][1]}
        out = []
        for ident, data in objects.items():
            try:
                out.append(Snapshot(self, ident, data))
            except Bad as error:
                self.lose(f"snapshot {ident.hex()}: {error}")
        return sorted(out, key=lambda snapshot: (snapshot.ended, snapshot.id))

    # --- 6 and 8 Wrapped keys, chunks, lists ---
    def _data_key(self, wrapped: bytes, domain: bytes, run: bytes, epoch: int) -> bytes:
        """Unwraps S; the read key of the epoch that the object names is tried first."""
        form, data = check(cbor_decode(wrapped), [int, bytes], "wrapped key")
        require(domain in self.domains and form in (1, 2), "no key for this wrapped key")
        info, how = b"fenchi/1/wrap\0" + self.id + domain, open_box if form == 1 else unseal
        for e, secret, _ in sorted(self.domains[domain][3], key=lambda key: key[0] != epoch):
            key = hkdf(secret, b"", info + be32(e)) if form == 1 else secret
            data_key = attempt(how, self.id, key, 8, run + domain, data)
            if data_key:
                return check(data_key, 32, "wrapped data key")
        raise Bad("a wrapped data key does not open")
    def chunk(self, domain: bytes, reference) -> bytes:
        """The plaintext that a reference names, fully checked."""
        ident, run, size, pieces = check(reference, [32, 16, int, ([32, int, int],)], "reference")
        good = 1 <= size <= CHUNK_MAX and 1 < sum(p[2] for p in pieces) <= CHUNK_MAX + 1
        require(good and len(pieces) <= 7, "reference: out of range")
        stored = b""
        for pack_id, offset, length in pieces:
            pack = self.pack(pack_id)
            require([pack.core[15], pack.core[5]] == [run, domain], "reference: foreign pack")
            stored += pack.read(offset, length)
        plain = expand_stored(stored, size)
        info = b"fenchi/1/id\0" + self.id + domain + pack.core[17]
        key = hkdf(self.domains[domain][4], b"", info)
        require(hmac.digest(key, plain, "sha256") == ident, "chunk: its bytes do not match its id")
        self.chunks += 1
        return plain
    def leaves(self, domain: bytes, kind: int, value, lost, inside: bool = False):
        """Leaf items of a list; lost(reason) is called for each node that cannot be read."""
        level, items = check_list(kind, value)
        require(level <= 8 and (inside or len(items) <= 64), "list: too deep or too long")
        yield from items if level == 0 else []
        for item in items if level > 0 else []:
            try:
                node = check(cbor_decode(self.chunk(domain, item[0])), [int, int, list], "list")
                level_below, below = check_list(kind, node[1:])
                require(below, "list: an empty node")
                last, leaf = below[-1], level_below == 0
                end = last[2] if not leaf else last[0] + last[1][2] if kind == 2 else last.get(1)
                count = sum(x[1] for x in below) if level_below else len(below)
                good = [*node[:2], count, end] == [kind, level - 1, *item[1:]]
                require(good, "list: a node is not what its parent says")
            except Bad as error:
                lost(f"a part of a list: {error}")
                continue
            yield from self.leaves(domain, kind, node[1:], lost, True)

def check_list(kind: int, value) -> list:
    """A list of section 8, its items of the right shape; embedded ones may be empty."""
    level, _ = check(value, [int, list], "list")
    leaf = dict if kind == 1 else [int, [32, 16, int, list]]
    item = leaf if level == 0 else [list, int, bytes if kind == 1 else int]
    return check(value, [int, (item,)], "list")
def expand_stored(stored: bytes, size: int) -> bytes:
    """A chunk out of its stored form, never more than `size` bytes."""
    if stored[0] == 0 and len(stored) == size + 1:
        return stored[1:]
    try:
        frame = zstandard.get_frame_parameters(stored[1:])
        fits = frame.content_size == size and frame.window_size <= 8 << 20 and not frame.dict_id
        require(fits and stored[0] == 1, "chunk: unknown method, or a frame that is not allowed")
        expander = zstandard.ZstdDecompressor(max_window_size=8 << 20)
        return expander.decompress(stored[1:], max_output_size=size, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise Bad(f"chunk: {error}") from error

# --- 7 Packs and shards ---
Shard = namedtuple("Shard", "provider name header index")

class Pack:
    """Segments of one pack, from data shards where they are good, else from any k."""
    def __init__(self, vault: Vault, ident: bytes):
        self.vault, self.id, self.core = vault, ident, None
        shards = [shard for provider in vault.all for shard in self._find(provider)]
        for shard in shards:
            try:
                self._adopt(shard.header)
                break
            except Bad as error:
                vault.found_bad(*shard[:2], f"header: {error}")
        require(self.core, f"pack {ident.hex()[:16]}: no shard with a good header")
        self.blocks = -(-self.core[9] // self.core[7])
        self.shards = [shard for shard in shards if {**shard.header, 10: 0} == self.core]
        for shard in (x for x in shards if x not in self.shards):
            vault.found_bad(*shard[:2], "header: unlike the other shards'")
    def _find(self, provider: Provider):
        """A provider's shards of this pack, in every generation, newest k first."""
        for k in self.vault.ks:
            stem = self.vault.name("d/", b"shard\0", self.id + bytes([k]), provider)
            for name, box in provider.copies(stem, HEADER, True):
                try:
                    header = self._open_header(provider, box, k)
                    yield Shard(provider, name, header, header[10])
                except Bad as error:
                    self.vault.found_bad(provider, name, f"header: {error}")
    def _open_header(self, provider: Provider, box: bytes, k: int) -> dict:
        plain = open_box(self.vault.id, self.vault.outer, 1, b"", box, 12)
        m = check_map(cbor_decode(plain), "header", HEAD, {})
        label = b"hdr" + self.id + bytes([m[10] & 255]) + lp(plain).ljust(HEADER - 84, b"\0")
        salt = hmac.digest(self.vault.outer, label, "sha256")
        same = [m[1], m[6], m[7], m[8], box[4:36]] == [1, self.id, k, 1, salt]
        known = m[9] in (12, 72, 240) and m[16] in (1, 2) and k <= m[11] <= 255
        known &= m[2] in (1, 2) and m[3] < 1 << 32 and m[10] < 255
        require(same and known, "of another pack, k, format or matrix, or an impossible number")
        start = int.from_bytes(self.id[:4], "big")
        index = provider.seat if provider.seat >= m[11] else (provider.seat + start) % m[11]
        require(m[10] == index, f"shard {m[10]} does not belong to seat {provider.seat}")
        return m

    def _adopt(self, h: dict) -> None:
        """Derives the pack's keys from a header, if they match its commitment."""
        vault = self.vault
        info = b"fenchi/1/pack\0" + bytes([1, h[2], h[16]]) + vault.id + be32(h[3]) + be32(h[9])
        keys = hkdf(vault.data_key(h[13], h[5], h[15], h[3]), self.id, info, 64)
        require(hmac.compare_digest(keys[32:], h[12]), "its key commitment is wrong")
        form, data = check(cbor_decode(h[14]), [int, bytes], "wrapped tag key")
        require(form == 2, "an unknown form of wrapped tag key")
        key = attempt(unseal, vault.id, vault.verify_secret, 9, h[15] + h[5], data)
        info = b"fenchi/1/tag\0" + bytes([h[2]]) + vault.id + bytes([h[7]]) + be32(h[9])
        self.tagger = aead(h[2], hkdf(key, self.id, info + bytes([h[8]]))) if key else None
        self.aead, self.core = aead(h[2], keys[:32]), {**h, 10: 0}

    def _block(self, shard: Shard, b: int) -> tuple:
        """(block, whether it is whole and its tag holds). A bad one is named."""
        raw = shard.provider.read(shard.name, BLOCK + TAG, HEADER + b * (BLOCK + TAG)) or b""
        block, nonce, good = raw[:BLOCK], be32(shard.index) + be64(b), len(raw) == BLOCK + TAG
        if good and self.tagger:
            good = attempt(self.tagger.decrypt, nonce, raw[BLOCK:], block) is not None
        if not good:
            self.vault.found_bad(*shard[:2], f"block {b}: it is cut off, or its tag is wrong")
        return block, good

    def segment(self, s: int) -> bytes:
        """A segment from its data shard, else from any k others: subsets are tried in turn."""
        k, segments, (column, b) = self.core[7], self.core[9], divmod(s, self.blocks)
        nonce = be32(int(s == segments - 1)) + be64(s)
        zero = tuple(c for c in range(k) if c * self.blocks + b >= segments)  # known, never read
        have: list = []
        for shard in sorted(self.shards, key=lambda x: (x.index != column, x.index)):
            block, good = self._block(shard, b) if shard.index not in zero else (b"", False)
            if shard.index == column:
                plain = attempt(self.aead.decrypt, nonce, block, None)
                if plain is not None:
                    return plain
                self.vault.found_bad(*shard[:2], f"block {b}: does not decrypt")
            elif good:
                have.append((shard, block))
        subsets = (x for x in itertools.combinations(have, k - len(zero))
                   if len({shard.index for shard, _ in x}) == len(x))
        for tried, subset in enumerate(itertools.islice(subsets, SUBSETS_MAX)):
            indexes = (*(shard.index for shard, _ in subset), *zero)
            blocks = [block for _, block in subset]
            rebuilt = combine(blocks, combination(k, indexes, column))
            plain = attempt(self.aead.decrypt, nonce, rebuilt, None)
            if plain is None:
                continue
            for shard, block in have if tried else []:  # a subset that decrypts tells who lied
                if combine(blocks, combination(k, indexes, shard.index)) != block:
                    reason = "contradicts the others (if its tag holds, the verify key was misused)"
                    self.vault.found_bad(*shard[:2], f"block {b}: {reason}")
            return plain
        raise Bad(f"pack {self.id.hex()[:16]} segment {s}: too few good shards")

    def read(self, offset: int, length: int) -> bytes:
        """Plaintext bytes of the pack."""
        inside = length > 0 and offset + length <= self.core[9] * SEGMENT
        require(inside, "reference: outside of its pack")
        first, end = offset // SEGMENT, (offset + length - 1) // SEGMENT + 1
        whole = b"".join(self.vault.segment(self, s) for s in range(first, end))
        return whole[offset - first * SEGMENT :][:length]

# --- 8.2 Snapshots and restoring ---
CONTENT = {1: int, 2: int, 3: str, 4: TIME, 5: TIME, 6: str, 7: (bytes,), 8: list, 9: [int] * 6}
SNAPSHOT = {1: 16, 2: 16, 3: int, 4: bytes, 5: bytes}
ENTRY = {1: bytes, 2: int, 3: int, 4: int, 5: int, 8: TIME}
ENTRY_MAY = {6: bytes, 7: bytes, 9: int, 10: list, 11: bytes, 12: [int, int], 13: [int, int]}
ENTRY_MAY.update({14: ([bytes, bytes],), 16: int})
FILE, DIRECTORY, SYMLINK, FIFO = 1, 2, 3, 4
RAW_NAMES = os.name == "posix" and sys.platform != "darwin"  # names may be any bytes
RESERVED = {"CON", "PRN", "AUX", "NUL"} | {d + str(i) for d in ("COM", "LPT") for i in range(10)}

class Snapshot:
    def __init__(self, vault: Vault, ident: bytes, data: bytes):
        m = check_map(cbor_decode(data), "snapshot", SNAPSHOT, {})
        info = b"fenchi/1/snapshot\0" + vault.id + m[1]
        key = hkdf(vault.data_key(m[4], m[1], m[2], m[3]), b"", info)
        plain = open_box(vault.id, key, 3, m[2] + m[1], m[5], 10)
        c = check_map(cbor_decode(plain), "snapshot", CONTENT, {10: ([bytes, str],)})
        require(c[1] == 1 and c[2] in (1, 2), "snapshot: unknown format or kind")
        self.id, self.domain, self.ended, self.root = ident, m[1], c[5], c[8]
        texts = "  ".join(show(x.encode()) for x in (vault.domains[m[1]][2], c[6], c[3]))
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(min(max(c[5][0], 0), 1 << 37)))
        self.line = f"{ident.hex()}  {when}  {c[9][0]} files  {c[9][3]} bytes  {texts}"

def check_entry(entry) -> list:
    """The components of an entry's path."""
    check_map(entry, "entry", ENTRY, ENTRY_MAY)
    parts = entry[1].split(b"/")
    good = len(entry[1]) <= 1048576 and b"\0" not in entry[1] + entry.get(11, b"")
    good &= all(part not in (b"", b".", b"..") and len(part) <= 65535 for part in parts)
    good &= 1 <= entry[2] <= 7 and entry[3] <= 0o7777 and entry.get(9, 0) < 1 << 63
    good &= (entry[2] != FILE or 9 in entry) and (entry[2] != SYMLINK or 11 in entry)
    require(good, "a name, type, mode, size or target that the format forbids")
    return parts
def portable(name: bytes):
    """The name itself where the system holds any bytes, else what Windows can hold, with %XX."""
    if RAW_NAMES:
        return name
    text = name.decode("utf-8", "surrogateescape")
    odd = [c in '<>:"/\\|?*%' or ord(c) < 32 or 0xDC80 <= ord(c) <= 0xDCFF for c in text]
    odd[0] |= text.partition(".")[0].rstrip().upper() in RESERVED
    odd[-1] |= text[-1] in ". "
    return "".join(f"%{ord(c) & 255:02X}" if o else c for c, o in zip(text, odd))

class Restorer:
    """Makes files: new ones only, by names of one component, in a current directory that it made
    itself below one that only its user may enter. So no link is followed, no path is too long."""
    def __init__(self, vault: Vault):
        self.vault, self.lost, self.unwritten = vault, set(), set()
        self.files = self.others = self.bytes = 0

    def restore(self, snapshot: Snapshot, out: str) -> None:
        home, last = Path.cwd(), []
        self.top = os.fsencode(Path(out, snapshot.id.hex()[:8]).absolute())
        Path(out).mkdir(parents=True, exist_ok=True)
        Path(os.fsdecode(self.top)).mkdir(0o700)
        self.domain, self.links, self.stack, self.path = snapshot.domain, {}, [], b""
        os.chdir(self.top)
        try:
            for entry in self.vault.leaves(self.domain, 1, snapshot.root, self._lose):
                try:
                    parts = check_entry(entry)
                    require(parts > last, "entries are not in order")
                    last, self.path = parts, entry[1]
                    self._go_to(parts[:-1])
                    self._make(entry, parts[-1], portable(parts[-1]))
                except Bad as error:
                    self._lose(error)
                except (OSError, ValueError, OverflowError) as error:
                    self.unwritten.add((self.top, self.path))
                    note(f"not written: {show(self.path)}: {error}")
                self.path = b""
            self._go_to([])
        except Bad as error:
            self._lose(error)
        finally:
            os.chdir(home)

    def _lose(self, reason) -> None:
        self.lost.add((self.top, self.path))
        note(f"lost: {show(self.top + b'/' + self.path)}: {reason}")

    def _go_to(self, parts: list) -> None:
        """Makes a directory the current one; those that are left get their attributes."""
        while [part for part, _, _ in self.stack] != parts[: len(self.stack)]:
            _, name, entry = self.stack.pop()
            os.chdir("..")
            if entry:
                self._settle(entry, name)
        for part in parts[len(self.stack) :]:
            note(f"note: {show(part)}: made without its attributes, which are lost")
            self._enter(part, portable(part), None)
    def _enter(self, part: bytes, name, entry) -> None:
        os.mkdir(name, 0o700)
        os.chdir(name)
        self.stack.append((part, name, entry))

    def _make(self, entry: dict, part: bytes, name) -> None:
        if os.fsencode(name) != part:
            note(f"note: {show(entry[1])}: restored as {name}")
        kind = entry[2]
        if kind == FILE:
            self._make_file(entry, name)
        elif kind == DIRECTORY:
            self._enter(part, name, entry)
        elif kind == SYMLINK:
            os.symlink(entry[11] if RAW_NAMES else os.fsdecode(entry[11]), name)
        elif kind == FIFO and hasattr(os, "mkfifo"):
            os.mkfifo(name, 0o600)
        else:
            return note(f"note: {show(entry[1])}: devices and sockets are not restored")
        self.files += kind == FILE
        self.others += kind != FILE
        return self._settle(entry, name) if kind in (SYMLINK, FIFO) else None

    def _make_file(self, entry: dict, name) -> None:
        same = sha256(repr({**entry, 1: 0, 16: 0}).encode()) if 13 in entry else b""
        source, whole = self.links.get(same, (None, True))
        if source and not os.path.lexists(name):
            try:
                os.link(source, name)
                if not whole:
                    self._lose("a hard link to a file with losses")
                return
            except OSError:
                note(f"note: {show(entry[1])}: hard link restored as a copy")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        fd, before = os.open(name, flags, 0o600), len(self.lost)
        try:
            self._fill(entry, fd)
        finally:
            os.close(fd)
            self._settle(entry, name)
        if same:
            folders = [os.fsencode(folder) for _, folder, _ in self.stack]
            path = b"/".join([self.top, *folders, os.fsencode(name)])
            self.links[same] = (path, len(self.lost) == before)

    def _fill(self, entry: dict, fd: int) -> None:
        """Writes a file's content; what no chunk covers stays a hole."""
        size, end, content = entry[9], 0, entry.get(10, [0, []])
        os.ftruncate(fd, size)
        for offset, reference in self.vault.leaves(self.domain, 2, content, self._lose):
            require(end <= offset <= size - reference[2], "content overlaps or is too long")
            end = offset + reference[2]
            try:
                data = memoryview(self.vault.chunk(self.domain, reference))
            except Bad as error:
                self._lose(f"bytes {offset} to {end} (zeros stand for them): {error}")
                continue
            os.lseek(fd, offset, os.SEEK_SET)
            while data:
                data = data[os.write(fd, data) :]
            self.bytes += reference[2]

    def _settle(self, entry: dict, name) -> None:
        """Owner, extended attributes, mode and time, in that order, as far as the system lets us.
        Set-id bits are dropped, and so are file capabilities, which amount to the same."""
        still = {"follow_symlinks": False} if os.utime in os.supports_follow_symlinks else {}
        stamp = entry[8][0] * 10**9 + entry[8][1]
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        steps: list = [(os.chown, (entry[4], entry[5]), still)] if root else []
        steps += [(os.setxattr, attribute, still) for attribute in entry.get(14, [])
                  if hasattr(os, "setxattr") and attribute[0] != b"security.capability"]
        steps += [(os.chmod, (entry[3] & ~0o6000,), {})] if entry[2] != SYMLINK else []
        if entry[2] != SYMLINK or still:
            steps.append((os.utime, (), {"ns": (stamp, stamp), **still}))
        for function, arguments, keywords in steps:
            try:
                function(name, *arguments, **keywords)
            except (OSError, ValueError, OverflowError) as error:
                note(f"note: {show(entry[1])}: {function.__name__} {arguments[:1]}: {error}")

# --- Command line ---
def run(argv) -> int:
    parser = argparse.ArgumentParser(description="Restores a fenchi vault from its providers.")
    parser.add_argument("--password-file", metavar="F")
    parser.add_argument("--share-file", metavar="F", action="append", default=[])
    for option, value in (("--vault-id", "HEX"), ("--out", "DIR"), ("--snapshot", "ID|latest")):
        parser.add_argument(option, metavar=value)
    parser.add_argument("--list", action="store_true", help="list snapshots and end")
    parser.add_argument("providers", nargs="+", metavar="PROVIDER_DIR")
    options = parser.parse_args(argv)
    if not options.list and not options.out:
        stop(FAILED, "--out is needed, or --list")
    vault = Vault(options.providers, bytes.fromhex(options.vault_id) if options.vault_id else None)
    password, brought = None, {name: Path(name).read_bytes() for name in options.share_file}
    if options.password_file:
        text = Path(options.password_file).read_bytes().decode("utf-8", "surrogateescape")
        text = unicodedata.normalize("NFC", text[:-1] if text.endswith("\n") else text)
        password = text.encode("utf-8", "surrogateescape")
    shares = {name: attempt(Share, data) for name, data in brought.items()}
    for name in (name for name, share in shares.items() if share is None):
        note(f"warning: {name}: a damaged key share, or none")
    vault.unlock(password, [share for share in shares.values() if share])
    vault.read_log()
    snapshots = vault.snapshots()
    if options.snapshot:
        found = [s for s in snapshots if s.id.hex().startswith(options.snapshot.lower())]
        snapshots = snapshots[-1:] if options.snapshot == "latest" else found
        if len(snapshots) != 1:
            stop(FAILED, f"--snapshot {options.snapshot}: {len(snapshots)} snapshots match")
    restorer = Restorer(vault)
    for snapshot in snapshots:
        print(snapshot.line, flush=True)
        if not options.list:
            restorer.restore(snapshot, options.out)
    if not options.list:
        bad = Counter("shards" if name.startswith("d/") else "others" for _, name in vault.bad)
        print(f"vault {vault.id.hex()}, policy {vault.policy[3]}, {len(vault.all)} providers",
              f"restored: {len(snapshots)} snapshots, {restorer.files} files, "
              f"{restorer.others} others, {restorer.bytes} bytes; {vault.chunks} chunks checked",
              f"found bad: {bad['shards']} shards, {bad['others']} other objects",
              f"lost: {len(restorer.lost)} paths, {vault.damage} records or snapshots", sep="\n")
        if len(vault.all) < vault.policy[8][1]:
            print("freshness not proven: newer records may lie at other providers")
    return LOST if restorer.lost or vault.damage else FAILED if restorer.unwritten else OK
def main(argv=None) -> int:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")
    try:
        return run(argv)
    except SystemExit as end:  # 2 is argparse's
        return FAILED if end.code == 2 else int(end.code or OK)
    except (Bad, OSError, ValueError) as error:
        note(f"error: {error}")
        return LOST if isinstance(error, Bad) else FAILED

if __name__ == "__main__":
    sys.exit(main())
