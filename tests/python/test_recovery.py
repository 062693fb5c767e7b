"""The whole paper path, as people go it: a ceremony, printed pages, a clean machine, a restore."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import fenchi
import pytest
import vault_tools
from custodians import BOARD, Board, Script, handover, misread, plan_for
from fenchi.ceremony import card_file, conversation, share_file
from fenchi.ceremony.card import Card
from fenchi.ceremony.handing import Handing
from fenchi.cli import exit_codes
from fenchi.cli.run import run

PASSWORD = "two dull foxes"
WRONG = 12


class Office:
    """A host with a vault over three providers, and people who come and go."""

    def __init__(
        self, work: Path, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
    ) -> None:
        self.work = work
        self._patch = monkeypatch
        self._capture = capture
        self.out = ""

    def __call__(self, *arguments: str, talk: Script | None = None) -> int:
        people = talk or Script()
        self._patch.setattr(conversation, "Terminal", lambda: people)
        self._capture.readouterr()
        code = run(list(arguments))
        out, err = self._capture.readouterr()
        self.out = out + err
        return code

    def json(self, *arguments: str, talk: Script | None = None) -> tuple[int, dict[str, Any]]:
        code = self("--json", *arguments, talk=talk)
        return code, json.loads(self.out.splitlines()[-1])

    def provider(self, name: str) -> Path:
        return self.work / "providers" / name

    def on_a_clean_machine(self) -> Path:
        """Nothing of the old host: no vault.toml, no state, no passphrase."""
        clean = self.work / f"clean-{len(list(self.work.glob('clean-*')))}"
        clean.mkdir()
        self._patch.chdir(clean)
        self._patch.setenv("FENCHI_CACHE_DIR", str(clean / "state"))
        self._patch.delenv("FENCHI_PASSWORD_FILE", raising=False)
        return clean

    def ceremony(
        self,
        folder: str,
        *options: str,
        people: int = 5,
        talk: Script | None = None,
        formats: tuple[str, ...] = ("txt",),
    ) -> int:
        """3 of board among five custodians."""
        named = [f"--custodian=board={one.holder}/{one.deputy}" for one in BOARD[:people]]
        kinds = [f"--format={kind}" for kind in formats]
        where = [f"--to={self.work / folder}", f"--card={self.work / folder / 'card'}"]
        arguments = ["key", "split", "--open", "3 of board", *named, *where, *kinds, *options]
        return self(*arguments, talk=talk or Board())

    def shares(self, folder: str, kind: str = "txt") -> list[Path]:
        """By index."""
        found = (self.work / folder).glob(f"key-share-*/*.{kind}")
        return sorted(found, key=lambda path: path.stem.rpartition("-")[2])

    def card(self, folder: str, kind: str = "txt") -> Path:
        return max((self.work / folder / "card").glob(f"*.{kind}"))


@pytest.fixture
def office(
    tmp_path: Path,
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Office:
    """A vault that a passphrase opens, with one backup."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "passphrase").write_text(PASSWORD + "\n")
    monkeypatch.setenv("FENCHI_PASSWORD_FILE", str(tmp_path / "passphrase"))
    office = Office(tmp_path, monkeypatch, capfd)
    (tmp_path / "providers").mkdir()
    places = [f"--provider={name}={office.provider(name)}" for name in ("a", "b", "c")]
    assert office("init", "--name", "land-register", "--liars", "0", *places) == 0, office.out
    assert office("backup", str(source), "--label", "nightly") == 0, office.out
    return office


def photograph(page: Path, folder: Path) -> Path:
    """A printed page as a picture, a little askew."""
    pdfium = pytest.importorskip("pypdfium2")
    picture = folder / f"{page.stem}.png"
    image = pdfium.PdfDocument(page)[0].render(scale=200 / 72).to_pil()
    image.convert("L").rotate(1.5, fillcolor=255).save(picture)
    return picture


def typist(page: Path) -> Script:
    """Types lines B of a share file, with a wrong word in B2 first."""
    lines = [line for line in page.read_text().splitlines() if re.match(r"B\d+ ", line)]
    return Script([lines[0], misread(lines[1], 3), *lines[1:]])


def test_three_of_five_recover_from_paper_alone(
    office: Office, source: Path, tmp_path: Path
) -> None:
    board = Board()
    code = office.ceremony("out", "--rotate", talk=board, formats=("txt", "pdf"))
    assert code == 0, office.out
    assert office("snapshots") == WRONG  # the passphrase opens nothing any more
    pages, texts = office.shares("out", "pdf"), office.shares("out")
    assert len(pages) == len(texts) == 5
    card = office.card("out", "pdf")
    clean = office.on_a_clean_machine()
    pictures = [photograph(pages[i], clean) for i in (1, 3)]
    paper = photograph(card, clean)
    typed = typist(texts[4])
    shutil.rmtree(office.provider("b"))  # and one provider is gone
    for path in (*pages, *texts[:4], card):
        path.unlink()
    arguments = ["recover", str(paper), *map(str, pictures), "--typed", "--restore", "back"]
    assert office(*arguments, talk=typed) == 0, office.out
    assert any(said.startswith("line B2, group 3") for said in typed.said)
    assert "3 of 3 shares are good." in office.out
    assert "not older than the card" in office.out
    assert vault_tools.scan(clean / "back" / source.name) == vault_tools.scan(source)
    config = (clean / "vault.toml").read_text()
    assert str(office.provider("a")) in config
    assert not (clean / "vault.toml").stat().st_mode & 0o111


def test_the_card_may_be_typed_where_providers_are_named(office: Office, source: Path) -> None:
    assert office.ceremony("out") == 0, office.out
    core = [line for line in office.card("out").read_text().splitlines() if line[:1] == "C"][:6]
    shares = [str(path) for path in office.shares("out")[:3]]
    clean = office.on_a_clean_machine()
    places = [f"--provider={name}={office.provider(name)}" for name in ("a", "b", "c")]
    talk = Script([*core[:2], misread(core[2], 1), *core[2:]])
    assert office("recover", *shares, "--restore", "back", *places, talk=talk) == 0, office.out
    assert any(said.startswith("line C3, group 1") for said in talk.said)
    assert vault_tools.scan(clean / "back" / source.name) == vault_tools.scan(source)


def test_too_few_shares_open_nothing_and_say_how_many_lack(office: Office) -> None:
    assert office.ceremony("out", "--rotate") == 0, office.out
    card, shares = str(office.card("out")), [str(path) for path in office.shares("out")]
    office.on_a_clean_machine()
    code, document = office.json("recover", card, *shares[:2], "--restore", "back")
    assert code == WRONG
    assert document["message"] == "need 1 more of 3 key shares"
    assert not Path("back").exists()
    assert not Path("vault.toml").exists()


def test_bad_shares_are_named_and_the_good_ones_open(office: Office, tmp_path: Path) -> None:
    assert office.ceremony("first", "--rotate") == 0, office.out
    old = office.shares("first")
    second = fenchi.custody.Unlock(shares=_read(old[:3]))
    _rotate_again(office, second)
    now, card = office.shares("second"), office.card("second")
    torn = tmp_path / "torn.txt"
    torn.write_text(now[3].read_text()[:800])
    office.on_a_clean_machine()
    named = [old[0], torn, now[0], now[0], now[1], now[2]]
    code, document = office.json("recover", str(card), *map(str, named))
    assert code == 0, office.out
    assert [fault["kind"] for fault in document["faults"]] == ["old", "damaged", "duplicate"]
    assert len(document["good"]) == 3


def _read(paths: list[Path]) -> dict[str, fenchi.SecretBytes]:
    return {path.name: share_file.parse(path.read_text()).page.share(None) for path in paths}


def _rotate_again(office: Office, unlock: fenchi.custody.Unlock) -> None:
    """A second ceremony, whose vault the shares of the first one open."""
    hand_out = Handing(Board(), handover(office.work / "second"))
    with fenchi.open("vault.toml", unlock=unlock) as vault:
        assert vault.rotate(plan_for(hand_out)).published
        made = Card.of(vault, fenchi.config.load("vault.toml"), made=date(2026, 11, 28))
    folder = office.work / "second" / "card"
    folder.mkdir()
    (folder / "card.txt").write_text(card_file.render(made))


def test_a_custodian_checks_a_share_alone(office: Office) -> None:
    assert office.ceremony("first", "--rotate") == 0, office.out
    old = office.shares("first")
    code, document = office.json("key", "check", str(old[1]))
    assert (code, document["standing"]) == (0, "current"), office.out
    secret = old[1].read_text().splitlines()
    assert not any(line in office.out for line in secret if line.startswith("B"))
    _rotate_again(office, fenchi.custody.Unlock(shares=_read(old[:3])))
    code, document = office.json("key", "check", str(old[1]))
    assert (code, document["standing"]) == (WRONG, "old"), office.out
    card = str(office.card("second"))
    office.on_a_clean_machine()  # with the card alone
    assert office("key", "check", str(old[1])) == 0
    assert "Not compared with the vault" in office.out
    assert office("key", "check", str(old[1]), "--card", card) == WRONG
    assert "OLD: the share is of epoch" in office.out
    assert office("key", "check", str(office.shares("second")[0]), "--card", card) == 0
    assert "CURRENT" in office.out


def test_combine_says_what_each_share_is_worth_and_restores(office: Office, source: Path) -> None:
    assert office.ceremony("out") == 0, office.out
    shares = office.shares("out")
    torn = office.work / "torn.txt"
    torn.write_text(shares[1].read_text().replace("B4 ", "B5 "))
    assert office("key", "combine", str(shares[0]), str(torn)) == WRONG
    assert "torn.txt: DAMAGED" in office.out
    assert "need 2 more of 3 key shares" in office.out
    arguments = ["key", "combine", *map(str, shares[2:]), "--restore", "back"]
    assert office(*arguments) == 0, office.out
    assert "These shares open vault land-register." in office.out
    assert vault_tools.scan(office.work / "back" / source.name) == vault_tools.scan(source)


@pytest.mark.parametrize("at", ["B", "passphrase"])
def test_an_aborted_ceremony_changes_nothing(office: Office, at: str) -> None:
    before = {p: p.read_bytes() for p in office.provider("a").rglob("*") if p.is_file()}

    class Leaving(Board):
        def _reply(self, question: str, screen: str) -> str:
            if "Share 4 of" in screen and (f"Line {at}" in question or at in question):
                raise fenchi.Cancelled("the fourth custodian has left")
            return super()._reply(question, screen)

    talk = Leaving()
    assert office.ceremony("out", "--rotate", talk=talk) == exit_codes.INTERRUPTED, office.out
    assert office.shares("out") == []
    assert any("The ceremony is void" in said for said in talk.said)
    after = {p: p.read_bytes() for p in office.provider("a").rglob("*") if p.is_file()}
    assert {p: after[p] for p in before} == before
    assert office("snapshots") == 0  # the passphrase opens it as before
    assert office.ceremony("again", "--rotate") == 0, office.out  # and a new ceremony works


def test_shares_are_kept_when_it_is_not_certain_that_the_vault_took_them(office: Office) -> None:
    class Storm(Board):
        def _reply(self, question: str, screen: str) -> str:
            if "Share 5 of" in screen and "Line B" in question:
                for name in ("a", "b"):  # two of three providers go away just now
                    office.provider(name).rename(office.work / f"gone-{name}")
                    office.provider(name).touch()
            return super()._reply(question, screen)

    assert office.ceremony("out", "--rotate", talk=Storm()) not in (0, exit_codes.INTERRUPTED)
    assert "keep ALL shares, old and new" in office.out
    assert len(office.shares("out")) == 5


def roll_back(office: Office, change: Callable[[], None]) -> None:
    """The providers serve again what they served before `change`."""
    kept = office.work / "kept"
    shutil.copytree(office.work / "providers", kept)
    change()
    shutil.rmtree(office.work / "providers")
    kept.rename(office.work / "providers")


def test_recover_refuses_an_older_policy_than_the_cards(office: Office) -> None:
    assert office.ceremony("first") == 0, office.out
    shares = [str(path) for path in office.shares("first")[:3]]

    def change() -> None:
        assert office.ceremony("out", "--rotate") == 0, office.out

    roll_back(office, change)
    older, newer = str(office.card("first")), str(office.card("out"))
    office.on_a_clean_machine()
    assert office("recover", older, *shares) == 0, office.out  # by the old card nothing is odd
    office.on_a_clean_machine()
    now = [str(path) for path in office.shares("out")[:3]]
    code, document = office.json("recover", newer, *now, "--accept-older")
    assert code == 1
    assert document["code"] == "damaged"
    assert "policy" in document["message"]


def test_recover_says_when_logs_end_before_the_card(office: Office, source: Path) -> None:
    assert office.ceremony("out") == 0, office.out
    shares = [str(path) for path in office.shares("out")[:3]]

    def change() -> None:
        assert office("backup", str(source), "--label", "later") == 0, office.out
        assert office("card", "--to", str(office.work / "later"), "--format", "txt") == 0

    roll_back(office, change)
    (card,) = (office.work / "later").glob("*.txt")
    office.on_a_clean_machine()
    assert office("recover", str(card), *shares) == 1
    assert "OLDER THAN THE CARD" in office.out
    assert "--accept-older" in office.out
    assert office("recover", str(card), *shares, "--accept-older", "--restore", "back") == 0


def test_a_card_of_another_vault_does_not_touch_a_configuration(office: Office) -> None:
    assert office.ceremony("out") == 0, office.out
    card = office.card("out").resolve()
    office.on_a_clean_machine()
    places = [f"--provider={name}={office.work / 'other' / name}" for name in ("a", "b", "c")]
    (office.work / "other").mkdir()
    os.environ["FENCHI_PASSWORD_FILE"] = str(office.work / "passphrase")
    assert office("init", "--liars", "0", *places) == 0, office.out
    before = Path("vault.toml").read_bytes()
    shares = [str(path) for path in office.shares("out")[:3]]
    assert office("recover", str(card), *shares) == exit_codes.USAGE
    assert "not of the card's" in office.out
    assert Path("vault.toml").read_bytes() == before


def test_vault_toml_follows_a_ceremony_and_a_recovery(office: Office) -> None:
    assert office.ceremony("out") == 0, office.out
    added = fenchi.config.load("vault.toml").custody
    assert added.open == "passphrase, OR 3 of board"
    assert added.custodians == {"board": tuple(BOARD)}
    stale = Path("vault.toml").read_text()
    assert office.ceremony("again", "--rotate") == 0, office.out
    rotated = fenchi.config.load("vault.toml").custody
    assert (rotated.open, rotated.custodians) == ("3 of board", {"board": tuple(BOARD)})
    # A file from before must not bring the passphrase's end about without a word, or undo it.
    shares = [str(path) for path in office.shares("again")[:3]]
    office.on_a_clean_machine()
    assert office("recover", str(office.card("again")), *shares) == 0, office.out
    assert fenchi.config.load("vault.toml").custody == rotated
    assert f"Asking a at {office.provider('a').as_uri()}" in office.out
    Path("vault.toml").write_text(stale.replace("passphrase, OR 3 of board", "passphrase"))
    named = [f"--share={share}" for share in shares]
    assert office(*named, "key", "rotate", "--shares", "new") == exit_codes.USAGE, office.out
    assert "would end what opens the vault now: 3 of board" in office.out
    assert "may be older than the vault" in office.out


def test_shares_are_not_laid_into_a_provider(office: Office) -> None:
    folder = office.provider("a") / "shares"
    named = [f"--custodian=board={one.holder}" for one in BOARD[:2]]
    assert office("key", "split", "--open", "2 of board", *named, "--to", str(folder)) == 1
    assert "lies in the place of provider a" in office.out
    assert not folder.exists()


def test_a_ceremony_that_does_not_fit_its_expression_is_refused_before_anything(
    office: Office,
) -> None:
    assert office.ceremony("out", people=2) == exit_codes.USAGE
    assert "3 of board are asked for, 2 custodians are named" in office.out
    arguments = ["key", "split", "--open", "2 of board, OR escrow"]
    people = ["--custodian=board=Lin", "--custodian=board=Chen"]
    assert office(*arguments, *people) == exit_codes.USAGE
    assert office("key", "split", "--open", "1 of board", "--custodian=Lin") == exit_codes.USAGE
    assert not (office.work / "out").exists()
