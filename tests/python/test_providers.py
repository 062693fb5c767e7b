"""Providers written in Python: the contract, a whole vault over them, and what they raise."""

from __future__ import annotations

import errno
import sqlite3
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import fenchi
import pytest
from fenchi import providers
from vaults import PASSPHRASE, make_vault


class Drawer(fenchi.Provider):
    """Objects in a dict."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.lock = threading.Lock()
        self.trouble: Exception | None = None

    def _raise_trouble(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        self._raise_trouble()
        with self.lock:
            if name in self.objects and not replace:
                raise FileExistsError(name)
            self.objects[name] = data

    def get(self, name: str, offset: int, size: int) -> bytes:
        self._raise_trouble()
        if name not in self.objects:
            raise FileNotFoundError(name)
        return self.objects[name][offset : offset + size]

    def stat(self, names: list[str]) -> Sequence[int | None]:
        self._raise_trouble()
        return [len(self.objects[n]) if n in self.objects else None for n in names]

    def list(self, prefix: str, after: str) -> list[tuple[str, int]]:
        self._raise_trouble()
        with self.lock:
            found = [n for n in self.objects if n.startswith(prefix) and n > after]
            return [(name, len(self.objects[name])) for name in sorted(found)]

    def delete(self, names: Sequence[str]) -> None:
        self._raise_trouble()
        with self.lock:
            for name in names:
                self.objects.pop(name, None)

    def capability(self) -> dict[str, object]:
        return {"create_only": True}


class Overwriting(Drawer):
    """Breaks the promise that matters most."""

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        super().put(name, data, replace=True)


def test_a_python_provider_keeps_the_contract() -> None:
    report = fenchi.check_provider(Drawer())
    assert [f for f in report.findings if f.required and not f.passed] == []
    assert report.passed
    assert "Drawer" in report.location


def test_the_contract_finds_a_python_provider_that_overwrites() -> None:
    report = fenchi.check_provider(Overwriting())
    assert not report.passed


def test_a_vault_over_python_providers(tmp_path: Path, source: Path) -> None:
    drawers = {name: Drawer() for name in ("taipei", "tokyo", "oslo")}
    with make_vault(dict(drawers), tmp_path) as vault:
        report = vault.backup(source)
    drawers["tokyo"].trouble = ConnectionError("tokyo is dark")
    with fenchi.open(drawers, passphrase=PASSPHRASE) as vault:
        assert vault.restore(report, tmp_path / "out").complete
        assert "tokyo" in vault.verify().unreachable
    assert (tmp_path / "out/ledger/2026.txt").read_text() == "opening balance 100\n"


@pytest.mark.parametrize(
    "trouble",
    [
        sqlite3.OperationalError("database is locked"),
        ValueError("odd"),
        NotImplementedError("later"),
        OSError(errno.ENOSPC, "no space"),
        OSError(errno.EIO, "bad disk"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_exception_of_a_provider_is_called_damage(
    trouble: Exception, tmp_path: Path, source: Path
) -> None:
    drawers = {name: Drawer() for name in ("taipei", "tokyo", "oslo")}
    with make_vault(dict(drawers), tmp_path) as vault:
        report = vault.backup(source)
        drawers["tokyo"].trouble = trouble
        health = vault.verify()
        assert list(health.unreachable) == ["tokyo"]
        assert [(item.kind, item.repairable) for item in health.damage] == [("unreachable", True)]
        assert vault.restore(report, tmp_path / "out").complete
        for drawer in drawers.values():
            drawer.trouble = trouble
        with pytest.raises(fenchi.TooFewProviders):
            vault.restore(report, tmp_path / "again")
        for drawer in drawers.values():
            drawer.trouble = None
        repaired = vault.repair(health)
        assert [(item.provider, item.kind) for item in repaired.left] == [("tokyo", "unreachable")]
        assert "unknown" in repaired.left[0].what
        assert not repaired.complete
        assert vault.verify().healthy


def test_what_a_provider_raised_is_the_cause(tmp_path: Path, source: Path) -> None:
    drawers = {name: Drawer() for name in ("taipei", "tokyo", "oslo")}
    with make_vault(dict(drawers), tmp_path) as vault:
        for drawer in drawers.values():
            drawer.trouble = PermissionError("badge expired")
        with pytest.raises(fenchi.Error) as raised:
            vault.backup(source)
    assert isinstance(raised.value.__cause__, PermissionError)
    assert "badge expired" in str(raised.value.__cause__)


@pytest.mark.parametrize(
    "trouble",
    [
        sqlite3.OperationalError("database is locked"),
        RuntimeError("a mistake in the code"),
        KeyError("k"),
        fenchi.DataLoss("all is lost"),
    ],
    ids=lambda trouble: type(trouble).__name__,
)
def test_an_exception_that_fenchi_does_not_know_is_no_damage(
    trouble: Exception, tmp_path: Path, source: Path
) -> None:
    drawers = {name: Drawer() for name in ("taipei", "tokyo", "oslo")}
    with make_vault(dict(drawers), tmp_path) as vault:
        report = vault.backup(source)
        drawers["tokyo"].trouble = trouble
        health = vault.verify(depth="data")
        assert "tokyo" in health.unreachable
        kinds = {str(one.kind) for one in health.damage}
        assert kinds <= {"unreachable", "unreadable"}, "nothing was seen, so nothing is damaged"
        with pytest.raises(fenchi.Unavailable) as raised:
            providers.metered(drawers["tokyo"], providers.Meter()).get("k/x", 0, 1)
        assert raised.value.__cause__ is trouble
    with fenchi.open(drawers, passphrase=PASSPHRASE, state_directory=tmp_path / "new") as vault:
        assert vault.restore(report, tmp_path / "out").complete
    for drawer in drawers.values():
        drawer.trouble = trouble
    with pytest.raises(fenchi.Error) as opening:
        fenchi.open(drawers, passphrase=PASSPHRASE, state_directory=tmp_path / "third")
    assert not isinstance(opening.value, fenchi.Damaged | fenchi.DataLoss)


class Talkative(Drawer):
    """Gives more than it was asked for, and answers less often than it was asked."""

    def get(self, name: str, offset: int, size: int) -> bytes:
        return super().get(name, offset, size) + b"more"

    def stat(self, names: list[str]) -> Sequence[int | None]:
        return super().stat(names)[1:]


def test_an_answer_without_sense_is_no_damage() -> None:
    place = providers.metered(Talkative(), providers.Meter())
    place.put("a", b"1")
    with pytest.raises(fenchi.Unavailable, match="more bytes"):
        place.get("a", 0, 1)
    with pytest.raises(fenchi.Unavailable, match="once for each"):
        place.stat(["a", "b"])


class Boastful(Drawer):
    """Says that it locks objects: its put() is never told until when."""

    def capability(self) -> dict[str, object]:
        return {"create_only": True, "retention": True}


def test_a_python_provider_never_counts_as_one_that_locks(tmp_path: Path, source: Path) -> None:
    assert not providers.metered(Boastful(), providers.Meter()).capability()["retention"]
    found = {one.name: one.value for one in fenchi.check_provider(Boastful()).abilities}
    assert found["retention"] == "unsupported"
    boasters = {name: Boastful() for name in ("taipei", "tokyo", "oslo")}
    with make_vault(dict(boasters), tmp_path) as vault:
        locks = vault.backup(source, lock_for=timedelta(hours=1)).locks
        assert locks is not None
        assert not locks.complete
        assert not any(place.can_lock for place in locks.places)


def test_builtin_providers_offer_the_same_verbs(tmp_path: Path) -> None:
    place = fenchi.open_provider((tmp_path / "place").as_uri(), fenchi.Domain(country="NO"))
    place.put("a/b", b"hello")
    with pytest.raises(FileExistsError):
        place.put("a/b", b"again")
    assert place.get("a/b") == b"hello"
    assert place.get("a/b", 1, 3) == b"ell"
    assert place.stat(["a/b", "absent"]) == [5, None]
    assert place.list("a/") == [("a/b", 5)]
    assert place.domain()["country"] == "NO"
    place.delete(["a/b", "absent"])
    with pytest.raises(FileNotFoundError):
        place.get("a/b")
