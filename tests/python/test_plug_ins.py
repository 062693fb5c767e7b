"""Providers from outside: entry points, and any filesystem of fsspec."""

from __future__ import annotations

import importlib.metadata
import os
import threading
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import fenchi
import fsspec
import pytest
from fenchi import _core, _fsspec
from fsspec.implementations.memory import MemoryFileSystem
from test_providers import Drawer
from vaults import PASSPHRASE, make_vault

OPENED: list[tuple[str, fenchi.Domain | None]] = []


def open_drawer(url: str, domain: fenchi.Domain | None) -> Drawer:
    OPENED.append((url, domain))
    return Drawer()


def open_half(url: str, domain: fenchi.Domain | None) -> object:
    return object()


@pytest.fixture
def plug_ins(monkeypatch: pytest.MonkeyPatch) -> list[EntryPoint]:
    """Entry points as if packages that have them were installed."""
    found: list[EntryPoint] = []

    def look(*, group: str, name: str) -> tuple[EntryPoint, ...]:
        return tuple(entry for entry in found if (entry.group, entry.name) == (group, name))

    monkeypatch.setattr(importlib.metadata, "entry_points", look)
    return found


def entry(scheme: str, value: str) -> EntryPoint:
    return EntryPoint(name=scheme, value=value, group="fenchi.providers")


def test_a_plug_in_opens_its_scheme(plug_ins: list[EntryPoint]) -> None:
    plug_ins.append(entry("drawer", f"{__name__}:open_drawer"))
    domain = fenchi.Domain(country="NO")
    place = fenchi.open_provider("drawer://top/left", domain)
    assert OPENED[-1] == ("drawer://top/left", domain)
    place.put("a/b", b"hello")
    assert place.get("a/b", 1, 3) == b"ell"
    with pytest.raises(fenchi.InvalidArgument):  # the grammar of names is checked for them
        place.put("../b", b"x")
    assert fenchi.check_provider("drawer://top").passed


def test_a_plug_in_is_named_in_vault_toml(plug_ins: list[EntryPoint]) -> None:
    plug_ins.append(entry("drawer", f"{__name__}:open_drawer"))
    content = '[vault]\nneeded = 1\n[[provider]]\nname = "a"\nurl = "drawer://x"\ncountry = "JP"\n'
    place = fenchi.config.parse(content).open_providers()["a"]
    place.put("a", b"1")
    assert OPENED[-1][1] == fenchi.Domain(country="JP")


def test_a_plug_in_cannot_take_a_scheme_that_is_built_in(
    plug_ins: list[EntryPoint], tmp_path: Path
) -> None:
    plug_ins.append(entry("file", f"{__name__}:open_half"))
    fenchi.open_provider((tmp_path / "place").as_uri()).put("a", b"1")


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        (["no_such_module:x"], fenchi.Unsupported, "does not load"),
        ([f"{__name__}:nothing"], fenchi.Unsupported, "does not load"),
        ([f"{__name__}:open_half"], fenchi.Unsupported, "without put, get, stat, list, delete"),
        (["a:x", "b:x"], fenchi.Conflict, "several plug-ins"),
        ([], fenchi.Unsupported, "odd"),
    ],
)
def test_a_plug_in_that_does_not_work_says_so(
    values: list[str], kind: type[fenchi.Error], message: str, plug_ins: list[EntryPoint]
) -> None:
    plug_ins.extend(entry("odd", value) for value in values)
    with pytest.raises(kind, match=message):
        fenchi.open_provider("odd://x")


def test_fsspec_memory_keeps_the_contract() -> None:
    report = fenchi.check_provider("fsspec+memory://contract")
    assert [f for f in report.findings if not f.passed] == []
    assert report.location == "fsspec+memory://contract"


def test_fsspec_files_keep_what_can_be_kept_and_say_what_not(tmp_path: Path) -> None:
    place = fenchi.open_provider(f"fsspec+file://{tmp_path}/place")
    report = fenchi.check_provider(place)
    assert [f for f in report.findings if f.required and not f.passed] == []
    assert not place.capability()["create_only"]
    assert list((tmp_path / "place/.fenchi").iterdir()) == []


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_a_vault_over_fsspec(kind: str, tmp_path: Path, source: Path) -> None:
    where = {
        name: f"fsspec+{kind}://{tmp_path if kind == 'file' else '/vault'}/{name}"
        for name in ("taipei", "tokyo", "oslo")
    }
    with make_vault(dict(where), tmp_path) as vault:
        report = vault.backup(source)
    with fenchi.open(where, passphrase=PASSPHRASE) as vault:
        assert vault.verify(depth="data").healthy
        assert vault.restore(report, tmp_path / "out").complete
    assert (tmp_path / "out/ledger/2026.txt").read_text() == "opening balance 100\n"


def test_a_folder_that_goes_away_is_not_an_empty_one(tmp_path: Path) -> None:
    place = fenchi.open_provider(f"fsspec+file://{tmp_path}/disk")
    place.put("a/b", b"1")
    os.rename(tmp_path / "disk", tmp_path / "unmounted")
    for call in (
        lambda: place.get("a/b", 0, 1),
        lambda: place.stat(["a/b"]),
        lambda: place.list(""),
        lambda: place.put("a/c", b"2"),
        lambda: place.delete(["a/b"]),
    ):
        with pytest.raises(fenchi.Unavailable, match="mounted"):
            call()


def test_an_object_where_a_folder_must_be_is_unsupported(tmp_path: Path) -> None:
    place = fenchi.open_provider(f"fsspec+file://{tmp_path}/place")
    place.put("a", b"1")
    with pytest.raises(fenchi.Unsupported):
        place.put("a/b", b"2")


def test_a_url_with_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(fenchi.InvalidArgument) as raised:
        fenchi.open_provider("fsspec+sftp://me:s3cr3t@host/x")
    assert "s3cr3t" not in str(raised.value)


def test_a_filesystem_that_is_not_installed_says_what_to_install() -> None:
    with pytest.raises(fenchi.Unsupported) as raised:
        fenchi.open_provider("fsspec+nosuchthing://x")
    assert "s3fs" in raised.value.hint


class Bucket(MemoryFileSystem):  # type: ignore[misc]
    """Looks like S3: refuses to overwrite on request, or is a server that knows no such request."""

    protocol = "s3"
    store: dict[str, Any] = {}
    pseudo_dirs = [""]
    cachable = False
    honest = True
    there = True  # the bucket
    lock = threading.Lock()

    def exists(self, path: str, **options: Any) -> bool:
        if path.strip("/") == "bucket":
            return self.there
        return bool(super().exists(path, **options))

    def _need_bucket(self, path: str) -> None:
        if not self.there:
            raise FileNotFoundError(f"NoSuchBucket: {path}")

    def rm_file(self, path: str) -> None:
        self._need_bucket(path)
        super().rm_file(path)

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **options: Any) -> None:
        with self.lock:
            self._need_bucket(path)
            if mode == "create" and self.honest and self.exists(path):
                raise FileExistsError(path)
            super().pipe_file(path, value)


@pytest.mark.parametrize("honest", [True, False])
def test_whether_a_store_refuses_to_overwrite_is_tried_out(
    honest: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bucket, "store", {})
    monkeypatch.setattr(Bucket, "honest", honest)
    place = _fsspec.FsspecProvider(Bucket(), "/bucket", location="s3", domain=None)
    assert place.capability()["create_only"] is honest
    report = fenchi.check_provider(place)
    failed = {f.check for f in report.findings if f.required and not f.passed}
    assert not failed


def test_a_bucket_that_is_not_there_makes_nothing_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bucket, "store", {})
    place = _core.adapt(_fsspec.FsspecProvider(Bucket(), "/bucket/x", location="s3", domain=None))
    place.put("a/b", b"1")
    assert place.stat(["a/b", "a/c"]) == [1, None]
    place.delete(["a/c"])
    monkeypatch.setattr(Bucket, "store", {})
    monkeypatch.setattr(Bucket, "there", False)
    for call in (
        lambda: place.get("a/b", 0, 1),
        lambda: place.get("a/b", 0, 0),
        lambda: place.stat(["a/b"]),
        lambda: place.list(""),
        lambda: place.put("a/c", b"2"),
        lambda: place.delete(["a/b"]),
    ):
        with pytest.raises(fenchi.Unavailable, match="bucket of s3") as raised:
            call()
        assert "nothing in it counts as lost" in raised.value.hint


def test_an_error_of_the_filesystems_library_is_the_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    class ClientError(Exception):
        pass

    def fail(*_: object, **__: object) -> None:
        raise ClientError("slow down")

    place = fenchi.open_provider("fsspec+memory://broken")
    monkeypatch.setattr(MemoryFileSystem, "pipe_file", fail)
    with pytest.raises(fenchi.Unavailable) as raised:
        place.put("a", b"1")
    cause = raised.value.__cause__
    assert cause is not None
    assert isinstance(cause.__cause__, ClientError)


def test_what_others_write_is_seen(tmp_path: Path) -> None:
    place = fenchi.open_provider("fsspec+memory://shared")
    assert place.list("") == []
    fsspec.filesystem("memory").pipe_file("/shared/n/x", b"12")
    assert place.list("") == [("n/x", 2)]
