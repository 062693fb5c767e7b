"""A recovery card that somebody changed: whole, with fitting checks, and wrong in one field."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import fenchi
import pytest
import test_recovery
import vault_tools
from another_vault import make_another
from fenchi.ceremony import card_file
from fenchi.ceremony.card import Card
from fenchi.cli import exit_codes
from fenchi.config import ProviderEntry
from test_recovery import WRONG, Office

pytestmark = pytest.mark.custody

office = test_recovery.office


class Forger:
    """Three shares of a ceremony and its card, on a clean machine."""

    def __init__(self, office: Office) -> None:
        assert office.ceremony("out", "--rotate") == 0, office.out
        self.office = office
        self.true = card_file.read(office.card("out"))
        self.shares = [str(path) for path in office.shares("out")[:3]]
        self.clean = office.on_a_clean_machine()

    def recover(self, card: Card, *options: str) -> int:
        path = self.clean / "card.txt"
        path.write_text(card_file.render(card))
        return self.office("recover", str(path), *self.shares, *options)

    def refuses(self, card: Card, *options: str, code: int, said: str) -> None:
        """Says why, writes no vault.toml and restores nothing; the true card works after it."""
        assert self.recover(card, "--restore", "back", *options) == code, self.office.out
        assert said in self.office.out
        assert not (self.clean / "vault.toml").exists()
        assert not (self.clean / "back").exists()
        assert self.recover(self.true) == 0, self.office.out


@pytest.fixture
def forger(office: Office) -> Forger:
    return Forger(office)


def test_the_card_itself_works_and_this_test_can_change_it(forger: Forger) -> None:
    assert forger.recover(forger.true) == 0, forger.office.out
    assert forger.true.logs and len(forger.true.providers) == 3


def other(hexadecimal: str) -> str:
    return f"{int(hexadecimal[0], 16) ^ 1:x}{hexadecimal[1:]}"


def test_another_vault_id_makes_all_shares_foreign_before_any_provider_is_asked(
    forger: Forger,
) -> None:
    forged = replace(forger.true, vault=other(forger.true.vault))
    path = forger.clean / "card.txt"
    path.write_text(card_file.render(forged))
    assert forger.office("recover", str(path), *forger.shares) == WRONG
    assert "FOREIGN" in forger.office.out
    assert "Asking" not in forger.office.out
    forger.refuses(forged, code=WRONG, said="FOREIGN")


def test_another_policy_hash_is_refused(forger: Forger) -> None:
    forged = replace(forger.true, policy_hash=other(forger.true.policy_hash))
    forger.refuses(forged, code=1, said="is not the one that this host has seen before")


def test_a_newer_policy_than_there_is_is_refused(forger: Forger) -> None:
    forged = replace(forger.true, policy_version=forger.true.policy_version + 1)
    forger.refuses(forged, code=1, said="an old state of the vault is being served")


def test_a_true_older_policy_on_the_card_opens_the_newest_all_the_same(forger: Forger) -> None:
    forged = replace(forger.true, policy_version=0, policy_hash="00" * 32)
    assert forger.recover(forged) == 0, forger.office.out
    with fenchi.open("vault.toml", unlock=fenchi.custody.Unlock(shares=shares(forger))) as vault:
        assert vault.status().head.policy_hash == forger.true.policy_hash


def shares(forger: Forger) -> dict[str, fenchi.SecretBytes]:
    return test_recovery._read(list(map(Path, forger.shares)))


def test_an_epoch_that_is_not_the_shares_is_refused(forger: Forger) -> None:
    forged = replace(forger.true, epoch=forger.true.epoch + 1)
    forger.refuses(forged, code=WRONG, said="OLD")


def test_another_fingerprint_of_the_admins_is_warned_about(forger: Forger) -> None:
    forged = replace(forger.true, fingerprint=other(forger.true.fingerprint))
    assert forger.recover(forged) == 0, forger.office.out
    assert "other admins" in forger.office.out or "admins" in forger.office.out


def test_what_the_signed_policy_says_is_not_taken_from_the_card(forger: Forger) -> None:
    forged = replace(forger.true, needed=1, total=9, vault_name="evil", opens="somebody")
    assert forger.recover(forged, "--restore", "back") == 0, forger.office.out
    made = fenchi.config.load("vault.toml")
    assert (made.policy.needed, made.policy.name) == (2, "land-register")
    assert made.custody.open == "3 of board"


def test_a_log_that_ends_later_than_any_that_is_served_is_refused(forger: Forger) -> None:
    logs = tuple(replace(log, seq=log.seq + 1) for log in forger.true.logs)
    forger.refuses(replace(forger.true, logs=logs), code=1, said="OLDER THAN THE CARD")


def test_a_log_whose_end_has_another_hash_is_refused(forger: Forger) -> None:
    logs = tuple(replace(log, hash=other(log.hash)) for log in forger.true.logs)
    forger.refuses(replace(forger.true, logs=logs), code=1, said="ANOTHER")


def test_a_log_that_went_on_from_another_record_than_the_cards_is_refused(
    forger: Forger, source: Path
) -> None:
    back_up_since(forger, source)
    logs = tuple(replace(log, hash=other(log.hash)) for log in forger.true.logs)
    forger.refuses(replace(forger.true, logs=logs), code=1, said="ANOTHER")


def test_a_log_that_was_taken_off_the_card_is_no_older_state(forger: Forger, source: Path) -> None:
    forged = replace(forger.true, logs=())
    assert forger.recover(forged, "--restore", "back") == 0, forger.office.out
    assert "log ends" in forger.office.out
    assert vault_tools.scan(forger.clean / "back" / source.name) == vault_tools.scan(source)


# ---- the providers ----


def elsewhere(forger: Forger, name: str, make: Callable[[Path], None]) -> tuple[Card, Path]:
    """The card with provider b at a place of the forger's."""
    place = forger.office.work / "evil" / name
    place.parent.mkdir(exist_ok=True)
    make(place)
    entries = tuple(
        (one, ProviderEntry(url=place.as_uri(), domain=entry.domain) if one == "b" else entry)
        for one, entry in forger.true.providers
    )
    return replace(forger.true, providers=entries), place


def back_up_since(forger: Forger, source: Path) -> None:
    """One more backup than the card knows."""
    (source / "later").write_text("written since")
    with fenchi.open(
        {name: forger.office.provider(name).as_uri() for name in ("a", "b", "c")},
        unlock=fenchi.custody.Unlock(shares=shares(forger)),
        vault_id=forger.true.vault,
        state_directory=forger.office.work / "writer",
    ) as vault:
        vault.backup(source, label="nightly")


def stands_in_a_comment(name: str, url: str) -> bool:
    """In vault.toml, for somebody to look at, and not as a provider."""
    content = Path("vault.toml").read_text()
    return name not in fenchi.config.load("vault.toml").providers and f'# url = "{url}"' in content


def test_an_empty_place_instead_of_a_provider_is_named_and_only_a_comment_in_vault_toml(
    forger: Forger, source: Path
) -> None:
    card, place = elsewhere(forger, "empty", Path.mkdir)
    assert forger.recover(card, "--restore", "back") == 0, forger.office.out
    assert "b" in forger.office.out and place.as_uri() in forger.office.out
    assert vault_tools.scan(forger.clean / "back" / source.name) == vault_tools.scan(source)
    assert list(place.rglob("*")) == []
    assert stands_in_a_comment("b", place.as_uri())


def test_a_place_of_another_vault_instead_of_a_provider_is_named(
    forger: Forger, source: Path
) -> None:
    def another(place: Path) -> None:
        where = {name: (place.parent / name).as_uri() for name in ("x", "y")} | {
            "z": place.as_uri()
        }
        make_another(where, place.parent / "state")

    card, place = elsewhere(forger, "other", another)
    assert forger.recover(card, "--restore", "back") == 0, forger.office.out
    assert "b" in forger.office.out and place.as_uri() in forger.office.out
    assert vault_tools.scan(forger.clean / "back" / source.name) == vault_tools.scan(source)
    assert stands_in_a_comment("b", place.as_uri())


def test_a_mirror_of_an_older_state_instead_of_a_provider_hides_nothing(
    forger: Forger, source: Path
) -> None:
    """Beside two that are honest it is an old copy of one provider, and the newest is restored."""
    card, place = elsewhere(
        forger, "mirror", lambda place: shutil.copytree(forger.office.provider("b"), place)
    )
    back_up_since(forger, source)
    assert forger.recover(card, "--restore", "back") == 0, forger.office.out
    assert "b" in forger.office.out and place.as_uri() in forger.office.out
    assert (forger.clean / "back" / source.name / "later").read_text() == "written since"
    # Its key share is right, so nothing tells it from the provider: only comparing cards does.
    assert fenchi.config.load("vault.toml").providers["b"].url == place.as_uri()


def test_a_provider_that_only_lacks_its_key_share_is_a_comment_in_vault_toml(
    forger: Forger,
) -> None:
    """It missed the last rotation, say: nobody forged anything."""
    for path in (forger.office.provider("b") / "k").glob("leaf-*"):
        path.unlink()
    assert forger.recover(forger.true) == 0, forger.office.out
    assert "key share is missing" in forger.office.out
    assert stands_in_a_comment("b", forger.office.provider("b").as_uri())


def test_a_provider_that_does_not_answer_is_a_comment_in_vault_toml(forger: Forger) -> None:
    shutil.rmtree(forger.office.provider("b"))
    forger.office.provider("b").touch()  # no folder: nothing can be asked there
    assert forger.recover(forger.true) == 0, forger.office.out
    assert stands_in_a_comment("b", forger.office.provider("b").as_uri())


def test_a_name_that_the_vault_does_not_know_opens_nothing(forger: Forger) -> None:
    place = forger.office.work / "evil" / "d"
    place.mkdir(parents=True)
    more = (*forger.true.providers, ("d", ProviderEntry(url=place.as_uri())))
    forger.refuses(replace(forger.true, providers=more), code=exit_codes.USAGE, said="'d'")


def test_only_places_of_the_forgers_open_nothing(forger: Forger) -> None:
    entries = []
    for name, entry in forger.true.providers:
        place = forger.office.work / "evil" / name
        place.mkdir(parents=True)
        entries.append((name, ProviderEntry(url=place.as_uri(), domain=entry.domain)))
    card = replace(forger.true, providers=tuple(entries))
    forger.refuses(card, code=10, said="")
