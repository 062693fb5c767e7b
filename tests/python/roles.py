"""A vault with a credential for each role, and what a run leaves behind in its directory."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import fenchi
from fenchi import config, custody
from fenchi.ceremony import card_file
from fenchi.ceremony.card import Card

PASSWORD = "two dull foxes"
ROLES = ("owner", "read", "write", "verify", "admin", "none")
NAMES = ("a", "b", "c")

# What opens the vault, by role. The owner has a slot, and with it the only admin's key.
OPTIONS = {
    "owner": ("--password-file", "password"),
    **{role: ("--credential", f"{role}.cred") for role in ("read", "write", "verify", "admin")},
    "none": (),
}


@dataclass(frozen=True)
class Needs:
    """Who may, and which role the refusal names to whom may not. slot: the whole vault's keys."""

    allowed: tuple[str, ...]
    missing: str = ""


ANY = Needs(("owner", "read", "write", "verify", "admin"))
NO_VAULT = Needs(ROLES)
READS = Needs(("owner", "read"), "read")
WRITES = Needs(("owner", "read", "write"), "write")
VERIFIES = Needs(("owner", "read", "verify"), "verify")
ADMINISTERS = Needs(("owner", "admin"), "admin")
# An admin alone is told that a slot is missing, who reads as well.
SLOT = Needs(("owner",), "admin")


def make(work: Path) -> None:
    """Everything in `work`: providers, state, vault.toml, password, credentials, a source."""
    (work / "providers").mkdir()
    (work / "password").write_text(PASSWORD + "\n")
    (work / "srv").mkdir()
    (work / "srv" / "book").write_bytes(b"ledger" * 1000)
    escrow, admin = custody.new_recipient_key(), custody.new_admin_key()
    (work / "escrow.key").write_bytes(escrow.reveal())
    (work / "admin.key").write_bytes(admin.reveal())
    where = "".join(
        f'\n[[provider]]\nname = "{name}"\nurl = "file://{work}/providers/{name}"\n'
        for name in NAMES
    )
    people = "".join(
        f'\n[[custodian]]\ngroup = "board"\nholder = "{holder}"\n'
        for holder in ("Lin", "Chen", "Huang")
    )
    key = custody.recipient_key_of(escrow).hex()
    tables = f'{where}{people}\n[[recipient]]\nname = "escrow"\nkey = "{key}"\n'
    vault = '[vault]\nneeded = 2\nopen = "passphrase, OR escrow, OR 2 of board"\n'
    (work / "vault.toml").write_text(f"{vault}{tables}\n[policy]\nliars = 0\n")
    table = fenchi.config.load(work / "vault.toml").custody
    shares: list[custody.CustodianShare] = []
    plan = table.plan(
        passphrases={"passphrase": PASSWORD},
        deliver=shares.extend,
        passphrase_passes=1,
        passphrase_memory_kib=8,
    )
    state = str(work / "state")
    with fenchi.create(work / "vault.toml", custody_plan=plan, state_directory=state) as opened:
        opened.backup(work / "srv", label="first")
        known = Card.of(opened, fenchi.config.load(work / "vault.toml"), made=date(2026, 11, 28))
        (work / "card.txt").write_text(card_file.render(known))
    for one in shares:
        (work / f"{one.custodian.holder}.share").write_bytes(one.data.reveal())
    with fenchi.open(work / "vault.toml", passphrase=PASSWORD, state_directory=state) as opened:
        change = opened.change_policy(
            add_writers=[
                custody.NewWriter(role="write", label="host"),
                custody.NewWriter(role="read", label="desk"),
            ]
        )
        write, read = change.credentials
        verify, admins = (opened.export_credential(role) for role in ("verify", "admin"))
    credentials = {"write": write, "read": read, "verify": verify, "admin": admins}
    for role, secret in credentials.items():
        (work / f"{role}.cred").write_bytes(secret.reveal())
    (work / "p.fpr").write_bytes(_proposal(work))
    _medium(work)
    (work / "elsewhere").mkdir()
    for path in work.iterdir():
        if path.is_file():
            path.chmod(0o600)


def _proposal(work: Path) -> bytes:
    """Of who is no admin of this vault: whoever is one can publish it."""
    stranger = custody.Unlock(passphrases=[PASSWORD], admin_key=custody.new_admin_key())
    with fenchi.open(
        work / "vault.toml", unlock=stranger, state_directory=str(work / "state")
    ) as vault:
        change = vault.change_policy(add_key_domains=["maps"])
    assert not change.published
    return change.proposal


def _medium(work: Path) -> None:
    """A courier medium with one shard, which is back in its place."""
    shard = next(path for path in (work / "providers" / "b" / "d").rglob("*") if path.is_file())
    aside = work / "shard"
    shard.rename(aside)
    with fenchi.open(
        work / "vault.toml", passphrase=PASSWORD, state_directory=str(work / "state")
    ) as vault:
        vault.export_courier("b", work / "cargo")
    aside.rename(shard)


def copy(made: Path, work: Path) -> None:
    """Another copy of all that, at another place."""
    shutil.copytree(made, work, dirs_exist_ok=True, symlinks=True)
    text = (work / "vault.toml").read_text()
    (work / "vault.toml").write_text(
        re.sub(r"file://[^\"]*/providers", f"file://{work}/providers", text)
    )
    card = card_file.read(work / "card.txt")
    here = config.load(work / "vault.toml").providers
    (work / "card.txt").write_text(card_file.render(replace(card, providers=tuple(here.items()))))


def traces(work: Path) -> dict[str, tuple[int, int, int]]:
    """Every file and directory but this host's own state, so that any write shows."""
    found = {}
    for folder, folders, files in os.walk(work):
        if Path(folder) == work:
            folders[:] = [name for name in folders if name != "state"]
        for name in folders + files:
            path = Path(folder, name)
            node = path.lstat()
            found[str(path.relative_to(work))] = (node.st_ino, node.st_size, node.st_mtime_ns)
    return found
