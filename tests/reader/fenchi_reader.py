#!/usr/bin/env python3
"""Restores a fenchi vault from any k of its providers, without fenchi.

Written from FORMAT.md alone; section numbers are those of that document. Needs Python 3.9 or later
and, from PyPI, cryptography, pynacl and zstandard.

    fenchi_reader.py --password-file F --vault-id HEX --out DIR PROVIDER_DIR PROVIDER_DIR ...

It only reads the providers and only makes new files below DIR. Everything is checked: the chain of
signatures and hashes from the vault id to the keys, key commitments before anything is decrypted,
every segment and every chunk. What is damaged is rebuilt from other shards, and named. Of the ways
to open a slot it knows the passphrase (alone, or in AND and OR nodes of passphrases).

Exit codes: 0 all restored; 1 usage, not a vault, or DIR could not be written; 12 wrong password;
21 some data is lost (the rest is restored, each lost path is named); 22 too few providers.
"""

# ruff: noqa: PTH, B905, UP017  (Python 3.9 has no other way; os takes names as bytes)
from __future__ import annotations

import argparse
import base64
import functools
import hashlib
import hmac
import itertools
import os
import stat
import struct
import sys
import unicodedata
from collections import Counter, OrderedDict
from datetime import datetime, timedelta, timezone
from pathlib import Path

import nacl.pwhash
import zstandard
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

SEGMENT, BLOCK, HEADER, TAG = 65520, 65536, 4096, 16
CHUNK_MAX, OBJECT_MAX = 4194304, 1048576
LOOK_AHEAD = 16  # sequence numbers that a log may lack at every provider at hand
SUBSETS_MAX = 3000  # k-subsets of shards that are tried for one segment
OK, FAILED, WRONG_KEY, LOST, TOO_FEW = 0, 1, 12, 21, 22


class Bad(Exception):
    """Bytes that do not pass a check. The caller tries another copy, or reports a loss."""


class Stop(Exception):
    """Ends the program: exit code, message."""


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def show(name: bytes) -> str:
    """A name for people: no byte of it reaches the terminal unescaped."""
    text = name.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


# --- 1 Notation -------------------------------------------------------------------------------

be32, be64 = struct.Struct(">I").pack, struct.Struct(">Q").pack


def lp(x: bytes) -> bytes:
    return be32(len(x)) + x


def sha256(x: bytes) -> bytes:
    return hashlib.sha256(x).digest()


def mac(key: bytes, x: bytes) -> bytes:
    return hmac.new(key, x, hashlib.sha256).digest()


def hkdf(ikm: bytes, salt: bytes, info: bytes, length: int = 32) -> bytes:
    return HKDF(SHA512(), length, salt, info).derive(ikm)


def expand(prk: bytes, info: bytes, length: int) -> bytes:
    return HKDFExpand(SHA512(), length, info).derive(prk) if length else b""


def cbor_decode(data: bytes):
    """The one value in `data`. Refuses everything but the deterministic form of section 1.1."""
    value, end = _cbor_item(data, 0, 1)
    if end != len(data):
        raise Bad("CBOR: bytes behind the value")
    return value


def _cbor_head(data: bytes, at: int) -> tuple:
    if at >= len(data) or data[at] & 31 > 27:
        raise Bad("CBOR: cut off, or an indefinite or reserved length")
    major, low = data[at] >> 5, data[at] & 31
    if low < 24:
        return major, low, at + 1
    end = at + 1 + (1 << (low - 24))
    number = int.from_bytes(data[at + 1 : end], "big")
    if end > len(data) or number < (24, 1 << 8, 1 << 16, 1 << 32)[low - 24] or major == 7:
        raise Bad("CBOR: cut off, or not in the shortest form")
    return major, number, end


def _cbor_item(data: bytes, at: int, depth: int) -> tuple:
    major, number, at = _cbor_head(data, at)
    if major == 0:
        return number, at
    if major == 1 and number < 1 << 63:
        return -1 - number, at
    if major == 7 and number in (20, 21):
        return number == 21, at
    if major not in (2, 3, 4, 5) or number > len(data) - at or depth > 16:
        raise Bad("CBOR: cut off, too deep, or a kind of value that the format does not have")
    if major in (2, 3):
        raw = data[at : at + number]
        try:
            return (raw if major == 2 else raw.decode("utf-8")), at + number
        except UnicodeDecodeError as error:
            raise Bad("CBOR: a text is not UTF-8") from error
    out: dict = {}
    for key in range(number):
        if major == 5:
            kind, key, at = _cbor_head(data, at)
            if kind != 0 or (out and key <= next(reversed(out))):
                raise Bad("CBOR: map keys are not ascending unsigned numbers")
        out[key], at = _cbor_item(data, at, depth + 1)
    return (list(out.values()) if major == 4 else out), at


def check(value, kind, what: str):
    """The value if it is of a kind: a type (int: unsigned), a number (bytes of that length), a
    list (array of exactly these kinds), a one-tuple (array of any length of that kind), or any."""
    if isinstance(kind, type):
        good = type(value) is kind and not (kind is int and value < 0)
    elif isinstance(kind, int):
        good = type(value) is bytes and len(value) == kind
    elif kind is not None:
        good = type(value) is list and (isinstance(kind, tuple) or len(value) == len(kind))
        kinds = kind if isinstance(kind, list) else itertools.repeat(kind[0])
        for item, item_kind in zip(value, kinds) if good else ():
            check(item, item_kind, what)
    if kind is not None and not good:
        raise Bad(f"{what}: a field has the wrong type, sign or length")
    return value


def check_map(value, what: str, need: dict, may: dict) -> dict:
    """A map with all keys of `need`, any of `may`, and unknown ones from 64 on (section 1.1)."""
    if type(value) is not dict or not need.keys() <= value.keys():
        raise Bad(f"{what}: not a map, or a key is absent")
    for key, field in value.items():
        if key < 64 and key not in need and key not in may:
            raise Bad(f"{what}: unknown key {key}")
        check(field, need.get(key, may.get(key)), f"{what}: key {key}")
    return value


def check_time(value) -> int:
    """A time in nanoseconds."""
    if type(value) is not list or [type(x) for x in value] != [int, int]:
        raise Bad("not a time")
    if not -(1 << 63) <= value[0] < 1 << 63 or not 0 <= value[1] < 10**9:
        raise Bad("a time out of range")
    return value[0] * 10**9 + value[1]


def signed_by(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# --- 3 Seal -----------------------------------------------------------------------------------


def aead(suite: int, key: bytes):
    if suite not in (1, 2):
        raise Bad(f"unknown suite {suite}")
    return AESGCM(key) if suite == 1 else ChaCha20Poly1305(key)


def decrypt(cipher, nonce: bytes, data: bytes, associated=None):
    """The plaintext, or None."""
    try:
        return cipher.decrypt(nonce, data, associated)
    except InvalidTag:
        return None


def open_box(vault: bytes, key: bytes, kind: int, context: bytes, box: bytes, pad: int = 0):
    """The plaintext of a sealed box; `pad` is e where the box is padded to 2^e."""
    if len(box) < 84 or box[0] != 1 or box[2] != kind or box[3] != 0:
        raise Bad("not a sealed box of the expected type")
    okm = hkdf(key, box[4:36], b"fenchi/1/seal\0" + box[:3] + vault + lp(context), 64)
    if not hmac.compare_digest(okm[32:], box[36:68]):
        raise Bad("a box does not open with this key")
    plain = decrypt(aead(box[1], okm[:32]), be32(1) + be64(0), box[68:])
    if plain is None:
        raise Bad("a box is damaged")
    return unpad(plain, pad) if pad else plain


def unpad(plain: bytes, e: int) -> bytes:
    size, whole = int.from_bytes(plain[:4], "big"), 1 << e
    while whole < size + 88:
        whole *= 2
    if len(plain) < 4 or whole != len(plain) + 84 or plain[4 + size :].strip(b"\0"):
        raise Bad("wrong padding")
    return plain[4 : 4 + size]


def unseal(vault: bytes, secret: bytes, kind: int, context: bytes, sealed: bytes) -> bytes:
    """Opens bytes that were sealed to an X25519 public key."""
    own = X25519PrivateKey.from_private_bytes(secret)
    try:  # an all-zero result raises
        shared = own.exchange(X25519PublicKey.from_public_bytes(sealed[:32]))
    except ValueError as error:
        raise Bad("a weak or short X25519 key") from error
    salt = sealed[:32] + own.public_key().public_bytes_raw()
    return open_box(vault, hkdf(shared, salt, b"fenchi/1/x25519"), kind, context, sealed[32:])


def first_opened(attempts):
    """The result of the first of these (function, arguments...) that opens something, or None."""
    for function, *arguments in attempts:
        try:
            return function(*arguments)
        except Bad:
            continue
    return None


# --- 7.2 and 12 Arithmetic in GF(2^8) ---------------------------------------------------------


class Field:
    """GF(2^8) with a polynomial and a generator (2 or 3) of its non-zero elements."""

    def __init__(self, polynomial: int, generator: int):
        self.exp, self.log, x = [0] * 510, [0] * 256, 1
        for i in range(255):
            self.exp[i] = self.exp[i + 255] = x
            self.log[x] = i
            twice = x << 1 ^ (polynomial if x & 128 else 0)
            x = twice if generator == 2 else twice ^ x

    def mul(self, a: int, b: int) -> int:
        return self.exp[self.log[a] + self.log[b]] if a and b else 0

    def div(self, a: int, b: int) -> int:
        return self.exp[self.log[a] + 255 - self.log[b]] if a else 0


CODE, SHARING = Field(0x11D, 2), Field(0x11B, 3)


def shard_row(k: int, index: int) -> list:
    """What a shard is made of (7.2): one factor for each data shard."""
    i, exp = index - k, CODE.exp
    if i < 2:
        return [int(j == index) if i < 0 else exp[i * j % 255] for j in range(k)]
    return [CODE.div(1, exp[(i - 1) % 255] ^ exp[-j % 255]) for j in range(k)]


@functools.lru_cache(maxsize=1024)
def combination(k: int, have: tuple, want: int) -> tuple:
    """Factors that make shard `want` out of the k shards `have`, by Gauss elimination."""
    rows = [list(row) for row in zip(*(shard_row(k, i) for i in (*have, want)))]
    for c in range(k):
        pivot = next((r for r in range(c, k) if rows[r][c]), None)
        if pivot is None:
            raise Bad("these shards do not determine the others")
        rows[c], rows[pivot] = rows[pivot], rows[c]
        rows[c] = [CODE.div(x, rows[c][c]) for x in rows[c]]
        for r, row in enumerate(rows):
            if r != c and row[c]:
                rows[r] = [x ^ CODE.mul(row[c], y) for x, y in zip(row, rows[c])]
    return tuple(row[k] for row in rows)


@functools.lru_cache(maxsize=256)
def _times(factor: int) -> bytes:
    return bytes(CODE.mul(factor, x) for x in range(256))


def combine(blocks, factors, size: int = BLOCK) -> bytes:
    """Sum of factor times block: a table look-up by translate(), XOR of one long number."""
    total = 0
    for block, factor in zip(blocks, factors):
        if factor:
            total ^= int.from_bytes(block.translate(_times(factor)), "little")
    return total.to_bytes(size, "little")


class Share:
    """A key share (section 12)."""

    def __init__(self, data: bytes):
        at = 10 + int.from_bytes(data[8:10], "big")
        if len(data) != at + 228 or data[:4] != b"fsh1" or sha256(data[:-4])[:4] != data[-4:]:
            raise Bad("a key share is damaged")
        self.scheme, self.index, self.context = data[4:6], data[6], data[10:at]
        self.value, self.cipher = data[at : at + 32], data[at + 32 : at + 96]
        self.check, dealer = data[at + 96 : at + 128], data[at + 128 : at + 160]
        if data[7] or self.scheme[0] != 1 or not self.scheme[1] or not self.index:
            raise Bad("a key share has an unknown scheme, or index or threshold 0")
        signed = b"fenchi/1/share\0" + data[: at + 160]
        if dealer.strip(b"\0") and not signed_by(dealer, data[at + 160 : at + 224], signed):
            raise Bad("a key share's signature is wrong")


def _interpolate(shares) -> bytes:
    """The Shamir polynomials at 0."""
    out = bytearray(32)
    for share in shares:
        factor = 1
        for other in (s for s in shares if s is not share):
            factor = SHARING.mul(factor, SHARING.div(other.index, share.index ^ other.index))
        for b in range(32):
            out[b] ^= SHARING.mul(share.value[b], factor)
    return bytes(out)


def _shamir(key: bytes, coins: bytes, index: int) -> bytes:
    out, power = bytearray(key), 1
    for c, coin in enumerate(coins):
        power = SHARING.mul(power, index) if c % 32 == 0 else power
        out[c % 32] ^= SHARING.mul(coin, power)
    return bytes(out)


def recover(shares: list) -> list:
    """Every secret that a group of shares agrees on."""
    groups: dict = {}
    for s in shares:
        groups.setdefault((s.scheme, s.context, s.cipher, s.check), {})[s.index, s.value] = s
    found = []
    for (scheme, context, cipher, tag), group in groups.items():
        m = scheme[1]
        for subset in itertools.islice(itertools.combinations(group.values(), m), SUBSETS_MAX):
            if len({s.index for s in subset}) < m:
                continue
            key = _interpolate(subset)
            both = bytes(x ^ y for x, y in zip(cipher, expand(key, b"enc", 64)))
            packed = lp(scheme) + lp(both[:32]) + lp(both[32:]) + lp(context)
            prk = hmac.new(b"fenchi/1/adss", packed, hashlib.sha512).digest()
            if not hmac.compare_digest(expand(prk, b"J", 32) + expand(prk, b"K", 32), tag + key):
                continue
            coins = expand(prk, b"L", 32 * (m - 1))
            if len({i for i, value in group if _shamir(key, coins, i) == value}) >= m:
                found.append(both[:32])
                break
    return found


# --- 2 Objects at a provider ------------------------------------------------------------------


class Provider:
    """One directory as the local provider writes it. Nothing that it says is believed unchecked."""

    def __init__(self, root: str):
        self.root, self.name, self.ident, self.seat = Path(root).resolve(), root, b"", -1

    def read(self, name: str, limit: int, offset: int = 0):
        """At most `limit` bytes of an object, plain or fanned out (d/abcd as d/ab/abcd), or None."""
        prefix, rest = name.split("/")
        for path in (self.root / prefix / rest, self.root / prefix / rest[:2] / rest):
            try:
                if stat.S_ISREG(os.lstat(path).st_mode):
                    with path.open("rb") as file:
                        file.seek(offset)
                        return file.read(limit)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                return b""  # present but not readable: as bad as wrong bytes
        return None

    def copies(self, stem: str, limit: int = OBJECT_MAX):
        """(name, bytes) in every generation that is present, lowest first."""
        for g in range(8):
            data = self.read(f"{stem}.{g}", limit + 1)
            if data is not None:
                yield f"{stem}.{g}", data if len(data) <= limit else b""


# --- 5 Genesis, policy, slots, keyring --------------------------------------------------------

POLICY = {1: int, 2: 32, 3: int, 4: 32, 5: list, 6: int, 7: ([16, int, int],), 8: [int] * 4}
POLICY.update({9: int, 10: int, 11: int, 12: 32, 13: ([16, int, 32],), 14: [int, 32], 20: bytes})
POLICY.update({15: [int, 32], 16: [int, ([int, 32],)], 17: [32, 32], 19: [int, (32,)]})
POLICY.update({18: ([16, 32, int, int],)})
DOMAIN = {1: 16, 2: str, 3: ([int, 32, 32],), 4: 32, 5: 32}
SHARD = {1: int, 2: int, 3: int, 4: 16, 5: 16, 6: 32, 7: int, 8: int, 9: int, 10: int, 11: int}
SHARD.update({12: 32, 13: bytes, 14: bytes, 15: 16, 16: int, 17: 16})
# Kinds of records: fields that a restore needs, and how many there are.
COMMIT, SEAL, VOID, FORGET = 1, 2, 3, 4
BODIES: dict = {COMMIT: ({6: (bytes,)}, 9), SEAL: ({1: int, 2: 32}, 2), 5: ({}, 3), 6: ({}, 3)}
BODIES.update({VOID: ({1: [16, int, 32]}, 2), FORGET: ({1: (32,), 2: ([32, 64],)}, 2), 7: ({}, 5)})


def check_genesis(data: bytes) -> dict:
    m = check_map(cbor_decode(data), "genesis", {1: int, 2: (32,), 3: int, 4: 32}, {})
    if m[1] != 1 or not 1 <= m[3] <= len(m[2]) <= 255 or len(set(m[2])) != len(m[2]):
        raise Bad("genesis: unknown format version or impossible threshold")
    return m


def check_policy(data: bytes, vault: bytes, version: int, before: bytes, rule: list) -> dict:
    """The payload of a policy object, if the admins of the version before signed it; 0 = its hash."""
    payload, signatures = check(cbor_decode(data), [bytes, ([32, 64],)], "policy")
    message, (threshold, admins) = b"fenchi/1/policy\0" + vault + payload, rule
    signers = {p for p, s in signatures if p in admins and signed_by(p, s, message)}
    if len(signers) < threshold:
        raise Bad(f"policy {version}: {len(signers)} valid signatures, need {threshold}")
    m = check_map(cbor_decode(payload), f"policy {version}", POLICY, {})
    if [m[1], m[2], m[3], m[4]] != [1, vault, version, before]:
        raise Bad(f"policy {version}: of another format, vault, version or chain")
    counts = 1 <= m[6] <= 255 and 1 <= m[19][0] <= len(set(m[19][1]))
    if not counts or any(seat > 254 for _, seat, _ in m[7]):
        raise Bad(f"policy {version}: an impossible threshold or seat")
    return {0: sha256(payload), **m}


def child_keys(node, path: bytes, place: tuple, passwords: list) -> list:
    """Every child key that a node of a slot yields (5.3).

    place: vault id, and what follows it in labels: epoch, slot id, H(access expression).
    """
    vault, epoch, slot, expression = place
    kind = check_map(node, "node", {1: int}, {2: None, 3: None, 4: None})[1]
    if len(path) > 3 or kind not in (1, 5, 6):
        return []  # custodians, recipients and tokens need more than a password
    if kind == 1:
        salt, (passes, kib, lanes) = check([node.get(2), node.get(3)], [16, [int] * 3], "node")
        if not 1 <= passes <= 20 or not 8 <= kib <= 4 << 20 or lanes != 1:
            raise Bad("Argon2 parameters out of range")
        return [nacl.pwhash.argon2id.kdf(32, p, salt, passes, kib << 10) for p in passwords]
    children = check(node.get(2), (dict,) if kind == 5 else ([dict, bytes],), "node")[:8]
    below = [path + bytes([i]) for i in range(len(children))]
    if kind == 5:
        keys = [child_keys(n, p, place, passwords) for n, p in zip(children, below)]
        info = b"fenchi/1/and\0" + vault + epoch + slot + expression + path
        return [hkdf(b"".join(map(lp, choice)), b"", info) for choice in itertools.product(*keys)]
    tries = ((open_box, vault, key, 10, slot + p, box) for (n, box), p in zip(children, below)
             for key in child_keys(n, p, place, passwords))  # fmt: skip
    return [key for key in [first_opened(tries)] if key]


class Vault:
    """An opened vault: its providers, keys and records."""

    def __init__(self, roots: list, vault_id):
        self.all = [Provider(root) for root in roots if os.path.isdir(root)]
        self.bad: dict = {}  # (provider, object) -> first reason
        self.absent: set = set()  # (provider, pack): shards that are not there
        self.damage = self.chunks = 0  # losses that have no path; chunks checked
        self.keys: dict = {}
        self.packs: OrderedDict = OrderedDict()
        self.segments: OrderedDict = OrderedDict()
        for root in set(roots) - {p.name for p in self.all}:
            note(f"warning: {root}: no such directory; this provider counts as lost")
        self.id, genesis = self._find_genesis(vault_id)
        self.rules = [[genesis[3], genesis[2]]]
        self.chain = self._find_policies(1, self.id, self.rules[0])
        if not self.chain:
            raise Stop(LOST, "no provider holds policy 1 with valid signatures")
        self.rules += [policy[19] for policy in self.chain]
        self.policy = self.chain[-1]
        self.ks = list(dict.fromkeys(policy[6] for policy in reversed(self.chain)))
        self.seats = {p[0]: p[1] for policy in self.chain for p in policy[7]}
        self.writers = {w[0]: w[1] for policy in self.chain for w in policy[18]}

    def found_bad(self, provider: Provider, name: str, reason) -> None:
        if (provider.name, name) not in self.bad:
            self.bad[provider.name, name] = reason
            note(f"bad: {provider.name}: {name}: {reason}")

    def lose(self, what: str) -> None:
        self.damage += 1
        note(f"lost: {what}")

    def _find_genesis(self, vault_id) -> tuple:
        found = Counter(data for p in self.all for _, data in p.copies("k/genesis", 65536))
        for data, _ in found.most_common():
            genesis = first_opened([(check_genesis, data)])
            if genesis and vault_id is None:
                note(f"warning: no --vault-id: genesis is taken on trust: {sha256(data).hex()}")
            if genesis and vault_id in (None, sha256(data)):
                return sha256(data), genesis
        if not self.all:
            raise Stop(TOO_FEW, "no provider directory exists")
        raise Stop(FAILED, "not a vault, or not the one with this id: no k/genesis fits")

    def _find_policies(self, version: int, before: bytes, rule: list) -> list:
        """The longest chain of policies from this version on (5.2)."""
        found: dict = {}
        for provider in self.all:
            for name, data in provider.copies(f"k/policy-{version:08}", 262144):
                try:
                    policy = check_policy(data, self.id, version, before, rule)
                    found[policy[0]] = policy
                    break
                except Bad as error:
                    self.found_bad(provider, name, error)
        if len(found) > 1:
            note(f"warning: admins signed {len(found)} different policies {version}")
        tails = [[p, *self._find_policies(version + 1, p[0], p[19])] for p in found.values()]
        return max(tails, key=len, default=[])

    def _named(self, kind: str, field: int) -> bytes:
        """An object that the policy names by version and hash, from any provider."""
        version, digest = self.policy[field]
        for provider in self.all:
            for name, data in provider.copies(f"k/{kind}-{version:08}"):
                if sha256(data) == digest:
                    return data
                self.found_bad(provider, name, "not what the policy names")
        raise Stop(LOST, f"no provider holds good {kind} {version}")

    def _read_leaf(self, provider: Provider):
        """The share in a provider's leaf, which also tells which provider it is (5.4)."""
        version, hashes = self.policy[16]
        wanted = {digest: seat for seat, digest in hashes}
        for v in range(version, 0, -1):  # a provider that was there before keeps its older leaf
            for name, data in provider.copies(f"k/leaf-{v:08}", 65536):
                try:
                    leaf = check_map(cbor_decode(data), "leaf", {1: 16, 2: bytes}, {})
                    share, seat = Share(leaf[2]), wanted.get(sha256(data), -1)
                    if self.seats.get(leaf[1]) != seat or share.index != seat + 1:
                        raise Bad("leaf: not what the policy names")
                    provider.ident, provider.seat = leaf[1], seat
                    return share
                except Bad as error:
                    self.found_bad(provider, name, error)
        return None

    def unlock(self, passwords: list) -> None:
        shares = [share for share in map(self._read_leaf, self.all) if share]
        leaves = recover(shares)
        if not leaves:
            raise Stop(TOO_FEW, f"too few providers: {len(shares)} have a good leaf")
        slots = check_map(cbor_decode(self._named("slots", 14)), "slots",
                          {1: int, 2: 32, 3: int, 4: (dict,)}, {})  # fmt: skip
        if slots[1] != 1 or slots[2] != self.id:
            raise Stop(LOST, "slots of another vault or format")
        for slot in slots[4][:64]:
            try:
                check_map(slot, "slot", {1: 16, 2: str, 3: dict, 4: bytes}, {})
                place = (self.id, be32(slots[3]), slot[1], sha256(slot[2].encode()))
                info, context = b"fenchi/1/slot\0" + b"".join(place), place[1] + place[2]
                children = child_keys(slot[3], b"", place, passwords)
            except Bad as error:
                note(f"warning: a slot was skipped: {error}")
                continue
            keys = (hkdf(lp(c) + lp(x), b"", info) for c, x in itertools.product(children, leaves))
            root = first_opened((open_box, self.id, key, 7, context, slot[4]) for key in keys)
            if root:
                return self._open_keyring(root)
        raise Stop(WRONG_KEY, "wrong password, or the slots need more than a password: "
                              + ", ".join(str(slot.get(2)) for slot in slots[4]))  # fmt: skip

    def _open_keyring(self, root: bytes) -> None:
        box = self._named("keyring", 15)
        ring = cbor_decode(open_box(self.id, root, 6, be32(self.policy[11]), box, 12))
        check_map(ring, "keyring", {1: int, 2: int, 3: 32, 4: 32, 5: 32, 6: 32, 7: (dict,)}, {8: 32})
        self.outer, self.namer, self.verify_secret = ring[3], ring[4], ring[5]
        self.domains = {check_map(m, "domain", DOMAIN, {})[1]: m for m in ring[7]}
        for provider in (p for p in self.all if not p.ident):  # without a leaf, names tell
            for ident in self.seats.keys() - {p.ident for p in self.all}:
                if any(list(provider.copies(self.record_name(ident, w, 1))) for w in self.writers):
                    provider.ident, provider.seat = ident, self.seats[ident]
            if not provider.ident:
                note(f"warning: {provider.name}: not recognised as a provider of this vault")
        self.providers = [p for p in self.all if p.ident]

    def name(self, prefix: str, label: bytes) -> str:
        return prefix + base64.b32encode(mac(self.namer, label)[:20]).decode().lower()

    def record_name(self, ident: bytes, writer: bytes, seq: int) -> str:
        return self.name("r/", b"record\0" + ident + writer + be64(seq))

    # --- 9 Log --------------------------------------------------------------------------------

    def _open_record(self, box: bytes, writer: bytes, seq: int) -> dict:
        """A record's payload; 0 = its hash."""
        signed = open_box(self.id, self.outer, 2, writer + be64(seq), box, 12)
        payload, signature = check(cbor_decode(signed), [bytes, 64], "record")
        if not signed_by(self.writers[writer], signature, b"fenchi/1/record\0" + self.id + payload):
            raise Bad("record: wrong signature")
        kinds = {1: int, 2: 16, 3: int, 4: 32, 5: list, 6: dict}
        m = check_map(cbor_decode(payload), "record", kinds, {})
        if m[2] != writer or m[3] != seq or m[1] not in BODIES:
            raise Bad("record: of another place, or of an unknown kind")
        need, count = BODIES[m[1]]
        check_map(m[6], "record body", need, dict.fromkeys(range(1, count + 1)))
        return {0: sha256(signed), **m}

    def read_log(self) -> None:
        """Reads every writer's records; two different ones in a place are kept, as a fork."""
        self.records: list = []
        for writer in self.writers:
            seq, gap, before = 1, 0, {bytes(32)}
            while gap < LOOK_AHEAD:
                found, present = {}, False
                for provider in self.providers:
                    name = self.record_name(provider.ident, writer, seq)
                    for copy, data in provider.copies(name):
                        present = True
                        try:
                            record = self._open_record(data, writer, seq)
                            found[record[0]] = record
                            break
                        except Bad as error:
                            self.found_bad(provider, copy, error)
                if len(found) > 1 or any(m[4] not in before for m in found.values() if before):
                    note(f"warning: writer {writer.hex()}: record {seq} forks the log")
                if present and not found:
                    self.lose(f"record {seq} of writer {writer.hex()}: every copy is bad")
                self.records += found.values()
                seq, gap, before = seq + 1, 0 if present else gap + 1, set(found)

    def _approved(self, m: dict) -> bool:
        """Whether a quorum of admins, of any policy, signed a FORGET: its body without key 2."""
        body, n = m[6], len(m[6][1])
        size = 0 if n < 24 else 1 if n < 256 else 2  # CBOR of the array's length
        head = bytes([0x80 + n]) if n < 24 else bytes([0x97 + size]) + n.to_bytes(size, "big")
        bare = b"\xa1\x01" + head + b"".join(b"\x58\x20" + ident for ident in body[1])
        message = b"fenchi/1/approval\0" + self.id + bytes([FORGET]) + sha256(bare)
        signers = {p for p, s in body[2] if signed_by(p, s, message)}
        return any(len(signers & set(admins)) >= m for m, admins in self.rules)

    def snapshots(self) -> list:
        """Every snapshot that exists (9.2), oldest label first."""
        objects: dict = {}
        commits = {(m[2], m[3], m[0]): m for m in self.records if m[1] == COMMIT}
        for m in (m for m in self.records if m[1] == SEAL):
            place = (m[2], m[6][1], m[6][2])
            if any(v[1] == VOID and v[2] == m[2] and v[3] < m[3] and tuple(v[6][1]) == place
                   for v in self.records):  # fmt: skip
                continue
            if place not in commits:
                self.lose(f"COMMIT {place[1]} of writer {m[2].hex()} is sealed, but not to be had")
                continue
            objects.update((sha256(x), x) for x in commits[place][6][6])
        for m in (m for m in self.records if m[1] == FORGET and self._approved(m)):
            for ident in m[6][1]:
                objects.pop(ident, None)
        out = []
        for ident, data in objects.items():
            try:
                out.append(Snapshot(self, ident, data))
            except Bad as error:
                self.lose(f"snapshot {ident.hex()}: {error}")
        return sorted(out, key=lambda snapshot: (snapshot.ended, snapshot.id))

    # --- 6 and 8 Wrapped keys, chunks, lists --------------------------------------------------

    def data_key(self, wrapped: bytes, domain: bytes, run: bytes, epoch: int) -> bytes:
        """Unwraps S; the read key of the epoch that the object names is tried first."""
        if (wrapped, domain, run) not in self.keys:
            form, data = check(cbor_decode(wrapped), [int, bytes], "wrapped key")
            if domain not in self.domains or form not in (1, 2):
                raise Bad("no read key for this domain, or an unknown form of wrapped key")
            tries, info = [], b"fenchi/1/wrap\0" + self.id + domain
            for e, secret, _ in sorted(self.domains[domain][3], key=lambda key: key[0] != epoch):
                key = hkdf(secret, b"", info + be32(e)) if form == 1 else secret
                how = open_box if form == 1 else unseal
                tries.append((how, self.id, key, 8, run + domain, data))
            self.keys[wrapped, domain, run] = check(first_opened(tries), 32, "wrapped data key")
        return self.keys[wrapped, domain, run]

    def chunk(self, domain: bytes, reference) -> bytes:
        """The plaintext that a reference names, fully checked."""
        ident, run, size, pieces = check(reference, [32, 16, int, ([32, int, int],)], "reference")
        stored_size = sum(length for _, _, length in pieces)
        if not 1 <= size <= CHUNK_MAX or len(pieces) > 7 or not 1 < stored_size <= CHUNK_MAX + 1:
            raise Bad("reference: a length or the number of pieces is out of range")
        stored = b""
        for pack_id, offset, length in pieces:
            if pack_id not in self.packs:
                self.packs[pack_id] = Pack(self, pack_id)
            self.packs.move_to_end(pack_id)
            if len(self.packs) > 32:
                self.packs.popitem(last=False)
            pack = self.packs[pack_id]
            if pack.core[15] != run or pack.core[5] != domain:
                raise Bad("reference: its pack is of another run or domain")
            stored += pack.read(offset, length)
        plain = expand_stored(stored, size)
        info = b"fenchi/1/id\0" + self.id + domain + pack.core[17]
        if not hmac.compare_digest(mac(hkdf(self.domains[domain][4], b"", info), plain), ident):
            raise Bad("chunk: its bytes do not match its id")
        self.chunks += 1
        return plain

    def leaves(self, domain: bytes, kind: int, value, lost, inside: bool = False):
        """Leaf items of a list; lost(reason) is called for each node that cannot be read."""
        level, items = check(value, [int, list], "list")
        if level > 8 or (not inside and len(items) > 64):
            raise Bad("list: too deep or too long")
        for item in items:
            if level == 0:
                yield item
                continue
            try:
                reference, count, end = check(item, [list, int, int if kind == 2 else bytes], "list")
                node = check(cbor_decode(self.chunk(domain, reference)), [int, int, list], "list")
                if node[:2] != [kind, level - 1] or node_summary(*node) != (count, end):
                    raise Bad("list: a node is not what its parent says")
            except Bad as error:
                lost(f"a part of the list before {show(str(item[-1:]).encode())[:80]}: {error}")
                continue
            yield from self.leaves(domain, kind, node[1:], lost, True)


def node_summary(kind: int, level: int, items: list) -> tuple:
    """(leaf items below a node, its end) as its parent states them."""
    try:
        if level > 0:
            return sum(item[1] for item in items), items[-1][2]
        return len(items), items[-1][1] if kind == 1 else items[-1][0] + items[-1][1][2]
    except (IndexError, KeyError, TypeError) as error:
        raise Bad("list: a node of a wrong form") from error


def expand_stored(stored: bytes, size: int) -> bytes:
    """A chunk out of its stored form, never more than `size` bytes."""
    if stored[0] == 0 and len(stored) == size + 1:
        return stored[1:]
    try:
        frame = zstandard.get_frame_parameters(stored[1:])
        fits = frame.content_size == size and frame.window_size <= 8 << 20 and not frame.dict_id
        if stored[0] != 1 or not fits:
            raise Bad("chunk: unknown method, or a zstd frame that the format does not allow")
        expander = zstandard.ZstdDecompressor(max_window_size=8 << 20).decompressobj()
        plain = expander.decompress(stored[1:])
    except zstandard.ZstdError as error:
        raise Bad(f"chunk: {error}") from error
    if len(plain) != size or not expander.eof or expander.unused_data:
        raise Bad("chunk: wrong length, or bytes behind the zstd frame")
    return plain


# --- 7 Packs and shards -----------------------------------------------------------------------


class Shard:
    """One shard object at one provider; without a header where that is damaged."""

    def __init__(self, provider: Provider, name: str, k: int, header=None):
        self.provider, self.name, self.k, self.header = provider, name, k, header
        self.index = header[10] if header else -1


class Pack:
    """Segments of one pack, from data shards where they are good, else from any k."""

    def __init__(self, vault: Vault, ident: bytes):
        self.vault, self.id, self.core, self.next = vault, ident, None, {}
        self.shards: list = []
        for provider in vault.providers:
            self._probe(provider)
        for shard in (s for s in self.shards if s.header):
            try:
                self._adopt(shard.header)
                break
            except Bad as error:
                vault.found_bad(shard.provider, shard.name, f"header: {error}")
        if self.core is None:
            raise Bad(f"pack {ident.hex()[:16]}: no shard with a good header")
        self.blocks = -(-self.core[9] // self.core[7])
        self._sort_out()

    def _probe(self, provider: Provider) -> None:
        """Takes generations up to the first with a good header; the rest waits until needed."""
        first, before = self.next.get(provider, 0), len(self.shards)
        self.next[provider] = 8
        for k, g in itertools.product(self.vault.ks, range(first, 8)):
            label = b"shard\0" + provider.ident + self.id + bytes([k])
            name = f"{self.vault.name('d/', label)}.{g}"
            box = provider.read(name, HEADER)
            if box is None:
                continue
            try:
                header = self._open_header(provider, box, k)
                self.shards.append(Shard(provider, name, k, header))
                self.next[provider] = g + 1
                return
            except Bad as error:
                self.vault.found_bad(provider, name, f"header: {error}")
                self.shards.append(Shard(provider, name, k))
        if first == 0 and len(self.shards) == before:
            self.vault.absent.add((provider.name, self.id))

    def _open_header(self, provider: Provider, box: bytes, k: int) -> dict:
        plain = open_box(self.vault.id, self.vault.outer, 1, b"", box)
        m = check_map(cbor_decode(unpad(plain, 12)), "header", SHARD, {})
        salt = mac(self.vault.outer, b"hdr" + self.id + bytes([m[10] & 255]) + plain)
        if [m[1], m[6], m[7], m[8], box[4:36]] != [1, self.id, k, 1, salt]:
            raise Bad("of another pack, k, format or matrix")
        if m[9] not in (12, 72, 240) or m[16] not in (1, 2) or not 1 <= m[11] <= 255:
            raise Bad("impossible number of segments or seats, or unknown type")
        if m[10] != self._index(provider, m[11]):
            raise Bad(f"shard {m[10]} does not belong to seat {provider.seat}")
        return m

    def _index(self, provider: Provider, seats: int) -> int:
        if provider.seat >= seats:
            return provider.seat
        return (provider.seat + int.from_bytes(self.id[:4], "big")) % seats

    def _adopt(self, h: dict) -> None:
        """Derives the pack's keys from a header, if they match its commitment."""
        vault = self.vault
        info = b"fenchi/1/pack\0" + bytes([1, h[2], h[16]]) + vault.id + be32(h[3]) + be32(h[9])
        keys = hkdf(vault.data_key(h[13], h[5], h[15], h[3]), self.id, info, 64)
        if not hmac.compare_digest(keys[32:], h[12]):
            raise Bad("its key commitment is wrong")
        self.aead, self.tagger = aead(h[2], keys[:32]), None
        self.core = {field: value for field, value in h.items() if field != 10}
        try:
            form, data = check(cbor_decode(h[14]), [int, bytes], "wrapped tag key")
            key = unseal(vault.id, vault.verify_secret, 9, h[15] + h[5], data)
            info = b"fenchi/1/tag\0" + bytes([h[2]]) + vault.id + bytes([h[7]]) + be32(h[9])
            self.tagger = aead(h[2], hkdf(key, self.id, info + bytes([h[8]])))
        except Bad as error:
            note(f"warning: pack {self.id.hex()[:16]}: tags are not checked: {error}")

    def _sort_out(self) -> None:
        """A bad header does not make blocks bad: the seat tells the index, tags tell the rest."""
        self.shards = [s for s in self.shards if s.k == self.core[7]]
        for s in self.shards:
            if s.header and {f: v for f, v in s.header.items() if f != 10} != self.core:
                self.vault.found_bad(s.provider, s.name, "header: unlike the other shards'")
            s.index = self._index(s.provider, self.core[11])

    def _block(self, shard: Shard, b: int) -> tuple:
        """(block or None, whether its tag holds). A bad one is named."""
        at = HEADER + b * (BLOCK + TAG)
        raw = shard.provider.read(shard.name, BLOCK + TAG, at) or b""
        if len(raw) < BLOCK + TAG:
            self.vault.found_bad(shard.provider, shard.name, f"block {b}: cut off")
            return None, False
        nonce, good = be32(shard.index) + be64(b), True
        if self.tagger and decrypt(self.tagger, nonce, raw[BLOCK:], raw[:BLOCK]) is None:
            self.vault.found_bad(shard.provider, shard.name, f"block {b}: its tag is wrong")
            good = False
        return raw[:BLOCK], good

    def _decrypt(self, s: int, block: bytes):
        return decrypt(self.aead, be32(int(s == self.core[9] - 1)) + be64(s), block)

    def _segment(self, s: int) -> bytes:
        column, b = divmod(s, self.blocks)
        while True:
            for shard in (x for x in self.shards if x.index == column):
                block, _ = self._block(shard, b)
                plain = self._decrypt(s, block) if block else None
                if plain is not None:
                    return plain
                self.vault.found_bad(shard.provider, shard.name, f"block {b}: does not decrypt")
            plain = self._rebuild(s, column, b)
            if plain is not None:
                return plain
            before = len(self.shards)
            for provider in self.vault.providers:  # bring in higher generations
                self._probe(provider)
            self._sort_out()
            if len(self.shards) == before:
                raise Bad(f"pack {self.id.hex()[:16]} segment {s}: too few good shards")

    def _rebuild(self, s: int, column: int, b: int):
        """A segment out of other shards' blocks; subsets are tried until one decrypts."""
        k, segments = self.core[7], self.core[9]
        zero = tuple(c for c in range(k) if c * self.blocks + b >= segments)  # known, never read
        have = []
        for shard in sorted(self.shards, key=lambda x: x.index):
            if shard.index != column and shard.index not in zero:
                block, good = self._block(shard, b)
                have += [(shard, block)] if good else []
        subsets = itertools.combinations(have, k - len(zero))
        for attempt, subset in enumerate(itertools.islice(subsets, SUBSETS_MAX)):
            indexes = tuple(shard.index for shard, _ in subset)
            if len(set(indexes)) < len(indexes):
                continue
            blocks = [block for _, block in subset]
            plain = self._decrypt(s, combine(blocks, combination(k, indexes + zero, column)))
            if plain is None:
                continue
            for shard, block in have if attempt else []:  # a subset that decrypts tells who lied
                if combine(blocks, combination(k, indexes + zero, shard.index)) != block:
                    text = " (its tag holds: was the verify key misused?)" if self.tagger else ""
                    reason = f"block {b}: contradicts the other shards{text}"
                    self.vault.found_bad(shard.provider, shard.name, reason)
            return plain
        return None

    def read(self, offset: int, length: int) -> bytes:
        """Plaintext bytes of the pack."""
        if length < 1 or offset + length > self.core[9] * SEGMENT:
            raise Bad("reference: outside of its pack")
        first, cache, parts = offset // SEGMENT, self.vault.segments, []
        for s in range(first, (offset + length - 1) // SEGMENT + 1):
            if (self.id, s) not in cache:
                cache[self.id, s] = self._segment(s)
            cache.move_to_end((self.id, s))
            if len(cache) > 512:
                cache.popitem(last=False)
            parts.append(cache[self.id, s])
        return b"".join(parts)[offset - first * SEGMENT :][:length]


# --- 8.2 Snapshots and restoring --------------------------------------------------------------

CONTENT = {1: int, 2: int, 3: str, 4: list, 5: list, 6: str, 7: (bytes,), 8: list, 9: [int] * 6}
ENTRY = {1: bytes, 2: int, 3: int, 4: int, 5: int, 8: list}
ENTRY_MAY = {6: bytes, 7: bytes, 9: int, 10: list, 11: bytes, 12: [int, int], 13: [int, int]}
ENTRY_MAY.update({14: ([bytes, bytes],), 16: int})
FILE, DIRECTORY, SYMLINK, FIFO = 1, 2, 3, 4
RAW_NAMES = os.name == "posix" and sys.platform != "darwin"  # names may be any bytes
RESERVED = {"CON", "PRN", "AUX", "NUL"} | {d + str(i) for d in ("COM", "LPT") for i in range(10)}


class Snapshot:
    def __init__(self, vault: Vault, ident: bytes, data: bytes):
        kinds = {1: 16, 2: 16, 3: int, 4: bytes, 5: bytes}
        m = check_map(cbor_decode(data), "snapshot", kinds, {})
        self.id, self.domain, self.label = ident, m[1], b"fenchi/1/snapshot\0" + vault.id + m[1]
        key = hkdf(vault.data_key(m[4], m[1], m[2], m[3]), b"", self.label)
        plain = open_box(vault.id, key, 3, m[2] + m[1], m[5], 10)
        c = check_map(cbor_decode(plain), "snapshot", CONTENT, {10: ([bytes, str],)})
        if c[1] != 1 or c[2] not in (1, 2):
            raise Bad("snapshot: unknown format or kind")
        check_time(c[4])
        self.ended, self.root = check_time(c[5]), c[8]
        when = f"{self.ended // 10**9} s"
        if 0 <= self.ended < 4 * 10**18:
            epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
            when = (epoch + timedelta(seconds=self.ended // 10**9)).isoformat()
        texts = "  ".join(show(x.encode()) for x in (vault.domains[m[1]][2], c[6], c[3]))
        self.line = f"{ident.hex()}  {when}  {c[9][0]} files  {c[9][3]} bytes  {texts}"


def check_entry(entry) -> list:
    """The components of an entry's path."""
    check_map(entry, "entry", ENTRY, ENTRY_MAY)
    parts = entry[1].split(b"/")
    if len(entry[1]) > 1048576 or b"\0" in entry[1] + entry.get(11, b""):
        raise Bad("a path that is too long, or a NUL in a name")
    if any(part in (b"", b".", b"..") or len(part) > 65535 for part in parts):
        raise Bad("a name that the format forbids")
    if not 1 <= entry[2] <= 7 or entry[3] > 0o7777 or entry.get(9, 0) >= 1 << 63:
        raise Bad("unknown type, or impossible mode or size")
    if (entry[2] == FILE and 9 not in entry) or (entry[2] == SYMLINK and 11 not in entry):
        raise Bad("a file without a size, or a symlink without a target")
    check_time(entry[8])
    return parts


def portable(name: bytes) -> str:
    """A name that Windows can hold: what it cannot is written %XX."""
    text = name.decode("utf-8", "surrogateescape")
    odd = [c in '<>:"/\\|?*%' or ord(c) < 32 or 0xDC80 <= ord(c) <= 0xDCFF for c in text]
    odd[0] |= text.partition(".")[0].rstrip().upper() in RESERVED
    odd[-1] |= text[-1] in ". "
    return "".join(f"%{ord(c) & 255:02X}" if o else c for c, o in zip(text, odd))


class Restorer:
    """Makes the files of snapshots. Everything is made new, by one-component names, in a current
    directory that this run made itself: no link is followed, and no path is too long."""

    def __init__(self, vault: Vault):
        self.vault, self.lost, self.unwritten = vault, set(), set()
        self.files = self.others = self.bytes = 0

    def restore(self, snapshot: Snapshot, out: str) -> None:
        os.makedirs(out, exist_ok=True)
        self.top, home = os.path.abspath(os.path.join(out, snapshot.id.hex()[:8])), os.getcwd()
        os.mkdir(self.top, 0o700)
        self.domain, self.links, self.stack, last = snapshot.domain, {}, [], []
        self.path = b""
        try:
            os.chdir(self.top)
            self.ids = [os.stat(".")]
            for entry in self.vault.leaves(self.domain, 1, snapshot.root, self._lose):
                self.path = b"an entry"
                try:
                    parts = check_entry(entry)
                    self.path = entry[1]
                    if parts <= last:
                        raise Bad("entries are not in order")
                    last = parts
                    self._go_to(parts[:-1])
                    self._make(entry, parts[-1] if RAW_NAMES else portable(parts[-1]))
                except Bad as error:
                    self._lose(error)
                except (OSError, ValueError, OverflowError) as error:
                    self.unwritten.add(self.path)
                    note(f"not written: {show(self.path)}: {error}")
                self.path = b""
            self._go_to([])
        except Bad as error:
            self._lose(error)
        finally:
            os.chdir(home)

    def _lose(self, reason) -> None:
        self.lost.add((self.top, self.path))
        note(f"lost: {show(os.fsencode(self.top) + b'/' + self.path)}: {reason}")

    def _go_to(self, parts: list) -> None:
        """Makes a directory the current one; those that are left get their attributes."""
        names = [name for name, _, _ in self.stack]
        while names != parts[: len(names)]:
            names.pop()
            self._leave()
        for part in parts[len(names) :]:  # its own entry is lost
            note(f"note: {show(part)}: made without its attributes")
            self._enter(part, part if RAW_NAMES else portable(part), None)

    def _enter(self, part: bytes, name, entry) -> None:
        os.mkdir(name, 0o700)
        before = os.lstat(name)
        os.chdir(name)
        self.stack.append((part, name, entry))
        self.ids.append(os.stat("."))
        self._same(before)

    def _leave(self) -> None:
        _, name, entry = self.stack.pop()
        self.ids.pop()
        os.chdir("..")
        self._same(self.ids[-1])
        if entry:
            self._settle(entry, name)

    @staticmethod
    def _same(expected) -> None:
        if not os.path.samestat(os.stat("."), expected):
            raise Stop(FAILED, "the target was changed by someone else while it was being filled")

    def _make(self, entry: dict, name) -> None:
        if not RAW_NAMES and name.encode("utf-8", "replace") != entry[1].split(b"/")[-1]:
            note(f"note: {show(entry[1])}: restored as {name}")
        if entry[2] == FILE:
            self._make_file(entry, name)
            self.files += 1
            return
        if entry[2] == DIRECTORY:
            self._enter(entry[1].split(b"/")[-1], name, entry)
        elif entry[2] == SYMLINK:
            os.symlink(entry[11] if RAW_NAMES else os.fsdecode(entry[11]), name)
        elif entry[2] == FIFO and hasattr(os, "mkfifo"):
            os.mkfifo(name, 0o600)
        else:
            note(f"note: {show(entry[1])}: devices and sockets are not restored")
            return
        self.others += 1
        if entry[2] != DIRECTORY:
            self._settle(entry, name)

    def _make_file(self, entry: dict, name) -> None:
        inode = tuple(entry.get(13, ()))
        if inode in self.links:
            source, whole = self.links[inode]
            try:
                os.link(source, name)
                if not whole:
                    self._lose("a hard link to a file with losses")
                return
            except FileExistsError:
                raise
            except OSError:
                note(f"note: {show(entry[1])}: hard link restored as a copy")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        fd, before = os.open(name, flags, 0o600), len(self.lost)
        try:
            self._fill(entry, fd)
        finally:
            os.close(fd)
            self._settle(entry, name)
        if inode:
            above = [os.fsencode(folder) for _, folder, _ in self.stack]
            path = os.path.join(os.fsencode(self.top), *above, os.fsencode(name))
            self.links[inode] = (path, len(self.lost) == before)

    def _fill(self, entry: dict, fd: int) -> None:
        """Writes a file's content; what no chunk covers stays a hole."""
        size, end, content = entry[9], 0, entry.get(10, [0, []])
        os.ftruncate(fd, size)
        for item in self.vault.leaves(self.domain, 2, content, self._lose):
            offset, reference = check(item, [int, list], "content")
            length = check(reference, [32, 16, int, list], "reference")[2]
            if offset < end or offset + length > size:
                raise Bad("content overlaps or exceeds the file")
            end = offset + length
            try:
                data = memoryview(self.vault.chunk(self.domain, reference))
            except Bad as error:
                self._lose(f"bytes {offset} to {end} (zeros stand for them): {error}")
                continue
            os.lseek(fd, offset, os.SEEK_SET)
            while data:
                data = data[os.write(fd, data) :]
            self.bytes += length

    def _settle(self, entry: dict, name) -> None:
        """Owner, extended attributes, mode and time, in that order, as far as the system lets us.
        Set-id bits are dropped, and so are file capabilities, which amount to the same."""
        still = {"follow_symlinks": False} if os.utime in os.supports_follow_symlinks else {}
        steps: list = []
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            steps.append((os.chown, (entry[4], entry[5]), {"follow_symlinks": False}))
        for key, value in entry.get(14, []) if hasattr(os, "setxattr") else []:
            if key != b"security.capability":
                steps.append((os.setxattr, (key, value), {"follow_symlinks": False}))
        if entry[2] != SYMLINK:
            steps.append((os.chmod, (entry[3] & ~0o6000,), {}))
        if entry[2] != SYMLINK or still:
            steps.append((os.utime, (), {"ns": (check_time(entry[8]),) * 2, **still}))
        for function, arguments, keywords in steps:
            try:
                function(name, *arguments, **keywords)
            except (OSError, ValueError, OverflowError) as error:
                note(f"note: {show(entry[1])}: {function.__name__} {arguments[:1]}: {error}")


# --- Command line -----------------------------------------------------------------------------


class Arguments(argparse.ArgumentParser):
    def error(self, message: str):
        raise Stop(FAILED, f"{message}\n{self.format_usage()}")


def passwords_of(data: bytes) -> list:
    """What a password file may mean: one trailing newline is dropped, text is brought to NFC."""
    lines = [data[:-2]] if data.endswith(b"\r\n") else []  # as Windows writes it
    out = []
    for line in [*lines, data[:-1] if data.endswith(b"\n") else data]:
        try:
            out.append(unicodedata.normalize("NFC", line.decode("utf-8")).encode())
        except UnicodeDecodeError:
            out.append(line)
    return out


def statement(vault: Vault, restorer: Restorer, snapshots: int) -> None:
    shards = sum(1 for _, name in vault.bad if name.startswith("d/"))
    print(f"vault {vault.id.hex()}, policy {vault.policy[3]}, {len(vault.providers)} providers")
    print(f"restored: {snapshots} snapshots, {restorer.files} files, {restorer.bytes} bytes, "
          f"{restorer.others} directories, links and FIFOs; {vault.chunks} chunks checked")
    print(f"found bad: {shards} shards, {len(vault.bad) - shards} other objects; "
          f"absent: {len(vault.absent)} shards")
    print(f"lost: {len(restorer.lost)} paths, {vault.damage} records or snapshots; "
          f"not written: {len(restorer.unwritten)} paths")
    if len(vault.providers) < vault.policy[8][1]:
        for writer, seq in sorted({m[2]: m[3] for m in vault.records}.items()):
            print(f"freshness not proven beyond record {seq} of writer {writer.hex()}")


def run(argv) -> int:
    parser = Arguments(description="Restores a fenchi vault from any k of its providers.")
    parser.add_argument("--password-file", metavar="F", required=True)
    parser.add_argument("--vault-id", metavar="HEX")
    parser.add_argument("--out", metavar="DIR")
    parser.add_argument("--snapshot", metavar="ID|latest", default="")
    parser.add_argument("--list", action="store_true", help="list snapshots and end")
    parser.add_argument("providers", nargs="+", metavar="PROVIDER_DIR")
    options = parser.parse_args(argv)
    if not options.list and not options.out:
        parser.error("--out is needed, or --list")
    vault = Vault(options.providers, bytes.fromhex(options.vault_id) if options.vault_id else None)
    vault.unlock(passwords_of(Path(options.password_file).read_bytes()))
    vault.read_log()
    snapshots = vault.snapshots()
    if options.snapshot:
        found = [s for s in snapshots if s.id.hex().startswith(options.snapshot.lower())]
        snapshots = snapshots[-1:] if options.snapshot == "latest" else found
        if len(snapshots) != 1:
            raise Stop(FAILED, f"--snapshot {options.snapshot}: {len(snapshots)} snapshots match")
    restorer = Restorer(vault)
    for snapshot in snapshots:
        print(snapshot.line, flush=True)
        if not options.list:
            restorer.restore(snapshot, options.out)
    if not options.list:
        statement(vault, restorer, len(snapshots))
    if restorer.lost or vault.damage:
        return LOST
    return FAILED if restorer.unwritten else OK


def main(argv=None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        return run(argv)
    except Stop as stop:
        note(f"error: {stop.args[1]}")
        return stop.args[0]
    except Bad as error:
        note(f"error: {error}")
        return LOST
    except (OSError, ValueError) as error:
        note(f"error: {error}")
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
