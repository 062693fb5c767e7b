"""A backup host that is copied whole, memory and disk and credential, right after a backup."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fenchi
import pytest
import roles
from reader_writer import reader

pytestmark = pytest.mark.custody

HOST = """
import sys
import fenchi
work = sys.argv[1]
credential = open(work + "/write.cred", "rb").read()
with fenchi.open(work + "/vault.toml", credential=credential, state_directory=work + "/host") as v:
    v.backup(work + "/srv", label="blind")
    print("written", flush=True)
    sys.stdin.read()
"""


def memory_of(process: int) -> list[bytes]:
    """All that a process holds and does not share with its program's files."""
    found = []
    with open(f"/proc/{process}/maps") as maps, open(f"/proc/{process}/mem", "rb", 0) as memory:
        for line in maps:
            place, rights = line.split()[:2]
            start, end = (int(bound, 16) for bound in place.split("-"))
            if "w" not in rights and not rights.startswith("---") or "[v" in line:
                continue
            try:
                memory.seek(start)
                found.append(memory.read(end - start))
            except OSError:  # nothing is mapped behind it
                continue
    return found


@pytest.fixture
def work(tmp_path: Path) -> Path:
    roles.make(tmp_path)
    return tmp_path


def opened_by_the_reader(work: Path) -> reader.Vault:
    vault = reader.Vault([str(work / "providers" / name) for name in roles.NAMES], None)
    vault.unlock(roles.PASSWORD.encode())
    vault.read_log()
    return vault


def pack_key(vault: reader.Vault, pack: bytes, core: dict[int, Any], data: bytes) -> bytes:
    """What encrypts the pack: also the first half of what a cipher keeps while it works."""
    info = b"fenchi/1/pack\0" + bytes([1, core[2], core[16]]) + vault.id
    info += reader.be32(core[3]) + reader.be32(core[9])
    keys = reader.hkdf(data, pack, info, 64)
    assert keys[32:] == core[12], "another commitment"
    return keys[:32]


def secrets_of_packs(vault: reader.Vault) -> dict[str, bytes]:
    """Every key that opens something committed: data keys and tag keys, and what unwraps them."""
    found = {"verify secret": vault.verify_secret}
    for label, domain in ((one[2], one) for one in vault.domains.values()):
        found[f"{label} id root"], found[f"{label} index root"] = domain[4], domain[5]
        for epoch, secret, _ in domain[3]:
            found[f"{label} read key {epoch}"] = secret
    for record in (one for one in vault.records if one[1] == reader.COMMIT):
        entries = record[6][3][1]
        for at in range(0, len(entries), 36):
            identifier = entries[at : at + 32]
            core = vault.pack(identifier).core
            name = identifier.hex()[:8]
            data = vault.data_key(core[13], core[5], core[15], core[3])
            found[f"data key of {name}"] = data
            found[f"key of {name}"] = pack_key(vault, identifier, core, data)
            _, sealed = reader.cbor_decode(core[14])
            found[f"tag key of {name}"] = reader.unseal(
                vault.id, vault.verify_secret, 9, core[15] + core[5], sealed
            )
    return found


def test_a_copied_write_host_holds_no_key_of_a_committed_pack(work: Path) -> None:
    host = subprocess.Popen(
        [sys.executable, "-c", HOST, str(work)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert host.stdout is not None and host.stdout.readline() == b"written\n"
        copied = memory_of(host.pid)
    finally:
        host.communicate()
    assert host.returncode == 0
    copied += [path.read_bytes() for path in (work / "host").rglob("*") if path.is_file()]
    copied.append((work / "write.cred").read_bytes())
    vault = opened_by_the_reader(work)
    assert len(vault.snapshots()) == 2

    def held(secret: bytes) -> bool:
        return any(secret in piece for piece in copied)

    # What it needs to write is there, so that the search finds keys.
    assert held(vault.outer) and held(vault.namer)
    secrets = secrets_of_packs(vault)
    assert sum(name.startswith("data key") for name in secrets) >= 2
    assert [name for name, secret in secrets.items() if held(secret)] == []


class AppendOnly(fenchi.Provider):
    """A place by credentials that create and read, and neither overwrite nor delete."""

    def __init__(self, folder: Path) -> None:
        self._place = fenchi.open_provider(folder.as_uri())
        self.refused = 0

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        if replace:
            self.refused += 1
            raise PermissionError("append-only")
        self._place.put(name, data)

    def get(self, name: str, offset: int, size: int) -> bytes:
        return self._place.get(name, offset, size)

    def stat(self, names: list[str]) -> Sequence[int | None]:
        return self._place.stat(names)

    def list(self, prefix: str, after: str) -> list[tuple[str, int]]:
        return self._place.list(prefix, after)

    def delete(self, names: Sequence[str]) -> None:
        self.refused += 1
        raise PermissionError("append-only")


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_copied_write_host_deletes_nothing_and_never_needed_to(work: Path) -> None:
    places = {name: AppendOnly(work / "providers" / name) for name in roles.NAMES}
    vault_id = opened_by_the_reader(work).id.hex()
    credential = (work / "write.cred").read_bytes()

    def as_host(state: str) -> fenchi.Vault:
        return fenchi.open(
            places, credential=credential, vault_id=vault_id, state_directory=work / state
        )

    with as_host("host") as host:
        host.backup(work / "srv", label="blind")
    assert [place.refused for place in places.values()] == [0, 0, 0]
    before = contents(work / "providers")
    # The thief: the same state and credential, every verb that could end something, and the place.
    with as_host("host") as thief:
        for end in (
            lambda: thief.repair(thief.verify(depth="tags")),
            lambda: thief.change_policy(revoke_writers=[thief.custody().writers[0].id]),
            lambda: thief.rotate(fenchi.custody.CustodyPlan(passphrases={"passphrase": "mine"})),
            lambda: thief.restore("latest", work / "loot"),
        ):
            with pytest.raises(fenchi.Denied):
                end()
        thief.backup(work / "password", label="junk")  # it can add, and nothing else
    for place in places.values():
        with pytest.raises(PermissionError):
            place.delete([name for name, _ in place.list("", "")])
    after = contents(work / "providers")
    assert {name: after.get(name) for name in before} == before
    assert not (work / "loot").exists()
    with fenchi.open(
        work / "vault.toml", passphrase=roles.PASSWORD, state_directory=work / "state"
    ) as owner:
        assert owner.verify(depth="data").healthy
        assert owner.restore("latest:blind", work / "back").complete
    assert (work / "back" / "srv" / "book").read_bytes() == b"ledger" * 1000
