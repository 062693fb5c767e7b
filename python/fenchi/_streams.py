"""Streams: a source that is read in pieces, and content that the library writes piece by piece."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

from fenchi import _errors
from fenchi.messages import text

_PIPE_CHUNKS = 8  # read ahead by pump()
_NO_THREAD = ("stream.no_thread", "stream.no_thread_hint")


def reader(source: BinaryIO | Iterable[bytes]) -> Callable[[int], Any]:
    read = getattr(source, "read", None)
    if callable(read):

        def read_some(size: int) -> Any:
            got = read(size)
            if got is None:
                raise _errors.InvalidArgument(text("stream.non_blocking"))
            return got

        return read_some
    pieces = iter(source)
    left = memoryview(b"")

    def next_piece(size: int) -> memoryview:
        nonlocal left
        while not left:
            try:
                left = memoryview(next(pieces)).cast("B")
            except StopIteration:
                return memoryview(b"")
        now, left = left[:size], left[size:]
        return now

    return next_piece


def write_all(output: BinaryIO) -> Callable[[bytes], None]:
    def write(piece: bytes) -> None:
        left = memoryview(piece)
        while left:
            written = output.write(left)
            if written is None:  # a non-blocking file that is full
                raise BlockingIOError(text("stream.non_blocking"))
            left = left[written:]

    return write


class _Abandoned(Exception):
    """The consumer of an iterator went away."""


def pump(work: Callable[[Callable[[bytes], None]], None]) -> Iterator[bytes]:
    """What `work` writes, as an iterator; `work` runs in a thread and never gets far ahead."""
    pipe: queue.Queue[bytes | BaseException | None] = queue.Queue(_PIPE_CHUNKS)
    abandoned = threading.Event()

    def write(piece: bytes) -> None:
        while True:
            if abandoned.is_set():
                raise _Abandoned
            try:
                return pipe.put(piece, timeout=0.1)
            except queue.Full:
                continue

    def run() -> None:
        end: BaseException | None = None
        try:
            work(write)
        except BaseException as error:
            end = error
        while not abandoned.is_set():
            try:
                pipe.put(end, timeout=0.1)
                break
            except queue.Full:
                continue

    thread = threading.Thread(target=run, name="fenchi-cat", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:  # none is to be had
        raise _errors.Unavailable(*map(text, _NO_THREAD)) from error
    try:
        while True:
            item = pipe.get()
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        abandoned.set()
        thread.join()
