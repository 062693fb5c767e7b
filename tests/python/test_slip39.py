"""SLIP-0039's vectors against our share arithmetic in GF(2^8)/0x11b.

`shamir_mnemonic` (PyPI, the SLIP's reference) turns words into points and the recovered secret
into the master secret; all interpolation between is done by fenchi, through `fenchi_shamir_eval`.
A SLIP-39 sharing keeps its secret at 255 and a digest of it at 254: each recovery checks itself.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest
from outside_vectors import vector_file

shamir_mnemonic = pytest.importorskip("shamir_mnemonic", reason="PyPI shamir-mnemonic is not there")

from shamir_mnemonic import cipher  # noqa: E402  (after the skip)
from shamir_mnemonic.share import Share  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
SECRET_AT = 255
DIGEST_AT = 254
PASSPHRASE = b"TREZOR"

Points = dict[int, bytes]


def find_evaluator() -> Path | None:
    if "FENCHI_BUILD_DIR" in os.environ:
        builds = [Path(os.environ["FENCHI_BUILD_DIR"])]
    else:
        builds = sorted((ROOT / "build").glob("*"))
    files = [build / "tests" / "unit" / "sharing" / "fenchi_shamir_eval" for build in builds]
    built = [file for file in files if file.is_file()]
    return max(built, key=lambda file: file.stat().st_mtime, default=None)


@pytest.fixture(scope="module")
def evaluator() -> Path:
    found = find_evaluator()
    if found is None:
        pytest.skip("fenchi_shamir_eval is not built")
    return found


@pytest.fixture(scope="module")
def vectors() -> list[tuple[str, list[str], str, str]]:
    found = vector_file("slip39/vectors.json")
    if found is None:
        pytest.skip("the SLIP-0039 vectors are not there (FENCHI_VECTORS)")
    return [tuple(vector) for vector in json.loads(found.read_text(encoding="utf-8"))]


def interpolate(evaluator: Path, points: Points, at: int) -> bytes:
    lines = "".join(f"{index}:{value.hex()}\n" for index, value in points.items())
    done = subprocess.run(
        [evaluator, str(at)], input=lines, capture_output=True, text=True, check=True
    )
    return bytes.fromhex(done.stdout)


def recover(evaluator: Path, threshold: int, points: Points) -> bytes | None:
    """The secret under `threshold` points, or None where its digest says that it is wrong."""
    assert len(points) == threshold
    if threshold == 1:
        return next(iter(points.values()))
    secret = interpolate(evaluator, points, SECRET_AT)
    digest = interpolate(evaluator, points, DIGEST_AT)
    expected = hmac.new(digest[4:], secret, hashlib.sha256).digest()[:4]
    return secret if digest[:4] == expected else None


def recover_master(evaluator: Path, shares: list[Share]) -> bytes | None:
    groups: dict[int, list[Share]] = defaultdict(list)
    for share in shares:
        groups[share.group_index].append(share)
    group_points: Points = {}
    for group_index, members in groups.items():
        points = {share.index: share.value for share in members}
        secret = recover(evaluator, members[0].member_threshold, points)
        if secret is None:
            return None
        group_points[group_index] = secret
    any_share = shares[0]
    sealed = recover(evaluator, any_share.group_threshold, group_points)
    if sealed is None:
        return None
    return cipher.decrypt(
        sealed,
        PASSPHRASE,
        any_share.iteration_exponent,
        any_share.identifier,
        any_share.extendable,
    )


def test_every_valid_vector_gives_its_master_secret(
    evaluator: Path, vectors: list[tuple[str, list[str], str, str]]
) -> None:
    valid = [vector for vector in vectors if vector[2]]
    shared = 0
    for name, mnemonics, master, _ in valid:
        shares = [Share.from_mnemonic(mnemonic) for mnemonic in mnemonics]
        shared += len(shares) > 1
        assert recover_master(evaluator, shares) == bytes.fromhex(master), name
    assert shared >= 6  # the file has sharings in it, not single mnemonics only


def test_vector_with_a_wrong_digest_is_found(
    evaluator: Path, vectors: list[tuple[str, list[str], str, str]]
) -> None:
    wrong = [vector for vector in vectors if "invalid digest" in vector[0].lower()]
    assert wrong
    for name, mnemonics, master, _ in wrong:
        assert not master
        shares = [Share.from_mnemonic(mnemonic) for mnemonic in mnemonics]
        assert recover_master(evaluator, shares) is None, name


@pytest.mark.parametrize("lines", ["", "1:00\n1:01\n", "1:00\n2:0000\n", "256:00\n", "1-00\n"])
def test_points_that_make_no_sense_are_refused(evaluator: Path, lines: str) -> None:
    done = subprocess.run(
        [evaluator, "0"], input=lines, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr
