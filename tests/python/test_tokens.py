"""Vaults that a token opens: SoftHSM as the token, fenchi as people run it.

Each command is a process of its own, as a token's login is the process's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fenchi
import pytest
import soft_hsm
import terminal
from fenchi import _custody_config, _toml_text, custody
from fenchi.cli import asking, exit_codes
from fenchi.cli.unlocking import Factors
from soft_hsm import PIN, WRONG_PIN, SoftHsm, with_key, with_pin
from test_cli import PASSWORD
from vault_tools import run_reader

pytestmark = pytest.mark.custody

FENCHI = str(Path(sys.executable).with_name("fenchi"))
WORD = ("--password-file", "password")


class Desk:
    """A person with a SoftHSM, in an empty directory. All that was printed is kept."""

    def __init__(self, work: Path, hsm: SoftHsm) -> None:
        self.work, self.hsm = work, hsm
        self.printed = self.out = self.err = ""
        for name, content in (("password", PASSWORD), ("pin", PIN), ("wrong", WRONG_PIN)):
            self.secret(name, content)

    def secret(self, name: str, content: str) -> None:
        (self.work / name).write_text(content + "\n")
        (self.work / name).chmod(0o600)

    def __call__(self, *arguments: str) -> int:
        done = subprocess.run([FENCHI, *arguments], capture_output=True, text=True, check=False)
        self.out, self.err = done.stdout, done.stderr
        self.printed += done.stdout + done.stderr
        return done.returncode

    def json(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        assert self("--json", *arguments) == code, self.out + self.err
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document

    def make_key(self, label: str = "hsm", on: str = "vault") -> tuple[str, str]:
        """A new token with a key on it: its URI with the PIN's file, and its public key."""
        uri = with_pin(self.hsm.token(on), self.work / "pin")
        made = self.json("key", "token", uri, "--make", label)
        return with_key(uri, label), str(made["public_key"])

    def init(self, open: str, key: str, *options: str) -> None:
        places = [f"--provider={name}={self.work / 'providers' / name}" for name in "abc"]
        given = [*places, "--liars=0", "--open", open, f"--recipient=hsm={key}", *options]
        assert self(*WORD, "init", *given) == 0, self.err


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "providers").mkdir()
    made = Desk(tmp_path, soft_hsm.start(tmp_path / "hsm", monkeypatch))
    yield made
    for pin in (PIN, WRONG_PIN):
        assert pin not in made.printed
        assert pin.encode().hex() not in made.printed
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name not in ("pin", "wrong"):
            assert PIN.encode() not in path.read_bytes(), path


def test_a_vault_is_made_backed_up_and_restored_with_a_key_in_a_token_alone(
    desk: Desk, source: Path
) -> None:
    uri, key = desk.make_key()
    desk.init("hsm", key)
    assert desk("--token", uri, "backup", str(source), "--label", "nightly") == 0, desk.err
    assert desk("--token", uri, "verify", "--depth", "data") == 0, desk.err
    assert desk("--token", uri, "restore", "latest", "back") == 0, desk.err
    assert (Path("back") / source.name / "2026.txt").read_bytes() == (
        source / "2026.txt"
    ).read_bytes()
    # Nothing else opens it, and what is lacking is named as what it is.
    assert desk(*WORD, "snapshots") == exit_codes.WRONG_KEY
    assert "needs the token of 'hsm'" in desk.err
    plan = tomllib.loads(Path("vault.toml").read_text())
    assert plan["recipient"] == [{"name": "hsm", "key": key}]


def test_what_is_on_a_token_is_shown_as_lines_for_vault_toml(desk: Desk) -> None:
    uri, key = desk.make_key("hsm")
    assert key.startswith("p256:04") and len(key) == 5 + 130
    assert desk("key", "token", uri, "--name", "safe") == 0, desk.err
    assert f'[[recipient]]\nname = "safe"\nkey = "{key}"' in desk.out
    assert "the token 'vault', key 'hsm'" in desk.out
    assert desk("--lang", "zh-TW", "key", "token", uri) == 0
    assert "硬體金鑰裝置" in desk.out
    shown = desk.json("key", "token", uri)
    assert (shown["public_key"], shown["made"]) == (key, False)
    assert desk("key", "token", uri, "--name", "2 words") == exit_codes.USAGE
    # One of each name.
    again = with_pin(f"pkcs11:token=vault?module-path={desk.hsm.module}", desk.work / "pin")
    assert desk("key", "token", again, "--make", "hsm") == exit_codes.FAILED
    assert "has a key 'hsm' already" in desk.err


def test_a_token_and_a_passphrase_open_together_and_custodians_without_them(
    desk: Desk, source: Path
) -> None:
    uri, key = desk.make_key()
    people = [f"--custodian=board={one}" for one in ("Lin/Wu", "Chen", "Huang")]
    desk.init("hsm AND passphrase, OR 2 of board", key, *people, "--shares", "shares")
    assert desk("--token", uri, *WORD, "backup", str(source)) == 0, desk.err
    assert desk("--token", uri, *WORD, "restore", "latest", "back") == 0, desk.err
    assert desk(*WORD, "snapshots") == exit_codes.WRONG_KEY
    assert "needs the token of 'hsm'" in desk.err
    papers = sorted(Path("shares").glob("share-board-*"))
    board = [word for path in papers[:2] for word in ("--share", str(path))]
    assert desk(*board, "restore", "latest", "again") == 0, desk.err

    said = desk.json("--token", uri, *WORD, "key", "show")
    assert said["slots"][0]["in_words"].startswith("whoever can use the token of 'hsm' together")
    assert [one["name"] for one in said["tokens"]] == ["hsm"]
    assert desk("--token", uri, *WORD, "key", "show") == 0
    assert f"The token of 'hsm' has the key {key}." in desk.out
    assert desk("--lang", "zh-TW", "--token", uri, *WORD, "key", "show") == 0
    assert "能使用「hsm」之硬體金鑰裝置的人" in desk.out


def test_a_wrong_pin_is_tried_once_and_says_what_the_token_says(desk: Desk) -> None:
    uri, key = desk.make_key()
    desk.init("hsm", key)
    wrong = uri.replace(str(desk.work / "pin"), str(desk.work / "wrong"))
    assert desk("--token", wrong, "snapshots") == exit_codes.WRONG_KEY
    assert "wrong PIN for the token 'vault'; it was tried once" in desk.err
    refused = desk.json("--token", wrong, "snapshots", code=exit_codes.WRONG_KEY)
    assert refused["code"] == "wrong_key" and refused["hint"]
    desk.secret("empty", "")
    nothing = uri.replace(str(desk.work / "pin"), str(desk.work / "empty"))
    assert desk("--token", nothing, "snapshots") == exit_codes.USAGE
    assert desk("--token", uri, "snapshots") == 0, desk.err


def test_a_token_that_is_gone_is_named_and_opens_again_once_it_is_back(desk: Desk) -> None:
    uri, key = desk.make_key()
    desk.init("hsm", key)
    desk.hsm.take_away()
    assert desk("--token", uri, "snapshots") == exit_codes.FAILED
    assert "has no token with label 'vault'; there: none" in desk.err
    desk.hsm.put_back()
    assert desk("--token", uri, "snapshots") == 0, desk.err
    away = uri.replace(desk.hsm.module, "/nowhere/libtoken.so")
    assert desk("--token", away, "snapshots") == exit_codes.FAILED
    assert "'/nowhere/libtoken.so' cannot be loaded" in desk.err
    assert desk("--token", uri.replace("object=hsm", "object=other"), "snapshots") != 0
    assert "no elliptic-curve key that fits the URI; there: 'hsm'" in desk.err


def test_another_token_opens_nothing_and_the_vault_can_be_rotated_away_from_it(
    desk: Desk, source: Path
) -> None:
    uri, key = desk.make_key()
    other, other_key = desk.make_key("spare", on="other")
    desk.init("hsm", key)
    assert desk("--token", uri, "backup", str(source), "--label", "before") == 0, desk.err
    assert desk("--token", other, "snapshots") == exit_codes.WRONG_KEY
    assert "the token that was brought holds another key" in desk.err
    # Either of two tokens, then the first one is given up.
    with Path("vault.toml").open("a") as file:
        file.write(f'\n[[recipient]]\nname = "spare"\nkey = "{other_key}"\n')
    assert desk("--token", uri, "key", "add", "spare") == 0, desk.err
    assert desk("--token", other, "snapshots") == 0, desk.err
    assert desk("--token", other, "key", "revoke", "recipient", "hsm") == 0, desk.err
    assert tomllib.loads(Path("vault.toml").read_text())["vault"]["open"] == "spare"
    assert desk("--token", uri, "snapshots") == exit_codes.WRONG_KEY
    assert desk("--token", other, "restore", "latest:before", "back") == 0, desk.err
    # And to something that is no token.
    assert (
        desk("--token", other, "key", "rotate", "--open", "passphrase")
        == exit_codes.USAGE  # vault.toml still names the token
    )
    assert desk("--token", uri, "--token", other, "snapshots") == 0, desk.err


def test_a_clean_machine_recovers_with_the_card_and_the_token(desk: Desk, source: Path) -> None:
    uri, key = desk.make_key()
    desk.init("hsm, OR passphrase", key)
    assert desk("--token", uri, "backup", str(source)) == 0, desk.err
    assert desk("--token", uri, "card", "--to", ".", "--format", "txt") == 0, desk.err
    before = tomllib.loads(Path("vault.toml").read_text())
    Path("vault.toml").unlink()
    cards = [str(path) for path in Path().glob("*card*.txt")]
    assert desk("--token", uri, "recover", *cards, "--restore", "back") == 0, desk.err
    assert (Path("back") / source.name / "2026.txt").is_file()
    after = tomllib.loads(Path("vault.toml").read_text())
    assert after["recipient"] == before["recipient"]
    assert after["vault"]["open"] == before["vault"]["open"]
    assert desk("--token", uri, "snapshots") == 0, desk.err


def test_no_pin_stands_in_a_uri(desk: Desk) -> None:
    uri, key = desk.make_key()
    desk.init("hsm", key)
    for place in (f"&pin-value={PIN}", f"&pin-value={PIN}%"):
        assert desk("--token", uri.partition("&")[0] + place, "snapshots") == exit_codes.USAGE
        assert desk("key", "token", uri.partition("&")[0] + place) == exit_codes.USAGE
    assert "pin-value" in desk.err or "pin-source" in desk.err


def test_a_pin_is_asked_for_by_the_tokens_name_and_not_shown(desk: Desk) -> None:
    uri, key = desk.make_key()
    desk.init("hsm", key)
    asked = uri.partition("&")[0]
    code, screen = terminal.typed(
        ["--token", asked, "snapshots"], [("PIN of the token 'vault': ", PIN)]
    )
    assert code == 0, screen
    assert PIN not in screen
    code, screen = terminal.typed(
        ["--token", asked, "snapshots"], [("PIN of the token 'vault': ", WRONG_PIN)]
    )
    assert code == exit_codes.WRONG_KEY
    assert WRONG_PIN not in screen
    assert screen.count("PIN of the token") == 1
    # Without a terminal nobody is asked.
    assert desk("--token", asked, "snapshots") == exit_codes.WRONG_KEY
    assert "there is no terminal to ask for it" in desk.err


def test_a_pins_file_that_others_can_read_is_warned_about(desk: Desk) -> None:
    uri, _ = desk.make_key()
    (desk.work / "pin").chmod(0o644)
    assert desk("key", "token", uri) == 0
    assert "other users of this host can read" in desk.err


def test_the_small_reader_opens_such_a_vault_by_its_other_slot(desk: Desk, source: Path) -> None:
    uri, key = desk.make_key()
    desk.init("hsm, OR passphrase", key)
    assert desk("--token", uri, "backup", str(source)) == 0, desk.err
    places = [desk.work / "providers" / name for name in "abc"]
    done = run_reader(places, desk.work / "out", desk.work / "password")
    assert done.returncode == 0, done.stderr


# ---- vault.toml ----

_KEY = "p256:04" + "0a" * 64


def test_a_recipients_key_in_vault_toml_says_by_its_form_what_holds_it() -> None:
    table = _custody_config.table_of("hsm, OR escrow", [], [("hsm", _KEY), ("escrow", "0b" * 32)])
    assert len(table.recipients["hsm"]) == 65
    assert [_custody_config.is_token_key(key) for key in table.recipients.values()] == [True, False]
    lines = _toml_text.custody_lines(table)
    assert f'key = "{_KEY}"' in lines and 'key = "' + "0b" * 32 + '"' in lines
    assert _custody_config.read_key("x", _KEY.upper()) == table.recipients["hsm"]
    for bad in (_KEY[:-2], _KEY + "00", _KEY.replace("p256:04", "p256:02"), _KEY[5:], "p256:"):
        with pytest.raises(fenchi.InvalidArgument, match="p256:04"):
            _custody_config.read_key("recipient hsm", bad)


def test_a_passphrase_is_asked_for_where_a_token_needs_one_besides() -> None:
    table = _custody_config.table_of(
        "hsm AND passphrase, OR escrow", [], [("hsm", _KEY), ("escrow", "0b" * 32)]
    )
    ask = asking.passphrases_to_ask
    assert ask(table, Factors(tokens=("pkcs11:",))) == ["passphrase"]
    assert ask(table, Factors(recipient_keys=("escrow.key",))) == []
    alone = _custody_config.table_of("hsm", [], [("hsm", _KEY)])
    assert ask(alone, Factors(tokens=("pkcs11:",))) == []


# ---- Python ----


class Mirror:
    """A token written in Python, in front of another: what a key management service would be."""

    def __init__(self, behind: custody.KeyToken) -> None:
        self.behind, self.asked, self.gone = behind, 0, False
        self.name, self.public_key = "mirror", behind.public_key

    def agree(self, peer: bytes) -> bytes | fenchi.SecretBytes:
        self.asked += 1
        if self.gone:
            raise fenchi.Unavailable("the service does not answer", "try later")
        return self.behind.agree(peer)


def test_python_opens_a_vault_with_a_token_and_with_one_of_its_own(
    desk: Desk, tmp_path: Path
) -> None:
    uri, _ = desk.make_key()
    with pytest.raises(fenchi.WrongKey, match="tried once"):
        custody.open_token(uri, pin=WRONG_PIN)
    info = custody.find_token(uri)
    assert (info.label, info.takes_pin, info.locked) == ("vault", True, False)
    token = custody.open_token(uri, pin=PIN)
    custody.check_token(token)
    places = {name: (tmp_path / "providers" / name).as_uri() for name in "abc"}
    plan = custody.CustodyPlan(open="hsm", recipients={"hsm": token.public_key})
    made = {"policy": fenchi.VaultPolicy(liars=0), "state_directory": tmp_path / "state"}
    with fenchi.create(places, custody_plan=plan, **made) as vault:
        report = vault.custody()
        assert [(one.name, one.public_key) for one in report.tokens] == [("hsm", token.public_key)]
    mirror = Mirror(token)
    for one in (token, mirror):
        unlock = custody.Unlock(tokens=[one])
        with fenchi.open(places, unlock=unlock, state_directory=tmp_path / "state") as vault:
            assert vault.custody().open == "hsm"
    assert mirror.asked == 1
    mirror.gone = True
    with pytest.raises(fenchi.Unavailable, match="the service does not answer"):
        fenchi.open(
            places, unlock=custody.Unlock(tokens=[mirror]), state_directory=tmp_path / "state"
        )
    assert PIN not in repr(token) + repr(custody.Unlock(tokens=[token])) + repr(info)
    with pytest.raises(TypeError):
        import pickle

        pickle.dumps(token)
    assert os.environ["SOFTHSM2_CONF"].startswith(str(tmp_path))
