"""A user's script that touches each verb: checked by mypy --strict, run by test_typed_story.py."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import fenchi


class Shelf(fenchi.Provider):
    """A provider of the user's own."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        if name in self.objects and not replace:
            raise FileExistsError(name)
        self.objects[name] = data

    def get(self, name: str, offset: int, size: int) -> bytes:
        try:
            return self.objects[name][offset : offset + size]
        except KeyError:
            raise FileNotFoundError(name) from None

    def stat(self, names: list[str]) -> Sequence[int | None]:
        return [len(self.objects[n]) if n in self.objects else None for n in names]

    def list(self, prefix: str, after: str) -> Iterator[tuple[str, int]]:
        names = sorted(n for n in self.objects if n.startswith(prefix) and n > after)
        return ((name, len(self.objects[name])) for name in names)

    def delete(self, names: Sequence[str]) -> None:
        for name in names:
            self.objects.pop(name, None)


def show(now: fenchi.Progress) -> None:
    print(now.phase, now.items_done, now.bytes_done)


def story(source: Path, work: Path, passphrase: str) -> str:
    places: dict[str, fenchi.Provider | str] = {
        "memory": "memory:typed-story",
        "shelf": Shelf(),
        "disk": (work / "disk").as_uri(),
    }
    policy = fenchi.VaultPolicy(name="typed", needed=2, key_domains=("main", "land"))
    with fenchi.create(places, passphrase=passphrase, policy=policy) as vault:
        report: fenchi.BackupReport = vault.backup(
            source, label="typed", exclude=["*.tmp"], progress=show
        )
        stream = vault.backup_stream(io.BytesIO(b"dump"), name="dump.sql", key_domain="land")
        listed: fenchi.SnapshotList = vault.snapshots()
        began: datetime = listed[0].began
        sizes: dict[str, int] = {e.path: e.size for e in vault.ls(report, recursive=True)}
        content: bytes = b"".join(vault.cat(stream, "dump.sql"))
        health: fenchi.VerifyReport = vault.verify(depth="data")
        repaired: fenchi.RepairReport = vault.repair(health)
        back: fenchi.RestoreReport = vault.restore(
            report.snapshot, work / "out", include=lambda path, kind: kind == "file"
        )
        drill = vault.drill(report, absent=["disk"], rto=timedelta(hours=4)).raise_if_failed()
        status: fenchi.VaultStatus = vault.status()
        secret: fenchi.SecretBytes = vault.export_credential("verify")
    try:
        fenchi.open(places, passphrase=passphrase + "?")
    except fenchi.WrongKey as error:
        refused: fenchi.StatusCode = error.code
    ages: timedelta = drill.data_age
    facts = (began.tzinfo, len(sizes), content, repaired.complete, back.complete, status.needed)
    return f"{facts} {len(secret) > 0} {refused.name} {ages >= timedelta(0)}"


if __name__ == "__main__":
    print(story(Path(sys.argv[1]), Path(sys.argv[2]), "four words are enough"))
