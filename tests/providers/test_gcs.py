"""The provider for Google Cloud Storage against fake-gcs-server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import fenchi
import pytest
import web_servers
from vaults import make_vault

BUCKET = "vault"


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator takes any."""
    for name in list(os.environ):
        if name.startswith(("FENCHI_GCS", "CLOUDSDK_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("FENCHI_GCS_TOKEN", "hush-hush")


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with web_servers.fake_gcs(BUCKET) as running:
        yield running


def url(host: str, folder: str, more: str = "", bucket: str = BUCKET) -> str:
    return f"gs://{bucket}/{folder}?endpoint=http://{host}&plain_text=allowed{more}"


def test_the_contract_is_kept(host: str) -> None:
    report = fenchi.check_provider(url(host, "plain"))
    assert [f for f in report.findings if not f.passed] == []


def test_the_contract_is_kept_in_a_folder_with_foreign_characters(host: str) -> None:
    report = fenchi.check_provider(url(host, "a b/分持", "&resumable_mib=1&parallel=4"))
    assert [f for f in report.findings if not f.passed] == []


def test_a_vault_lives_in_a_bucket(host: str, tmp_path: Path, source: Path) -> None:
    places = {
        "zurich": url(host, "a-vault"),
        "disk": (tmp_path / "disk").as_uri(),
        "memory": "memory:gcs-test",
    }
    with make_vault(dict(places), tmp_path) as vault:
        report = vault.backup(source, label="night")
        vault.restore(report.snapshot, tmp_path / "back")
        assert vault.verify(depth="tags").healthy
    assert (tmp_path / "back" / "ledger" / "2026.txt").read_text() == "opening balance 100\n"


def test_a_listing_of_many_pages_goes_on_after_a_name(host: str) -> None:
    place = fenchi.open_provider(url(host, "pages"))
    names = [f"d/{i:04}" for i in range(60)]
    for name in names:
        place.put(name, b"x")
    assert place.list("d/", "") == [(name, 1) for name in names]
    assert place.list("d/", "d/0019") == [(name, 1) for name in names[20:]]
    assert place.list("d/005", "d/0019") == [(name, 1) for name in names[50:]]


def test_a_bucket_that_is_missing_is_no_empty_place(host: str) -> None:
    place = fenchi.open_provider(url(host, "x", bucket="nowhere"))
    for call in (
        lambda: place.list("", ""),
        lambda: place.stat(["a"]),
        lambda: place.get("a", 0, 1),
        lambda: place.put("a", b"1"),
        lambda: place.put("a", bytes(9 << 20)),
        lambda: place.delete(["a"]),
    ):
        with pytest.raises(fenchi.Unavailable, match="bucket"):
            call()


def test_a_token_is_asked_for_and_never_repeated(
    host: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = fenchi.open_provider(url(host, "x"))
    place.put("a", b"1")
    assert "hush" not in place.location() + repr(place)
    monkeypatch.delenv("FENCHI_GCS_TOKEN")
    with pytest.raises(fenchi.Denied, match="FENCHI_GCS_TOKEN_FILE"):
        fenchi.open_provider(url(host, "x")).get("a")
    monkeypatch.setenv("FENCHI_GCS_TOKEN_FILE", str(tmp_path / "token"))
    with pytest.raises(fenchi.Denied, match="cannot be read"):
        fenchi.open_provider(url(host, "x")).get("a")
    (tmp_path / "token").write_text("hush\n")
    assert fenchi.open_provider(url(host, "x")).get("a") == b"1"
