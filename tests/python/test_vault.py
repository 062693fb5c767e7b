"""The Python face: the story, streams, filters, odd names, one call at a time."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fenchi
import pytest
from vaults import PASSPHRASE, make_vault, urls

MakeVault = Callable[..., fenchi.Vault]


def test_the_story(tmp_path: Path, source: Path, vault: MakeVault) -> None:
    with vault() as made:
        identifier = made.id
    with fenchi.open(urls(tmp_path), passphrase=PASSPHRASE, vault_id=identifier) as opened:
        assert opened.role == "read"
        nightly = opened.backup(source, label="nightly")
        assert nightly.complete
        assert (nightly.files, nightly.directories, nightly.others) == (3, 2, 1)
        assert opened.verify(depth="data").healthy
        back = opened.restore(nightly.snapshot, tmp_path / "restored")
        assert back.complete
        drill = opened.drill(nightly, absent=["tokyo"], rto=3600, rpo=timedelta(days=1))
        drill.raise_if_failed()
    restored = tmp_path / "restored" / "ledger"
    assert (restored / "2026.txt").read_text() == "opening balance 100\n"
    assert (restored / "sub/data.bin").read_bytes() == (source / "sub/data.bin").read_bytes()
    assert (restored / "link").readlink() == Path("2026.txt")


def test_a_lost_provider_is_reported_and_repaired(
    tmp_path: Path, source: Path, vault: MakeVault
) -> None:
    with vault() as made:
        made.backup(source)
    victim = tmp_path / "providers" / "oslo"
    for path in sorted(victim.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    with fenchi.open(urls(tmp_path), passphrase=PASSPHRASE) as opened:
        health = opened.verify()
        assert not health.healthy
        assert health.repairable
        assert {item.provider for item in health.damage} == {"oslo"}
        assert opened.repair(health).complete
        assert opened.verify(depth="data").healthy


def test_a_stream_from_a_file_and_from_pieces(tmp_path: Path, vault: MakeVault) -> None:
    content = os.urandom(300_000)
    pieces = [content[:1], b"", content[1:200_000], content[200_000:]]
    with vault() as made:
        for source in (io.BytesIO(content), iter(pieces)):
            report = made.backup_stream(source, name="dump.sql", label="db")
            assert report.bytes == len(content)
            assert b"".join(made.cat(report, "dump.sql")) == content
            out = io.BytesIO()
            made.cat("latest:db", "dump.sql", out)
            assert out.getvalue() == content


def test_an_iterator_of_content_may_be_left_early(vault: MakeVault) -> None:
    with vault() as made:
        report = made.backup_stream(io.BytesIO(os.urandom(9 << 20)), name="big")
        pieces = made.cat(report, "big")
        assert next(pieces)
        pieces.close()  # type: ignore[attr-defined]
        assert made.snapshots()[0].is_stream


def test_a_host_without_a_further_thread_reads_no_file_and_says_why(
    vault: MakeVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with vault() as made:
        report = made.backup_stream([b"text"], name="note")
        monkeypatch.setattr(threading.Thread, "start", refused)
        with pytest.raises(fenchi.Unavailable, match="no further thread") as raised:
            list(made.cat(report, "note"))
        assert "ulimit" in raised.value.hint
        monkeypatch.undo()
        assert b"".join(made.cat(report, "note")) == b"text"


def test_a_failing_stream_commits_nothing(vault: MakeVault) -> None:
    def broken() -> object:
        yield b"begin"
        raise RuntimeError("the database went away")

    with vault() as made:
        with pytest.raises(fenchi.Error) as raised:
            made.backup_stream(broken(), name="dump")  # type: ignore[arg-type]
        assert str(raised.value.__cause__) == "the database went away"
        assert len(made.snapshots()) == 0


def test_listing_and_names_that_are_not_utf8(tmp_path: Path, vault: MakeVault) -> None:
    names = [b"\xa4\xa4\xa4\xe5", b"line\nend", b"\x1b[2J", "中文".encode()]
    folder = tmp_path / "odd"
    folder.mkdir()
    for name in names:
        (folder / os.fsdecode(name)).write_bytes(name)
    with vault() as made:
        report = made.backup(folder)
        entries = list(made.ls(report, recursive=True))
        found = {os.fsencode(e.path).removeprefix(b"odd/") for e in entries if e.type == "file"}
        assert found == set(names)
        for name in names:
            assert b"".join(made.cat(report, b"odd/" + name)) == name
        made.restore(report, tmp_path / "out")
    assert {os.fsencode(p.name) for p in (tmp_path / "out/odd").iterdir()} == set(names)
    assert fenchi.escape_path(os.fsdecode(names[0])) == r"\xa4\xa4\xa4\xe5"
    assert "\x1b" not in fenchi.escape_path(os.fsdecode(names[2]))


def test_entries_tell_all_attributes(tmp_path: Path, source: Path, vault: MakeVault) -> None:
    path = source / "2026.txt"
    path.chmod(0o640)
    os.utime(path, ns=(1, 1_700_000_000_123_456_789))
    os.link(path, source / "same")
    with vault() as made:
        made.backup(source)
        entries = {entry.path: entry for entry in made.ls("latest", "ledger")}
        entry = entries["ledger/2026.txt"]
        assert (entry.type, entry.mode, entry.size) == ("file", 0o640, 20)
        assert entry.modified_ns == 1_700_000_000_123_456_789
        assert entry.modified == datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=UTC)
        assert entry.hard_link is not None
        assert entry.hard_link == entries["ledger/same"].hard_link
        assert entries["ledger/link"].symlink_target == "2026.txt"


def test_exclude_and_include_take_patterns_and_callables(
    tmp_path: Path, source: Path, vault: MakeVault
) -> None:
    with vault() as made:
        by_pattern = made.backup(source, exclude=["*.bin", "sub/"])
        assert (by_pattern.files, by_pattern.directories) == (2, 1)
        by_call = made.backup(source, exclude=lambda path, kind: kind == "symlink")
        assert by_call.others == 0
        everything = made.backup(source)
        part = made.restore(everything, tmp_path / "part", include=["*.txt"])
        assert part.files == 1
        assert [p.name for p in (tmp_path / "part/ledger").iterdir()] == ["2026.txt"]


def test_progress_is_told_and_its_failure_stops_the_verb(source: Path, vault: MakeVault) -> None:
    seen: list[fenchi.Progress] = []
    with vault() as made:
        made.backup(source, progress=seen.append)
        assert seen
        assert seen[-1].phase in {"scan", "backup", "upload"}

        def fail(_: fenchi.Progress) -> None:
            raise LookupError("no more room on the screen")

        with pytest.raises(fenchi.Error) as raised:
            made.backup(source, rescan=True, progress=fail)
        assert isinstance(raised.value.__cause__, LookupError)
        assert made.backup(source).complete


def test_a_failing_filter_is_the_cause(source: Path, vault: MakeVault) -> None:
    with vault() as made:
        with pytest.raises(fenchi.Error) as raised:
            made.backup(source, exclude=lambda path, kind: 1 / 0 > 1)
        assert isinstance(raised.value.__cause__, ZeroDivisionError)
        assert not made.snapshots(), "what it would have left out is unknown"


def test_a_second_call_at_the_same_time_is_refused(source: Path, vault: MakeVault) -> None:
    with vault() as made:

        def ask(_: fenchi.Progress) -> None:
            made.snapshots()

        with pytest.raises(fenchi.Error) as raised:
            made.backup(source, progress=ask)
        assert isinstance(raised.value.__cause__, fenchi.Conflict)


def test_other_threads_run_while_a_verb_works(tmp_path: Path, vault: MakeVault) -> None:
    big = tmp_path / "big"
    big.write_bytes(os.urandom(8 << 20))
    counted = 0
    done = threading.Event()

    def count() -> None:
        nonlocal counted
        while not done.is_set():
            counted += 1
            done.wait(0.001)

    with vault() as made:
        thread = threading.Thread(target=count)
        thread.start()
        try:
            before = counted
            made.backup(big)
            during = counted - before
        finally:
            done.set()
            thread.join()
    assert during > 1


def test_a_closed_vault_says_so(vault: MakeVault) -> None:
    made = vault()
    made.close()
    made.close()
    with pytest.raises(fenchi.InvalidArgument, match="closed"):
        made.snapshots()
    assert "closed" in repr(made)


def test_wrong_passphrase_and_too_few_providers(tmp_path: Path, vault: MakeVault) -> None:
    with vault():
        pass
    places = urls(tmp_path)
    with pytest.raises(fenchi.WrongKey):
        fenchi.open(places, passphrase="not this")
    with pytest.raises(fenchi.TooFewProviders):
        fenchi.open({"tokyo": places["tokyo"]}, passphrase=PASSPHRASE)
    with pytest.raises(fenchi.NotFound):
        fenchi.open({"a": "memory:nothing-1", "b": "memory:nothing-2"}, passphrase=PASSPHRASE)


def test_unsafe_policies_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(fenchi.Error) as raised:
        make_vault(dict(urls(tmp_path)), tmp_path, needed=4)
    assert raised.value.code.name in {"policy", "invalid_argument"}
    with pytest.raises(fenchi.Policy):
        make_vault(dict(urls(tmp_path)), tmp_path, needed=2, write_quorum=2, liars=1)


def test_a_verify_credential_verifies_and_reads_nothing(
    tmp_path: Path, source: Path, vault: MakeVault
) -> None:
    with vault() as made:
        report = made.backup(source)
        credential = made.export_credential("verify")
    with fenchi.open(urls(tmp_path), credential=credential) as opened:
        assert opened.role == "verify"
        assert opened.verify(depth="tags").healthy
        with pytest.raises(fenchi.Denied):
            opened.restore(report, tmp_path / "out")
