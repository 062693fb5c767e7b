"""Fixtures: a source tree, and a vault over three local providers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import fenchi
import pytest
from fenchi import messages
from vaults import make_vault, urls


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Nothing of this host's own vaults is read or written, and all starts in English."""
    monkeypatch.setenv("FENCHI_CACHE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    for name in ("FENCHI_VAULT", "FENCHI_PASSWORD_FILE", "FENCHI_PASSWORD_COMMAND"):
        monkeypatch.delenv(name, raising=False)
    yield
    messages.use("en")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small tree: /ledger with a text, a larger file, an empty one and a link."""
    folder = tmp_path / "ledger"
    (folder / "sub").mkdir(parents=True)
    (folder / "2026.txt").write_text("opening balance 100\n")
    (folder / "sub" / "data.bin").write_bytes(bytes(range(256)) * 4096)
    (folder / "empty").touch()
    (folder / "link").symlink_to("2026.txt")
    return folder


@pytest.fixture
def vault(tmp_path: Path) -> Callable[..., fenchi.Vault]:
    """A new vault over three local providers, two of which are needed."""

    def make(**policy: object) -> fenchi.Vault:
        return make_vault(dict(urls(tmp_path)), tmp_path, **policy)

    return make
