"""The command line: each command, each exit code that can be reached, the shape of --json."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fenchi
import pytest
from fenchi.cli import exit_codes
from fenchi.cli.run import run

PASSWORD = "two dull foxes"


class Command:
    """Runs `fenchi` in this process and keeps what it printed."""

    def __init__(self, work: Path, capture: pytest.CaptureFixture[bytes]) -> None:
        self.work = work
        self.capture = capture
        self.out = self.err = ""

    def __call__(self, *arguments: str) -> int:
        self.capture.readouterr()
        code = run(list(arguments))
        out, err = self.capture.readouterr()
        self.out, self.err = os.fsdecode(out), os.fsdecode(err)
        return code

    def json(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        assert self("--json", *arguments) == code, self.out + self.err
        document = json.loads(self.out)
        assert isinstance(document, dict)
        assert document["ok"] is (code in (0, 3))
        for line in self.err.splitlines():
            assert json.loads(line)["progress"]
        return document

    def provider(self, name: str) -> Path:
        return self.work / "providers" / name

    def init(self) -> int:
        (self.work / "providers").mkdir()
        places = [f"--provider={name}={self.provider(name)}" for name in ("a", "b", "c")]
        return self("init", "--name", "test", *places)


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Command:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "passphrase").write_text(PASSWORD + "\n")
    monkeypatch.setenv("FENCHI_PASSWORD_FILE", str(tmp_path / "passphrase"))
    return Command(tmp_path, capfdbinary)


@pytest.fixture
def ready(command: Command, source: Path) -> Command:
    """A vault with one backup, labelled nightly."""
    assert command.init() == 0, command.err
    assert command("backup", str(source), "--label", "nightly") == 0, command.err
    return command


def flip(folder: Path) -> None:
    """One byte of every shard of a provider; a second call changes it once more."""
    for path in (folder / "d").rglob("*"):
        if path.is_file():
            content = bytearray(path.read_bytes())
            content[5000] = (content[5000] + 1) % 256
            path.chmod(0o600)
            path.write_bytes(content)


def test_the_codes_are_the_documented_ones() -> None:
    numbers = {name: n for name, n in vars(exit_codes).items() if name.isupper() and name[0] != "_"}
    assert numbers == {
        "DONE": 0,
        "FAILED": 1,
        "USAGE": 2,
        "INCOMPLETE": 3,
        "NO_VAULT": 10,
        "WRONG_KEY": 12,
        "DAMAGE": 20,
        "DATA_LOST": 21,
        "TOO_FEW_PROVIDERS": 22,
        "POLICY": 23,
        "TARGET_MISSED": 24,
        "INTERRUPTED": 130,
    }


def test_init_writes_the_file_and_says_what_to_keep(command: Command) -> None:
    assert command.init() == 0
    config = fenchi.config.load("vault.toml")
    assert config.vault_id is not None
    assert config.vault_id in command.out
    assert "Keep safe" in command.out
    assert PASSWORD not in command.out + command.err
    for name in ("a", "b", "c"):
        assert any(command.provider(name).rglob("*"))


def test_init_refuses_a_second_time_and_wrong_options(command: Command) -> None:
    assert command("init") == exit_codes.USAGE
    assert command("init", "--provider", "a") == exit_codes.USAGE
    assert command("init", "--provider=a=/x", "--relax=vendr=why") == exit_codes.USAGE
    assert not Path("vault.toml").exists()
    assert command.init() == 0
    assert command("init") == exit_codes.FAILED
    assert "names vault" in command.err


def test_init_leaves_no_file_behind_when_it_fails(command: Command) -> None:
    places = [f"--provider={name}={command.work / 'none' / name}" for name in ("a", "b")]
    assert command("init", *places) != 0
    assert not Path("vault.toml").exists()


def test_a_placement_that_breaks_the_policy_is_refused_with_the_relaxation(
    command: Command,
) -> None:
    (command.work / "providers").mkdir()
    places = {
        name: fenchi.config.ProviderEntry(
            url=command.provider(name).as_uri(), domain=fenchi.Domain(vendor="One", country="NO")
        )
        for name in ("a", "b", "c")
    }
    fenchi.config.write_new("vault.toml", fenchi.config.render(fenchi.VaultPolicy(), places))
    error = command.json("init", code=exit_codes.POLICY)
    assert error["code"] == "policy"
    assert "vendor" in error["message"] + error["hint"]


def test_backup_restore_and_the_rest_of_the_story(ready: Command, source: Path) -> None:
    found = ready.json("snapshots")["snapshots"]
    assert [(s["label"], s["files"]) for s in found] == [("nightly", 3)]
    entries = ready.json("ls", "latest:nightly", "ledger")["entries"]
    assert {e["path"] for e in entries} >= {"ledger/2026.txt", "ledger/sub"}
    assert ready("ls", found[0]["id"][:8], "-r") == 0
    assert "ledger/sub/data.bin" in ready.out
    assert "ledger/link -> 2026.txt" in ready.out
    assert ready("cat", "latest", "ledger/2026.txt") == 0
    assert ready.out == "opening balance 100\n"
    assert ready("restore", "latest", "out") == 0, ready.err
    assert "decrypted and compared" in ready.out
    assert Path("out/ledger/sub/data.bin").read_bytes() == (source / "sub/data.bin").read_bytes()
    assert ready("restore", "latest", "part", "--include", "*.txt", "--absent", "a") == 0
    assert [p.name for p in Path("part/ledger").iterdir()] == ["2026.txt"]
    assert ready.json("status")["needed"] == 2
    assert ready("status") == 0
    assert "needs 2 of 3" in ready.out


def test_backup_json_has_the_snapshot(ready: Command, source: Path) -> None:
    report = ready.json("backup", str(source))
    assert len(report["snapshot"]) == 64
    assert report["files_unchanged"] == 3


def test_backup_from_stdin(ready: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"CREATE TABLE x;")
    os.close(writing)
    with os.fdopen(reading) as pipe:
        monkeypatch.setattr(sys, "stdin", pipe)
        assert ready.json("backup", "--stdin", "--name", "dump.sql")["bytes"] == 15
    assert ready("cat", "latest", "dump.sql") == 0
    assert ready.out == "CREATE TABLE x;"
    for wrong in (["--stdin"], ["--name", "x"], [], ["x", "--stdin", "--name", "x"]):
        assert ready("backup", *wrong) == exit_codes.USAGE


def test_a_file_that_vanishes_is_exit_code_3(
    ready: Command, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = fenchi.Vault.backup

    def vanish(path: str, _: str) -> bool:
        if path.endswith("empty"):
            (source / "empty").unlink()
        return False

    def backup_while_a_file_vanishes(
        self: fenchi.Vault, *paths: Any, exclude: object, **options: Any
    ) -> fenchi.BackupReport:
        # Rescan: an unchanged file is not opened, so its end would go unnoticed.
        return backup(self, *paths, exclude=vanish, **{**options, "rescan": True})

    monkeypatch.setattr(fenchi.Vault, "backup", backup_while_a_file_vanishes)
    report = ready.json("backup", str(source), code=exit_codes.INCOMPLETE)
    assert report["unreadable"] == 1
    assert [problem["path"] for problem in report["problems"]] == ["ledger/empty"]


def test_a_source_that_is_not_there_is_named(ready: Command, source: Path) -> None:
    assert ready("backup", str(source), str(source / "nowhere")) == exit_codes.FAILED
    assert "nowhere" in ready.err


def test_names_that_are_not_utf8(ready: Command, source: Path) -> None:
    (source / os.fsdecode(b"\xa4\xa4\x1b[2J")).touch()
    assert ready("backup", str(source)) == 0
    assert ready("ls", "latest", "-r") == 0
    assert r"ledger/\xa4\xa4\x1b[2J" in ready.out
    assert "\x1b" not in ready.out
    odd = [e for e in ready.json("ls", "latest", "-r")["entries"] if "path_b64" in e]
    assert [(e["path"], e["path_b64"]) for e in odd] == [
        (r"ledger/\xa4\xa4\x1b[2J", "bGVkZ2VyL6SkG1sySg==")
    ]
    assert ready("cat", "latest", os.fsdecode(b"ledger/\xa4\xa4\x1b[2J")) == 0


def test_verify_and_repair(ready: Command) -> None:
    assert ready.json("verify", "--depth", "data")["damage"] == []
    flip(ready.provider("b"))
    report = ready.json("verify", code=exit_codes.DAMAGE)
    assert {(d["provider"], d["kind"]) for d in report["damage"]} == {("b", "block")}
    assert all(d["object"].startswith("d/") and d["block"] == 0 for d in report["damage"])
    assert ready("verify") == exit_codes.DAMAGE
    assert "b d/" in ready.out
    shutil.rmtree(ready.provider("c"))
    lost = ready.json("verify", code=exit_codes.DATA_LOST)
    assert not all(d["repairable"] for d in lost["damage"])
    assert ready("repair") == exit_codes.DATA_LOST
    # With one shard left, bad in its first block, something is lost for certain.
    shutil.rmtree(ready.provider("a") / "d")
    assert ready("restore", "latest", "out") == exit_codes.DATA_LOST


def test_a_deleted_provider_is_repaired(ready: Command) -> None:
    shutil.rmtree(ready.provider("c"))
    assert ready("verify") == exit_codes.DAMAGE
    assert ready("repair") == 0, ready.out
    assert ready("verify", "--depth", "data") == 0
    assert "Healthy" in ready.out
    assert ready("repair") == 0
    assert "Nothing to repair" in ready.out


def test_drill(ready: Command) -> None:
    report = ready.json("drill", "--absent", "a", "--rto", "4h", "--rpo", "1d")
    assert report["passed"] is True
    assert report["absent_providers"] == ["a"]
    assert ready("drill", "--rpo", "0s", "--rto", "1h") in (0, exit_codes.TARGET_MISSED)
    assert ready("drill", "--rto", "0s") == exit_codes.TARGET_MISSED
    assert "MISSED" in ready.out
    assert ready("drill", "--rto", "soon") == exit_codes.USAGE


def test_what_is_not_there(command: Command, source: Path) -> None:
    assert command("snapshots") == exit_codes.NO_VAULT
    error = command.json("backup", str(source), code=exit_codes.NO_VAULT)
    assert error["code"] == "not_found"
    assert error["hint"]


def test_no_vault_at_the_providers(ready: Command) -> None:
    for name in ("a", "b", "c"):
        shutil.rmtree(ready.provider(name))
    assert ready("snapshots") == exit_codes.NO_VAULT


def test_wrong_key_too_few_providers_and_unknown_snapshots(ready: Command) -> None:
    assert ready("cat", "latest:none", "x") == exit_codes.FAILED
    assert ready("ls", "latest", "ledger/nowhere") == exit_codes.FAILED
    Path("passphrase").write_text("something else")
    assert ready("snapshots") == exit_codes.WRONG_KEY
    Path("passphrase").write_text(PASSWORD)
    for name in ("b", "c"):
        shutil.rmtree(ready.provider(name))
    assert ready("restore", "latest", "out") == exit_codes.TOO_FEW_PROVIDERS


def test_no_passphrase_and_no_terminal(ready: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FENCHI_PASSWORD_FILE")
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        assert ready("snapshots") == exit_codes.WRONG_KEY
        assert "FENCHI_PASSWORD_FILE" in ready.err
        assert ready("--password-file", "passphrase", "snapshots") == 0


def test_usage_errors(command: Command) -> None:
    assert command("frobnicate") == exit_codes.USAGE
    assert command("restore", "latest") == exit_codes.USAGE
    assert command.json("verify", "--depth", "deep", code=exit_codes.USAGE)["code"] == "usage"
    assert command("--lang", "tlh", "snapshots") == exit_codes.USAGE
    assert command("--help") == 0
    assert "restore" in command.out


def test_provider_check(command: Command) -> None:
    report = command.json("provider", "check", (command.work / "new").as_uri())
    assert report["passed"] is True
    assert len(report["findings"]) > 10
    assert command("provider", "check", "gopher://hole") == exit_codes.FAILED
    assert "no provider for gopher: URLs is built in" in command.err


def test_provider_check_says_what_a_place_can_do(command: Command) -> None:
    assert command("provider", "check", "place") == 0, command.err
    for told in ("refuses to overwrite", "always", "fit for a vault", "its clock"):
        assert told in command.out
    document = command.json("provider", "check", "place")
    found = {one["name"]: one["value"] for one in document["abilities"]}
    assert found["overwrite_refusal"] == "always"
    assert found["durability"] == "declared"


def test_provider_check_compares_several_places(command: Command) -> None:
    (command.work / "real").mkdir()
    (command.work / "link").symlink_to("real")
    assert command("provider", "check", "real", "other") == 0, command.err
    assert "are two places" in command.out
    assert command("provider", "check", "real", "link") == 1
    assert "are ONE place" in command.out
    document = command.json("provider", "check", "real", "link", "other", code=1)
    assert [pair["same"] for pair in document["compared"]] == [True, False, False]
    assert [one["passed"] for one in document["providers"]] == [True] * 3


def test_usage_shows_what_went_to_each_provider(ready: Command, source: Path) -> None:
    (source / "more").write_text("one line more\n")
    document = ready.json("backup", str(source), "--usage")
    assert set(document["usage"]) == {"a", "b", "c"}
    assert document["usage"]["a"]["bytes_put"] > 0
    assert document["usage"]["a"]["verbs"]["put"]["errors"] == 0
    assert "usage" not in ready.json("verify")
    for arguments in (["verify"], ["status"], ["restore", "latest", "there"]):
        assert ready(*arguments, "--usage") == 0
        assert "received" in ready.out
    path = ready.work / "vault.toml"
    content = path.read_text()
    path.write_text(content.replace('name = "a"', 'name = "a"\nprices = { put_per_1000 = 5 }', 1))
    assert ready("backup", str(source), "--rescan", "--usage") == 0
    assert "USD" in ready.out


def test_a_lock_that_no_place_can_keep_is_an_alarm(ready: Command, source: Path) -> None:
    document = ready.json("backup", str(source), "--lock-days", "30", code=exit_codes.INCOMPLETE)
    assert document["complete"] is False
    assert document["locks"]["packs_unlocked"] == document["locks"]["packs"] > 0
    assert ready("backup", str(source), "--lock-days", "30") == exit_codes.INCOMPLETE
    assert "ALARM" in ready.out
    assert "a locks nothing" in ready.out
    checked = ready.json("verify", code=exit_codes.INCOMPLETE)
    assert (checked["healthy"], checked["locks_kept"]) == (True, False)
    first, second = checked["locks"]["snapshots"]
    assert first["until"] == document["locks"]["until"]
    assert first["packs_unlocked"] == document["locks"]["packs"] and second["opening"] == "unlocked"
    assert ready("verify") == exit_codes.INCOMPLETE
    assert "ALARM: 2 of 2 snapshots" in ready.out
    assert "b locks nothing" in ready.out
    path = ready.work / "vault.toml"
    plain = path.read_text()
    path.write_text(plain.replace("[vault]", "[vault]\nlock_days = 30", 1))
    assert ready("backup", str(source)) == exit_codes.INCOMPLETE
    assert ready("backup", str(source), "--lock-days", "0") == 0, "said for this one backup"
    path.write_text(plain.replace("[vault]", "[vault]\nlock_days = 99999", 1))
    assert ready("backup", str(source)) == exit_codes.USAGE
    assert "lock_days must not be above 36525" in ready.err
    assert ready("backup", str(source), "--lock-days", "-1") == exit_codes.USAGE


def test_a_place_that_overwrites_is_relaxed_by_name(command: Command) -> None:
    assert command("init", "--help") == 0
    (command.work / "providers").mkdir()
    places = [f"--provider={name}={command.provider(name)}" for name in ("a", "b", "c")]
    assert command("init", *places, "--relax", "create_only=an old NAS") == 0, command.err
    assert "may overwrite silently" in command.out


def test_an_interrupted_command_is_130(
    ready: Command, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fenchi.Vault, "backup", interrupt)
    assert ready("backup", str(source)) == exit_codes.INTERRUPTED
    assert "nothing is broken" in ready.err


def test_the_installed_command_hardens_itself(ready: Command) -> None:
    code = (
        "import resource, sys; from fenchi.cli import run; run.harden();"
        "print(resource.getrlimit(resource.RLIMIT_CORE));"
        "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split("\n")[:2] == ["(0, 0)", "0"]


def test_a_closed_pipe_is_no_traceback(ready: Command) -> None:
    words = [sys.executable, "-c", "from fenchi.cli import main; main()", "ls", "latest", "-r"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()


def test_every_command_has_a_help_text(command: Command) -> None:
    names: list[str] = "init backup snapshots ls restore cat verify repair drill status".split()
    check: Callable[..., int] = command
    for name in names:
        assert check(name, "--help") == 0
        assert len(command.out.splitlines()) > 5


def test_a_disk_that_is_not_mounted_is_done_without(ready: Command) -> None:
    home = ready.work / "mounted"
    home.mkdir()
    ready.provider("b").rename(home / "b")
    file = Path("vault.toml")
    file.write_text(file.read_text().replace(ready.provider("b").as_uri(), (home / "b").as_uri()))
    home.rename(ready.work / "elsewhere")
    report = ready.json("restore", "latest", "out")
    assert report["complete"]
    assert "mounted" in report["warnings"][0]
    places = {p["name"]: p["reachable"] for p in ready.json("status")["providers"]}
    assert places == {"a": True, "b": False, "c": True}
    assert ready("verify") == exit_codes.DAMAGE
    assert not home.exists()


def test_a_restore_that_writes_nothing_is_no_success(ready: Command, source: Path) -> None:
    error = ready.json("restore", "latest", "out", "--include", "2026.tx", code=exit_codes.FAILED)
    assert error["code"] == "not_found"
    assert "ls" in error["hint"]
    Path("taken").mkdir()
    Path("taken/ledger").write_text("in the way")
    report = ready.json("restore", "latest", "taken", code=exit_codes.FAILED)
    assert (report["files"], report["complete"]) == (0, False)
    assert report["failed"] == len(report["problems"])


def test_what_is_left_as_it_was_is_counted_and_named(ready: Command) -> None:
    Path("out/ledger").mkdir(parents=True)
    Path("out/ledger/2026.txt").write_text("mine")
    report = ready.json("restore", "latest", "out", code=exit_codes.INCOMPLETE)
    assert (report["failed"], report["complete"]) == (1, False)
    assert ready("restore", "latest", "out") == exit_codes.INCOMPLETE
    assert "NOT RESTORED: 1" in ready.out
    assert "--overwrite" in ready.out
    assert Path("out/ledger/2026.txt").read_text() == "mine"


def test_nothing_that_drives_a_terminal_is_printed(ready: Command, source: Path) -> None:
    evil = "\x1b[2J\x9b31m\u202e\r"
    (source / evil).touch()
    for arguments in (
        ["backup", str(source), "--label", evil],
        ["ls", "latest", "-r"],
        ["snapshots"],
        ["cat", "latest", evil],
        ["ls", f"latest:{evil}x"],
        ["restore", "latest", f"out{evil}"],
        ["restore", "latest", f"/proc/{evil}"],
        ["backup", evil],
        ["restore", "latest", "out", "--absent", evil],
        ["drill", "--rto", evil],
        [evil],
        ["-c", evil, "status"],
        ["--password-file", evil, "status"],
        ["--lang", evil, "status"],
    ):
        for style in ([], ["--json"]):
            ready(*style, *arguments)
            shown = (ready.out + ready.err).replace("\n", "")
            assert shown.isprintable(), (arguments, shown)
            if style:
                json.loads(ready.err if arguments[0] == "cat" else ready.out)


@pytest.mark.parametrize("option", ["--label", "--key-domain"])
def test_text_that_is_not_utf8_is_refused_by_name(
    ready: Command, source: Path, option: str
) -> None:
    error = ready.json("backup", str(source), option, "\udca4", code=exit_codes.USAGE)
    assert error["message"].startswith(option[2:].replace("-", "_"))


def test_an_unexpected_failure_is_json_too(ready: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_(*_: object) -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr(fenchi.Vault, "status", break_)
    assert ready("--json", "status") == exit_codes.FAILED
    assert json.loads(ready.out)["code"] == "internal"
    assert "Traceback" in ready.err


def test_init_takes_relative_directories_and_no_name_twice(command: Command) -> None:
    assert command("init", "--provider=a=x", "--provider=a=y") == exit_codes.USAGE
    assert "two providers are called a" in command.err
    assert command("init", "--provider=a=x", "--provider=b=y", "--needed=1") == 0, command.err
    assert fenchi.config.load("vault.toml").providers["a"].url == (command.work / "x").as_uri()


def test_init_ignores_no_option_when_there_is_a_file(command: Command) -> None:
    places = {name: fenchi.config.ProviderEntry(url=f"memory:{name}") for name in ("a", "b")}
    fenchi.config.write_new("vault.toml", fenchi.config.render(fenchi.VaultPolicy(), places))
    assert command("init", "--needed", "1") == exit_codes.USAGE
    assert "instead of giving --needed" in " ".join(command.err.split())
