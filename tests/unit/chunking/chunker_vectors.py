#!/usr/bin/env python3
"""Derives the chunker's constants and its test vectors from their definition, and nothing else.

    chunker_vectors.py table   the 256 words of lib/chunking/gear_table.cc
    chunker_vectors.py cuts    the chunk lengths that chunker_test.cc pins (takes seconds)

Written from the text of FORMAT.md, slowly and plainly, so that it can disagree with the library.
"""

import hashlib
import sys

GEAR = [
    int.from_bytes(hashlib.sha256(b"fenchi/1/gear" + bytes([i])).digest()[:8], "big")
    for i in range(256)
]
STREAM_BYTES = 8 << 20


def stream(length: int) -> bytes:
    """SHA-256("fenchi/1/chunker-vector" | be64(i)) for i = 0, 1, ... one after the other."""
    label = b"fenchi/1/chunker-vector"
    blocks = range((length + 31) // 32)
    return b"".join(hashlib.sha256(label + i.to_bytes(8, "big")).digest() for i in blocks)[:length]


def chunk_lengths(data: bytes, smallest: int, average: int, largest: int) -> list[int]:
    bits = average.bit_length() - 1
    lengths = []
    start = 0
    while start < len(data):
        longest = min(largest, len(data) - start)
        length = longest
        digest = 0
        for i in range(smallest - 64, longest):
            digest = (2 * digest + GEAR[data[start + i]]) % 2**64
            if i + 1 < smallest:
                continue
            zero_bits = bits + 2 if i + 1 < average else bits - 2
            if digest >> (64 - zero_bits) == 0:
                length = i + 1
                break
        lengths.append(length)
        start += length
    return lengths


def main() -> None:
    if sys.argv[1:] == ["table"]:
        for row in range(0, 256, 4):
            print("    " + " ".join(f"0x{word:016x}," for word in GEAR[row : row + 4]))
    elif sys.argv[1:] == ["cuts"]:
        data = stream(STREAM_BYTES)
        print("default:", chunk_lengths(data, 256 << 10, 1 << 20, 4 << 20))
        print("small:", chunk_lengths(data[:40000], 256, 1024, 4096))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
