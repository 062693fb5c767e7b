"""Repeats the random messages of a fenchi_crosscheck record with PyPI `cryptography`.

    fenchi_crosscheck 1 1000000 records
    python crosscheck.py records

The file's layout is written at the top of crosscheck.cc. Every result is computed here from the
inputs alone (Seal from FORMAT.md) and hashed as it is there, a batch at a time. Prints one JSON
object; exit code 1 when a batch differs, 77 when `cryptography` is not installed.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import struct
import sys

try:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives import hmac as hmac_
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

SHA256 = hashes.SHA256()
SHA512 = hashes.SHA512()


def sha256(message: bytes) -> bytes:
    hasher = hashes.Hash(SHA256)
    hasher.update(message)
    return hasher.finalize()


def seal(suite: int, key: bytes, vault: bytes, context: bytes, salt: bytes, plain: bytes) -> bytes:
    """FORMAT.md section "Seal", for boxes of type 2 (record)."""
    head = bytes([1, suite, 2])
    info = b"fenchi/1/seal\0" + head + vault + struct.pack(">I", len(context)) + context
    okm = HKDF(SHA512, 64, salt, info).derive(key)
    cipher = AESGCM(okm[:32]) if suite == 1 else ChaCha20Poly1305(okm[:32])
    nonce = struct.pack(">IQ", 1, 0)
    return head + b"\0" + salt + okm[32:] + cipher.encrypt(nonce, plain, None)


def check_batch(data: mmap.mmap, at: int) -> tuple[int, int, bool]:
    """Where the next batch starts, how many messages this one has, and whether all agree."""
    key = data[at : at + 32]
    (count,) = struct.unpack_from(">H", data, at + 32)
    at += 34
    gcm, chacha = AESGCM(key), ChaCha20Poly1305(key)
    keyed = hmac_.HMAC(key, SHA256)
    results = []
    nonce = text = b""
    for _ in range(count):
        size, aad_size = data[at], data[at + 1]
        nonce = data[at + 2 : at + 14]
        text = data[at + 14 : at + 14 + size]
        at += 14 + size
        aad = data[at : at + aad_size]
        at += aad_size
        one = keyed.copy()
        one.update(text)
        results += (
            sha256(text),
            one.finalize(),
            gcm.encrypt(nonce, text, aad),
            chacha.encrypt(nonce, text, aad),
        )
    signer = Ed25519PrivateKey.from_private_bytes(key)
    base = sha256(key)
    peer = X25519PrivateKey.from_private_bytes(base).public_key()
    results += (
        signer.public_key().public_bytes_raw(),
        signer.sign(text),
        X25519PrivateKey.from_private_bytes(key).exchange(peer),
        HKDF(SHA512, 80, nonce, text).derive(key),
        seal(1, key, key, nonce, base, text),
        seal(2, key, key, nonce, base, text),
    )
    same = hashlib.sha256(b"".join(results)).digest() == data[at : at + 32]
    return at + 32, count, same


def main(path: str) -> int:
    messages = 0
    different = []
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        magic, batches = struct.unpack_from(">4sI", data)
        if magic != b"FXC1":
            raise SystemExit(f"{path}: not a record of fenchi_crosscheck")
        at = 8
        for batch in range(batches):
            at, count, same = check_batch(data, at)
            messages += count
            if not same:
                different.append(batch)
        whole = at == len(data)
    report = {
        "messages": messages,
        "batches": batches,
        "different_batches": different[:10],
        "ok": whole and messages > 0 and not different,
    }
    print(json.dumps(report))
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        print("usage: crosscheck.py RECORD_FILE", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1]))
