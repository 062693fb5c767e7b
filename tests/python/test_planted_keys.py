"""What providers plant in place of a vault's key objects, before `recover` on a clean machine.

For readers and writers that know the vault: CustodyProof and LyingProviders in tests/unit."""

from __future__ import annotations

import shutil
from pathlib import Path

import fenchi
import pytest
import test_recovery
import vault_tools
from another_vault import make_another
from test_recovery import Office

pytestmark = pytest.mark.custody

office = test_recovery.office
NAMES = ("a", "b", "c")


@pytest.fixture
def theirs(office: Office) -> Path:
    """Another vault of three folders, whose keys the providers hold: its objects have names that
    any vault's have."""
    theirs = office.work / "theirs"
    theirs.mkdir()
    where = {name: (theirs / name).as_uri() for name in NAMES}
    make_another(where, office.work / "their state")
    return theirs


def plant(office: Office, theirs: Path, kind: str, providers: tuple[str, ...]) -> int:
    """The newest object of this kind at these providers becomes the first of the other vault."""
    planted = 0
    for name in providers:
        folder = office.provider(name) / "k"
        newest = max(path for path in folder.iterdir() if path.name.startswith(kind))
        other = min(path for path in (theirs / name / "k").iterdir() if path.name.startswith(kind))
        newest.chmod(0o600)
        shutil.copyfile(other, newest)
        planted += 1
    return planted


@pytest.mark.parametrize("kind", ["slots-", "keyring-", "policy-", "leaf-"])
def test_at_one_provider_it_is_passed_over_and_the_vault_is_restored(
    office: Office, theirs: Path, source: Path, kind: str
) -> None:
    assert office.ceremony("out", "--rotate") == 0, office.out
    card, shares = str(office.card("out")), [str(path) for path in office.shares("out")[:3]]
    assert plant(office, theirs, kind, ("b",)) == 1
    clean = office.on_a_clean_machine()
    assert office("recover", card, *shares, "--restore", "back") == 0, office.out
    assert vault_tools.scan(clean / "back" / source.name) == vault_tools.scan(source)


@pytest.mark.parametrize("kind", ["slots-", "keyring-", "policy-", "leaf-"])
def test_at_all_providers_it_is_refused_and_nothing_is_written(
    office: Office, theirs: Path, kind: str
) -> None:
    assert office.ceremony("out", "--rotate") == 0, office.out
    card, shares = str(office.card("out")), [str(path) for path in office.shares("out")[:3]]
    assert plant(office, theirs, kind, NAMES) == len(NAMES)
    clean = office.on_a_clean_machine()
    code, document = office.json("recover", card, *shares, "--restore", "back")
    assert code != 0
    assert document["ok"] is False and document["message"]
    assert not (clean / "vault.toml").exists()
    assert not (clean / "back").exists()


def test_without_a_card_that_knows_better_an_old_set_opens_nothing_that_is_newer(
    office: Office, source: Path
) -> None:
    """The old shares, the card of their day and all providers, after a custodian was replaced."""
    assert office.ceremony("first", "--rotate") == 0, office.out
    old, card = [str(path) for path in office.shares("first")], str(office.card("first"))
    unlock = fenchi.custody.Unlock(shares=test_recovery._read([Path(one) for one in old[:3]]))
    test_recovery._rotate_again(office, unlock)
    (source / "since").write_text("for the new set alone")
    fresh = test_recovery._read(office.shares("second")[:3])
    with fenchi.open("vault.toml", unlock=fenchi.custody.Unlock(shares=fresh)) as vault:
        vault.backup(source, label="since")
    clean = office.on_a_clean_machine()
    for some in (old[:3], old):
        code, document = office.json("recover", card, *some, "--restore", "back")
        assert code == test_recovery.WRONG, document
        assert not (clean / "back").exists()
