"""key, domain, writer, admin: the commands that say and change who can do what."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import fenchi
import pytest
import terminal
from fenchi import config, custody
from fenchi.ceremony import share_file
from fenchi.ceremony.share_page import SharePage
from fenchi.cli import exit_codes
from test_cli import PASSWORD, Command

pytestmark = pytest.mark.custody

BOARD = ("Lin/Wu", "Chen", "Huang")


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Command:
    """No terminal, no passphrase in the environment: what a command needs is named to it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "password").write_text(PASSWORD + "\n")
    (tmp_path / "password").chmod(0o600)
    (tmp_path / "providers").mkdir()
    cheap = custody.CustodyPlan.to_core

    def to_core(plan: custody.CustodyPlan) -> dict[str, object]:
        return {**cheap(plan), "cost": (1, 8)}

    monkeypatch.setattr(custody.CustodyPlan, "to_core", to_core)
    return Command(tmp_path, capfdbinary)


def make(command: Command, open: str, *options: str) -> dict[str, Any]:
    places = [f"--provider={name}={command.provider(name)}" for name in ("a", "b", "c")]
    people = [f"--custodian=board={one}" for one in BOARD] if "board" in open else []
    given = [*people, *options, "--open", open]
    return command.json("--password-file", "password", "init", "--liars=0", *places, *given)


def shares(folder: str, *numbers: int) -> list[str]:
    """--share for these custodians' files."""
    found = [next(Path(folder).glob(f"share-board-{n}-*")) for n in numbers]
    return [word for path in found for word in ("--share", str(path))]


WORD = ("--password-file", "password")


@pytest.fixture
def plain(command: Command, source: Path) -> Command:
    """A vault with one admin that a passphrase opens, and one backup."""
    make(command, "passphrase")
    assert command(*WORD, "backup", str(source), "--label", "nightly") == 0, command.err
    return command


def recipient(command: Command, name: str) -> str:
    return str(command.json("key", "recipient", name)["public_key"])


# ---- Opening ----


def test_a_vault_is_made_by_an_expression_and_its_shares_lie_in_files_of_their_own(
    command: Command,
) -> None:
    key = recipient(command, "escrow.key")
    made = make(command, "2 of board AND passphrase, OR escrow", f"--recipient=escrow={key}",
                "--shares=shares")  # fmt: skip
    written = sorted(Path("shares").iterdir())
    assert {str(path) for path in written} == {one["path"] for one in made["shares"]}
    assert [stat.S_IMODE(path.stat().st_mode) for path in written] == [0o600] * 3
    labels = [custody.read_share_label(path.read_bytes()) for path in written]
    assert [(one.index, one.threshold) for one in labels] == [(1, 2), (2, 2), (3, 2)]
    assert stat.S_IMODE(Path("escrow.key").stat().st_mode) == 0o600
    assert config.load("vault.toml").custody.open == "2 of board AND passphrase, OR escrow"
    assert command(*shares("shares", 1, 3), *WORD, "status") == 0, command.err
    assert command("--recipient-key", "escrow.key", "status") == 0, command.err
    answer = command.json(*shares("shares", 2), *WORD, "status", code=exit_codes.WRONG_KEY)
    assert "needs 1 more of 2 key shares of board" in answer["message"]


def test_shares_without_a_place_for_them_make_no_vault(command: Command) -> None:
    places = [f"--provider={name}={command.provider(name)}" for name in ("a", "b", "c")]
    people = [f"--custodian=board={one}" for one in BOARD]
    assert command("init", *places, *people, "--open", "2 of board") == exit_codes.USAGE
    assert "--shares DIR" in command.err
    assert not Path("vault.toml").exists()
    assert not list(Path("providers").rglob("k/*"))


def test_a_share_that_cannot_be_written_stops_everything(command: Command) -> None:
    make(command, "passphrase, OR 2 of board", "--shares=shares")
    before = command.json(*WORD, "key", "show")["policy_version"]
    Path("next").mkdir(mode=0o700)
    (Path("next") / "share-board-2-of-3-epoch2.fenchi-share").touch()
    answer = command.json(
        *(*WORD, "key", "rotate", "--keep-passphrase", "--shares", "next"), code=exit_codes.FAILED
    )
    assert "exists already" in answer["message"]
    assert [path.name for path in Path("next").iterdir()] == [
        "share-board-2-of-3-epoch2.fenchi-share"
    ]
    assert command.json(*WORD, "key", "show")["policy_version"] == before


def test_shares_stay_when_the_change_fails_after_they_were_handed_out(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(command, "passphrase, OR 2 of board", "--shares=shares")
    real = fenchi.Vault.rotate

    def rotate(vault: fenchi.Vault, plan: custody.CustodyPlan) -> custody.PolicyChange:
        real(vault, plan)
        raise fenchi.TooFewProviders("the line broke", "try again")

    monkeypatch.setattr(fenchi.Vault, "rotate", rotate)
    arguments = (*WORD, "key", "rotate", "--keep-passphrase", "--shares", "next")
    assert command(*arguments) == exit_codes.TOO_FEW_PROVIDERS
    assert "they may be what opens it now" in command.err
    monkeypatch.undo()
    monkeypatch.chdir(command.work)
    monkeypatch.setenv("FENCHI_CACHE_DIR", str(command.work / "state"))
    assert command(*shares("next", 1, 2), "status") == 0, command.err


@pytest.mark.parametrize("way", ["file", "descriptor"])
def test_the_passphrase_comes_by_file_or_descriptor(plain: Command, way: str) -> None:
    if way == "file":
        assert plain(*WORD, "snapshots") == 0
        return
    descriptor = os.open("password", os.O_RDONLY)
    try:
        assert plain("--password-file", f"fd:{descriptor}", "snapshots") == 0
    finally:
        os.close(descriptor)


def test_a_secret_that_others_can_read_is_warned_about(plain: Command) -> None:
    recipient(plain, "key")
    Path("key").chmod(0o644)
    assert plain("--recipient-key", "key", "snapshots") == exit_codes.WRONG_KEY
    assert "chmod 600" in plain.err


def test_a_share_comes_raw_or_as_a_ceremony_wrote_it_locked_or_not(command: Command) -> None:
    delivered: list[custody.CustodianShare] = []
    make(command, "passphrase")
    plan = custody.CustodyPlan(
        open="2 of board",
        custodians={"board": [custody.Custodian("Lin"), custody.Custodian("Chen")]},
        deliver=delivered.extend,
    )
    with fenchi.open("vault.toml", passphrase=PASSWORD) as vault:
        vault.add_access(plan)
    lock = fenchi.SecretBytes(b"my own words")
    for name, secret in (("plain.txt", None), ("locked.txt", lock)):
        page = SharePage.of(
            delivered[0],
            vault_name="test",
            made=date(2026, 11, 28),
            passphrase=secret,
            passes=1,
            memory_kib=8,
        )
        Path(name).write_text(share_file.render(page), encoding="utf-8")
        Path(name).chmod(0o600)
    Path("raw").write_bytes(delivered[1].data.reveal())
    Path("raw").chmod(0o600)
    assert command("--share", "plain.txt", "--share", "raw", "snapshots") == 0, command.err
    both = ("--share", "locked.txt", "--share", "raw", "snapshots")
    code, screen = terminal.typed(both, [("locked.txt", "my own words")])
    assert code == 0 and "my own words" not in screen
    code, screen = terminal.typed(both, [("locked.txt", "other words")])
    assert code == exit_codes.WRONG_KEY, screen
    torn = Path("plain.txt").read_text().replace("A1", "B1", 1)
    Path("plain.txt").write_text(torn)
    assert command("--share", "plain.txt", "--share", "raw", "snapshots") != 0


# ---- key show ----


def test_key_show_says_who_opens_the_vault_alone_and_together(command: Command) -> None:
    key = recipient(command, "escrow.key")
    make(command, "2 of board AND passphrase, OR escrow", f"--recipient=escrow={key}",
         "--shares=shares")  # fmt: skip
    unlock = ("--recipient-key", "escrow.key")
    assert command(*unlock, "key", "show") == 0
    assert "(3 people together) any 2 of the 3 custodians of board" in command.out
    assert "(Lin (deputy: Wu), Chen, Huang)" in command.out
    assert "(one person alone) whoever holds 'escrow'" in command.out
    assert command("--lang", "zh-TW", *unlock, "key", "show") == 0
    assert "一人即可" in command.out and "職務代理人：Wu" in command.out
    document = command.json(*unlock, "key", "show")
    assert [slot["people"] for slot in document["slots"]] == [3, 1]
    assert document["open"] == "2 of board AND passphrase, OR escrow"
    assert command(*unlock, "key", "show", "--key-domain", "maps") == exit_codes.FAILED
    assert "there are: main" in command.err


def test_key_show_tells_a_day_with_all_that_held_on_it(plain: Command) -> None:
    today = plain.json(*WORD, "key", "show")["time"][:10]
    assert plain(*WORD, "key", "rotate", "--new-passphrase", "password") == 0, plain.err
    shown = plain.json(*WORD, "key", "show", "--at", today)
    assert shown["epoch"] == 2
    assert [one["epoch"] for one in shown["earlier_that_day"]][-1] == 1
    assert plain(*WORD, "key", "show", "--at", "2001-01-31") == exit_codes.FAILED
    assert "did not exist at that time" in plain.err
    assert plain(*WORD, "key", "show", "--at", "yesterday") == exit_codes.USAGE


# ---- rotate, add, revoke ----


def test_rotating_takes_a_new_passphrase_or_keeps_the_old_one_by_name(plain: Command) -> None:
    Path("new").write_text("three bright owls")
    assert plain(*WORD, "key", "rotate") == exit_codes.WRONG_KEY  # nobody said which: no terminal
    document = plain.json(*WORD, "key", "rotate", "--new-passphrase", "new")
    assert document["published"] is True
    assert plain(*WORD, "snapshots") == exit_codes.WRONG_KEY
    assert plain("--password-file", "new", "snapshots") == 0
    assert plain("--password-file", "new", "key", "rotate", "--keep-passphrase") == 0
    assert "rotating takes nothing back" in plain.out
    assert plain("--password-file", "new", "restore", "latest:nightly", "back") == 0


def test_a_passphrase_of_an_uncertain_name_is_kept_for_nobody(command: Command) -> None:
    Path("office").write_text("four quiet herons")
    make(command, "office, OR passphrase", "--new-passphrase=office=office")
    # Given by file: it may be either's, and the other's holder must not be locked out unseen.
    for words in (WORD, ("--password-file", "office")):
        assert command(*words, "key", "rotate", "--keep-passphrase") == exit_codes.WRONG_KEY
    assert command(*WORD, "status") == 0, command.err
    assert command("--password-file", "office", "status") == 0, command.err


def test_a_rotation_to_another_expression_writes_it_into_the_file(plain: Command) -> None:
    with Path("vault.toml").open("a") as file:
        for holder in ("Lin", "Chen"):
            file.write(f'\n[[custodian]]\ngroup = "board"\nholder = "{holder}"\n')
    arguments = ("key", "rotate", "--open", "2 of board", "--shares", "shares")
    assert plain(*WORD, *arguments) == 0, plain.err
    assert config.load("vault.toml").custody.open == "2 of board"
    assert plain(*WORD, "snapshots") == exit_codes.WRONG_KEY
    assert plain(*shares("shares", 1, 2), "snapshots") == 0, plain.err


def test_another_way_to_open_is_added_without_touching_the_others(plain: Command) -> None:
    key = recipient(plain, "escrow.key")
    with Path("vault.toml").open("a") as file:
        file.write(f'\n[[recipient]]\nname = "escrow"\nkey = "{key}"\n')
    document = plain.json(*WORD, "key", "add", "escrow")
    assert document["open"] == "passphrase, OR escrow"
    assert config.load("vault.toml").custody.open == "passphrase, OR escrow"
    for unlock in (WORD, ("--recipient-key", "escrow.key")):
        assert plain(*unlock, "snapshots") == 0, plain.err
    assert plain(*WORD, "key", "add", "escrow") == exit_codes.FAILED
    assert "already" in plain.err


def test_a_custodian_is_revoked_and_a_successor_takes_the_place(command: Command) -> None:
    make(command, "2 of board", "--shares=old")
    document = command.json(
        *(*shares("old", 1, 2), "key", "revoke", "custodian", "Chen", "--shares", "new"),
        *("--successor", "Wang", "--deputy", "Li"),
    )
    assert [one["holder"] for one in document["shares"]] == ["Lin", "Huang", "Wang"]
    assert (document["joined"], document["left"]) == (["Wang (board)"], ["Chen (board)"])
    listed = config.load("vault.toml").custody.custodians["board"]
    assert [(one.holder, one.deputy) for one in listed] == [
        *(("Lin", "Wu"), ("Huang", ""), ("Wang", "Li"))
    ]
    assert command(*shares("old", 1, 2), "snapshots") == exit_codes.WRONG_KEY
    assert "is of epoch 1, the vault is in epoch 2" in command.err
    assert command(*shares("new", 2, 3), "snapshots") == 0
    few = (*shares("new", 2, 3), "key", "revoke", "custodian", "Huang", "--shares", "x")
    assert command(*few) == 0
    again = (*shares("x", 1, 2), "key", "revoke", "custodian", "Lin", "--shares", "y")
    assert command(*again) == exit_codes.USAGE  # one would be left, two are asked for
    assert "names 1 custodians of board" in command.err
    assert command("key", "revoke", "custodian", "Nobody") == exit_codes.FAILED
    assert "it has: Lin, Wang" in command.err


def test_a_file_that_is_older_than_the_vault_brings_nobody_back_without_a_word(
    command: Command,
) -> None:
    make(command, "2 of board", "--shares=old")
    older = Path("vault.toml").read_text()
    gone = ("key", "revoke", "custodian", "Chen", "--shares", "new")
    assert command(*shares("old", 1, 2), *gone) == 0, command.err
    Path("vault.toml").write_text(older)
    assert command(*shares("new", 1, 2), "key", "rotate", "--shares", "back") == 0
    assert "New among the custodians: Chen (board)" in command.out


def test_a_proposal_is_written_over_no_file(plain: Command) -> None:
    Path("p.fpr").write_text("another's")
    before = plain.json(*WORD, "key", "show")["policy_version"]
    rotate = ("key", "rotate", "--keep-passphrase", "--proposal", "p.fpr")
    assert plain(*WORD, *rotate) == exit_codes.USAGE
    assert Path("p.fpr").read_text() == "another's"
    assert plain.json(*WORD, "key", "show")["policy_version"] == before


def test_a_recipient_is_revoked(command: Command) -> None:
    key = recipient(command, "escrow.key")
    make(command, "escrow, OR passphrase", f"--recipient=escrow={key}")
    assert command(*WORD, "key", "revoke", "recipient", "escrow", "--keep-passphrase") == 0
    read = config.load("vault.toml").custody
    assert (read.open, dict(read.recipients)) == ("passphrase", {})
    assert command("--recipient-key", "escrow.key", "snapshots") == exit_codes.WRONG_KEY
    assert command(*WORD, "snapshots") == 0


def test_the_last_way_to_open_is_not_revoked(command: Command) -> None:
    key = recipient(command, "escrow.key")
    make(command, "escrow", f"--recipient=escrow={key}")
    unlock = ("--recipient-key", "escrow.key")
    assert command(*unlock, "key", "revoke", "recipient", "escrow") == exit_codes.USAGE
    assert "fenchi key add" in command.err
    assert command(*unlock, "snapshots") == 0


def test_rekey_tells_what_earlier_keys_still_read_and_that_rewriting_takes_prune(
    plain: Command, source: Path
) -> None:
    assert plain(*WORD, "rekey") == 0
    assert "earlier keys read nothing" in plain.out
    assert plain(*WORD, "key", "rotate", "--keep-passphrase") == 0
    (source / "2027.txt").write_text("closing balance 99\n")
    assert plain(*WORD, "backup", str(source)) == 0
    told = plain.json(*WORD, "rekey")
    assert [(one["epoch"], one["snapshots"]) for one in told["epochs"]] == [(1, 1), (2, 1)]
    assert all(one["packs"] > 0 and one["bytes"] > 0 for one in told["epochs"])
    assert plain(*WORD, "rekey") == 0
    assert "Nothing in this version takes that back" in plain.out
    answer = plain.json(*WORD, "rekey", "--rewrite", code=exit_codes.FAILED)
    assert answer["code"] == "unsupported" and "no prune" in answer["message"]


# ---- domain, writer ----


def test_a_key_domain_has_a_read_credential_of_its_own(plain: Command, source: Path) -> None:
    document = plain.json(*WORD, "domain", "add", "maps", "--read-credential", "maps.cred")
    assert document["read_credential"] == "maps.cred"
    assert plain(*WORD, "backup", str(source), "--key-domain", "maps", "--label", "map") == 0
    assert plain("--credential", "maps.cred", "restore", "latest:map", "back") == 0, plain.err
    assert plain("--credential", "maps.cred", "restore", "latest:nightly", "no") != 0
    assert plain(*WORD, "domain", "list") == 0
    assert "To move a module" in plain.out
    listed = plain.json(*WORD, "domain", "list")["key_domains"]
    assert listed == [{"label": "main", "snapshots": 1}, {"label": "maps", "snapshots": 1}]


def test_a_backup_host_gets_a_credential_that_only_writes(plain: Command, source: Path) -> None:
    document = plain.json(*WORD, "writer", "add", "host.cred", "--label", "ledger host")
    assert stat.S_IMODE(Path("host.cred").stat().st_mode) == 0o600
    assert plain("--credential", "host.cred", "backup", str(source), "--label", "blind") == 0
    assert plain("--credential", "host.cred", "cat", "latest:blind", "ledger/2026.txt") == 1
    assert "needs the read role" in plain.err
    writers = plain.json(*WORD, "writer", "list")["writers"]
    assert [(one["label"], one["reads"], one["revoked"]) for one in writers] == [
        *(("", True, False), ("ledger host", False, False))
    ]
    assert writers[1]["id"] == document["writer"]
    assert plain(*WORD, "writer", "revoke", "ledger host") == 0
    assert plain("--credential", "host.cred", "backup", str(source)) == exit_codes.FAILED
    assert "revoked" in plain.err
    assert plain(*WORD, "restore", "latest:blind", "back") == 0
    assert plain(*WORD, "key", "revoke", "writer", "ledger host") == exit_codes.FAILED
    assert "no active writer" in plain.err


def test_what_a_write_only_host_stored_is_vouched_for_once(plain: Command, source: Path) -> None:
    plain.json(*WORD, "writer", "add", "host.cred")
    (source / "new").write_bytes(bytes(range(256)) * 2000)
    assert plain("--credential", "host.cred", "backup", str(source)) == 0
    first = plain.json(*WORD, "attest")
    assert first["packs"] > 0 and first["chunks"] > 0 and first["refused"] == []
    second = plain.json(*WORD, "attest")
    assert (second["packs"], second["attested_before"]) == (0, first["packs"])
    stored = plain.json(*WORD, "backup", str(source), "--rescan")
    assert stored["bytes_new"] < 20_000  # the host's chunks count now; nodes of its own at most


@pytest.mark.parametrize("place", ["there", "shared", "provider"])
def test_no_credential_is_written_where_others_get_at_it(plain: Command, place: str) -> None:
    before = plain.json(*WORD, "key", "show")["policy_version"]
    targets = {
        "there": Path("there"),
        "shared": Path("shared/x"),
        "provider": Path("providers/a/host.cred"),
    }
    Path("there").touch()
    Path("shared").mkdir()
    Path("shared").chmod(0o777)
    answer = plain.json(*WORD, "writer", "add", str(targets[place]), code=exit_codes.FAILED)
    assert answer["hint"]
    assert Path("there").read_bytes() == b""
    assert not Path("shared/x").exists() and not Path("providers/a/host.cred").exists()
    assert plain.json(*WORD, "key", "show")["policy_version"] == before


@pytest.mark.parametrize("role", ["read", "verify", "admin"])
def test_each_role_has_a_credential(plain: Command, role: str) -> None:
    plain.json(*WORD, "key", "credential", role, "cred")
    commands = {
        "read": ["restore", "latest", "back"],
        "verify": ["verify"],
        "admin": ["domain", "list"],
    }
    assert plain("--credential", "cred", *commands[role]) == 0, plain.err
    assert plain("--credential", "cred", "key", "rotate", "--keep-passphrase") != 0


# ---- admin ----


@pytest.fixture
def admins(plain: Command) -> Callable[[int], tuple[str, str]]:
    """Three admins, two of whom must sign; each one's options."""
    keys = [str(plain.json("admin", "key", f"admin{n}")["public_key"]) for n in (1, 2, 3)]
    given = [f"--admin={key}" for key in keys]
    assert plain.json(*WORD, "admin", "propose", "--threshold=2", *given)["published"] is True
    return lambda n: ("--admin-key", f"admin{n}")


def test_two_of_three_admins_sign_a_change_by_files(
    plain: Command, admins: Callable[[int], tuple[str, str]], source: Path
) -> None:
    made = plain.json(
        *(*WORD, *admins(1), "writer", "add", "host.cred", "--label", "roof"),
        *("--proposal", "p.fpr"),
    )
    assert made["published"] is False and made["proposal"] == "p.fpr"
    assert plain("--credential", "host.cred", "backup", str(source)) != 0  # not yet
    assert plain(*WORD, "admin", "review", "p.fpr") == 0
    assert "new writer" in plain.out and "admin approve p.fpr" in plain.out
    assert plain(*WORD, *admins(1), "admin", "publish", "p.fpr") == exit_codes.FAILED
    Path("vault.toml").rename("hidden")  # approving takes no vault
    approved = plain.json(*admins(3), "admin", "approve", "p.fpr", "-o", "three.fap")
    assert approved["approval"] == "three.fap"
    Path("hidden").rename("vault.toml")
    assert plain(*WORD, *admins(1), "admin", "publish", "p.fpr", "three.fap") == 0, plain.err
    assert plain("--credential", "host.cred", "backup", str(source)) == 0, plain.err
    assert plain(*WORD, *admins(1), "admin", "publish", "p.fpr", "three.fap") == exit_codes.FAILED
    assert "make the proposal again" in plain.err


def test_a_rotation_that_waits_for_admins_leaves_vault_and_file_as_they_are(
    plain: Command, admins: Callable[[int], tuple[str, str]]
) -> None:
    before = Path("vault.toml").read_text()
    Path("new").write_text("three bright owls")
    rotated = plain.json(
        *(*WORD, *admins(2), "key", "rotate", "--new-passphrase", "new", "--proposal", "p.fpr")
    )
    assert rotated["published"] is False
    assert Path("vault.toml").read_text() == before
    assert plain(*WORD, "snapshots") == 0
    assert plain(*admins(3), "admin", "approve", "p.fpr") == 0
    (approval,) = Path().glob("*.fap")
    assert plain(*WORD, *admins(2), "admin", "publish", "p.fpr", str(approval)) == 0
    assert plain(*WORD, "snapshots") == exit_codes.WRONG_KEY
    assert plain("--password-file", "new", "snapshots") == 0


def test_a_proposal_names_what_it_changes_or_is_refused(plain: Command) -> None:
    assert plain(*WORD, "admin", "propose") == exit_codes.USAGE
    assert plain(*WORD, "admin", "propose", "--threshold", "2") == exit_codes.USAGE
    assert plain(*WORD, "admin", "propose", "--threshold=1", "--admin=3b") == exit_codes.USAGE
    document = plain.json(
        *(*WORD, "admin", "propose", "--add-domain", "maps"),
        *("--add-writer", "host.cred=roof host"),
    )
    assert document["published"] is True
    listed = plain.json(*WORD, "key", "show")
    assert listed["key_domains"] == ["main", "maps"]
    assert "roof host" in [one["label"] for one in listed["writers"]]
    assert plain(*WORD, "admin", "propose", "--revoke-writer", "roof host") == 0


def test_no_secret_stands_in_what_a_command_prints(command: Command) -> None:
    key = recipient(command, "escrow.key")
    make(command, "2 of board AND passphrase, OR escrow", f"--recipient=escrow={key}",
         "--shares=shares")  # fmt: skip
    unlock = ("--recipient-key", "escrow.key")
    printed = ""
    runs = [
        ("key", "show"),
        ("key", "rotate", "--shares", "next", "--new-passphrase", "password"),
        ("writer", "add", "host.cred"),
        ("key", "credential", "read", "read.cred"),
    ]
    for run in runs:
        for form in ((), ("--json",)):
            command(*form, *unlock, *run)
            printed += command.out + command.err
    assert json.loads(printed.splitlines()[-1])
    secrets = [Path("escrow.key").read_text().strip(), PASSWORD]
    for path in (*Path("next").iterdir(), Path("host.cred"), Path("read.cred")):
        content = path.read_bytes()
        secrets += [content.hex(), content[40:60].hex()]
    assert [one for one in secrets if one in printed] == []


# ---- At a terminal ----


def test_a_new_passphrase_is_typed_twice_and_never_shown(plain: Command) -> None:
    new = "three bright owls"
    rotate = ("key", "rotate")
    answers = [("Passphrase:", PASSWORD), ("Passphrase:", new), ("again:", new)]
    code, screen = terminal.typed(rotate, answers)
    assert code == 0, screen
    assert new not in screen and PASSWORD not in screen
    Path("new").write_text(new)
    assert plain("--password-file", "new", "snapshots") == 0, plain.err
    different = [("Passphrase:", new), ("Passphrase:", "a"), ("again:", "b")]
    code, screen = terminal.typed(rotate, different)
    assert code == exit_codes.USAGE and "differ" in screen
    assert plain("--password-file", "new", "snapshots") == 0


def test_only_the_passphrases_that_are_of_use_are_asked_for(command: Command) -> None:
    make(command, "2 of board AND passphrase, OR rescue", "--shares=shares",
         "--new-passphrase", "rescue=password")  # fmt: skip
    code, screen = terminal.typed((*shares("shares", 1, 2), "snapshots"),
                                  [("Passphrase:", PASSWORD)])  # fmt: skip
    assert code == 0 and "rescue" not in screen
    code, screen = terminal.typed(("snapshots",), [("Passphrase 'rescue':", PASSWORD)])
    assert code == 0, screen
