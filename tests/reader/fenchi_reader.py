#!/usr/bin/env python3
"""Restores a fenchi vault from any k of its providers, without fenchi.

Written from FORMAT.md alone; the section numbers below are those of that document. It shares no
line with fenchi and needs Python 3.9 or later, and from PyPI: cryptography, pynacl, zstandard.

    fenchi_reader.py --password-file F --vault-id HEX --out DIR PROVIDER_DIR PROVIDER_DIR ...

It only reads the providers and only makes new files below DIR. Everything is checked: signatures and
hashes of the chain from the vault id down to the keys, key commitments before anything is
decrypted, every segment, every chunk. What is damaged is rebuilt from other shards, and named.

Exit codes: 0 all restored; 1 usage, not a vault, or DIR could not be written; 12 wrong password;
21 some data is lost (the rest is restored, each lost path is named); 22 too few providers.
"""
from __future__ import annotations

import argparse
import base64
import errno
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

SEGMENT, BLOCK, HEADER, TAG = 65520, 65536, 4096, 16
CHUNK_MAX, STORED_MAX, OBJECT_MAX = 4194304, 4194305, 1048576
GENERATIONS = range(8)
LOOK_AHEAD = 16  # sequence numbers that a log may lack at every provider at hand
SUBSETS_MAX = 3000  # k-subsets of shards that are tried for one segment
OK, FAILED, WRONG_KEY, LOST, TOO_FEW = 0, 1, 12, 21, 22


class Bad(Exception):
    """Bytes that do not pass a check. The caller tries another copy, or reports a loss."""


class Stop(Exception):
    """Ends the program with an exit code."""

    def __init__(self, code: int, text: str):
        super().__init__(text)
        self.code = code


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def show(name: bytes) -> str:
    """A name for people: no byte of it reaches the terminal unescaped."""
    text = name.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


# --- 1 Notation: hashes, HKDF, CBOR -----------------------------------------------------------


def be32(x: int) -> bytes:
    return struct.pack(">I", x)


def be64(x: int) -> bytes:
    return struct.pack(">Q", x)


def lp(x: bytes) -> bytes:
    return be32(len(x)) + x


def sha256(x: bytes) -> bytes:
    return hashlib.sha256(x).digest()


def mac(key: bytes, x: bytes) -> bytes:
    return hmac.new(key, x, hashlib.sha256).digest()


def b32(x: bytes) -> str:
    return base64.b32encode(x).decode().lower().rstrip("=")


def expand(prk: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand with SHA-512, RFC 5869 section 2.3."""
    out = block = b""
    for i in range(1, -(-length // 64) + 1):
        block = hmac.new(prk, block + info + bytes([i]), hashlib.sha512).digest()
        out += block
    return out[:length]


def extract(salt: bytes, ikm: bytes) -> bytes:
    return hmac.new(salt or bytes(64), ikm, hashlib.sha512).digest()


def hkdf(ikm: bytes, salt: bytes, info: bytes, length: int = 32) -> bytes:
    return expand(extract(salt, ikm), info, length)


def cbor_decode(data: bytes):
    """The one value in `data`. Refuses everything but the deterministic form of section 1.1."""
    value, end = _cbor_item(data, 0, 1)
    if end != len(data):
        raise Bad("CBOR: bytes behind the value")
    return value


def _cbor_head(data: bytes, at: int) -> tuple:
    if at >= len(data):
        raise Bad("CBOR: cut off")
    major, low = data[at] >> 5, data[at] & 31
    if low < 24:
        return major, low, low, at + 1
    if low > 27:
        raise Bad("CBOR: indefinite or reserved length")
    size = 1 << (low - 24)
    number = int.from_bytes(data[at + 1 : at + 1 + size], "big")
    if at + 1 + size > len(data):
        raise Bad("CBOR: cut off")
    if number < (24, 1 << 8, 1 << 16, 1 << 32)[low - 24] and major != 7:
        raise Bad("CBOR: a number is not in its shortest form")
    return major, low, number, at + 1 + size


def _cbor_item(data: bytes, at: int, depth: int) -> tuple:
    major, low, number, at = _cbor_head(data, at)
    if major == 0:
        return number, at
    if major == 1:
        if number >= 1 << 63:
            raise Bad("CBOR: a negative number beyond 64 bits")
        return -1 - number, at
    if major in (2, 3):
        if number > len(data) - at:
            raise Bad("CBOR: cut off")
        raw = data[at : at + number]
        try:
            return (raw if major == 2 else raw.decode("utf-8")), at + number
        except UnicodeDecodeError as error:
            raise Bad("CBOR: a text is not UTF-8") from error
    if major in (4, 5):
        if depth > 16 or number > len(data) - at:
            raise Bad("CBOR: too deep or cut off")
        return (_cbor_array if major == 4 else _cbor_map)(data, at, number, depth + 1)
    if major == 7 and low in (20, 21):
        return low == 21, at
    raise Bad("CBOR: a kind of value that the format does not allow")


def _cbor_array(data: bytes, at: int, count: int, depth: int) -> tuple:
    out = []
    for _ in range(count):
        value, at = _cbor_item(data, at, depth)
        out.append(value)
    return out, at


def _cbor_map(data: bytes, at: int, count: int, depth: int) -> tuple:
    out, last = {}, -1
    for _ in range(count):
        major, _, key, at = _cbor_head(data, at)
        if major != 0 or key <= last:
            raise Bad("CBOR: map keys are not ascending unsigned numbers")
        out[key], at = _cbor_item(data, at, depth)
        last = key
    return out, at


def cbor_encode(value) -> bytes:
    """Needed once only: approvals sign a body without its approvals (9.2)."""

    def head(major: int, n: int) -> bytes:
        if n < 24:
            return bytes([major << 5 | n])
        size = 1 if n < 1 << 8 else 2 if n < 1 << 16 else 4 if n < 1 << 32 else 8
        return bytes([major << 5 | 23 + size.bit_length()]) + n.to_bytes(size, "big")

    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor_encode, value))
    pairs = (cbor_encode(k) + cbor_encode(value[k]) for k in sorted(value))
    return head(5, len(value)) + b"".join(pairs)


def check(value, kind, what: str):
    """The value if it is of a kind: a type (int: unsigned), a number (bytes of that length), a
    list (array of exactly these kinds), a one-tuple (array of any length of that kind)."""
    if isinstance(kind, type):
        good = type(value) is kind and not (kind is int and value < 0)
    elif isinstance(kind, int):
        good = type(value) is bytes and len(value) == kind
    elif isinstance(kind, tuple):
        good = type(value) is list
        for item in value if good else ():
            check(item, kind[0], what)
    else:
        good = type(value) is list and len(value) == len(kind)
        for item, item_kind in zip(value, kind) if good else ():
            check(item, item_kind, what)
    if not good:
        raise Bad(f"{what}: a field has the wrong type, sign or length")
    return value


def check_map(value, need: dict, may: dict, what: str) -> dict:
    """A map with all keys of `need`, any of `may`, and unknown ones from 64 on (section 1.1)."""
    if type(value) is not dict:
        raise Bad(f"{what}: not a map")
    for key in need:
        if key not in value:
            raise Bad(f"{what}: key {key} is absent")
    for key, field in value.items():
        if key in need or key in may:
            check(field, need[key] if key in need else may[key], f"{what} key {key}")
        elif key < 64:
            raise Bad(f"{what}: unknown key {key}")
    return value


def check_time(value, what: str) -> int:
    """A time in nanoseconds."""
    if type(value) is not list or [type(x) for x in value] != [int, int]:
        raise Bad(f"{what}: not a time")
    if not -(1 << 63) <= value[0] < 1 << 63 or not 0 <= value[1] < 10**9:
        raise Bad(f"{what}: not a time")
    return value[0] * 10**9 + value[1]


def signed_by(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


# --- 3 Seal -----------------------------------------------------------------------------------


def aead(suite: int, key: bytes):
    if suite not in (1, 2):
        raise Bad(f"unknown suite {suite}")
    return AESGCM(key) if suite == 1 else ChaCha20Poly1305(key)


def open_box(vault: bytes, key: bytes, kind: int, context: bytes, box: bytes, pad: int = 0) -> bytes:
    """The plaintext of a sealed box; `pad` is e where the box is padded to 2^e."""
    if len(box) < 84 or box[0] != 1 or box[2] != kind or box[3] != 0:
        raise Bad("not a sealed box of the expected type")
    info = b"fenchi/1/seal\0" + box[:3] + vault + lp(context)
    okm = hkdf(key, box[4:36], info, 64)
    if not hmac.compare_digest(okm[32:], box[36:68]):
        raise Bad("a box does not open with this key")
    try:
        plain = aead(box[1], okm[:32]).decrypt(be32(1) + be64(0), box[68:], None)
    except InvalidTag as error:
        raise Bad("a box is damaged") from error
    return unpad(plain, pad) if pad else plain


def unpad(plain: bytes, e: int) -> bytes:
    size = int.from_bytes(plain[:4], "big")
    whole = 1 << e
    while whole < size + 88:
        whole *= 2
    if len(plain) < 4 or whole != len(plain) + 84 or plain[4 + size :].strip(b"\0"):
        raise Bad("wrong padding")
    return plain[4 : 4 + size]


def unseal(vault: bytes, secret: bytes, kind: int, context: bytes, sealed: bytes) -> bytes:
    """Opens bytes that were sealed to an X25519 public key."""
    if len(sealed) < 32 + 84:
        raise Bad("sealed bytes are cut off")
    own = X25519PrivateKey.from_private_bytes(secret)
    try:  # an all-zero result raises
        shared = own.exchange(X25519PublicKey.from_public_bytes(sealed[:32]))
    except ValueError as error:
        raise Bad("a weak X25519 key") from error
    salt = sealed[:32] + own.public_key().public_bytes_raw()
    return open_box(vault, hkdf(shared, salt, b"fenchi/1/x25519"), kind, context, sealed[32:])


# --- 7.2 and 12 Arithmetic in GF(2^8) -----------------------------------------------------------


class Field:
    """GF(2^8) with a polynomial and a generator of its non-zero elements."""

    def __init__(self, polynomial: int, generator: int):
        self.exp, self.log, x = [0] * 510, [0] * 256, 1
        for i in range(255):
            self.exp[i] = self.exp[i + 255] = x
            self.log[x] = i
            y, g = x, generator
            x = 0
            while g:
                x ^= y if g & 1 else 0
                y = y << 1 ^ (polynomial if y & 128 else 0)
                g >>= 1

    def mul(self, a: int, b: int) -> int:
        return self.exp[self.log[a] + self.log[b]] if a and b else 0

    def inv(self, a: int) -> int:
        if a == 0:
            raise ZeroDivisionError("0 has no inverse")
        return self.exp[255 - self.log[a]]


CODE = Field(0x11D, 2)  # erasure code
SHARING = Field(0x11B, 3)  # key shares


def parity(i: int, j: int) -> int:
    """g(i, j) of matrix id 1: parity row i, data column j."""
    if i == 0:
        return 1
    if i == 1:
        return CODE.exp[j % 255]
    return CODE.inv(CODE.exp[(i - 1) % 255] ^ CODE.exp[-j % 255])


def shard_row(k: int, index: int) -> list:
    """What a shard is made of: one factor for each data shard."""
    if index < k:
        return [int(j == index) for j in range(k)]
    return [parity(index - k, j) for j in range(k)]


def invert(matrix: list) -> list:
    """The inverse by Gauss elimination."""
    n = len(matrix)
    rows = [row + [int(i == j) for j in range(n)] for i, row in enumerate(matrix)]
    for c in range(n):
        pivot = next((r for r in range(c, n) if rows[r][c]), None)
        if pivot is None:
            raise Bad("these shards do not determine the others")
        rows[c], rows[pivot] = rows[pivot], rows[c]
        scale = CODE.inv(rows[c][c])
        rows[c] = [CODE.mul(scale, x) for x in rows[c]]
        for r in range(n):
            factor = rows[r][c]
            if r != c and factor:
                rows[r] = [x ^ CODE.mul(factor, y) for x, y in zip(rows[r], rows[c])]
    return [row[n:] for row in rows]


@functools.lru_cache(maxsize=1024)
def combination(k: int, have: tuple, want: int) -> tuple:
    """Factors that make shard `want` out of the k shards `have`."""
    given = [i for i in have if i < k]
    rows = {i: shard_row(k, i) for i in have if i >= k}
    missing = sorted(set(range(k)) - set(given))
    inverse = invert([[row[c] for c in missing] for row in rows.values()])
    target = shard_row(k, want)
    factors = {}
    for column, p in enumerate(rows):
        factors[p] = 0
        for m, c in enumerate(missing):
            factors[p] ^= CODE.mul(target[c], inverse[m][column])
    for d in given:
        factors[d] = target[d]
        for p, row in rows.items():
            factors[d] ^= CODE.mul(factors[p], row[d])
    return tuple(factors[i] for i in have)


@functools.lru_cache(maxsize=256)
def _times(factor: int) -> bytes:
    return bytes(CODE.mul(factor, x) for x in range(256))


def combine(blocks, factors, size: int = BLOCK) -> bytes:
    """Sum of factor times block: a table look-up by translate(), XOR of one long number."""
    total = 0
    for block, factor in zip(blocks, factors):
        if factor:
            product = block if factor == 1 else block.translate(_times(factor))
            total ^= int.from_bytes(product, "little")
    return total.to_bytes(size, "little")


class Share:
    """A key share (section 12)."""

    def __init__(self, data: bytes):
        t = int.from_bytes(data[8:10], "big")
        if len(data) != 238 + t or data[:4] != b"fsh1" or sha256(data[:-4])[:4] != data[-4:]:
            raise Bad("a key share is damaged")
        self.scheme, self.index, self.context = data[4:6], data[6], data[10 : 10 + t]
        at = 10 + t
        self.value, self.cipher = data[at : at + 32], data[at + 32 : at + 96]
        self.check = data[at + 96 : at + 128]
        dealer, signature = data[at + 128 : at + 160], data[at + 160 : at + 224]
        signed = b"fenchi/1/share\0" + data[: at + 160]
        if data[7] or self.scheme[0] != 1 or not self.scheme[1] or not self.index:
            raise Bad("a key share has an unknown scheme, or index or threshold 0")
        if dealer.strip(b"\0") and not signed_by(dealer, signature, signed):
            raise Bad("a key share's signature is wrong")


def _interpolate(shares) -> bytes:
    """The Shamir polynomials at 0."""
    out = bytearray(32)
    for share in shares:
        factor = 1
        for other in shares:
            if other is not share:
                bottom = SHARING.inv(share.index ^ other.index)
                factor = SHARING.mul(factor, SHARING.mul(other.index, bottom))
        for b in range(32):
            out[b] ^= SHARING.mul(share.value[b], factor)
    return bytes(out)


def _shamir(key: bytes, coins: bytes, index: int) -> bytes:
    out, power = bytearray(key), 1
    for at in range(0, len(coins), 32):
        power = SHARING.mul(power, index)
        for b in range(32):
            out[b] ^= SHARING.mul(coins[at + b], power)
    return bytes(out)


def recover(shares: list) -> list:
    """Every secret that a group of shares agrees on."""
    groups: dict = {}
    for share in shares:
        group = groups.setdefault((share.scheme, share.context, share.cipher, share.check), {})
        group.setdefault((share.index, share.value), share)
    found = []
    for (scheme, context, cipher, tag), group in groups.items():
        members, m = list(group.values()), scheme[1]
        for subset in itertools.islice(itertools.combinations(members, m), SUBSETS_MAX):
            if len({s.index for s in subset}) < m:
                continue
            key = _interpolate(subset)
            both = bytes(x ^ y for x, y in zip(cipher, expand(key, b"enc", 64)))
            packed = lp(scheme) + lp(both[:32]) + lp(both[32:]) + lp(context)
            prk = extract(b"fenchi/1/adss", packed)
            coins = expand(prk, b"L", 32 * (m - 1))
            good = hmac.compare_digest(expand(prk, b"J", 32), tag)
            good &= hmac.compare_digest(expand(prk, b"K", 32), key)
            equal = {s.index for s in members if good and _shamir(key, coins, s.index) == s.value}
            if len(equal) >= m:
                found.append(both[:32])
                break
    return found


# --- 2 Objects at a provider --------------------------------------------------------------------


class Provider:
    """One directory as the local provider writes it. Nothing that it says is believed unchecked."""

    def __init__(self, root: str):
        self.root, self.name, self.ident, self.seat = Path(root), root, None, None

    def path(self, name: str):
        """Where an object lies, plain or fanned out (d/abcd as d/ab/abcd), or None."""
        prefix, _, rest = name.partition("/")
        for path in (self.root / prefix / rest, self.root / prefix / rest[:2] / rest):
            try:
                if stat.S_ISREG(os.lstat(path).st_mode):
                    return path
            except OSError:
                continue
        return None

    def read(self, name: str, offset: int = 0, size: int = OBJECT_MAX + 1):
        path = self.path(name)
        if path is None:
            return None
        try:
            with open(path, "rb", buffering=0) as file:
                file.seek(offset)
                out = b""
                while len(out) < size:
                    part = file.read(size - len(out))
                    if not part:
                        break
                    out += part
                return out
        except OSError:
            return b""  # present but not readable: as bad as wrong bytes

    def copies(self, stem: str, limit: int = OBJECT_MAX):
        """The object's bytes in every generation that is present, lowest first."""
        for g in GENERATIONS:
            data = self.read(f"{stem}.{g}", 0, limit + 1)
            if data is not None:
                yield f"{stem}.{g}", data if len(data) <= limit else b""

    def checkpoints(self) -> set:
        """Names in k/ that look like copies of checkpoints, without their generation."""
        found = set()
        for pattern in ("k/checkpoint-*", "k/ch/checkpoint-*"):
            found.update(path.name.rpartition(".")[0] for path in self.root.glob(pattern))
        return found


# --- 5 Genesis, policy, slots, keyring -----------------------------------------------------------

POLICY = {
    1: int, 2: 32, 3: int, 4: 32, 5: list, 6: int, 7: ([16, int, int],), 8: [int, int, int, int],
    9: int, 10: int, 11: int, 12: 32, 13: ([16, int, 32],), 14: [int, 32], 15: [int, 32],
    16: [int, ([int, 32],)], 17: [32, 32], 18: ([16, 32, int, int],), 19: [int, (32,)], 20: bytes,
}  # fmt: skip
KEYRING = {1: int, 2: int, 3: 32, 4: 32, 5: 32, 6: 32, 7: (dict,)}
HEADER_MAP = {
    1: int, 2: int, 3: int, 4: 16, 5: 16, 6: 32, 7: int, 8: int, 9: int, 10: int, 11: int, 12: 32,
    13: bytes, 14: bytes, 15: 16, 16: int, 17: 16,
}  # fmt: skip
PLACE = [16, int, 32]  # writer id, seq, record hash
INDEX_OBJECTS = ([16, 32, int],)
# Kinds of records; of their fields, only those that a restore needs are required.
BODIES = {
    1: ({6: (bytes,)},
        {1: int, 2: PLACE, 3: list, 4: list, 5: list, 7: INDEX_OBJECTS, 8: int, 9: (int,)}),
    2: ({1: int, 2: 32}, {}),
    3: ({1: PLACE}, {2: ([32, 64],)}),
    4: ({1: (32,), 2: ([32, 64],)}, {}),
    5: ({}, {1: list, 2: ([32, 64],), 3: INDEX_OBJECTS}),
    6: ({}, {1: 16, 2: list, 3: INDEX_OBJECTS}),
    7: ({1: (PLACE,), 2: ([16, int, bytes],)}, {3: list, 4: list, 5: INDEX_OBJECTS}),
}  # fmt: skip


def check_genesis(data: bytes) -> dict:
    m = check_map(cbor_decode(data), {1: int, 2: (32,), 3: int, 4: 32}, {}, "genesis")
    if m[1] != 1 or not 1 <= m[3] <= len(m[2]) <= 255 or len(set(m[2])) != len(m[2]):
        raise Bad("genesis: unknown format version or impossible threshold")
    return m


def check_policy(data: bytes, vault: bytes, version: int, before: bytes, threshold, admins) -> tuple:
    """(payload map, H(payload)) of a policy object that the admins of the version before signed."""
    payload, signatures = check(cbor_decode(data), [bytes, ([32, 64],)], "policy")
    message = b"fenchi/1/policy\0" + vault + payload
    signers = {p for p, s in signatures if p in admins and signed_by(p, s, message)}
    if len(signers) < threshold:
        raise Bad(f"policy {version}: {len(signers)} valid signatures, need {threshold}")
    m = check_map(cbor_decode(payload), POLICY, {}, f"policy {version}")
    if m[1] != 1 or m[2] != vault or m[3] != version or m[4] != before:
        raise Bad(f"policy {version}: of another format, vault, version or chain")
    if not 1 <= m[6] <= 255 or not 1 <= m[19][0] <= len(set(m[19][1])):
        raise Bad(f"policy {version}: impossible threshold")
    if any(seat > 254 for _, seat, _ in m[7]):
        raise Bad(f"policy {version}: a seat beyond 254")
    return m, sha256(payload)


class Factors:
    """What the user brought to open a slot: passwords, custodians' shares, recipient keys."""

    def __init__(self, passwords: list, shares: list, secrets: list):
        self.passwords, self.shares, self.secrets = passwords, shares, secrets


def passwords_of(data: bytes) -> list:
    """The password in a file: one trailing newline is dropped, text is brought to NFC."""
    lines = [data[:-1] if data.endswith(b"\n") else data]
    if data.endswith(b"\r\n"):  # a file written on Windows
        lines.insert(0, data[:-2])
    out = []
    for line in lines:
        try:
            out.append(unicodedata.normalize("NFC", line.decode("utf-8")).encode())
        except UnicodeDecodeError:
            out.append(line)
    return out


def child_keys(vault: bytes, epoch: int, slot: dict, node, path: bytes, factors: Factors) -> list:
    """Every child key that a node of a slot can yield from the factors (5.3)."""
    if type(node) is not dict or len(path) > 3:
        raise Bad("slot: not a node, or too deep")
    here = slot[1] + path
    kind = node.get(1)
    if kind == 1:
        check_map(node, {1: int, 2: 16, 3: [int, int, int]}, {}, "passphrase node")
        passes, kib, lanes = node[3]
        if not 1 <= passes <= 20 or not 8 <= kib <= 4 << 20 or lanes != 1:
            raise Bad("slot: Argon2 parameters out of range")
        kdf = nacl.pwhash.argon2id.kdf
        return [kdf(32, p, node[2], passes, kib * 1024) for p in factors.passwords]
    if kind == 2:
        check_map(node, {1: int, 2: 32, 3: bytes}, {}, "recipient node")
        return _opened((unseal, vault, s, 10, here, node[3]) for s in factors.secrets)
    if kind == 3:
        check_map(node, {1: int, 2: int, 3: int, 4: bytes}, {}, "custodians node")
        fit = [s for s in factors.shares if s.context == node[4] and s.scheme[1] == node[2]]
        return recover(fit)
    if kind == 5:
        check_map(node, {1: int, 2: list}, {}, "AND node")
        below = [child_keys(vault, epoch, slot, child, path + bytes([i]), factors)
                 for i, child in enumerate(node[2][:8])]  # fmt: skip
        info = b"fenchi/1/and\0" + vault + be32(epoch) + slot[1] + sha256(slot[2].encode()) + path
        return [hkdf(b"".join(map(lp, keys)), b"", info) for keys in itertools.product(*below)]
    if kind == 6:
        check_map(node, {1: int, 2: ([dict, bytes],)}, {}, "OR node")
        out = []
        for i, (child, box) in enumerate(node[2][:8]):
            below = path + bytes([i])
            keys = child_keys(vault, epoch, slot, child, below, factors)
            out += _opened((open_box, vault, key, 10, slot[1] + below, box) for key in keys)
        return out
    return []  # 4 (provider-held), 7 and 8 cannot be evaluated from files that a person brings


def _opened(attempts) -> list:
    out = []
    for function, *arguments in attempts:
        try:
            out.append(function(*arguments))
        except Bad:
            continue
    return out


class Vault:
    """An opened vault: its providers, keys and records."""

    def __init__(self, roots: list, vault_id):
        self.all = [Provider(root) for root in roots]
        self.bad: dict = {}  # (provider, object) -> first reason
        self.absent: set = set()  # shards that a provider should hold and does not
        self.damage = 0  # losses that have no path
        self.chunks = 0
        self.data_keys: dict = {}
        self.packs: OrderedDict = OrderedDict()
        self.segments: OrderedDict = OrderedDict()
        for provider in [p for p in self.all if not p.root.is_dir()]:
            note(f"warning: {provider.name}: no such directory; its provider counts as lost")
            self.all.remove(provider)
        self.id, self.genesis = self._find_genesis(vault_id)
        self.chain = self._find_policies()
        self.policy = self.chain[-1][0]
        self.ks = list(dict.fromkeys(policy[6] for policy, _ in reversed(self.chain)))
        self.seats = {p[0]: p[1] for policy, _ in self.chain for p in policy[7]}
        self.writers = {w[0]: w for policy, _ in self.chain for w in policy[18]}

    def found_bad(self, provider: Provider, name: str, reason: str) -> None:
        if (provider.name, name) not in self.bad:
            self.bad[provider.name, name] = reason
            note(f"bad: {provider.name}: {name}: {reason}")

    def _find_genesis(self, vault_id) -> tuple:
        votes: Counter = Counter()
        for provider in self.all:
            for _, data in provider.copies("k/genesis", 65536):
                votes[data] += 1
        for data, _ in votes.most_common():
            try:
                genesis = check_genesis(data)
            except Bad:
                continue
            if vault_id is None:
                note(f"warning: no --vault-id: genesis is taken on trust: {sha256(data).hex()}")
            if vault_id in (None, sha256(data)):
                return sha256(data), genesis
        if votes and vault_id:
            raise Stop(FAILED, "no provider holds the vault with this id")
        if not self.all:
            raise Stop(TOO_FEW, "no provider directory exists")
        raise Stop(FAILED, "not a vault: no k/genesis found in these directories")

    def _find_policies(self) -> list:
        """The longest chain of policies (5.2), as (payload map, hash)."""

        def grow(version: int, before: bytes, threshold: int, admins: list) -> list:
            found: dict = {}
            for provider in self.all:
                for name, data in provider.copies(f"k/policy-{version:08}", 262144):
                    try:
                        m, digest = check_policy(data, self.id, version, before, threshold, admins)
                        found.setdefault(digest, m)
                        break
                    except Bad as error:
                        self.found_bad(provider, name, str(error))
            if len(found) > 1:
                note(f"warning: admins signed {len(found)} different policies {version}")
            tails = [[(m, d)] + grow(version + 1, d, *m[19]) for d, m in found.items()]
            return max(tails, key=len, default=[])

        chain = grow(1, self.id, self.genesis[3], self.genesis[2])
        if not chain:
            raise Stop(LOST, "no provider holds policy 1 with valid signatures")
        return chain

    def _hashed(self, stem: str, digest: bytes, limit: int = OBJECT_MAX) -> bytes:
        """An object that the policy names by its hash, from any provider."""
        for provider in self.all:
            for name, data in provider.copies(stem, limit):
                if sha256(data) == digest:
                    return data
                self.found_bad(provider, name, "not what the policy names")
        raise Stop(LOST, f"no provider holds a good {stem}")

    def _read_leaves(self) -> list:
        """Finds out which provider each directory is; returns the candidates for the leaf."""
        version, hashes = self.policy[16]
        wanted, shares = {digest: seat for seat, digest in hashes}, []
        for provider in self.all:
            stems = [f"k/leaf-{v:08}" for v in range(version, 0, -1)]
            copies = [c for stem in stems for c in provider.copies(stem, 65536)]
            for name, data in copies:
                try:
                    seat = wanted[sha256(data)]
                    leaf = check_map(cbor_decode(data), {1: 16, 2: bytes}, {}, "leaf")
                    share = Share(leaf[2])
                    if self.seats.get(leaf[1]) != seat or share.index != seat + 1:
                        raise Bad("a leaf of another seat")
                    provider.ident, provider.seat = leaf[1], seat
                    shares.append(share)
                    break
                except (Bad, KeyError) as error:
                    reason = str(error) if isinstance(error, Bad) else "not what the policy names"
                    self.found_bad(provider, name, reason)
        secrets = recover(shares)
        if not secrets:
            raise Stop(TOO_FEW, f"too few providers: {len(shares)} good leaves, "
                                f"need {shares[0].scheme[1] if shares else self.policy[6]}")
        return secrets

    def unlock(self, factors: Factors) -> None:
        leaves = self._read_leaves()
        version, digest = self.policy[14]
        slots = check_map(cbor_decode(self._hashed(f"k/slots-{version:08}", digest)),
                          {1: int, 2: 32, 3: int, 4: (dict,)}, {}, "slots")  # fmt: skip
        if slots[1] != 1 or slots[2] != self.id or len(slots[4]) > 64:
            raise Stop(LOST, "slots of another vault or format")
        version, digest = self.policy[15]
        keyring = self._hashed(f"k/keyring-{version:08}", digest)
        for slot in slots[4]:
            try:
                check_map(slot, {1: 16, 2: str, 3: dict, 4: bytes}, {}, "slot")
                children = child_keys(self.id, slots[3], slot, slot[3], b"", factors)
            except Bad as error:
                note(f"warning: a slot was skipped: {error}")
                continue
            info = b"fenchi/1/slot\0" + self.id + be32(slots[3]) + slot[1] + sha256(slot[2].encode())
            for child, leaf in itertools.product(children, leaves):
                key, context = hkdf(lp(child) + lp(leaf), b"", info), be32(slots[3]) + slot[1]
                for root in _opened([(open_box, self.id, key, 7, context, slot[4])]):
                    return self._open_keyring(root, keyring)
        expressions = ", ".join(str(slot.get(2)) for slot in slots[4])
        raise Stop(WRONG_KEY, f"wrong password or missing factors (slots: {expressions})")

    def _open_keyring(self, root: bytes, box: bytes) -> None:
        plain = open_box(self.id, root, 6, be32(self.policy[11]), box, 12)
        ring = check_map(cbor_decode(plain), KEYRING, {8: 32}, "keyring")
        self.outer, self.namer, self.verify_secret, self.domains = ring[3], ring[4], ring[5], {}
        for m in ring[7]:
            check_map(m, {1: 16, 2: str, 3: ([int, 32, 32],), 4: 32, 5: 32}, {}, "domain")
            self.domains[m[1]] = m
        self._name_providers()

    def _name_providers(self) -> None:
        """Takes names from the policy's details, and finds providers whose leaf is damaged."""
        names = {}
        try:
            box, version = self.policy[20], be32(self.policy[3])
            details = cbor_decode(open_box(self.id, self.outer, 11, version, box, 10))
            names = {row[0]: row[1] for row in details[2]}
        except (Bad, KeyError, TypeError, IndexError):
            note("warning: the policy's details do not open")
        taken = {p.ident for p in self.all}
        for provider in [p for p in self.all if p.ident is None]:
            for ident in set(self.seats) - taken:
                first = (self.record_name(ident, w, 1) for w in self.writers)
                if any(True for name in first for _ in provider.copies(name)):
                    provider.ident, provider.seat = ident, self.seats[ident]
        for provider in self.all:
            if provider.ident in names:
                provider.name = f"{provider.root} ({show(str(names[provider.ident]).encode())})"
            elif provider.ident is None:
                note(f"warning: {provider.root}: not recognised as a provider of this vault")
        self.providers = [p for p in self.all if p.ident]

    def record_name(self, ident: bytes, writer: bytes, seq: int) -> str:
        return "r/" + b32(mac(self.namer, b"record\0" + ident + writer + be64(seq))[:20])

    # --- 9 Log ----------------------------------------------------------------------------------

    def _open_record(self, box: bytes, writer: bytes, seq: int) -> tuple:
        signed = open_box(self.id, self.outer, 2, writer + be64(seq), box, 12)
        payload, signature = check(cbor_decode(signed), [bytes, 64], "record")
        if not signed_by(self.writers[writer][1], signature, b"fenchi/1/record\0" + self.id + payload):
            raise Bad("record: wrong signature")
        m = check_map(cbor_decode(payload), {1: int, 2: 16, 3: int, 4: 32, 5: list, 6: dict}, {},
                      "record")  # fmt: skip
        if m[2] != writer or m[3] != seq or m[1] not in BODIES:
            raise Bad("record: of another place, or of an unknown kind")
        check_map(m[6], *BODIES[m[1]], "record body")
        return sha256(signed), m

    def _read_place(self, writer: bytes, seq: int) -> tuple:
        """({hash: record}, whether any provider has something there)."""
        out: dict = {}
        present = False
        for provider in self.providers:
            for name, data in provider.copies(self.record_name(provider.ident, writer, seq)):
                present = True
                try:
                    digest, record = self._open_record(data, writer, seq)
                    out[digest] = record
                    break
                except Bad as error:
                    self.found_bad(provider, name, str(error))
        if len(out) > 1:
            note(f"warning: writer {writer.hex()} signed {len(out)} different records {seq}")
        return out, present

    def read_log(self) -> None:
        self.records: dict = {}
        self.checkpoints: list = []
        starts = {(writer, 1) for writer in self.writers}
        for stem in set().union(*(p.checkpoints() for p in self.providers)):
            for m in self._read_checkpoint(stem):
                starts.update((w, seq) for w, seq, _ in m[6][1] if w in self.writers)
                self.checkpoints.append(m)
        for writer, seq in sorted(starts):
            gap = 0
            while gap < LOOK_AHEAD and (writer, seq) not in self.records:
                found, present = self._read_place(writer, seq)
                gap = 0 if present else gap + 1
                if found:
                    self.records[writer, seq] = found
                elif present:
                    note(f"lost: record {seq} of writer {writer.hex()}: every copy is bad")
                    self.damage += 1
                seq += 1
        self._check_chain()

    def _read_checkpoint(self, stem: str):
        try:
            _, writer32, seq16 = stem.split("-")
            writer, seq = base64.b32decode(writer32.upper() + "======"), int(seq16, 16)
            if writer not in self.writers:
                raise ValueError("unknown writer")
        except ValueError:
            return
        for provider in self.all:
            for name, data in provider.copies(f"k/{stem}"):
                try:
                    _, record = self._open_record(data, writer, seq)
                    if record[1] == 7:
                        yield record
                        return
                except Bad as error:
                    self.found_bad(provider, name, str(error))

    def _check_chain(self) -> None:
        for (writer, seq), found in self.records.items():
            before = self.records.get((writer, seq - 1), {bytes(32): None} if seq == 1 else None)
            for m in found.values():
                if before is not None and m[4] not in before:
                    note(f"warning: record {seq} of writer {writer.hex()} does not follow {seq - 1}")

    def heads(self) -> dict:
        out: dict = {}
        for writer, seq in self.records:
            out[writer] = max(seq, out.get(writer, 0))
        return out

    def _approved(self, kind: int, body: dict) -> bool:
        bare = sha256(cbor_encode({k: v for k, v in body.items() if k != 2}))
        message = b"fenchi/1/approval\0" + self.id + bytes([kind]) + bare
        good = {p for p, s in body[2] if signed_by(p, s, message)}
        rules = [(self.genesis[3], self.genesis[2])] + [policy[19] for policy, _ in self.chain]
        return any(len(good & set(admins)) >= threshold for threshold, admins in rules)

    def snapshots(self) -> list:
        """Every snapshot that exists (9.2), as Snapshot, oldest label first."""
        objects: dict = {}
        for checkpoint in self.checkpoints:
            objects.update((sha256(x), x) for _, _, x in checkpoint[6][2])
        everything = [(place, d, m) for place, found in self.records.items() for d, m in found.items()]
        voids = [(writer, seq, m[6][1]) for (writer, seq), _, m in everything if m[1] == 3]
        for (writer, seq), _, m in everything:
            if m[1] != 2:
                continue
            commit, digest = m[6][1], m[6][2]
            if any(w == writer and s < seq and p == [writer, commit, digest] for w, s, p in voids):
                continue
            record = self.records.get((writer, commit), {}).get(digest)
            if record is not None and record[1] == 1 and commit < seq:
                objects.update((sha256(x), x) for x in record[6][6])
            else:
                note(f"lost: COMMIT {commit} of writer {writer.hex()} is sealed but not to be had")
                self.damage += 1
        for _, _, m in everything:
            if m[1] == 4 and self._approved(4, m[6]):
                for ident in m[6][1]:
                    objects.pop(ident, None)
        out = []
        for ident, data in objects.items():
            try:
                out.append(Snapshot(self, ident, data))
            except Bad as error:
                note(f"lost: snapshot {ident.hex()}: {error}")
                self.damage += 1
        return sorted(out, key=lambda s: (s.ended, s.id))

    # --- 6 Wrapped keys ---------------------------------------------------------------------------

    def data_key(self, wrapped: bytes, domain: bytes, run: bytes, epoch: int) -> bytes:
        """Unwraps S; the read key of the named epoch is tried first."""
        place = (wrapped, domain, run)
        if place not in self.data_keys:
            form, data = check(cbor_decode(wrapped), [int, bytes], "wrapped key")
            if domain not in self.domains or form not in (1, 2):
                raise Bad("no read key for this domain, or an unknown form of wrapped key")
            keys = sorted(self.domains[domain][3], key=lambda key: key[0] != epoch)
            attempts = []
            for key_epoch, secret, _ in keys:
                if form == 1:
                    info = b"fenchi/1/wrap\0" + self.id + domain + be32(key_epoch)
                    attempts.append((open_box, self.id, hkdf(secret, b"", info), 8, run + domain, data))
                else:
                    attempts.append((unseal, self.id, secret, 8, run + domain, data))
            opened = [key for key in _opened(attempts) if len(key) == 32]
            if not opened:
                raise Bad("a wrapped data key does not open")
            self.data_keys[place] = opened[0]
        return self.data_keys[place]

    # --- 8 Chunks ---------------------------------------------------------------------------------

    def pack(self, ident: bytes) -> Pack:
        if ident not in self.packs:
            self.packs[ident] = Pack(self, ident)
            if len(self.packs) > 32:
                self.packs.popitem(last=False)
        self.packs.move_to_end(ident)
        return self.packs[ident]

    def chunk(self, domain: bytes, reference) -> bytes:
        """The plaintext that a reference names, fully checked."""
        ident, run, size, pieces = check(reference, [32, 16, int, ([32, int, int],)], "reference")
        if not 1 <= size <= CHUNK_MAX or not 1 <= len(pieces) <= 7:
            raise Bad("reference: length or number of pieces out of range")
        if not 1 < sum(length for _, _, length in pieces) <= STORED_MAX:
            raise Bad("reference: stored length out of range")
        stored = b""
        for pack_id, offset, length in pieces:
            pack = self.pack(pack_id)
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
        """Leaf items of a list; `lost(reason)` is called for each node that cannot be read."""
        level, items = check(value, [int, list], "list")
        if level > 8 or (not inside and len(items) > 64):
            raise Bad("list: too deep or too long")
        if level == 0:
            yield from items
            return
        for item in items:
            try:
                reference, count, end = item
                node = cbor_decode(self.chunk(domain, reference))
                if check(node, [int, int, list], "list")[:2] != [kind, level - 1]:
                    raise Bad("list: a node of another kind or level")
                if (count, end) != node_summary(kind, node[1], node[2]):
                    raise Bad("list: a node does not hold what its parent says")
            except (ValueError, TypeError, IndexError, KeyError, Bad) as error:
                lost(f"part of a list: {error}")
                continue
            yield from self.leaves(domain, kind, node[1:], lost, True)


def node_summary(kind: int, level: int, items: list) -> tuple:
    """(leaf items below a node, its end) as its parent states them."""
    if level > 0:
        return sum(item[1] for item in items), items[-1][2]
    if kind == 1:
        return len(items), items[-1][1]
    return len(items), items[-1][0] + items[-1][1][2]


def expand_stored(stored: bytes, size: int) -> bytes:
    """A chunk out of its stored form, never more than `size` bytes."""
    if stored[0] == 0 and len(stored) == size + 1:
        return stored[1:]
    if stored[0] != 1:
        raise Bad("chunk: unknown method or wrong length")
    try:
        frame = zstandard.get_frame_parameters(stored[1:])
        if frame.content_size != size or frame.window_size > 8 << 20 or frame.dict_id:
            raise Bad("chunk: a zstd frame with another size, a dictionary or a large window")
        expander = zstandard.ZstdDecompressor(max_window_size=8 << 20).decompressobj()
        plain = expander.decompress(stored[1:])
    except zstandard.ZstdError as error:
        raise Bad(f"chunk: {error}") from error
    if len(plain) != size or not expander.eof or expander.unused_data:
        raise Bad("chunk: wrong length, or bytes behind the zstd frame")
    return plain


# --- 7 Packs and shards -----------------------------------------------------------------------------


class Shard:
    """One shard object at one provider."""

    def __init__(self, provider: Provider, name: str, header, index: int):
        self.provider, self.name, self.header, self.index = provider, name, header, index


class Pack:
    """Segments of one pack, from data shards where they are good, else from any k."""

    def __init__(self, vault: Vault, ident: bytes):
        self.vault, self.id = vault, ident
        self.shards, self.pending, headless = [], [], []
        for provider in vault.providers:
            self._probe(provider, headless)
        self.core = None
        for shard in self.shards:
            try:
                self._adopt(shard)
                break
            except Bad as error:
                vault.found_bad(shard.provider, shard.name, f"header: {error}")
        if self.core is None:
            raise Bad(f"pack {ident.hex()[:16]}: no shard with a good header")
        self.blocks = -(-self.core[9] // self.core[7])
        self._sort_out(headless)

    def _probe(self, provider: Provider, headless: list, first: int = 0) -> None:
        """Takes the lowest generation with a good header; the rest waits until it is needed."""
        seen = False
        for k in self.vault.ks:
            digest = mac(self.vault.namer, b"shard\0" + provider.ident + self.id + bytes([k]))
            for g in range(first, 8):
                name = f"d/{b32(digest[:20])}.{g}"
                box = provider.read(name, 0, HEADER)
                if box is None:
                    continue
                seen = True
                try:
                    header = self._open_header(provider, box, k)
                    self.shards.append(Shard(provider, name, header, header[10]))
                    self.pending.append((provider, g + 1))
                    return
                except Bad as error:
                    self.vault.found_bad(provider, name, f"header: {error}")
                    headless.append((provider, name, k))
        if not seen and not first:
            self.vault.absent.add((provider.name, self.id))

    def _open_header(self, provider: Provider, box: bytes, k: int) -> dict:
        vault = self.vault
        plain = open_box(vault.id, vault.outer, 1, b"", box)
        m = check_map(cbor_decode(unpad(plain, 12)), HEADER_MAP, {}, "header")
        salt = mac(vault.outer, b"hdr" + self.id + bytes([m[10] & 255]) + plain)
        if m[6] != self.id or m[7] != k or box[4:36] != salt or m[1] != 1 or m[8] != 1:
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

    def _adopt(self, shard: Shard) -> None:
        """Derives the pack's keys from a header, if they match its commitment."""
        h, vault = shard.header, self.vault
        key = vault.data_key(h[13], h[5], h[15], h[3])
        info = b"fenchi/1/pack\0" + bytes([1, h[2], h[16]]) + vault.id + be32(h[3]) + be32(h[9])
        keys = hkdf(key, self.id, info, 64)
        if not hmac.compare_digest(keys[32:], h[12]):
            raise Bad("its key commitment is wrong")
        self.aead = aead(h[2], keys[:32])
        self.core = {field: value for field, value in h.items() if field != 10}
        self.tagger = None
        try:
            form, data = check(cbor_decode(h[14]), [int, bytes], "wrapped tag key")
            if form != 2:
                raise Bad("unknown form")
            tag_key = unseal(vault.id, vault.verify_secret, 9, h[15] + h[5], data)
            info = b"fenchi/1/tag\0" + bytes([h[2]]) + vault.id + bytes([h[7]]) + be32(h[9])
            self.tagger = aead(h[2], hkdf(tag_key, self.id, info + bytes([h[8]])))
        except Bad as error:
            note(f"warning: pack {self.id.hex()[:16]}: tags are not checked: {error}")

    def _sort_out(self, headless: list) -> None:
        """A bad header does not make blocks bad: the seat tells the index, tags tell the rest."""
        good = []
        for shard in self.shards:
            if {f: v for f, v in shard.header.items() if f != 10} == self.core:
                good.append(shard)
            else:
                self.vault.found_bad(shard.provider, shard.name, "header: unlike the other shards'")
                headless.append((shard.provider, shard.name, shard.header[7]))
        for provider, name, k in headless:
            if k == self.core[7]:
                good.append(Shard(provider, name, None, self._index(provider, self.core[11])))
        self.shards = good

    def _extend(self) -> bool:
        """Brings in higher generations; False where there are none."""
        before, pending, headless = len(self.shards), self.pending, []
        self.pending = []
        for provider, first in pending:
            self._probe(provider, headless, first)
        self._sort_out(headless)
        return len(self.shards) > before

    def _block(self, shard: Shard, b: int) -> tuple:
        """(block or None, whether its tag holds). A bad one is named."""
        raw = shard.provider.read(shard.name, HEADER + b * (BLOCK + TAG), BLOCK + TAG) or b""
        if len(raw) != BLOCK + TAG:
            self.vault.found_bad(shard.provider, shard.name, f"block {b}: cut off")
            return None, False
        block, tag = raw[:BLOCK], raw[BLOCK:]
        if self.tagger is None:
            return block, True
        try:
            self.tagger.decrypt(be32(shard.index) + be64(b), tag, block)
            return block, True
        except InvalidTag:
            self.vault.found_bad(shard.provider, shard.name, f"block {b}: its tag is wrong")
            return block, False

    def _decrypt(self, s: int, block: bytes):
        try:
            nonce = be32(int(s == self.core[9] - 1)) + be64(s)
            return self.aead.decrypt(nonce, block, None)
        except InvalidTag:
            return None

    def _segment(self, s: int) -> bytes:
        column, b = divmod(s, self.blocks)
        while True:
            for shard in [x for x in self.shards if x.index == column]:
                block, _ = self._block(shard, b)
                plain = self._decrypt(s, block) if block else None
                if plain is not None:
                    return plain
                self.vault.found_bad(shard.provider, shard.name, f"block {b}: does not decrypt")
            plain = self._rebuild(s, column, b)
            if plain is not None:
                return plain
            if not self._extend():
                raise Bad(f"pack {self.id.hex()[:16]} segment {s}: too few good shards")

    def _rebuild(self, s: int, column: int, b: int):
        """A segment out of other shards' blocks; subsets are tried until one decrypts."""
        k, segments = self.core[7], self.core[9]
        zero = tuple(c for c in range(k) if c * self.blocks + b >= segments)  # known, never read
        have = []
        for shard in sorted(self.shards, key=lambda x: x.index):
            if shard.index != column and shard.index not in zero:
                block, good = self._block(shard, b)
                if good:
                    have.append((shard, block))
        for attempt, subset in enumerate(itertools.combinations(have, k - len(zero))):
            indexes = tuple(shard.index for shard, _ in subset)
            if attempt >= SUBSETS_MAX:
                break
            if len(set(indexes)) < len(indexes):
                continue
            blocks = [block for _, block in subset]
            plain = self._decrypt(s, combine(blocks, combination(k, indexes + zero, column)))
            if plain is not None:
                self._name_liars(have if attempt else [], b, indexes + zero, blocks)
                return plain
        return None

    def _name_liars(self, have: list, b: int, indexes: tuple, blocks: list) -> None:
        """All of a subset that decrypts are right, so they tell which others are wrong."""
        for shard, block in have:
            if combine(blocks, combination(self.core[7], indexes, shard.index)) != block:
                tagged = "passes its tag but " if self.tagger else ""
                reason = f"block {b}: {tagged}contradicts the other shards"
                if self.tagger:
                    reason += " (was the verify key misused?)"
                self.vault.found_bad(shard.provider, shard.name, reason)

    def read(self, offset: int, length: int) -> bytes:
        """Plaintext bytes of the pack."""
        if length < 1 or offset + length > self.core[9] * SEGMENT:
            raise Bad("reference: outside of its pack")
        first, last, cache = offset // SEGMENT, (offset + length - 1) // SEGMENT, self.vault.segments
        parts = []
        for s in range(first, last + 1):
            if (self.id, s) not in cache:
                cache[self.id, s] = self._segment(s)
                if len(cache) > 512:
                    cache.popitem(last=False)
            cache.move_to_end((self.id, s))
            parts.append(cache[self.id, s])
        return b"".join(parts)[offset - first * SEGMENT :][:length]


# --- 8.2 Snapshots and restoring -------------------------------------------------------------------

CONTENT = {1: int, 2: int, 3: str, 4: list, 5: list, 6: str, 7: (bytes,), 8: list, 9: [int] * 6,
           10: ([bytes, str],)}  # fmt: skip
ENTRY = {1: bytes, 2: int, 3: int, 4: int, 5: int, 8: list}
ENTRY_MAY = {6: bytes, 7: bytes, 9: int, 10: list, 11: bytes, 12: [int, int], 13: [int, int],
             14: ([bytes, bytes],), 15: list, 16: int}  # fmt: skip
FILE, DIRECTORY, SYMLINK, FIFO = 1, 2, 3, 4
TYPES = {FILE: "file", DIRECTORY: "directory", SYMLINK: "symlink", FIFO: "FIFO",
         5: "character device", 6: "block device", 7: "socket"}  # fmt: skip


class Snapshot:
    def __init__(self, vault: Vault, ident: bytes, data: bytes):
        m = check_map(cbor_decode(data), {1: 16, 2: 16, 3: int, 4: bytes, 5: bytes}, {}, "snapshot")
        self.id, self.domain = ident, m[1]
        key = vault.data_key(m[4], m[1], m[2], m[3])
        key = hkdf(key, b"", b"fenchi/1/snapshot\0" + vault.id + m[1])
        plain = open_box(vault.id, key, 3, m[2] + m[1], m[5], 10)
        self.content = check_map(cbor_decode(plain), CONTENT, {}, "snapshot")
        if self.content[1] != 1 or self.content[2] not in (1, 2):
            raise Bad("snapshot: unknown format or kind")
        check_time(self.content[4], "snapshot")
        self.ended = check_time(self.content[5], "snapshot")

    def line(self, vault: Vault) -> str:
        c = self.content
        try:
            when = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=self.ended // 10**9)
            text = when.isoformat()
        except OverflowError:
            text = f"{self.ended // 10**9} s"
        label, host, domain = (show(x.encode()) for x in (c[3], c[6], vault.domains[self.domain][2]))
        return f"{self.id.hex()}  {text}  {c[9][0]} files  {c[9][3]} bytes  {domain}  {host}  {label}"


def check_entry(entry) -> dict:
    check_map(entry, ENTRY, ENTRY_MAY, "entry")
    name = entry[1]
    if not 1 <= len(name) <= 65535 or b"/" in name or b"\0" in name or name in (b".", b".."):
        raise Bad("a name that the format forbids")
    if entry[2] not in TYPES or entry[3] > 0o7777 or entry.get(9, 0) >= 1 << 63:
        raise Bad("unknown type, or impossible mode or size")
    if entry[2] == FILE and 9 not in entry or entry[2] == SYMLINK and 11 not in entry:
        raise Bad("a file without a size, or a symlink without a target")
    if b"\0" in entry.get(11, b""):
        raise Bad("a symlink target with a NUL")
    check_time(entry[8], "entry")
    return entry


def portable(name: bytes) -> str:
    """A name that Windows can hold: what it cannot is written %XX."""
    out = ""
    for c in name.decode("utf-8", "surrogateescape"):
        if c in '<>:"/\\|?*%' or ord(c) < 32 or 0xDC80 <= ord(c) <= 0xDCFF:
            out += f"%{ord(c) & 255:02X}"
        else:
            out += c
    if out[-1] in ". ":
        out = out[:-1] + f"%{ord(out[-1]):02X}"
    reserved = {"CON", "PRN", "AUX", "NUL"} | {f"{d}{i}" for d in ("COM", "LPT") for i in range(10)}
    if out.partition(".")[0].rstrip().upper() in reserved:
        out = f"%{ord(out[0]):02X}" + out[1:]
    return out


class Folder:
    """The folder being filled. Everything is made new in folders that this run made itself.

    Where the system can (dir_fd), names are taken relative to an open folder, so that neither a
    link nor the length of a path matters; elsewhere they are paths, checked not to be links.
    """

    USES_FD = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
    OPEN = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)

    def __init__(self, top: str):
        self.top, self.names, self.ids, self.fd = top, [], [], None
        if self.USES_FD:
            self.fd = os.open(top, self.OPEN)
            self.ids = [self._identity(self.fd)]
        elif os.name == "nt":
            self.top = "\\\\?\\" + os.path.abspath(top)  # lifts the limit of 260 characters

    @staticmethod
    def _identity(fd: int) -> tuple:
        info = os.fstat(fd)
        return info.st_dev, info.st_ino

    def at(self, name) -> tuple:
        """(path, keyword arguments) for functions of os."""
        if self.fd is not None:
            return name, {"dir_fd": self.fd}
        return os.path.join(self.top, *self.names, name), {}

    def enter(self, name) -> None:
        path, at = self.at(name)
        if self.fd is not None:
            inner = os.open(path, self.OPEN, **at)
            os.close(self.fd)
            self.fd = inner
            self.ids.append(self._identity(inner))
        elif not stat.S_ISDIR(os.lstat(path).st_mode):
            raise OSError(errno.ENOTDIR, "a folder was replaced", path)
        self.names.append(name)

    def leave(self):
        """Goes up; returns what was left: an open folder that the caller closes, or a path."""
        if self.fd is None:
            path = os.path.join(self.top, *self.names)
            self.names.pop()
            return path
        left, self.fd = self.fd, os.open("..", self.OPEN, dir_fd=self.fd)
        self.names.pop()
        self.ids.pop()
        if self._identity(self.fd) != self.ids[-1]:
            raise Stop(FAILED, "the target was moved while it was being filled")
        return left

    def link(self, source: tuple, name) -> None:
        """A hard link to a file made before, named by its folders' names and its own."""
        path, at = self.at(name)
        if self.fd is None:
            os.link(os.path.join(self.top, *source), path)
            return
        fd = os.open(self.top, self.OPEN)
        try:
            for part in source[:-1]:
                inner = os.open(part, self.OPEN, dir_fd=fd)
                os.close(fd)
                fd = inner
            os.link(source[-1], path, src_dir_fd=fd, dst_dir_fd=self.fd, follow_symlinks=False)
        finally:
            os.close(fd)


class Restorer:
    def __init__(self, vault: Vault):
        self.vault = vault
        self.files = self.others = self.bytes = 0
        self.lost: set = set()
        self.unwritten: set = set()

    def restore(self, snapshot: Snapshot, out: str) -> None:
        os.makedirs(out, exist_ok=True)
        top = os.path.join(out, snapshot.id.hex()[:8])
        os.mkdir(top, 0o700)
        self.snapshot, self.links, self.shown = snapshot, {}, [top.encode("utf-8", "replace")]
        self.folder = Folder(top)
        stack = [(None, self._entries(snapshot.content[8]))]
        while stack:
            owner, entries = stack[-1]
            entry = next(entries, None)
            if entry is None:
                stack.pop()
                if owner is not None:
                    self._finish_folder(owner)
                continue
            self.name = entry[1]
            if self._attempt(lambda entry=entry: self._make(entry)) and entry[2] == DIRECTORY:
                self.shown.append(entry[1])
                stack.append((entry, self._entries(entry.get(15, [0, []]))))
        if self.folder.fd is not None:
            os.close(self.folder.fd)

    def _path(self, name: bytes = b"") -> str:
        return show(b"/".join(self.shown + ([name] if name else [])))

    def _lose(self, path: str, reason) -> None:
        self.lost.add(path)
        note(f"lost: {path}: {reason}")

    def _attempt(self, action) -> bool:
        """Runs one step; what goes wrong concerns this entry only."""
        path = self._path(self.name)
        try:
            action()
            return True
        except Bad as error:
            self._lose(path, error)
        except (OSError, ValueError, OverflowError) as error:
            self.unwritten.add(path)
            note(f"not written: {path}: {error}")
        return False

    def _entries(self, value):
        """Entries of a directory that may be restored, in order."""
        where, last = self._path(), b""
        leaves = self.vault.leaves(self.snapshot.domain, 1, value, lambda r: self._lose(where, r))
        while True:
            try:
                entry = next(leaves, None)
                if entry is None:
                    return
                check_entry(entry)
                if entry[1] <= last:
                    raise Bad("entries are not in order")
            except Bad as error:
                self._lose(where, f"an entry: {error}")
                continue
            last = entry[1]
            yield entry

    def _make(self, entry: dict) -> None:
        name, kind = entry[1], entry[2]
        if not self.folder.USES_FD:
            name = portable(name)
            if name.encode() != entry[1]:
                note(f"note: {self._path(entry[1])}: restored as {name}")
        if kind == FILE:
            self._make_file(entry, name)
            return
        path, at = self.folder.at(name)
        if kind == DIRECTORY:
            os.mkdir(path, 0o700, **at)
            self.folder.enter(name)
        elif kind == SYMLINK:
            target = entry[11] if self.folder.USES_FD else os.fsdecode(entry[11])
            os.symlink(target, path, **at)
            self._settle(entry, path, at)
        elif kind == FIFO and hasattr(os, "mkfifo"):
            os.mkfifo(path, 0o600, **at)
            self._settle(entry, path, at)
        else:
            note(f"note: {self._path(entry[1])}: a {TYPES[kind]} is not restored")
            return
        self.others += 1

    def _make_file(self, entry: dict, name) -> None:
        inode = tuple(entry.get(13, ()))
        if inode in self.links:
            source, whole = self.links[inode]
            try:
                self.folder.link(source, name)
                if not whole:
                    self._lose(self._path(entry[1]), "a hard link to a file with losses")
                self.files += 1
                return
            except FileExistsError:
                raise
            except OSError:
                note(f"note: {self._path(entry[1])}: hard link restored as a copy")
        path, at = self.folder.at(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        fd = os.open(path, flags, 0o600, **at)
        try:
            before = len(self.lost)
            self._fill(entry, fd)
            if inode:
                whole = len(self.lost) == before
                self.links[inode] = ((*self.folder.names, name), whole)
            if self.folder.USES_FD:
                self._settle(entry, fd, {})
        finally:
            os.close(fd)
        if not self.folder.USES_FD:
            self._settle(entry, path, {})
        self.files += 1

    def _fill(self, entry: dict, fd: int) -> None:
        """Writes a file's content; what no chunk covers stays a hole."""
        path, domain, size, end = self._path(entry[1]), self.snapshot.domain, entry[9], 0
        os.ftruncate(fd, size)
        leaves = self.vault.leaves(domain, 2, entry.get(10, [0, []]), lambda r: self._lose(path, r))
        for item in leaves:
            offset, reference = check(item, [int, list], "content")
            length = check(reference, [32, 16, int, list], "reference")[2]
            if offset < end or offset + length > size:
                raise Bad("content overlaps or exceeds the file")
            end = offset + length
            try:
                data = memoryview(self.vault.chunk(domain, reference))
            except Bad as error:
                self._lose(path, f"bytes {offset} to {end}: {error}")
                continue
            os.lseek(fd, offset, os.SEEK_SET)
            while data:
                data = data[os.write(fd, data) :]
            self.bytes += length

    def _finish_folder(self, entry: dict) -> None:
        left = self.folder.leave()
        self.shown.pop()
        try:
            self._settle(entry, left, {})
        finally:
            if isinstance(left, int):
                os.close(left)

    def _settle(self, entry: dict, place, at: dict) -> None:
        """Owner, extended attributes, mode and time, in that order, as far as the system lets us.

        Set-id bits are dropped, and so are file capabilities, which amount to the same.
        """
        link = entry[2] == SYMLINK
        quiet = dict(at)
        if not isinstance(place, int) and os.utime in os.supports_follow_symlinks:
            quiet["follow_symlinks"] = False
        steps = []
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            steps.append((os.chown, (place, entry[4], entry[5]), quiet))
        if hasattr(os, "setxattr") and isinstance(place, int):
            for name, value in entry.get(14, []):
                if name != b"security.capability":
                    steps.append((os.setxattr, (place, name, value), {}))
        if not link:
            steps.append((os.chmod, (place, entry[3] & ~0o6000), at))
        if not link or "follow_symlinks" in quiet:
            steps.append((os.utime, (place,), dict(quiet, ns=(check_time(entry[8], ""),) * 2)))
        for function, arguments, keywords in steps:
            try:
                function(*arguments, **keywords)
            except (OSError, ValueError, OverflowError, NotImplementedError) as error:
                what = b" " + arguments[1] if function is getattr(os, "setxattr", None) else b""
                name = self._path(entry[1])
                note(f"note: {name}: {function.__name__}{show(what)}: {error}")


# --- Command line -------------------------------------------------------------------------------


class Arguments(argparse.ArgumentParser):
    def error(self, message: str):
        raise Stop(FAILED, f"{message}\n{self.format_usage()}")


def parse(argv) -> argparse.Namespace:
    parser = Arguments(description="Restores a fenchi vault from any k of its providers.")
    parser.add_argument("--password-file", metavar="F")
    parser.add_argument("--share", action="append", default=[], metavar="F", help="key share file")
    parser.add_argument("--recipient-key", action="append", default=[], metavar="F",
                        help="file with an X25519 secret key, 32 bytes")  # fmt: skip
    parser.add_argument("--vault-id", metavar="HEX")
    parser.add_argument("--out", metavar="DIR")
    parser.add_argument("--snapshot", metavar="ID|latest")
    parser.add_argument("--list", action="store_true", help="list snapshots and end")
    parser.add_argument("providers", nargs="+", metavar="PROVIDER_DIR")
    arguments = parser.parse_args(argv)
    if not arguments.list and not arguments.out:
        parser.error("--out is needed, or --list")
    return arguments


def factors_of(arguments: argparse.Namespace) -> Factors:
    if not (arguments.password_file or arguments.share or arguments.recipient_key):
        raise Stop(FAILED, "--password-file is needed")
    path = arguments.password_file
    passwords = passwords_of(Path(path).read_bytes()) if path else []
    shares = [Share(Path(path).read_bytes()) for path in arguments.share]
    secrets = [Path(path).read_bytes() for path in arguments.recipient_key]
    if any(len(secret) != 32 for secret in secrets):
        raise Stop(FAILED, "--recipient-key: not 32 bytes")
    return Factors(passwords, shares, secrets)


def choose(snapshots: list, wanted) -> list:
    if wanted is None:
        return snapshots
    found = [s for s in snapshots if s.id.hex().startswith(wanted.lower())]
    if wanted == "latest":
        found = snapshots[-1:]
    if len(found) != 1:
        raise Stop(FAILED, f"--snapshot {wanted}: {len(found)} snapshots match")
    return found


def run(argv) -> int:
    arguments = parse(argv)
    try:
        vault_id = bytes.fromhex(arguments.vault_id) if arguments.vault_id else None
    except ValueError as error:
        raise Stop(FAILED, "--vault-id: not hexadecimal") from error
    factors = factors_of(arguments)
    vault = Vault(arguments.providers, vault_id)
    vault.unlock(factors)
    vault.read_log()
    snapshots = vault.snapshots()
    if arguments.list:
        for snapshot in snapshots:
            print(snapshot.line(vault))
    else:
        restorer = Restorer(vault)
        for snapshot in choose(snapshots, arguments.snapshot):
            print(f"restoring {snapshot.line(vault)}", flush=True)
            restorer.restore(snapshot, arguments.out)
            restorer.vault.segments.clear()
        statement(vault, restorer, len(choose(snapshots, arguments.snapshot)))
        if restorer.lost or vault.damage:
            return LOST
        if restorer.unwritten:
            return FAILED
    return LOST if vault.damage else OK


def statement(vault: Vault, restorer: Restorer, snapshots: int) -> None:
    shards = sum(1 for _, name in vault.bad if name.startswith("d/"))
    print(f"vault {vault.id.hex()}, policy {vault.policy[3]}, {len(vault.providers)} providers read")
    print(f"restored: {snapshots} snapshots, {restorer.files} files, {restorer.bytes} bytes, "
          f"{restorer.others} directories, links and FIFOs")  # fmt: skip
    print(f"checked: {vault.chunks} chunks; found bad: {shards} shards, "
          f"{len(vault.bad) - shards} other objects; absent: {len(vault.absent)} shards")  # fmt: skip
    print(f"lost: {len(restorer.lost)} paths, {vault.damage} records or snapshots; "
          f"not written: {len(restorer.unwritten)} paths")  # fmt: skip
    need = vault.policy[8][1]
    if len(vault.providers) < need:
        for writer, seq in sorted(vault.heads().items()):
            print(f"freshness not proven beyond record {seq} of writer {writer.hex()} "
                  f"({need} providers would prove it)")  # fmt: skip


def main(argv=None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        return run(argv)
    except Stop as stop:
        note(f"error: {stop}")
        return stop.code
    except Bad as error:
        note(f"error: {error}")
        return LOST
    except OSError as error:
        note(f"error: {error}")
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
