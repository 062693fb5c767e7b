"""A line to far-away providers on one machine: a TCP proxy with a round trip and a rate.

Each direction of a line is one queue that all connections share: bytes leave it at its rate and
arrive half a round trip later. A connection costs a round trip before its first byte, as TCP's
handshake does. What one connection may have under way is bounded, as by TCP's window. Nothing is
random: the same bytes at the same times arrive at the same times.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

PIECE_BYTES = 16 * 1024
WINDOW_PIECES = 64  # of one connection in one direction: 1 MiB


@dataclass
class Direction:
    """One way of a line. Times are seconds of any clock that never goes back."""

    bytes_per_second: float
    delay_seconds: float
    carried: int = 0
    _free_at: float = 0.0

    def arrival(self, now: float, size: int) -> float:
        """When `size` bytes that are handed over now are at the other end."""
        self._free_at = max(now, self._free_at) + size / self.bytes_per_second
        self.carried += size
        return self._free_at + self.delay_seconds


@dataclass
class Line:
    round_trip_seconds: float = 0.020
    bits_per_second: float = 100e6
    up: Direction = field(init=False)
    down: Direction = field(init=False)

    def __post_init__(self) -> None:
        rate, delay = self.bits_per_second / 8, self.round_trip_seconds / 2
        self.up, self.down = Direction(rate, delay), Direction(rate, delay)


async def _carry(
    direction: Direction, source: asyncio.StreamReader, target: asyncio.StreamWriter
) -> None:
    """Until the source ends; then the target is told so."""
    clock = asyncio.get_running_loop().time
    on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(WINDOW_PIECES)

    async def deliver() -> None:
        while True:
            arrival, piece = await on_the_way.get()
            await asyncio.sleep(max(0.0, arrival - clock()))
            if not piece:
                with suppress(OSError):  # it may have gone already
                    target.write_eof()
                return
            target.write(piece)
            await target.drain()

    delivery = asyncio.create_task(deliver())
    try:
        while not delivery.done():
            piece = await source.read(PIECE_BYTES)
            await on_the_way.put((direction.arrival(clock(), len(piece)), piece))
            if not piece:
                break
        await delivery
    finally:
        delivery.cancel()


class Proxy:
    """Listens on a port of its own on loopback and carries every connection to `port` and back."""

    def __init__(self, line: Line, port: int) -> None:
        self.line, self._target = line, port
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self.line.round_trip_seconds)  # the handshake
        inner_writer: asyncio.StreamWriter | None = None
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._target)
            await asyncio.gather(
                _carry(self.line.up, reader, inner_writer),
                _carry(self.line.down, inner_reader, writer),
            )
        except (ConnectionError, asyncio.CancelledError):
            pass  # one end went away: so does the other
        finally:
            for one in (writer, inner_writer):
                if one is not None:
                    with suppress(RuntimeError):  # the loop may have ended
                        one.close()


@contextmanager
def shaped(port: int, line: Line) -> Iterator[int]:
    """A port on loopback behind which `port` is far away, in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="shaped line", daemon=True)
    thread.start()
    proxy = Proxy(line, port)
    asyncio.run_coroutine_threadsafe(proxy.start(), loop).result()
    try:
        yield proxy.port
    finally:
        asyncio.run_coroutine_threadsafe(_end(proxy), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(proxy: Proxy) -> None:
    await proxy.stop()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
