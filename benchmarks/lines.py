"""A restore over lines of 50, 20 and 2 Mbit/s, k = 2 of 3: how near it comes to what the two best
of them allow, and whether one that is cut fetches anything twice.

    benchmarks/lines [--mib 1024] [--budget SECONDS] [--cuts 30,60,90]

Each of the two best lines carries half of the data: the slower of them says what is possible. With
a budget the data are made as many as fit into it. The lines are shaped by fenchi's own rate limit
over local providers. What came twice is counted exactly: every range of every shard that a place
gave, in the restore that was cut and in the one that went on; totals would not tell it from what
the slow line gave of shards that others had sooner. Ends with 1 where a promise is missed: 10 %
over the possible time, or a byte that comes twice.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import fenchi
from fenchi import providers

MIB = 1 << 20
LINES = {"fast": 50.0, "middle": 20.0, "slow": 2.0}  # Mbit/s
PASSPHRASE = "benchmark"  # noqa: S105
TOLERATED = 1.10
SHARD_HEADER = 4096  # bytes: read to know a shard, before its blocks


class Noted(fenchi.Provider):
    """A place that notes which ranges of which shards it gave."""

    def __init__(self, url: str) -> None:
        self.inner = fenchi.open_provider(url)
        self.given: dict[str, list[tuple[int, int]]] = {}

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        self.inner.put(name, data, replace=replace)

    def get(self, name: str, offset: int, size: int) -> bytes:
        data = self.inner.get(name, offset, size)
        if name.startswith("d/") and offset >= SHARD_HEADER:
            self.given.setdefault(name, []).append((offset, offset + len(data)))
        return data

    def stat(self, names: list[str]) -> list[int | None]:
        return self.inner.stat(names)

    def list(self, prefix: str, after: str) -> Iterable[tuple[str, int]]:
        return self.inner.list(prefix, after)

    def delete(self, names: Sequence[str]) -> None:
        self.inner.delete(names)

    def location(self) -> str:
        return self.inner.location()

    def twice(self) -> int:
        """Bytes that were given more than once."""
        bytes_ = 0
        for ranges in self.given.values():
            end = 0
            for first, last in sorted(ranges):
                bytes_ += max(0, min(end, last) - first)
                end = max(end, last)
        return bytes_


class Cut(Exception):
    """Ends a restore in the middle."""


class Place:
    """Local providers behind lines, with a meter on each."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.urls = {name: (work / name).as_uri() for name in LINES}
        self.noted: dict[str, Noted] = {}

    def create(self) -> None:
        fenchi.create(
            self.urls,
            passphrase=PASSPHRASE,
            policy=fenchi.VaultPolicy(needed=2, liars=0),
            passphrase_passes=1,
            passphrase_memory_kib=8192,
            state_directory=self.work / "state",
        ).close()

    def back_up(self, mib: int) -> str:
        source = self.work / "source"
        source.mkdir()
        content = random.Random(1)  # noqa: S311
        with (source / "dump").open("wb") as file:
            for _ in range(mib):
                file.write(content.randbytes(MIB))
        with fenchi.open(
            self.urls, passphrase=PASSPHRASE, state_directory=self.work / "state"
        ) as vault:
            return vault.backup(source).snapshot

    def note_anew(self) -> None:
        self.noted = {name: Noted(url) for name, url in self.urls.items()}

    def twice(self) -> int:
        return sum(one.twice() for one in self.noted.values())

    def restore(self, snapshot: str, state: str, stop_at: int | None = None) -> tuple[float, int]:
        """Seconds and bytes fetched; stops once that many bytes have come."""
        meters = {name: providers.Meter() for name in LINES}
        behind = {
            name: providers.rate_limited(providers.metered(place, meters[name]), f"{rate} Mbit/s")
            for (name, place), rate in zip(self.noted.items(), LINES.values(), strict=True)
        }

        def fetched() -> int:
            return sum(meter.usage().bytes_got for meter in meters.values())

        def watch(_: fenchi.Progress) -> None:
            if stop_at is not None and fetched() > stop_at:
                raise Cut

        target = self.work / "restored"
        begun = time.monotonic()
        with fenchi.open(behind, passphrase=PASSPHRASE, state_directory=self.work / state) as vault:
            at_open = fetched()
            with contextlib.suppress(Cut, fenchi.Cancelled):
                vault.restore(snapshot, target, progress=watch)
        took = time.monotonic() - begun
        print(
            f"  {took:7.1f} s, MiB fetched: "
            + ", ".join(f"{n} {m.usage().bytes_got / MIB:.1f}" for n, m in meters.items()),
            flush=True,
        )
        return took, fetched() - at_open

    def forget_restored(self) -> None:
        shutil.rmtree(self.work / "restored", ignore_errors=True)


def possible_seconds(mib: float) -> float:
    """Half of the data over each of the two best lines."""
    second = sorted(LINES.values())[-2]
    return mib / 2 * MIB * 8 / (second * 1e6)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--budget", type=float, help="seconds for all of it")
    parser.add_argument("--cuts", default="30,60,90", help="per cent; '' for none")
    arguments = parser.parse_args()
    cuts = [int(cut) for cut in arguments.cuts.split(",") if cut]
    mib = arguments.mib
    if arguments.budget is not None:
        once = possible_seconds(1) * (1 + len(cuts))
        mib = max(16, min(mib, int(arguments.budget * 0.8 / once)))
    missed = False
    with tempfile.TemporaryDirectory(prefix="fenchi-lines-") as work:
        place = Place(Path(work))
        place.create()
        snapshot = place.back_up(mib)
        possible = possible_seconds(mib)
        print(f"{mib} MiB, possible in {possible:.1f} s")
        place.note_anew()
        took, whole = place.restore(snapshot, "state-whole")
        print(f"whole: {took:.1f} s, {took / possible:.3f} of the possible time")
        missed = missed or took > possible * TOLERATED
        for cut in cuts:
            place.forget_restored()
            state = f"state-{cut}"
            print(f"cut at {cut} %:")
            place.note_anew()
            first = place.restore(snapshot, state, stop_at=whole * cut // 100)[1]
            second = place.restore(snapshot, state)[1]
            more = (first + second - whole) / MIB
            twice = place.twice()
            print(f"cut at {cut} %: {twice} bytes twice; {more:+.2f} MiB in all against no cut")
            missed = missed or twice > 0
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
