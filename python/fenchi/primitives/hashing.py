"""SHA-256, HMAC-SHA-256 and HKDF: names for content, keyed names, and keys made from keys.

    name = KeyedHash(id_key)(chunk)
    key = hkdf_sha512(root, b"", b"index", 32)

None of these is for passwords: a guess costs nothing here. Source: fenchi/hash.h.
"""

from fenchi._core import (
    HmacSha256Hasher,
    KeyedHash,
    Sha256Hasher,
    hkdf_expand_sha256,
    hkdf_expand_sha512,
    hkdf_extract_sha256,
    hkdf_extract_sha512,
    hkdf_sha256,
    hkdf_sha256_into,
    hkdf_sha512,
    hkdf_sha512_into,
    hmac_sha256,
    hmac_sha256_into,
    sha256,
    sha256_into,
)

__all__ = [
    "HmacSha256Hasher",
    "KeyedHash",
    "Sha256Hasher",
    "hkdf_expand_sha256",
    "hkdf_expand_sha512",
    "hkdf_extract_sha256",
    "hkdf_extract_sha512",
    "hkdf_sha256",
    "hkdf_sha256_into",
    "hkdf_sha512",
    "hkdf_sha512_into",
    "hmac_sha256",
    "hmac_sha256_into",
    "sha256",
    "sha256_into",
]
