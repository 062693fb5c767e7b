"""A host's credential whose proposal waits for admins: said in words, in JSON, in the file, and by
every command that is given it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fenchi
import pytest
import test_key_commands
from fenchi.cli import exit_codes
from test_cli import Command
from test_key_commands import WORD

pytestmark = pytest.mark.custody

command = test_key_commands.command
plain = test_key_commands.plain
admins = test_key_commands.admins
Admins = Callable[[int], tuple[str, str]]

GIVEN_IT = [
    ["backup", "srv"],
    ["status"],
    ["snapshots"],
    ["verify", "--depth", "exists"],
    ["key", "show"],
    ["restore", "latest", "back"],
]


@pytest.fixture
def proposal(plain: Command, admins: Admins) -> str:
    Path("srv").mkdir()
    Path("srv/book").write_text("ledger")
    return "p.fpr"


@pytest.mark.parametrize("reads", [False, True])
def test_writer_add_says_from_when_it_is_valid_and_commands_say_not_yet(
    plain: Command, admins: Admins, proposal: str, reads: bool
) -> None:
    rights = ["--reads"] if reads else []
    arguments = ("writer", "add", "host.cred", *rights, "--proposal", proposal)
    made = plain.json(*WORD, *admins(1), *arguments)
    assert made["published"] is made["credential_valid"] is False
    assert made["approvals_needed"] == 2
    version = made["valid_from_policy"]
    assert version == made["policy"]
    for typed in GIVEN_IT:
        answer = plain.json("--credential", "host.cred", *typed, code=exit_codes.FAILED)
        assert answer["code"] == "denied", typed
        assert "not approved yet: it needs 1 more approval" in answer["message"], typed
        assert f"policy {version}" in answer["message"]
        assert "admin publish" in answer["hint"]
    assert not Path("back").exists()
    assert plain(*admins(3), "admin", "approve", proposal, "-o", "three.fap") == 0
    assert plain(*WORD, *admins(1), "admin", "publish", proposal, "three.fap") == 0, plain.err
    assert plain("--credential", "host.cred", "backup", "srv", "--label", "x") == 0, plain.err
    restored = plain("--credential", "host.cred", "restore", "latest:x", "back")
    assert restored == (0 if reads else exit_codes.FAILED)


def test_people_are_told_in_both_languages(plain: Command, admins: Admins, proposal: str) -> None:
    add = ("writer", "add", "one.cred", "--proposal", proposal)
    assert plain(*WORD, *admins(1), *add) == 0
    assert "NOT VALID YET" in plain.out + plain.err
    assert "2 of the vault's 3 admins" in plain.out + plain.err
    add = ("writer", "add", "two.cred", "--reads", "--proposal", "q.fpr")
    assert plain("--lang", "zh-TW", *WORD, *admins(1), *add) == 0
    assert "尚未生效" in plain.out + plain.err
    assert "讀取金鑰" in plain.out + plain.err


def test_admin_propose_says_it_of_each_credential(plain: Command, admins: Admins) -> None:
    hosts = ("--add-writer", "a.cred=roof", "--add-writer", "b.cred=cellar")
    made = plain.json(*WORD, *admins(2), "admin", "propose", *hosts, "--add-domain", "maps")
    assert made["credentials"] == ["a.cred", "b.cred"]
    assert made["credential_valid"] is False
    # Of a key domain that is in no policy either: told of the approval all the same.
    for name in ("a.cred", "b.cred"):
        answer = plain.json("--credential", name, "status", code=exit_codes.FAILED)
        assert "not approved yet" in answer["message"]


def test_a_proposal_that_cannot_be_written_leaves_no_credential(
    plain: Command, admins: Admins
) -> None:
    nowhere = ("writer", "add", "host.cred", "--proposal", "nowhere/p.fpr")
    assert plain(*WORD, *admins(1), *nowhere) == exit_codes.FAILED
    assert not Path("host.cred").exists()


def test_of_one_admin_the_credential_is_valid_at_once(plain: Command) -> None:
    made = plain.json(*WORD, "writer", "add", "host.cred")
    assert made["published"] is made["credential_valid"] is True
    assert "approvals_needed" not in made


def test_in_python_an_opening_with_it_is_denied(
    plain: Command, admins: Admins, proposal: str
) -> None:
    arguments = ("writer", "add", "host.cred", "--proposal", proposal)
    plain.json(*WORD, *admins(1), *arguments)
    with pytest.raises(fenchi.Denied, match="needs 1 more approval"):
        fenchi.open("vault.toml", credential=Path("host.cred").read_bytes())
