"""The provider for Azure Blob Storage against Microsoft's emulator, which checks signatures."""

from __future__ import annotations

import base64
import os
import urllib.parse
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fenchi
import pytest
import web_servers
from azure_account import VERSION, make_container, sign
from vaults import make_vault
from web_servers import AZURE_ACCOUNT, AZURE_KEY

CONTAINER = "vault"


def service_sas(permissions: str, container: str = CONTAINER, minutes: int = 10) -> str:
    """A shared access signature for a container (version 2020-12-06 and later)."""
    expiry = (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    resource = f"/blob/{AZURE_ACCOUNT}/{container}"
    fields = [permissions, "", expiry, resource, "", "", "", VERSION, "c"] + [""] * 7
    query = {
        "sv": VERSION,
        "se": expiry,
        "sr": "c",
        "sp": permissions,
        "sig": sign("\n".join(fields)),
    }
    return urllib.parse.urlencode(query)


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("AZURE_", "FENCHI_AZURE")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with web_servers.azurite() as running:
        make_container(running, CONTAINER)
        yield running


def url(host: str, folder: str, more: str = "", container: str = CONTAINER) -> str:
    return (
        f"azure://{AZURE_ACCOUNT}/{container}/{folder}"
        f"?endpoint=http://{host}/{AZURE_ACCOUNT}&plain_text=allowed{more}"
    )


def check(place: str) -> None:
    report = fenchi.check_provider(place)
    assert [f for f in report.findings if not f.passed] == []


def test_the_contract_is_kept_with_the_accounts_key(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", AZURE_ACCOUNT)
    monkeypatch.setenv("AZURE_STORAGE_KEY", AZURE_KEY)
    check(url(host, "with key/分持", "&block_mib=1"))


def test_the_contract_is_kept_with_a_shared_access_signature(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENCHI_AZURE_OSLO_SAS_TOKEN", "?" + service_sas("rcwdl"))
    check(url(host, "with-sas", "&credentials=oslo"))


def test_a_connection_string_says_where_the_account_is(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "AZURE_STORAGE_CONNECTION_STRING",
        f"DefaultEndpointsProtocol=http;AccountName={AZURE_ACCOUNT};AccountKey={AZURE_KEY};"
        f"BlobEndpoint=http://{host}/{AZURE_ACCOUNT};",
    )
    place = fenchi.open_provider(f"azure://{AZURE_ACCOUNT}/{CONTAINER}/c?plain_text=allowed")
    place.put("a", b"hello")
    assert place.get("a") == b"hello"
    with pytest.raises(fenchi.InvalidArgument, match="plain_text"):
        fenchi.open_provider(f"azure://{AZURE_ACCOUNT}/{CONTAINER}/c")
    with pytest.raises(fenchi.Denied, match="another account"):
        fenchi.open_provider(f"azure://stranger/{CONTAINER}").list("", "")


def test_a_vault_lives_in_a_container(
    host: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: Path
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_KEY", AZURE_KEY)
    places = {
        "oslo": url(host, "a-vault"),
        "disk": (tmp_path / "disk").as_uri(),
        "memory": "memory:azure-test",
    }
    with make_vault(dict(places), tmp_path) as vault:
        report = vault.backup(source, label="night")
        vault.restore(report.snapshot, tmp_path / "back")
        assert vault.verify(depth="tags").healthy
    assert (tmp_path / "back" / "ledger" / "2026.txt").read_text() == "opening balance 100\n"


def test_what_may_only_create_neither_overwrites_nor_deletes(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_KEY", AZURE_KEY)
    full = fenchi.open_provider(url(host, "append-only"))
    full.put("old", b"old")
    monkeypatch.setenv("FENCHI_AZURE_APPEND_SAS_TOKEN", service_sas("rcl"))
    place = fenchi.open_provider(url(host, "append-only", "&credentials=append"))
    place.put("new", b"new")
    place.put("pack", bytes(20 << 20))  # the largest object of a vault is 15 MiB and its tags
    for name in ("old", "pack"):
        with pytest.raises(fenchi.AlreadyExists):
            place.put(name, b"other")
    # Blocks need the right to write.
    in_blocks = fenchi.open_provider(url(host, "append-only", "&credentials=append&block_mib=1"))
    with pytest.raises(fenchi.Denied):
        in_blocks.put("large", bytes(3 << 20))
    with pytest.raises(fenchi.Denied, match=r"docs/providers/azure\.md"):
        place.delete(["old"])
    assert place.list("", "") == [("new", 3), ("old", 3), ("pack", 20 << 20)]
    assert place.get("old") == b"old"


def test_a_large_object_that_broke_off_goes_on_where_it_stood(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt may not commit: its blocks stay, and the second sends none again."""
    monkeypatch.setenv("AZURE_STORAGE_KEY", AZURE_KEY)
    data = b"".join(bytes([i]) * (1 << 20) for i in range(5))
    with web_servers.cutting_proxy(host, lambda line: "comp=blocklist" in line) as (cut, seen):
        broken = fenchi.open_provider(url(cut, "resumed", "&block_mib=1"))
        with pytest.raises(fenchi.Unavailable):
            broken.put("large", data)
        assert sum("comp=block&" in line for line in seen) == 5
    with web_servers.cutting_proxy(host, lambda _: False) as (whole, seen):
        place = fenchi.open_provider(url(whole, "resumed", "&block_mib=1"))
        assert place.list("", "") == []
        place.put("large", data)
        assert sum("comp=block&" in line for line in seen) == 0
    assert fenchi.open_provider(url(host, "resumed")).get("large") == data


def test_wrong_credentials_are_named_and_never_repeated(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = fenchi.open_provider(url(host, "x"))
    with pytest.raises(fenchi.Denied, match="AZURE_STORAGE_KEY"):
        place.list("", "")
    hush = base64.b64encode(b"hush" * 16).decode()
    monkeypatch.setenv("AZURE_STORAGE_KEY", hush)
    for call in (lambda: place.list("", ""), lambda: place.put("a", b"1"), lambda: place.get("a")):
        with pytest.raises(fenchi.Denied) as refused:
            call()
        assert hush not in str(refused.value)
    monkeypatch.delenv("AZURE_STORAGE_KEY")
    monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", service_sas("rcwdl", minutes=-5))
    with pytest.raises(fenchi.Denied) as refused:
        fenchi.open_provider(url(host, "x")).list("", "")
    assert "sig=" not in str(refused.value)


def test_a_container_that_is_missing_is_no_empty_place(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_KEY", AZURE_KEY)
    place = fenchi.open_provider(url(host, "x", container="nowhere"))
    for call in (
        lambda: place.list("", ""),
        lambda: place.stat(["a"]),
        lambda: place.get("a", 0, 1),
        lambda: place.put("a", b"1"),
    ):
        with pytest.raises(fenchi.Unavailable, match="container"):
            call()
