#!/usr/bin/env python3
"""Times each Python mirror of a primitive against the C++ microbenchmark of the same work.

    .venv/bin/python benchmarks/python_mirrors.py [--rounds N] [--only TEXT] [--json FILE]

needs the release build of fenchi_benchmarks and fenchi installed. (The wheel is built with -O2: for
what the binding alone costs give --binary one of a RelWithDebInfo build.) In each round each job
runs once in C++ and once in Python, in turn and each first every other time; a figure is CPU time
of one call in nanoseconds, a ratio is C++ / Python of one round (1.00: Python costs nothing), and
the median over the rounds counts. The project's goal is 0.97 where a call works on 1 MiB.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from mmap import mmap
from pathlib import Path
from random import Random
from statistics import median

from fenchi import primitives

ROOT = Path(__file__).resolve().parents[1]
KIB = 1 << 10
MIB = 1 << 20
KEY = bytes(range(32))
BLOCK = 64 * KIB
SIZES = (4 * KIB, 64 * KIB, MIB)
COUNTS = ((2, 3), (3, 5), (6, 9), (10, 14))
SECONDS_EACH = 0.2

Call = Callable[[], object]


@dataclass(frozen=True)
class Job:
    """One piece of work: the C++ benchmark's name, and the same through Python."""

    name: str
    call: Call


@dataclass(frozen=True)
class Row:
    name: str
    cpp_ns: float
    python_ns: float
    ratios: list[float]


def random_bytes(size: int) -> bytes:
    return Random(1).randbytes(size)  # noqa: S311  (data to work on, no secret)


def aligned(data: bytes) -> mmap:
    """The same in memory that starts a page, as the erasure code's best kernels want it."""
    memory = mmap(-1, len(data))
    memory[:] = data
    return memory


def aead_jobs() -> list[Job]:
    jobs = []
    suites = ("aes256gcm", "chacha20poly1305")
    for suite, size in ((suite, size) for suite in suites for size in SIZES):
        aead = primitives.Aead(KEY, suite)  # type: ignore[arg-type]
        plain, nonce = random_bytes(size), bytes(12)
        sealed, out = aead.encrypt(nonce, plain), bytearray(size + 16)
        jobs += [
            Job(f"AeadEncrypt/{suite}/{size}", partial(aead.encrypt_into, nonce, plain, out)),
            Job(f"AeadDecrypt/{suite}/{size}", partial(aead.decrypt_into, nonce, sealed, out)),
            Job(f"AeadTag/{suite}/{size}", partial(aead.tag, nonce, plain)),
        ]
    return jobs


def hash_jobs() -> list[Job]:
    jobs = []
    keyed, out = primitives.KeyedHash(KEY), bytearray(32)
    for size in SIZES:
        data = random_bytes(size)
        jobs += [
            Job(f"Sha256Of/{size}", partial(primitives.sha256_into, data, out)),
            Job(f"KeyedHashOf/{size}", partial(keyed.hash_into, data, out)),
        ]
    return [
        *jobs,
        Job("HkdfKey", partial(primitives.hkdf_sha512, KEY, KEY, b"fenchi/1/benchmark", 32)),
    ]


def erasure_jobs() -> list[Job]:
    jobs = []
    for k, n in COUNTS:
        code, absent = primitives.ErasureCode(k, n), min(k, n - k)
        data = [aligned(random_bytes(BLOCK)) for _ in range(k)]
        parity = [aligned(bytes(BLOCK)) for _ in range(n - k)]
        decoder = code.prepare_decode(range(absent, absent + k), range(absent))
        out = [aligned(bytes(BLOCK)) for _ in range(absent)]
        jobs += [
            Job(f"ErasureEncode/{k}/{n}", partial(code.encode_into, data, parity)),
            Job(f"ErasureDecode/{k}/{n}", partial(decoder.apply_into, data, out)),
        ]
    return jobs


def sharing_jobs() -> list[Job]:
    jobs = []
    for m, p in COUNTS[:2]:
        shares = primitives.split_key(KEY, threshold=m, count=p, context=b"benchmark")
        items = [(share.serialize().reveal()) for share in shares]
        items[-1] = items[-1][:100] + bytes([items[-1][100] ^ 1]) + items[-1][101:]
        named = [("share", item) for item in items]

        def split(m: int = m, p: int = p) -> object:
            return primitives.split_key(KEY, threshold=m, count=p, context=b"benchmark")

        jobs += [
            Job(f"SplitKeyOf/{m}/{p}", split),
            Job(f"RecoverKeyOf/{m}/{p}", partial(primitives.recover_key, named)),
        ]
    return jobs


def chunker_jobs() -> list[Job]:
    data = memoryview(random_bytes(16 * MIB))
    pieces = [data[at : at + MIB] for at in range(0, len(data), MIB)]

    def cut(stream: primitives.ChunkStream) -> None:
        for piece in pieces:
            stream.feed(piece)
        stream.finish()

    content = primitives.ChunkStream(primitives.Chunker())
    fixed = primitives.ChunkStream(primitives.Chunker("fixed"))
    return [Job("Cut/random", partial(cut, content)), Job("Cut/fixed", partial(cut, fixed))]


def time_python(call: Call) -> float:
    """Nanoseconds of CPU a call, over about SECONDS_EACH."""
    count = 1
    while True:
        begin = time.thread_time_ns()
        for _ in repeat(None, count):
            call()
        spent = time.thread_time_ns() - begin
        if spent >= SECONDS_EACH * 1e9:
            return spent / count
        count = max(count + 1, int(count * min(100.0, 1.2 * SECONDS_EACH * 1e9 / max(spent, 1))))


def time_cpp(binary: Path, name: str) -> float:
    done = subprocess.run(
        [
            *(binary, f"--benchmark_filter=^{name}$", "--benchmark_format=json"),
            f"--benchmark_min_time={SECONDS_EACH}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    (run,) = json.loads(done.stdout)["benchmarks"]
    if run["time_unit"] != "ns" or run.get("error_occurred"):
        sys.exit(f"{name}: {run}")
    return float(run["cpu_time"])


def measure(binary: Path, jobs: list[Job], rounds: int) -> list[Row]:
    figures: dict[str, list[tuple[float, float]]] = {job.name: [] for job in jobs}
    for number in range(rounds):
        for job in jobs:
            if number % 2 == 0:
                cpp, python = time_cpp(binary, job.name), time_python(job.call)
            else:
                python, cpp = time_python(job.call), time_cpp(binary, job.name)
            figures[job.name].append((cpp, python))
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return [
        Row(
            name,
            median(cpp for cpp, _ in pairs),
            median(python for _, python in pairs),
            sorted(cpp / python for cpp, python in pairs),
        )
        for name, pairs in figures.items()
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    default = ROOT / "build" / "release" / "benchmarks" / "fenchi_benchmarks"
    parser.add_argument("--binary", type=Path, default=default)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="jobs whose name contains this")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    arguments = parser.parse_args()
    if not arguments.binary.is_file():
        parser.error(f"{arguments.binary} is not there: ninja -C build/release fenchi_benchmarks")
    every = aead_jobs() + hash_jobs() + erasure_jobs() + sharing_jobs() + chunker_jobs()
    rows = measure(
        arguments.binary, [j for j in every if arguments.only in j.name], arguments.rounds
    )
    print(f"{'job':<38} {'C++ ns':>12} {'Python ns':>12} {'C++/Python':>11}  min..max")
    for row in rows:
        print(
            f"{row.name:<38} {row.cpp_ns:12.0f} {row.python_ns:12.0f} {median(row.ratios):11.2f}"
            f"  {row.ratios[0]:.2f}..{row.ratios[-1]:.2f}"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps([vars(row) for row in rows], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
