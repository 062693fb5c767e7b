"""Fixtures: one server of each kind for all tests, one bucket for each test."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import servers

_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this host's own settings is used: no vault, no credentials, no proxy."""
    monkeypatch.setenv("FENCHI_CACHE_DIR", str(tmp_path / "state"))
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def versitygw_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.S3Server]:
    with servers.versitygw(tmp_path_factory.mktemp("versitygw")) as server:
        yield server


@pytest.fixture(scope="session")
def versitygw_versions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.S3Server]:
    with servers.versitygw(tmp_path_factory.mktemp("versions"), versions=True) as server:
        yield server


@pytest.fixture(scope="session")
def versitygw_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.S3Server]:
    with servers.versitygw(tmp_path_factory.mktemp("tls"), tls=True) as server:
        yield server


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.S3Server]:
    with servers.moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A new bucket at a server, whose credentials are then in the environment."""

    def make(server: servers.S3Server, *, lock: bool = False) -> str:
        for key, value in server.environment.items():
            monkeypatch.setenv(key, value)
        name = f"ledger-{next(_numbers)}"
        server.make_bucket(name, lock=lock)
        return name

    return make


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small tree to back up."""
    folder = tmp_path / "ledger"
    folder.mkdir()
    (folder / "2026.txt").write_text("opening balance 100\n")
    (folder / "data.bin").write_bytes(bytes(range(256)) * 4096)
    return folder
