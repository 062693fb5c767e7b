"""Authenticated encryption: the plain cipher, segmented streams, and the committed box.

    box = seal(key, b"text", type=SealType.record, vault=vault_id)
    text = open_sealed(key, box, type=SealType.record, vault=vault_id).reveal()

Use seal for a small object under a long-lived key: it draws a salt, so that no nonce has to be
counted, and commits to the key. Use SegmentCipher with derive_stream_keys for large data that is
read in parts. Aead is the bare cipher beneath both. Lengths are not hidden. Source: fenchi/aead.h.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fenchi import _core
from fenchi._core import (
    Aead,
    SealType,
    SecretBytes,
    SegmentCipher,
    default_suite,
    open_sealed,
    seal,
)

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = [
    "Aead",
    "SealType",
    "SegmentCipher",
    "StreamKeys",
    "default_suite",
    "derive_stream_keys",
    "open_sealed",
    "seal",
]


@dataclass(frozen=True)
class StreamKeys:
    """What one secret gives for one stream."""

    key: SecretBytes
    """32 bytes for SegmentCipher."""
    commitment: bytes
    """32 bytes, stored openly; hmac.compare_digest it before anything is opened."""


def derive_stream_keys(secret: Buffer | SecretBytes, salt: Buffer, info: Buffer) -> StreamKeys:
    """The cipher's key and the commitment of one stream.

    secret: at least 32 bytes, uniformly random; (secret, salt, info) is used for one stream only.
    Errors: InvalidArgument when the secret is shorter. Source: 64 bytes of HKDF-SHA-512 (RFC 5869).
    """
    return StreamKeys(*_core.derive_stream_keys(secret, salt, info))
