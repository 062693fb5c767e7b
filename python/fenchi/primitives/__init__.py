"""The primitives that fenchi stands on, each as in the C++ header of its name.

    from fenchi import primitives

    code = primitives.ErasureCode(2, 3)
    (parity,) = code.encode([b"left", b"data"])
    (left,) = code.decode({1: b"data", 2: parity}, [0])

Data goes in as any contiguous object with the buffer protocol (bytes, bytearray, memoryview, mmap,
array), keys also as SecretBytes; sizes are in bytes. A function that ends in `_into` writes to a
buffer of yours instead of making one. Calls on more than 32 KiB let other threads run meanwhile: do
not change a buffer that is being read. Errors are those of `fenchi`; a wrong type is a TypeError, a
buffer that is not contiguous or not writable a BufferError.

These are for measuring, testing and building something else. For backups use `fenchi.open`.
"""

from fenchi.primitives.aead import (
    Aead,
    SealType,
    SegmentCipher,
    StreamKeys,
    default_suite,
    derive_stream_keys,
    open_sealed,
    seal,
)
from fenchi.primitives.chunking import Chunker, ChunkStream, chunks, cut_points
from fenchi.primitives.erasure_code import Decoder, ErasureCode
from fenchi.primitives.hashing import (
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
from fenchi.primitives.key_sharing import (
    Dealer,
    KeyShare,
    RecoveredKey,
    ShareFault,
    rebuild_share,
    recover_key,
    split_key,
)

__all__ = [
    "Aead",
    "ChunkStream",
    "Chunker",
    "Dealer",
    "Decoder",
    "ErasureCode",
    "HmacSha256Hasher",
    "KeyShare",
    "KeyedHash",
    "RecoveredKey",
    "SealType",
    "SegmentCipher",
    "Sha256Hasher",
    "ShareFault",
    "StreamKeys",
    "chunks",
    "cut_points",
    "default_suite",
    "derive_stream_keys",
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
    "open_sealed",
    "rebuild_share",
    "recover_key",
    "seal",
    "sha256",
    "sha256_into",
    "split_key",
]
