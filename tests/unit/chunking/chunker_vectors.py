#!/usr/bin/env python3
"""Derives the chunker's test vectors from its definition, and nothing else.

    chunker_vectors.py cuts    the chunk lengths that chunker_test.cc pins (takes a minute)

Written from the text of FORMAT.md, slowly and plainly, so that it can disagree with the library.
"""

import hashlib
import sys

PUBLIC_KEY = bytes(32)
SECRET_KEY = bytes(range(32))
STREAM_BYTES = 8 << 20


def stream(length: int) -> bytes:
    """SHA-256("fenchi/1/chunker-vector" | be64(i)) for i = 0, 1, ... one after the other."""
    label = b"fenchi/1/chunker-vector"
    blocks = range((length + 31) // 32)
    return b"".join(hashlib.sha256(label + i.to_bytes(8, "big")).digest() for i in blocks)[:length]


def words(data: bytes, size: int) -> list[int]:
    return [int.from_bytes(data[i : i + size], "little") for i in range(0, len(data), size)]


def chunk_lengths(
    data: bytes, smallest: int, average: int, largest: int, key: bytes = PUBLIC_KEY
) -> list[int]:
    stretched = b"".join(
        hashlib.sha256(b"fenchi/1/cut" + key + bytes([i])).digest() for i in range(3)
    )
    offset = words(stretched[:8], 8)[0]
    hash_factors = [word | 1 for word in words(stretched[8:72], 8)]
    a, b, c, d = (word | 1 for word in words(stretched[72:80], 2))
    bits = average.bit_length() - 1
    sieve_bits = min(11, bits - 2)
    numerator, denominator = (21, 16) if average < 524288 else (9, 8)
    lengths = []
    start = 0
    while start < len(data):
        longest = min(largest, len(data) - start)
        length = longest
        for candidate in range(smallest, longest + 1):
            end = start + candidate
            w = int.from_bytes(data[end - 8 : end], "little")
            sieve = a * (w & 65535) + b * (w >> 16 & 65535) + c * (w >> 32 & 65535) + d * (w >> 48)
            if (sieve + 2**15 & 65535) >> (16 - sieve_bits):
                continue
            last64 = words(data[end - 64 : end], 8)
            digest = offset + sum(f * x for f, x in zip(hash_factors, last64, strict=True))
            zero_bits = (bits + 2 if candidate < average else bits - 2) - sieve_bits
            limit = 2**64 - 1 >> zero_bits
            if zero_bits:
                limit = limit // denominator * numerator
            if digest % 2**64 <= limit:
                length = candidate
                break
        lengths.append(length)
        start += length
    return lengths


def main() -> None:
    if sys.argv[1:] == ["cuts"]:
        data = stream(STREAM_BYTES)
        print("default:", chunk_lengths(data, 256 << 10, 1 << 20, 4 << 20))
        print("512 KiB:", chunk_lengths(data, 128 << 10, 512 << 10, 2 << 20))
        print("256 KiB:", chunk_lengths(data[: 4 << 20], 64 << 10, 256 << 10, 1 << 20))
        print("small:", chunk_lengths(data[:40000], 256, 1024, 4096))
        print("keyed:", chunk_lengths(data[:40000], 256, 1024, 4096, SECRET_KEY))
        print("least:", chunk_lengths(data[:1000], 64, 64, 4096))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
