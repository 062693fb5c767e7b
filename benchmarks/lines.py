"""A restore over lines of 50, 20 and 2 Mbit/s, k = 2 of 3: how near it comes to what the two best
of them allow, and whether one that is cut fetches anything twice.

    benchmarks/lines [--mib 1024] [--budget SECONDS] [--cuts 30,60,90]

Each of the two best lines carries half of the data: the slower of them says what is possible. With
a budget the data are made as many as fit into it. The lines are shaped by fenchi's own rate limit
over local providers. Ends with 1 where a promise is missed: 10 % over the possible time, or a byte
that comes twice.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

import fenchi
from fenchi import providers

MIB = 1 << 20
LINES = {"fast": 50.0, "middle": 20.0, "slow": 2.0}  # Mbit/s
PASSPHRASE = "benchmark"  # noqa: S105
TOLERATED = 1.10


class Cut(Exception):
    """Ends a restore in the middle."""


class Place:
    """Local providers behind lines, with a meter on each."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.urls = {name: (work / name).as_uri() for name in LINES}

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

    def restore(self, snapshot: str, state: str, stop_at: int | None = None) -> tuple[float, int]:
        """Seconds and bytes fetched; stops once that many bytes have come."""
        meters = {name: providers.Meter() for name in LINES}
        behind = {
            name: providers.rate_limited(providers.metered(url, meters[name]), f"{rate} Mbit/s")
            for (name, url), rate in zip(self.urls.items(), LINES.values(), strict=True)
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
        took, whole = place.restore(snapshot, "state-whole")
        print(f"whole: {took:.1f} s, {took / possible:.3f} of the possible time")
        missed = missed or took > possible * TOLERATED
        for cut in cuts:
            place.forget_restored()
            state = f"state-{cut}"
            print(f"cut at {cut} %:")
            first = place.restore(snapshot, state, stop_at=whole * cut // 100)[1]
            second = place.restore(snapshot, state)[1]
            twice = first + second - whole
            print(f"cut at {cut} %: {twice / MIB:+.2f} MiB against one that was not cut")
            missed = missed or twice > MIB
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
