"""No key share where it could get out: what commands print, crash traces, this host's disk, and
memory that could be swapped. Beside test_canaries, whose canary is a passphrase."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import fenchi
import process_memory
import pytest
import test_recovery
from custodians import Script, misread
from fenchi.ceremony import share_file
from fenchi.cli import memory, recovery
from test_recovery import Office

pytestmark = pytest.mark.custody

office = test_recovery.office
FENCHI = str(Path(sys.executable).with_name("fenchi"))
HOLDS = """
import sys
from fenchi.cli import memory
locked = memory.lock_all()
kept = open(sys.argv[1], "rb").read()
print(locked, flush=True)
sys.stdin.readline()
"""


def needles(paths: list[Path]) -> list[bytes]:
    """Pieces of each share as it is written, and of its value as it is computed with."""
    found = []
    for path in paths:
        content = path.read_text()
        for line in re.findall(r"^B\d+ (.*)$", content, re.MULTILINE):
            groups = line.split()
            found += [" ".join(groups[i : i + 2]).encode() for i in range(len(groups) - 1)]
        page = share_file.parse(content).page
        found += [page.own[at : at + 8] for at in range(2, len(page.own) - 12, 8)]
    return found


def in_text(paths: list[Path], said: str) -> list[str]:
    own = [one.page.own for one in (share_file.parse(path.read_text()) for path in paths)]
    secrets = [value[at : at + 8].hex() for value in own for at in range(2, 34, 8)]
    secrets += [one.decode() for one in needles(paths) if one.isascii()]
    return [one for one in secrets if one in said]


@pytest.fixture
def held(office: Office) -> Iterator[tuple[Office, list[Path]]]:
    assert office.ceremony("out", "--rotate") == 0, office.out
    yield office, office.shares("out")


def test_what_commands_print_of_shares_is_never_the_share(
    held: tuple[Office, list[Path]],
) -> None:
    office, shares = held
    first, second, third = map(str, shares[:3])
    torn, wrong = office.work / "torn.txt", office.work / "wrong.txt"
    torn.write_text(shares[3].read_text()[:900])
    line = next(one for one in shares[3].read_text().splitlines() if one.startswith("B2"))
    wrong.write_text(shares[3].read_text().replace(line, misread(line, 2)))
    lines = [one for one in shares[2].read_text().splitlines() if re.match(r"B\d+ ", one)]
    card = str(office.card("out"))
    runs: list[tuple[list[str], Script | None]] = [
        (["key", "check", first], None),
        (["key", "check", str(wrong)], None),
        (["key", "combine", first, second], None),
        (["key", "combine", first, second, str(torn), str(wrong), third], None),
        (["recover", card, first, second, "--typed"], Script([misread(lines[0], 1), *lines])),
        ([f"--share={first}", f"--share={second}", f"--share={third}", "key", "show"], None),
        ([f"--share={first}", f"--share={second}", "snapshots"], None),
        ([f"--share={wrong}", "snapshots"], None),
    ]
    for arguments, talk in runs:
        for form in ([], ["--json"], ["--lang", "zh-TW"]):
            again = Script(list(talk._lines)) if talk else None
            office(*form, *arguments, talk=again)
            assert office.out
            assert in_text(shares, office.out) == [], arguments
    for path in [office.work / "vault.toml", *(office.work / "state").rglob("*")]:
        if path.is_file():
            assert not any(one in path.read_bytes() for one in needles(shares)), path


def test_a_crash_in_the_middle_of_a_recovery_shows_no_share(
    held: tuple[Office, list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    office, shares = held

    def crash(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(recovery, "open_vault", crash)
    for form in ([], ["--json"]):
        code = office(*form, "recover", str(office.card("out")), *map(str, shares[:3]))
        assert code == 1
        assert "Traceback" in office.out and "a mistake of ours" in office.out
        assert in_text(shares, office.out) == []


def test_this_search_would_find_a_share(held: tuple[Office, list[Path]]) -> None:
    _, shares = held
    assert in_text(shares[:1], shares[0].read_text())
    assert not in_text(shares[:1], shares[1].read_text())


def unlocked(process: int, wanted: list[bytes]) -> tuple[int, list[str]]:
    """Where a needle lies at all, and in memory that could be swapped."""
    found, swappable = 0, []
    for region, content in process_memory.contents(process):
        if any(one in content for one in wanted):
            found += 1
            if "lo" not in region.flags:
                swappable.append(region.name)
    return found, swappable


def test_a_command_that_reads_shares_as_words_keeps_all_its_memory_from_being_swapped(
    held: tuple[Office, list[Path]],
) -> None:
    """Words pass through Python's memory, which cannot be wiped: so all of it is locked, and no
    core is dumped."""
    if not memory.may_lock_all():
        pytest.skip("this user may not lock a whole process in memory")
    office, shares = held
    named = [f"--share={path}" for path in shares[:3]]
    running = subprocess.Popen(
        [FENCHI, "-c", str(office.work / "vault.toml"), *named, "backup", "--stdin", "--name=x"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=office.work,
    )
    assert running.stdin is not None and running.stdout is not None
    with running:
        running.stdin.write(os.urandom(40 << 20))  # by now the vault is open
        limits = Path(f"/proc/{running.pid}/limits").read_text()
        assert next(line for line in limits.splitlines() if "core file" in line).split()[4] == "0"
        _, swappable = unlocked(running.pid, needles(shares[:3]))
        running.stdin.close()
        output = running.stdout.read()
    assert running.returncode == 0, output.decode()
    assert swappable == []


def test_a_share_that_lies_in_memory_is_found_by_this_search(
    held: tuple[Office, list[Path]],
) -> None:
    _, shares = held
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(shares[0])], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    with child:
        locked = child.stdout.readline() == b"True\n"
        found, swappable = unlocked(child.pid, needles(shares[:1]))
    assert found
    assert bool(swappable) != locked
    assert locked == memory.may_lock_all()


def test_a_raw_share_of_a_file_is_in_kept_memory_only(office: Office, tmp_path: Path) -> None:
    """As the library writes it: it goes where nothing is swapped or dumped without passing by."""
    secret = fenchi.SecretBytes(b"fsh1" + os.urandom(300))
    path = tmp_path / "raw"
    path.write_bytes(secret.reveal())
    program = (
        "import sys; from pathlib import Path; from fenchi.cli.output import Output;"
        "from fenchi.cli.unlocking import read_shares;"
        "kept = read_shares(Output(False), sys.argv[1]);"
        "print('there', flush=True); sys.stdin.readline()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    with child:
        assert child.stdout.readline() == b"there\n"
        content = path.read_bytes()
        pieces = [content[at : at + 12] for at in range(8, len(content) - 12, 12)]
        _, kept, outside = process_memory.where(child.pid, pieces)
    assert not outside
    assert kept or not process_memory.may_lock()
