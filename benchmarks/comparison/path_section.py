"""The paths of the library beside their parts and yardsticks: rows from the program fenchi_path.

One thread counts its own CPU time, which a neighbour spoils less; what needs two threads counts
wall time, of a pack's path the quickest of several tries. Every ratio is of one round.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from comparison.inputs import MIB, write_binaries, write_sql
from comparison.processes import build, output
from comparison.rows import Row, Rows, of_limit, ratios

TILE = "one random tile of each pack is decoded, its tags checked, decrypted and compared"
DEFAULT = f"default verification: compressed chunks are expanded and compared; {TILE}"
SPLITS = ((3, 5), (2, 3))
SEAL_PARTS = ("encrypt", "split", "tags", "check_tile")
FULL_PARTS = ("cuts", "ids", *SEAL_PARTS)
# With the memory traffic that no tiling saves: all blocks of all shards are written.
WRITTEN_PARTS = ("encrypt_to_memory", "split_to_memory", "tags_of_cached", "check_tile")


class Jobs:
    """What fenchi_path printed: times by job, one for each round."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self.cycles_per_second = float(said["cycles_per_second"])
        self._jobs = said["jobs"]

    def __contains__(self, name: str) -> bool:
        return name in self._jobs

    def cpu(self, name: str) -> list[float]:
        return list(self._jobs[name]["cpu"])

    def wall(self, name: str) -> list[float]:
        return list(self._jobs[name]["wall"])

    def first_wall(self, name: str) -> list[float]:
        """Of jobs that are tried several times in a round."""
        return list(self._jobs[name]["first_wall"])

    def tries(self, name: str) -> int:
        return int(self._jobs[name]["tries"])

    def speeds(self, name: str) -> list[float]:
        """GB/s of input."""
        return [self._jobs[name]["bytes"] / seconds / 1e9 for seconds in self.cpu(name)]

    def bytes_per_cycle(self, name: str) -> list[float]:
        size = self._jobs[name]["bytes"]
        return [size / (seconds * self.cycles_per_second) for seconds in self.cpu(name)]


def split_rows(rows: Rows, jobs: Jobs, k: int, n: int) -> None:
    """Encrypt and split, and the full path without compression, of one pack k-of-n."""
    goal = (k, n) == (3, 5)  # the goals are stated for this split
    code = f"{k}-of-{n}"

    def row(name: str, wanted: float | None, note: str, values: list[float]) -> None:
        rows.add(Row("path", name, goal=wanted if goal else None, note=note), *values)

    row(
        f"encrypt + split + tags {code}, of the harmonic limit of its parts",
        0.95,
        f"one thread; {TILE}: that is one of the parts",
        of_limit(jobs.cpu("seal"), [jobs.cpu(part) for part in SEAL_PARTS]),
    )
    row(
        f"encrypt + split + tags {code}, of the same limit where the parts write their output",
        None,
        "one thread; the parts write all blocks of all shards to memory, as the path must",
        of_limit(jobs.cpu("seal"), [jobs.cpu(part) for part in WRITTEN_PARTS]),
    )
    row(
        f"encrypt + split {code} without tags, of the harmonic limit of its parts",
        None,
        "one thread; the public headers; nothing verified",
        of_limit(jobs.cpu("seal_plain"), [jobs.cpu("encrypt"), jobs.cpu("split")]),
    )
    others = f"libsodium secretstream + zfec's C core, {code}"
    theirs = jobs.cpu("secretstream_zfec") if "secretstream_zfec" in jobs else None
    for what, wanted, job in (("with tags", 6, "seal"), ("without tags", 9, "seal_plain")):
        note = f"theirs has no tags and verifies nothing; ours with tags: {TILE}"
        if theirs is None:
            note = "zfec's source is not there: scripts/setup --benchmarks"
        found = ratios(theirs, jobs.cpu(job)) if theirs else []
        row(f"encrypt + split {what} against {others}", wanted, note, found)
    row(
        f"full path {code} without zstd, of the harmonic limit of its parts",
        0.90,
        f"one thread: cuts, ids, encryption, split, tags; {TILE}: that is one of the parts",
        of_limit(jobs.cpu("full_path"), [jobs.cpu(part) for part in FULL_PARTS]),
    )
    row(
        f"full path {code} without zstd, of the same limit where the parts write their output",
        None,
        "one thread; the parts write all blocks of all shards to memory, as the path must",
        of_limit(
            jobs.cpu("full_path"),
            [jobs.cpu(part) for part in ("cuts", "ids", *WRITTEN_PARTS)],
        ),
    )
    both = "two_packs_two_threads"
    row(
        f"full path {code} without zstd, two threads against one",
        1.85,
        f"a pack each, wall time, of {jobs.tries(both)} tries each the quickest; {TILE}",
        ratios(jobs.wall("two_packs_one_thread"), jobs.wall(both)),
    )
    row(
        f"full path {code} without zstd, two threads against one, the first try",
        None,
        f"a pack each, wall time as it comes; {TILE}",
        ratios(jobs.first_wall("two_packs_one_thread"), jobs.first_wall(both)),
    )


def speed_rows(rows: Rows, jobs: Jobs, k: int, n: int) -> None:
    parts = {
        "AEAD alone (AES-256-GCM, 65,520 bytes each)": "encrypt",
        f"Reed-Solomon {k}-of-{n} alone": "split",
        f"tags alone (GMAC of {n - 1} shards; one shard's follow from them)": "tags",
        "check of a tile alone": "check_tile",
        "chunk ids alone (HMAC-SHA-256)": "ids",
        "cuts alone": "cuts",
        "memcpy, 15 MiB to other 15 MiB": "memcpy",
        "memcpy to one block of 64 KiB": "gather",
        "libsodium secretstream alone": "secretstream",
        f"zfec's C core alone {k}-of-{n}": "zfec",
        f"encrypt + split {k}-of-{n} without tags": "seal_plain",
        f"encrypt + split + tags {k}-of-{n}": "seal",
        f"full path {k}-of-{n} without zstd": "full_path",
    }
    for name, job in parts.items():
        if job in jobs:
            rows.add(Row("speed", name, unit="GB/s"), *jobs.speeds(job))


def zstd_rows(rows: Rows, jobs: Jobs, name: str) -> None:
    path, alone = jobs.cpu(f"zstd_path:{name}"), jobs.cpu(f"zstd:{name}")
    unchecked = jobs.cpu(f"zstd_path_unchecked:{name}")
    rows.add(
        Row("path", f"full path with zstd 3 on {name}, against zstd 3 alone", goal=0.85),
        *ratios(alone, path),
    ).note = f"one thread; {DEFAULT}; zstd alone verifies nothing"
    rows.add(
        Row("path", f"full path with zstd 3 on {name}, against zstd 3 that checks what it made"),
        *ratios(jobs.cpu(f"zstd_checked:{name}"), path),
    ).note = f"one thread; {DEFAULT}; zstd alone expands and compares as well"
    rows.add(
        Row("path", f"full path with zstd 3 unchecked on {name}, against zstd 3 alone"),
        *ratios(alone, unchecked),
    ).note = f"one thread; compressed chunks are not expanded again; {TILE}"
    for title, job in (("zstd 3 alone", "zstd"), ("full path with zstd 3", "zstd_path")):
        rows.add(Row("speed", f"{title}, {name}", unit="GB/s"), *jobs.speeds(f"{job}:{name}"))


def chunker_rows(rows: Rows, jobs: Jobs, name: str, suffix: str) -> None:
    mine = jobs.cpu(f"cut:fenchi{suffix}")
    for other, job in (("scalar FastCDC", "gear"), ("scalar FastCDC, code pinned", "gear-pinned")):
        rows.add(
            Row("chunker", f"bytes per cycle against {other}, {name}", note="averages of 1 MiB"),
            *ratios(jobs.cpu(f"cut:{job}{suffix}"), mine),
        )
    note = "cycles of the time stamp counter"
    for title, job in (("fenchi", "fenchi"), ("scalar FastCDC", "gear")):
        rows.add(
            Row("chunker", f"bytes per cycle of {title}, {name}", unit="bytes", note=note),
            *jobs.bytes_per_cycle(f"cut:{job}{suffix}"),
        )


def verb_rows(rows: Rows, folder: Path, scratch: Path, rounds: int) -> None:
    """The backup verb itself, from memory to providers that forget what they are given."""
    with tempfile.TemporaryDirectory(dir=scratch) as state:
        words = [folder / "fenchi_path", "--rounds", rounds, "--state", state]
        jobs = Jobs(json.loads(output(words)))
    rows.add(
        Row("path", "the backup verb 2-of-3, two cores against one", goal=None),
        *ratios(jobs.wall("backup_one_core"), jobs.wall("backup_two_cores")),
    ).note = f"256 MiB incompressible from memory, providers forget shards; {TILE}"


def measure(rows: Rows, scratch: Path, quick: bool, rounds: int) -> None:
    folder = build("fenchi_path")
    words: list[object] = [folder / "fenchi_path", "--rounds", max(rounds, 5 if quick else 25)]
    for k, n in SPLITS:
        jobs = Jobs(json.loads(output([*words, "--needed", k, "--seats", n])))
        split_rows(rows, jobs, k, n)
        if (k, n) == SPLITS[0]:
            speed_rows(rows, jobs, k, n)
            chunker_rows(rows, jobs, "random bytes", "")
    size = (8 if quick else 32) * MIB
    files = {"a SQL dump": scratch / "path.sql", "binaries": scratch / "path.bin"}
    write_sql(files["a SQL dump"], size)
    write_binaries(files["binaries"], size)
    words[2] = max(rounds, 3 if quick else 9)
    for name, path in files.items():
        jobs = Jobs(json.loads(output([*words, "--file", f"{name}={path}"])))
        zstd_rows(rows, jobs, name)
        chunker_rows(rows, jobs, name, f":{name}")
        path.unlink()
    verb_rows(rows, folder, scratch, rounds)
