"""Four providers of four kinds in one vault, one of which dies in the middle of a backup; and a
backup every day while one call in twenty fails."""

from __future__ import annotations

import os
import random
import threading
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fenchi
import pytest
import servers
import web_servers
from azure_account import make_container
from fenchi import providers
from vaults import PASSPHRASE
from web_servers import AZURE_ACCOUNT, AZURE_KEY

MIB = 1 << 20
SEED = 20261128
NAMES = ("s3", "azure", "sftp", "webdav")
AT_ONCE = providers.Retry(attempts=3, first_wait=0.01, wait_max=0.05)


@dataclass
class Four:
    """One server of each kind, and the URL of a place at it."""

    urls: dict[str, str]
    ssh: servers.SshServer
    work: Path

    def open(self, places: dict[str, Any] | None = None) -> fenchi.Vault:
        return fenchi.open(
            places or {name: self.place(name) for name in NAMES},
            passphrase=PASSPHRASE,
            state_directory=self.work / "state",
        )

    def place(self, name: str) -> Any:
        return providers.retrying(self.urls[name], AT_ONCE)

    def create(self, places: dict[str, Any] | None = None) -> None:
        fenchi.create(
            places or {name: self.place(name) for name in NAMES},
            passphrase=PASSPHRASE,
            policy=fenchi.VaultPolicy(needed=2),
            passphrase_passes=1,
            passphrase_memory_kib=8192,
            state_directory=self.work / "state",
        ).close()


@pytest.fixture
def four(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Four]:
    for name in [name for name in os.environ if name.startswith(("AZURE_", "FENCHI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_STORAGE_KEY", AZURE_KEY)
    with (
        servers.versitygw(tmp_path / "s3") as s3,
        web_servers.azurite() as azure,
        servers.sshd(tmp_path) as ssh,
        web_servers.apache() as (web, _),
    ):
        for key, value in s3.environment.items():
            monkeypatch.setenv(key, value)
        s3.make_bucket("ledger")
        make_container(azure, "ledger")
        endpoint = f"endpoint=http://{azure}/{AZURE_ACCOUNT}&plain_text=allowed"
        urls = {
            "s3": s3.url("ledger", "vault"),
            "azure": f"azure://{AZURE_ACCOUNT}/ledger/vault?{endpoint}",
            "sftp": ssh.url("/vault"),
            "webdav": f"webdav://{web}/vault?plain_text=allowed",
        }
        yield Four(urls, ssh, tmp_path)


def restored(vault: fenchi.Vault, snapshot: str, source: Path, target: Path) -> None:
    report = vault.restore(snapshot, target)
    assert report.complete
    back = target / source.name
    names = sorted(file.name for file in source.iterdir())
    assert names == sorted(file.name for file in back.iterdir())
    for name in names:
        assert (back / name).read_bytes() == (source / name).read_bytes(), name


def test_one_of_four_kinds_dies_in_the_middle_of_a_backup(four: Four, source: Path) -> None:
    for number in range(4):
        (source / f"dump-{number}").write_bytes(random.Random(number).randbytes(16 * MIB))
    four.create()
    # Opened while all are there: they connect again by themselves.
    places = {name: four.place(name) for name in NAMES}
    killed = threading.Event()

    def kill(progress: fenchi.Progress) -> None:
        if progress.bytes_done > 24 * MIB and not killed.is_set():
            killed.set()
            four.ssh.stop()

    with four.open(places) as vault:
        nightly = vault.backup(source, progress=kill)
    assert killed.is_set(), "the backup was over before the server could be killed"
    assert nightly.providers_missed == ("sftp",)
    with four.open(places) as vault:
        restored(vault, nightly.snapshot, source, four.work / "while-it-is-away")
        health = vault.verify(depth="tags")
        assert health.repairable
        assert {item.provider for item in health.damage} == {"sftp"}
        assert [item.kind for item in health.damage] == ["unreachable"]
        assert not vault.repair(health).complete
    four.ssh.start()
    with four.open(places) as vault:
        health = vault.verify(depth="tags")
        assert {item.kind for item in health.damage} == {"missing"}
        assert vault.repair(health).complete
        assert vault.verify(depth="data").healthy
    with fenchi.open(
        {name: four.place(name) for name in ("sftp", "webdav")},
        passphrase=PASSPHRASE,
        state_directory=four.work / "another",
    ) as vault:
        restored(vault, nightly.snapshot, source, four.work / "from-two")


def test_a_provider_with_wrong_credentials_is_away_and_nothing_is_damaged(
    four: Four, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    four.create()
    with four.open() as vault:
        vault.backup(source)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret-key")
    with four.open() as vault:
        for depth in ("exists", "tags", "data"):
            health = vault.verify(depth=depth)
            assert health.repairable
            assert [(item.provider, item.kind) for item in health.damage] == [("s3", "unreachable")]
            assert "away, because" in health.damage[0].what
            assert "another-secret-key" not in health.damage[0].what
        restored(vault, "latest", source, four.work / "out")


def test_credentials_that_fail_while_the_vault_is_open_damage_nothing(
    four: Four, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = Refusing(fenchi.open_provider(four.urls["webdav"]))
    places = {name: four.place(name) for name in NAMES}
    places["webdav"] = refusing
    four.create(places)
    with fenchi.open(places, passphrase=PASSPHRASE, state_directory=four.work / "state") as vault:
        vault.backup(source)
        refusing.expired = True
        health = vault.verify(depth="tags")
    assert [(item.provider, item.kind) for item in health.damage] == [("webdav", "unreachable")]
    assert "the token has expired" in health.damage[0].what


class Around(fenchi.Provider):
    """A provider around one; `trouble` is asked before and after each call."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    @abstractmethod
    def trouble(self) -> None: ...

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        self.trouble()
        self.inner.put(name, bytes(data), replace=replace)
        self.trouble()

    def get(self, name: str, offset: int, size: int) -> bytes:
        self.trouble()
        found: bytes = self.inner.get(name, offset, size)
        self.trouble()
        return found

    def stat(self, names: list[str]) -> Sequence[int | None]:
        self.trouble()
        return self.inner.stat(names)

    def list(self, prefix: str, after: str) -> list[tuple[str, int]]:
        self.trouble()
        return list(self.inner.list(prefix, after))

    def delete(self, names: Sequence[str]) -> None:
        self.trouble()
        self.inner.delete(names)

    def capability(self) -> dict[str, object]:
        return {"create_only": True}


class Refusing(Around):
    expired = False

    def trouble(self) -> None:
        if self.expired:
            raise fenchi.Denied("the token has expired", "renew it")


class Flaky(Around):
    """One call in twenty fails, before or after it was done."""

    def __init__(self, inner: Any, seed: int) -> None:
        super().__init__(inner)
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.failed = 0

    def trouble(self) -> None:
        with self.lock:
            if self.random.random() >= 0.05 / 2:
                return
            self.failed += 1
        raise fenchi.Unavailable("the line was cut")


def test_none_of_fifty_backups_fails_where_one_call_in_twenty_does(
    four: Four, tmp_path: Path
) -> None:
    print(f"seed {SEED}")
    flaky = {
        name: Flaky(fenchi.open_provider(four.urls[name]), SEED + number)
        for number, name in enumerate(NAMES)
    }
    rule = providers.Retry(attempts=6, first_wait=0.002, wait_max=0.02)
    places = {name: providers.retrying(place, rule) for name, place in flaky.items()}
    four.create(places)
    source = tmp_path / "ledger"
    source.mkdir()
    content = random.Random(SEED)
    with fenchi.open(places, passphrase=PASSPHRASE, state_directory=four.work / "state") as vault:
        for number in range(50):
            (source / f"day-{number % 10}").write_bytes(content.randbytes(20_000))
            nightly = vault.backup(source)
            assert nightly.complete
            assert nightly.providers_missed == ()
    assert sum(place.failed for place in flaky.values()) > 50
    with four.open() as vault:
        assert len(vault.snapshots()) == 50
        assert vault.verify(depth="tags").healthy
        restored(vault, nightly.snapshot, source, tmp_path / "out")
