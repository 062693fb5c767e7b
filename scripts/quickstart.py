#!/usr/bin/env python3
"""The main job on real files: what fenchi is for, in under three minutes.

1. Copies /usr/share and /usr/lib/python3* and starts a SQLite database that is written to.
2. Makes a vault over four local providers, any two of which give everything back.
3. Backs up both: the files as a tree, the database as a stream from its backup API.
4. Deletes one provider and flips bytes in another's shards.
5. Verifies, restores, and compares every byte and every attribute.
6. Repairs onto an empty provider, verifies clean, and lets the independent reader, which shares no
   line with fenchi, restore once more from two providers.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fenchi
from compare_trees import compare_trees
from fenchi.config import ProviderEntry, Relaxation, render, write_new

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("taipei", "tokyo", "oslo", "lisbon")
DELETED, FLIPPED = "oslo", "lisbon"
MARKER = ".fenchi-quickstart"
FLIPS = 5


def say(text: str = "") -> None:
    print(text, flush=True)


def fail(text: str) -> None:
    sys.exit(f"quickstart: {text}")


@contextmanager
def step(title: str) -> Iterator[None]:
    say(f"\n== {title}")
    began = time.monotonic()
    yield
    say(f"   {time.monotonic() - began:.1f} s")


def mib(count: int) -> str:
    return f"{count / 2**20:,.0f} MiB"


def size_of(folder: Path) -> tuple[int, int]:
    """(files, bytes) of regular files below a folder."""
    sizes = [
        os.lstat(Path(where) / name).st_size
        for where, _, names in os.walk(folder)
        for name in names
        if not (Path(where) / name).is_symlink()
    ]
    return len(sizes), sum(sizes)


def empty_work_directory() -> Path:
    given = os.environ.get("FENCHI_QUICKSTART_DIR")
    work = Path(given).resolve() if given else ROOT / "build" / "quickstart"
    if work.exists() and any(work.iterdir()):
        if not (work / MARKER).exists():
            fail(f"{work} is not empty and not of an earlier quickstart; nothing was touched")
        shutil.rmtree(work)
    work.mkdir(parents=True, exist_ok=True)
    (work / MARKER).touch()
    return work


class LiveDatabase:
    """A SQLite database that a thread never stops writing to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute(
                "CREATE TABLE entry (id INTEGER PRIMARY KEY, amount INTEGER, note TEXT)"
            )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> LiveDatabase:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _write(self) -> None:
        database = sqlite3.connect(self._path)
        while not self._stop.is_set():
            # Debit and credit in one transaction: half of it would show in the sum.
            amount = secrets.randbelow(10**6)
            with database:
                database.execute("INSERT INTO entry (amount, note) VALUES (?, 'debit')", (amount,))
                database.execute(
                    "INSERT INTO entry (amount, note) VALUES (?, 'credit')", (-amount,)
                )
            time.sleep(0.0005)
        database.close()

    def snapshot_into(self, path: Path) -> None:
        """Through SQLite's backup API: consistent while the writer goes on."""
        source, copy = sqlite3.connect(self._path), sqlite3.connect(path)
        with copy:
            source.backup(copy)
        copy.close()
        source.close()


def check_database(path: Path) -> int:
    """The number of rows of a restored database that is whole and balanced."""
    database = sqlite3.connect(path)
    (whole,) = database.execute("PRAGMA integrity_check").fetchone()
    rows, balance = database.execute("SELECT count(*), sum(amount) FROM entry").fetchone()
    database.close()
    if whole != "ok" or balance != 0 or rows == 0:
        fail(f"the restored database is {whole}, has {rows} rows and balance {balance}")
    return int(rows)


def copy_sources(work: Path) -> Path:
    source = work / "source"
    source.mkdir()
    for place in (Path("/usr/share"), *sorted(Path("/usr/lib").glob("python3*"))):
        copied = subprocess.run(
            ["cp", "-a", "--reflink=auto", str(place), str(source)], check=False
        )
        if copied.returncode != 0:
            say(f"   (not all of {place} could be copied)")
    return source


def write_configuration(work: Path) -> Path:
    """One machine is one party on every axis: each is relaxed by name, which stays in the file."""
    domain = fenchi.Domain(
        vendor="this machine", vendor_home="TW", country="TW", account="me", medium="disk"
    )
    places = {n: ProviderEntry(url=(work / "providers" / n).as_uri(), domain=domain) for n in NAMES}
    relax = tuple(
        Relaxation(axis=axis, ground="quickstart: one machine only", approver="who ran quickstart")
        for axis in ("vendor", "vendor_home", "country", "account")
    )
    policy = fenchi.VaultPolicy(name="quickstart", needed=2, relax=relax)
    path = work / "vault.toml"
    write_new(path, render(policy, places))
    return path


def flip_bytes(provider: Path) -> list[Path]:
    """One byte in each of the largest shards of a provider."""
    shards = sorted((provider / "d").rglob("*"), key=lambda p: p.stat().st_size, reverse=True)
    chosen = [shard for shard in shards if shard.is_file()][:FLIPS]
    for number, shard in enumerate(chosen):
        offset = 4096 + (number * 65552 + 1234) % (shard.stat().st_size - 4096)
        mode = shard.stat().st_mode
        shard.chmod(0o600)
        with shard.open("r+b") as file:
            file.seek(offset)
            byte = file.read(1)
            file.seek(offset)
            file.write(bytes([byte[0] ^ 0x10]))
        shard.chmod(mode & 0o7777)
    return chosen


def show_damage(health: fenchi.VerifyReport) -> None:
    if health.healthy:
        fail("verify found nothing, although a provider is gone and shards were changed")
    for name in NAMES:
        items = [item for item in health.damage if item.provider == name]
        if items:
            say(f"   {name}: {len(items)} items, such as")
        for item in items[:2]:
            block = "" if item.block is None else f" block {item.block}"
            say(f"     {item.object}{block}: {item.kind}: {item.what}")
    touched = {item.provider for item in health.damage}
    if touched != {DELETED, FLIPPED} or not health.repairable:
        fail(f"verify names {sorted(touched)}; {DELETED} and {FLIPPED} were damaged")
    if sum(item.provider == FLIPPED and item.block is not None for item in health.damage) < FLIPS:
        fail("verify did not locate every flipped byte")


def compare(source: Path, restored: Path, mode_bits: int = 0o7777) -> None:
    counts, differences = compare_trees(source, restored, mode_bits=mode_bits)
    for line in differences[:20]:
        say(f"   DIFFERENT {line}")
    if differences:
        fail(f"{len(differences)} differences")
    say(f"   {counts.entries:,} entries, {mib(counts.bytes)}: content, mode, owner, time, links,")
    say("   extended attributes and hard-link groups are all equal")


def read_independently(work: Path, vault_id: str) -> Path:
    out = work / "read-independently"
    two = [str(work / "providers" / name) for name in (DELETED, FLIPPED)]
    words = [sys.executable, str(ROOT / "tests" / "reader" / "fenchi_reader.py"), "--vault-id"]
    words += [vault_id, "--password-file", str(work / "passphrase"), "--out", str(out), *two]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    say("   " + "\n   ".join(done.stdout.splitlines()[-5:]))
    if done.returncode != 0:
        fail(f"the independent reader ended with exit code {done.returncode}")
    return out


def back_up(work: Path, vault: fenchi.Vault, source: Path) -> tuple[str, str]:
    with step("Backing up the files"):
        tree = vault.backup(source, label="files")
        if not tree.complete:
            fail(f"{len(tree.problems)} problems: {tree.problems[:3]}")
        ratio = tree.bytes_uploaded / max(tree.bytes, 1)
        say(f"   {tree.files:,} files, {mib(tree.bytes)} read; new {mib(tree.bytes_new)};")
        say(f"   {mib(tree.bytes_uploaded)} uploaded to all four together: {ratio:.2f} of the size")
        say(f"   {tree.bytes / 2**20 / tree.seconds:.0f} MiB/s")
    with step("Backing up the live database through its backup API"):
        with LiveDatabase(work / "live.sqlite") as live:
            time.sleep(0.5)
            copy = work / "stream.sqlite"
            live.snapshot_into(copy)
            with copy.open("rb") as stream:
                report = vault.backup_stream(stream, name="ledger.sqlite", label="database")
            copy.unlink()
        say(f"   {report.bytes:,} bytes while the writer went on")
    return tree.snapshot, report.snapshot


def run_steps(work: Path, password: str, with_reader: bool) -> str:
    with step("Copying /usr/share and /usr/lib/python3*"):
        source = copy_sources(work)
        files, total = size_of(source)
        say(f"   {files:,} files, {mib(total)}")
    config = write_configuration(work)
    (work / "providers").mkdir()

    def open_vault() -> fenchi.Vault:
        return fenchi.open(config, passphrase=password)

    with step("Making a vault over four providers, two of which are needed"):
        with fenchi.create(config, passphrase=password) as vault:
            vault_id = vault.id
        say(f"   vault id {vault_id}")
    with open_vault() as vault:
        tree, database = back_up(work, vault, source)
    with step(f"Deleting {DELETED}, flipping bytes in {FLIPS} shards of {FLIPPED}"):
        shutil.rmtree(work / "providers" / DELETED)
        for shard in flip_bytes(work / "providers" / FLIPPED):
            say(f"   {shard.relative_to(work)}")
    with open_vault() as vault:
        with step("Verifying every stored byte"):
            health = vault.verify()
            show_damage(health)
        with step("Restoring from what is left"):
            report = vault.restore(tree, work / "restored", keep_setuid=True)
            say(f"   {report.files:,} files, {mib(report.bytes)}; {report.chunks_checked:,} chunks")
            say(f"   checked; {report.shards_replaced} missing or bad shards replaced by others")
            vault.restore(database, work / "restored-database")
        with step("Comparing every byte and every attribute"):
            compare(source, work / "restored" / source.name)
            rows = check_database(work / "restored-database" / "ledger.sqlite")
            say(f"   the database is whole and balanced: {rows:,} rows")
        with step(f"Repairing onto the empty {DELETED}"):
            repaired = vault.repair(health)
            say(
                f"   {repaired.shards_written} shards and {repaired.objects_written} other objects,"
            )
            say(f"   {mib(repaired.bytes_written)}")
        with step("Verifying again"):
            if not vault.verify().healthy:
                fail("still damaged after the repair")
            say("   clean")
    if with_reader:
        with step(f"Restoring by the independent reader, from {DELETED} and {FLIPPED} alone"):
            out = read_independently(work, vault_id)
            # It names a folder after each snapshot and never sets set-id bits.
            compare(source, out / tree[:8] / source.name, mode_bits=0o1777)
            check_database(out / database[:8] / "ledger.sqlite")
    return tree


def say_where(work: Path, tree: str) -> None:
    stored = {name: size_of(work / "providers" / name)[1] for name in NAMES}
    say("\n== Done. Where everything lies")
    for what, where in (
        ("the copied files", "source"),
        ("the configuration", "vault.toml"),
        ("the passphrase", "passphrase"),
        ("the restored files", "restored"),
        ("the restored database", "restored-database"),
    ):
        say(f"   {what:<22} {work / where}")
    for name, size in stored.items():
        say(f"   provider {name:<13} {work / 'providers' / name} ({mib(size)})")
    say("\nTry next:")
    say(f"   export FENCHI_VAULT={work / 'vault.toml'} FENCHI_PASSWORD_FILE={work / 'passphrase'}")
    say(f"   export FENCHI_CACHE_DIR={work / 'state'} PATH={ROOT / '.venv' / 'bin'}:$PATH")
    say("   fenchi status")
    say("   fenchi snapshots")
    say(f"   fenchi ls {tree[:12]} source/share | head")
    say(f"   fenchi backup {work / 'source'} --label files   # unchanged files cost a stat")
    say("   fenchi drill latest:files --absent taipei --absent tokyo --rto 10m")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--skip-reader", action="store_true", help="leave out the last restore")
    arguments = parser.parse_args()
    began = time.monotonic()
    work = empty_work_directory()
    password = " ".join(secrets.token_hex(4) for _ in range(4))
    (work / "passphrase").touch(mode=0o600)
    (work / "passphrase").write_text(password + "\n")
    os.environ["FENCHI_CACHE_DIR"] = str(work / "state")
    tree = run_steps(work, password, not arguments.skip_reader)
    say_where(work, tree)
    say(f"\nAll steps passed in {time.monotonic() - began:.0f} s.")


if __name__ == "__main__":
    main()
