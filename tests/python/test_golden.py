"""The independent reader restores the golden vaults from every k-subset of their providers."""

from __future__ import annotations

import itertools
import os
import tarfile
from pathlib import Path
from typing import NamedTuple

import pytest
from vault_tools import (
    CONTENT,
    GID,
    LINK,
    MODE,
    ROOT,
    TYPE,
    UID,
    XATTRS,
    differences,
    run_reader,
    scan,
)

for _module in ("nacl", "zstandard", "cryptography"):
    pytest.importorskip(_module, reason=f"the reader needs {_module}")

GOLDEN = ROOT / "tests" / "golden"
NAMES = sorted(path.name.removesuffix(".manifest") for path in GOLDEN.glob("*.manifest"))
WRONG_KEY, TOO_FEW = 12, 22


class Golden(NamedTuple):
    vault: str
    passphrase: bytes
    needed: int
    providers: list[Path]
    snapshots: dict[str, dict[bytes, list[str]]]  # by id


@pytest.fixture(scope="module", params=NAMES)
def golden(request, tmp_path_factory) -> Golden:
    folder = tmp_path_factory.mktemp("golden")
    with tarfile.open(GOLDEN / f"{request.param}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    words: dict[str, str] = {}
    snapshots: dict[str, dict[bytes, list[str]]] = {}
    for line in (GOLDEN / f"{request.param}.manifest").read_text().splitlines():
        key, rest = line.split(" ", 1)
        if key == "snapshot":
            entries = snapshots.setdefault(rest.split()[0], {})
        elif key == "entry":
            fields = rest.split()
            entries[bytes.fromhex(fields[1])] = fields
        else:
            words[key] = rest
    places = [folder / request.param / f"p{i}" for i in range(int(words["providers"]))]
    passphrase = bytes.fromhex(words["passphrase"])
    return Golden(words["vault"], passphrase, int(words["needed"]), places, snapshots)


@pytest.fixture
def password(golden, tmp_path) -> Path:
    file = tmp_path / "password"
    file.write_bytes(golden.passphrase + b"\n")
    return file


def restorable(tree: dict[bytes, list[str]]) -> dict[bytes, list[str]]:
    """What the reader promises: no devices, sockets or set-id bits; owners, ACLs for root."""
    out = {}
    for path, entry in tree.items():
        if entry[TYPE] in "cbs":
            continue
        fields = list(entry)
        if fields[TYPE] != "l":
            fields[MODE] = f"{int(fields[MODE], 8) & 0o1777:o}"
        if os.geteuid() != 0:
            fields[UID] = fields[GID] = fields[XATTRS] = "?"
        out[path] = fields
    return out


def subsets(golden: Golden, size: int) -> list[tuple[Path, ...]]:
    return list(itertools.combinations(golden.providers, size))


def test_every_subset_restores_every_byte(golden, password, tmp_path):
    for number, places in enumerate(subsets(golden, golden.needed)):
        out = tmp_path / f"out{number}"
        done = run_reader(places, out, password, "--vault-id", golden.vault)
        assert done.returncode == 0, done.stderr
        assert f"restored: {len(golden.snapshots)} snapshots" in done.stdout
        assert "found bad: 0 shards, 0 other objects" in done.stdout
        assert len(list(out.iterdir())) == len(golden.snapshots)
        for ident, wanted in golden.snapshots.items():
            found = scan(out / ident[:8])
            assert not differences(restorable(wanted), restorable(found)), places


def test_manifests_hold_every_kind_of_entry():
    kinds, linked, named = set(), 0, set()
    for manifest in GOLDEN.glob("*.manifest"):
        for line in manifest.read_text().splitlines():
            if line.startswith("entry "):
                fields = line.split()[1:]
                kinds.add(fields[TYPE])
                linked += fields[LINK] != "-"
                named.add(fields[CONTENT])
    assert kinds == set("fdlpcbs")
    assert linked >= 2
    assert len(named) > 50


def test_a_wrong_password_opens_nothing(golden, tmp_path):
    wrong = tmp_path / "password"
    wrong.write_bytes(golden.passphrase + b"!")
    done = run_reader(golden.providers, tmp_path / "out", wrong, "--vault-id", golden.vault)
    assert done.returncode == WRONG_KEY, done.stderr
    assert not (tmp_path / "out").exists()


def test_too_few_providers_open_nothing(golden, password, tmp_path):
    if golden.needed == 1:
        pytest.skip("one provider is enough for this vault")
    for places in subsets(golden, golden.needed - 1):
        done = run_reader(places, tmp_path / "out", password, "--vault-id", golden.vault)
        assert done.returncode == TOO_FEW, done.stderr
        assert not (tmp_path / "out").exists()
