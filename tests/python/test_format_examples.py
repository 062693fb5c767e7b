"""docs/FORMAT.md section 15, computed a second time: from the document's words, without fenchi.

The C++ tests compare the section with what the library makes; this one compares it with Python's
standard library and PyPI `cryptography`. Together they show that code and document agree.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from pathlib import Path

import pytest

pytest.importorskip("cryptography")
from cryptography.hazmat.primitives import hashes  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.x25519 import (  # noqa: E402
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402
from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: E402
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: E402

DOCUMENT = Path(__file__).parents[2] / "docs" / "FORMAT.md"
SECTION = DOCUMENT.read_text(encoding="utf-8").partition("\n## 15. Worked examples\n")[2]
SECTION = SECTION.partition("\n\n## ")[0] + "\n"


def shown(name: str) -> bytes:
    """The bytes that the document shows in whole."""
    match = re.search(rf"^{re.escape(name)} \((\d+) bytes\)\n((?:  [0-9a-f]+\n)+)", SECTION, re.M)
    assert match, f"the document does not show {name}"
    out = bytes.fromhex(match[2].replace("\n", ""))
    assert len(out) == int(match[1])
    return out


def check(name: str, made: bytes) -> None:
    """Long objects are shown by length, hash and their first 96 bytes."""
    pattern = rf"^{re.escape(name)} \((\d+) bytes\), H = ([0-9a-f]+), begins\n((?:  [0-9a-f]+\n)+)"
    match = re.search(pattern, SECTION, re.M)
    if match is None:
        assert made.hex() == shown(name).hex(), name
        return
    assert (len(made), sha(made).hex()) == (int(match[1]), match[2]), name
    assert made[:96].hex() == re.sub(r"\s", "", match[3]), name


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def mac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, "sha256").digest()


def key(name: str, size: int = 32) -> bytes:
    return sha(b"example " + name.encode())[:size]


def be(value: int, bits: int) -> bytes:
    return value.to_bytes(bits // 8, "big")


def lp(data: bytes) -> bytes:
    return be(len(data), 32) + data


def hkdf(ikm: bytes, salt: bytes, info: bytes, size: int = 32) -> bytes:
    return HKDF(hashes.SHA512(), size, salt or None, info).derive(ikm)


def padded(data: bytes, exponent: int) -> bytes:
    box = 1 << exponent
    while box < len(data) + 4 + 84:
        box *= 2
    return lp(data) + bytes(box - 84 - 4 - len(data))


def seal(kind: int, secret: bytes, context: bytes, plain: bytes, salt: bytes) -> bytes:
    info = b"fenchi/1/seal\0" + bytes([1, 1, kind]) + VAULT + lp(context)
    okm = hkdf(secret, salt, info, 64)
    box = AESGCM(okm[:32]).encrypt(be(1, 32) + be(0, 64), plain, None)
    return bytes([1, 1, kind, 0]) + salt + okm[32:] + box


def public(secret: X25519PrivateKey | Ed25519PrivateKey) -> bytes:
    return secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def seal_to(kind: int, recipient: bytes, context: bytes, plain: bytes, name: str) -> bytes:
    ephemeral = X25519PrivateKey.from_private_bytes(key(f"{name} 0"))
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
    secret = hkdf(shared, public(ephemeral) + recipient, b"fenchi/1/x25519")
    return public(ephemeral) + seal(kind, secret, context, plain, key(f"{name} 1"))


VAULT = sha(shown("genesis object")) if SECTION else bytes(32)
DOMAIN = key("domain id", 16)
WRITER = key("writer id", 16)
SLOT = key("slot id", 16)
RUN_CONTEXT = key("run id", 16) + DOMAIN
OUTER = key("K_outer")
ADMIN = Ed25519PrivateKey.from_private_bytes(key("admin seed"))


def test_genesis_names_the_vault() -> None:
    check("vault id", VAULT)
    check("admin public key", public(ADMIN))
    genesis = b"\xa4\x01\x01\x02\x81\x58\x20" + public(ADMIN) + b"\x03\x01\x04\x58\x20"
    check("genesis object", genesis + key("genesis random"))


def test_derived_keys() -> None:
    scope = bytes(16)
    for name, root, rest in [
        ("wrap", "read secret key", be(1, 32)),
        ("snapshot", "S", b""),
        ("id", "id root", scope),
        ("index", "index root", scope),
    ]:
        info = f"fenchi/1/{name}\0".encode() + VAULT + DOMAIN + rest
        check(f"{name} key", hkdf(key(root), b"", info))


def test_wrapped_keys() -> None:
    read = public(X25519PrivateKey.from_private_bytes(key("read secret key")))
    verify = public(X25519PrivateKey.from_private_bytes(key("verify secret key")))
    form_1 = seal(8, shown("wrap key"), RUN_CONTEXT, key("S"), key("wrapped S 0"))
    check("wrapped S, form 1", b"\x82\x01\x58\x74" + form_1)
    sealed_s = seal_to(8, read, RUN_CONTEXT, key("S"), "sealed S")
    check("wrapped S, form 2", b"\x82\x02\x58\x94" + sealed_s)
    sealed_t = seal_to(9, verify, RUN_CONTEXT, key("T"), "wrapped T")
    check("wrapped T", b"\x82\x02\x58\x94" + sealed_t)


def test_slot() -> None:
    access = sha(b"passphrase")
    bound = VAULT + be(1, 32) + SLOT + access
    secrets = lp(shown("child key")) + lp(key("leaf secret"))
    slot_key = hkdf(secrets, b"", b"fenchi/1/slot\0" + bound)
    check("slot key", slot_key)
    check("box", seal(7, slot_key, be(1, 32) + SLOT, key("epoch root"), key("slot 0")))
    children = lp(key("child 0")) + lp(key("child 1"))
    check("AND key", hkdf(children, b"", b"fenchi/1/and\0" + bound))
    check("AND key at path 01", hkdf(children, b"", b"fenchi/1/and\0" + bound + b"\1"))
    check("T at path 01", VAULT + be(1, 32) + access + SLOT + b"\1")


def point(secret: ec.EllipticCurvePrivateKey) -> bytes:
    return secret.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def test_token_slot() -> None:
    def p256(name: str) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(int.from_bytes(key(name), "big"), ec.SECP256R1())

    token, ephemeral, slot = p256("token secret key"), p256("token 0"), key("token slot id", 16)
    check("token's public key", point(token))
    agreed = ephemeral.exchange(ec.ECDH(), token.public_key())
    assert agreed == token.exchange(ec.ECDH(), ephemeral.public_key())
    check("x that both agree on", agreed)
    secret = hkdf(agreed, point(ephemeral) + point(token), b"fenchi/1/p256")
    sealed = point(ephemeral) + seal(10, secret, slot, key("token child key"), key("token 1"))
    check("key sealed to the token", sealed)
    bound = VAULT + be(1, 32) + slot + sha(b"hsm")
    secrets = lp(key("token child key")) + lp(key("leaf secret"))
    slot_key = hkdf(secrets, b"", b"fenchi/1/slot\0" + bound)
    check("slot key of the token's slot", slot_key)
    node = b"\xa3\x01\x07\x02\x58\x41" + point(token) + b"\x03\x58\xb5" + sealed
    box = seal(7, slot_key, be(1, 32) + slot, key("epoch root"), key("token slot 0"))
    slots = b"\xa4\x01\x01\x02\x58\x20" + VAULT + b"\x03\x01\x04\x81\xa4\x01\x50" + slot
    slots += b"\x02\x63hsm\x03" + node + b"\x04\x58\x74" + box
    check("slots object of the token's slot", slots)


def test_passphrase() -> None:
    argon2id = pytest.importorskip("nacl.pwhash").argon2id
    passphrase, salt = b"correct horse battery staple", key("passphrase salt", 16)
    check("child key", argon2id.kdf(32, passphrase, salt, opslimit=1, memlimit=8192))


def test_leaf_share() -> None:
    secret, coins, context = key("leaf secret"), key("leaf 0"), shown("T")
    assert context == VAULT + be(1, 32) + sha(b"leaf") + bytes(16)
    scheme = b"\x01\x02"  # adept sharing, 2 needed
    extracted = b"".join(lp(part) for part in (scheme, secret, coins, context))
    prk = hmac.new(b"fenchi/1/adss", extracted, "sha512").digest()

    def expand(info: bytes) -> bytes:
        return hmac.new(prk, info + b"\x01", "sha512").digest()[:32]

    mask = hmac.new(expand(b"K"), b"enc\x01", "sha512").digest()
    # At index 1 every power of the index is 1: the share's value is K XOR L.
    value = bytes(a ^ b for a, b in zip(expand(b"K"), expand(b"L"), strict=True))
    hidden = bytes(a ^ b for a, b in zip(secret + coins, mask, strict=True))
    share = b"fsh1" + scheme + b"\x01\x00" + be(len(context), 16) + context
    share += value + hidden + expand(b"J") + bytes(96)
    share += sha(share)[:4]
    leaf = b"\xa2\x01\x50" + key("provider 0", 16) + b"\x02\x59" + be(len(share), 16) + share
    check("leaf object of seat 0", leaf)
    assert f"H(leaf object of seat 0): {sha(leaf).hex()}\n" in SECTION


def test_padded_boxes() -> None:
    epoch = be(1, 32)
    keyring = padded(shown("keyring, plain"), 12)
    check("keyring object", seal(6, key("epoch root"), epoch, keyring, key("keyring 0")))
    details = padded(shown("details, plain"), 10)
    check("details box", seal(11, OUTER, epoch, details, key("details 0")))
    index = padded(shown("index, plain"), 12)
    check("index object", seal(4, shown("index key"), DOMAIN, index, key("index 0")))
    packs = padded(shown("entries of the list of added packs"), 12)
    check("list object", seal(5, OUTER, b"", packs, key("list 0")))
    content = padded(shown("content, plain"), 10)
    box = seal(3, shown("snapshot key"), RUN_CONTEXT, content, key("snapshot 0"))
    snapshot = b"\xa5\x01\x50" + DOMAIN + b"\x02\x50" + key("run id", 16) + b"\x03\x01\x04\x58\x78"
    snapshot += shown("wrapped S, form 1") + b"\x05\x59" + be(len(box), 16) + box
    check("snapshot object", snapshot)
    check("snapshot id", sha(snapshot))


def test_policy_signature() -> None:
    box = seal(11, OUTER, be(1, 32), padded(shown("details, plain"), 10), key("details 0"))
    payload = shown("payload up to the details box") + box
    check("payload", payload)
    signature = ADMIN.sign(b"fenchi/1/policy\0" + VAULT + payload)
    check("signature", signature)
    signed = b"\x82\x59" + be(len(payload), 16) + payload
    signed += b"\x81\x82\x58\x20" + public(ADMIN) + b"\x58\x40" + signature
    check("policy object", signed)


def test_log() -> None:
    writer = Ed25519PrivateKey.from_private_bytes(key("writer seed"))
    for seq, name in [(2, "SEAL"), (3, "FORGET")]:
        payload = shown(f"{name}, payload")
        signature = writer.sign(b"fenchi/1/record\0" + VAULT + payload)
        check(f"{name}, signature", signature)
        record = b"\x82\x58" + bytes([len(payload)]) + payload + b"\x58\x40" + signature
        check(f"{name}, record hash", sha(record))
        box = seal(2, OUTER, WRITER + be(seq, 64), padded(record, 12), key(f"{name} 0"))
        check(f"{name}, object", box)
    assert shown("COMMIT, record hash") in shown("SEAL, payload")
    assert shown("SEAL, record hash") in shown("FORGET, payload")
    body = sha(shown("FORGET, body without approvals"))
    approval = ADMIN.sign(b"fenchi/1/approval\0" + VAULT + b"\x04" + body)
    assert approval in shown("FORGET, payload")


def multiply(a: int, b: int) -> int:
    out = 0
    while b:
        out ^= a if b & 1 else 0
        a = a << 1 ^ (0x11D if a & 0x80 else 0)
        b >>= 1
    return out


def parity(row: int, column: int) -> int:
    powers = [1]
    while len(powers) < 255:
        powers.append(multiply(powers[-1], 2))
    if row < 2:
        return 1 if row == 0 else powers[column]
    divisor = powers[row - 1] ^ powers[-column % 255]
    return next(x for x in range(256) if multiply(divisor, x) == 1)


def test_pack_and_shards() -> None:
    chunk_a = b"fenchi worked example\n"
    chunk_b = b"".join(key(f"chunk B {i}") for i in range(2188))[:70000]
    id_key = shown("id key")
    check("id of chunk A", mac(id_key, chunk_a))
    check("id of chunk B", mac(id_key, chunk_b))
    items = b"\x83\x58\x20" + mac(id_key, chunk_a) + b"\x16\x17"
    items += b"\x83\x58\x20" + mac(id_key, chunk_b) + b"\x1a\0\x01\x11\x70\x1a\0\x01\x11\x71"
    check("trailer", b"\xa2\x01\x02\x02\x82" + items)
    trailer, pack_id = shown("trailer"), mac(key("fresh bytes"), shown("trailer"))
    check("pack id", pack_id)
    pack = b"\0" + chunk_a + b"\0" + chunk_b
    pack += bytes(12 * 65520 - len(pack) - len(trailer) - 4) + trailer + be(len(trailer), 32)
    info = b"fenchi/1/pack\0\x01\x01\x01" + VAULT + be(1, 32) + be(12, 32)
    okm = hkdf(key("S"), pack_id, info, 64)
    check("cipher key", okm[:32])
    check("commitment", okm[32:])
    cipher = AESGCM(okm[:32])
    segments = [
        cipher.encrypt(be(int(i == 11), 32) + be(i, 64), pack[i * 65520 : (i + 1) * 65520], None)
        for i in range(12)
    ]
    check("segment 0", segments[0])
    check("segment 11, the last", segments[11])
    check_blocks(pack_id, segments[0], segments[6])
    check_headers(pack_id)


def check_blocks(pack_id: bytes, left: bytes, right: bytes) -> None:
    tag_info = b"fenchi/1/tag\0\x01" + VAULT + b"\x02" + be(12, 32) + b"\x01"
    tag_key = hkdf(key("T"), pack_id, tag_info)
    check("key of the tags", tag_key)
    blocks = [left, right]
    for row in range(3):
        tables = [bytes(multiply(parity(row, j), x) for x in range(256)) for j in (0, 1)]
        mixed = zip(left.translate(tables[0]), right.translate(tables[1]), strict=True)
        blocks.append(bytes(a ^ b for a, b in mixed))
    for index, block in enumerate(blocks):
        tag = AESGCM(tag_key).encrypt(be(index, 32) + be(0, 64), b"", block).hex()
        assert f"shard {index}: H(block 0) = {sha(block).hex()}, tag {tag}\n" in SECTION


def check_headers(pack_id: bytes) -> None:
    first = int.from_bytes(pack_id[:4], "big")
    for seat in range(5):
        index = (seat + first) % 3 if seat < 3 else seat
        assert f"seat {seat}: shard {index}\n" in SECTION
    header = padded(shown("header of shard 0, plain"), 12)
    salt = mac(OUTER, b"hdr" + pack_id + b"\0" + header)
    check("header of shard 0", seal(1, OUTER, b"", header, salt))


def test_names() -> None:
    def name(label: str, *parts: bytes, provider: str = "provider 0") -> str:
        message = label.encode() + b"\0" + key(provider, 16) + b"".join(parts)
        digest = mac(key("K_name"), message)[:20]
        return f"{label[0]}/{base64.b32encode(digest).decode().lower()}.0"

    pack = shown("pack id") + b"\x02"
    shard = "d" + name("shard", pack)[1:]
    other = "d" + name("shard", pack, provider="provider 1")[1:]
    assert f"shard: {shard}\n" in SECTION
    assert f"the same at provider 1: {other}\n" in SECTION
    assert f"record 1: {name('record', WRITER, be(1, 64))}\n" in SECTION
    assert f"list: {name('list', key('list hash'))}\n" in SECTION
    assert f"index: x{name('index', key('index hash'))[1:]}\n" in SECTION


def test_credential_checksum() -> None:
    file = shown("file")
    assert file[:4] == b"fcr1" and file[-4:] == sha(file[:-4])[:4]
    assert key("writer seed") in file and key("read secret key") not in file
