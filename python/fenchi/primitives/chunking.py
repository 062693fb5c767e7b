"""Chunker: where a stream is cut into chunks.

    with open("dump.sql", "rb") as file:
        for chunk in chunks(iter(lambda: file.read(1 << 20), b"")):
            store(chunk)

Cut points are a pure function of the bytes and the options, on every CPU and for every way of
feeding the stream. They hide nothing: lengths of chunks recognise known content. Source:
fenchi/chunker.h.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fenchi._core import Chunker, ChunkStream

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["ChunkStream", "Chunker", "chunks", "cut_points"]


def cut_points(pieces: Iterable[Buffer], chunker: Chunker | None = None) -> Iterator[int]:
    """The offset at which each chunk of the stream ends, as soon as it is known.

    pieces: the stream, split in any way; empty pieces change nothing. No bytes, no chunk.
    """
    stream = ChunkStream(chunker or Chunker())
    end = 0
    for piece in pieces:
        for length in stream.feed(piece):
            yield (end := end + length)
    for length in stream.finish():
        yield (end := end + length)


def chunks(pieces: Iterable[Buffer], chunker: Chunker | None = None) -> Iterator[bytes]:
    """The chunks themselves; holds at most one largest chunk and one piece."""
    stream = ChunkStream(chunker or Chunker())
    begun = bytearray()  # of the chunk that is not complete yet
    for piece in pieces:
        view = memoryview(piece)
        if view.nbytes == 0:  # such a view cannot be cast
            continue
        view = view.cast("B")
        for length in stream.feed(view):
            rest = length - len(begun)
            yield b"".join((begun, view[:rest]))
            view = view[rest:]
            begun.clear()
        begun += view
    if stream.finish():
        yield bytes(begun)
