"""No key, share or passphrase where it could get out: process memory, logs, tracebacks, JSON, repr.

The canary is a passphrase that this test knows, and that no text of fenchi's could hold by chance.
"""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import logging
import os
import pickle
import pty
import resource
import subprocess
import sys
import textwrap
import traceback
from pathlib import Path

import fenchi
import process_memory
import pytest
from fenchi import _passphrase, custody, primitives

pytestmark = pytest.mark.custody

FENCHI = str(Path(sys.executable).with_name("fenchi"))
CANARIES = ["zq7Vwx-kanarienvogel-51xJ", "zq7Vwx-金絲雀的密語-51xJ"]


def windows(words: str) -> list[bytes]:
    """Pieces of a canary, whole or half overwritten, in the forms that Python keeps text in."""
    encoded = words.encode()
    pieces = [encoded[at : at + 10] for at in range(0, len(encoded) - 10, 5)]
    wide = words.encode("utf-16-le")
    return pieces + [wide[at : at + 12] for at in range(0, len(wide) - 12, 6)]


def mask(words: str) -> str:
    return bytes(byte ^ 0xA5 for byte in words.encode()).hex()


@pytest.fixture(params=CANARIES, ids=["ascii", "chinese"])
def canary(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def configured(tmp_path: Path, canary: str) -> Path:
    """A vault.toml over three folders, and the passphrase's file beside it."""
    (tmp_path / "passphrase").write_text(canary + "\n", encoding="utf-8")
    lines = ["[vault]", 'name = "canary"', "needed = 2", 'open = "passphrase"']
    for name in ("taipei", "tokyo", "oslo"):
        lines += ["", "[[provider]]", f'name = "{name}"', f'url = "{(tmp_path / name).as_uri()}"']
    lines += ["", "[policy]", "liars = 0"]
    (tmp_path / "vault.toml").write_text("\n".join(lines) + "\n")
    return tmp_path / "vault.toml"


def command(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    call = [FENCHI, "-c", str(config), "--json", *arguments]
    return subprocess.run(call, capture_output=True, text=True, check=False)


@pytest.fixture
def by_file(configured: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FENCHI_PASSWORD_FILE", str(configured.with_name("passphrase")))
    made = command(configured, "init")
    assert made.returncode == 0, made.stdout + made.stderr
    return configured


CHILD = """
    import sys
    from pathlib import Path
    import fenchi
    from fenchi import _passphrase

    folder, how = Path(sys.argv[1]), sys.argv[2]
    passphrase = str(folder / "passphrase")
    if how == "file":
        secret = _passphrase.from_file(passphrase)
    elif how == "command":
        secret = _passphrase.from_command("cat " + passphrase)
    else:
        with open(passphrase, "rb", buffering=0) as file:
            secret = _passphrase.from_file(f"fd:{file.fileno()}")
    places = {name: (folder / name).as_uri() for name in ("taipei", "tokyo", "oslo")}
    vault = fenchi.create(places, passphrase=secret, policy=fenchi.VaultPolicy(liars=0),
                          state_directory=folder / "state")
    report = vault.backup(folder / "data")
    vault.restore(report.snapshot, folder / "restored")
    del secret
    print("open", flush=True)
    sys.stdin.readline()
    vault.close()
    again = _passphrase.from_file(passphrase)
    vault = fenchi.open(places, passphrase=again, state_directory=folder / "state")
    vault.close()
    del vault, again
    print("closed", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize("how", ["file", "command", "descriptor"])
def test_no_passphrase_is_in_the_memory_of_a_python_process(
    tmp_path: Path, canary: str, how: str
) -> None:
    (tmp_path / "passphrase").write_text(canary + "\n", encoding="utf-8")
    (tmp_path / "data").write_bytes(b"ledger" * 1000)
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(tmp_path), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin is not None and child.stdout is not None
    with child:
        for moment in ("open", "closed"):
            assert child.stdout.readline().strip() == moment
            searched, kept, outside = process_memory.where(child.pid, windows(canary))
            assert searched > 1 << 22
            assert not outside, moment
            if moment == "closed":
                assert not kept
            child.stdin.write("\n")
            child.stdin.flush()
    assert child.returncode == 0


def test_a_passphrase_held_in_a_secret_is_found_by_the_search_and_only_in_kept_memory(
    tmp_path: Path, canary: str
) -> None:
    """So that a search that finds nothing says something."""
    (tmp_path / "passphrase").write_text(canary, encoding="utf-8")
    program = (
        "import sys; from fenchi import _passphrase; kept = _passphrase.from_file(sys.argv[1]);"
        "loose = open(sys.argv[1], 'rb').read() if len(sys.argv) > 2 else b'';"
        "print('there', flush=True); sys.stdin.readline()"
    )
    for more in ([], ["loose"]):
        child = subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "passphrase"), *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        with child:
            child.stdout.readline()
            _, kept, outside = process_memory.where(child.pid, windows(canary))
            assert bool(outside) == bool(more)
            assert kept or not process_memory.may_lock()


def test_a_running_command_holds_no_passphrase_outside_kept_memory(
    by_file: Path, canary: str
) -> None:
    running = subprocess.Popen(
        [FENCHI, "-c", str(by_file), "--json", "backup", "--stdin", "--name", "dump"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdin is not None
    with running:
        running.stdin.write(os.urandom(40 << 20))  # by now the vault is open
        limits = Path(f"/proc/{running.pid}/limits").read_text()
        assert next(line for line in limits.splitlines() if "core file" in line).split()[4] == "0"
        try:
            searched, _, outside = process_memory.where(running.pid, windows(canary))
        except PermissionError:
            pytest.skip("only root may look into a process that lets nobody look")
        finally:
            running.stdin.close()
            output = running.stdout.read() + running.stderr.read()  # type: ignore[union-attr]
        assert searched > 1 << 22
        assert not outside
    assert running.returncode == 0, output.decode()


def test_the_command_forbids_core_dumps_and_debuggers() -> None:
    program = (
        "import ctypes, resource; from fenchi.cli import run; run.harden();"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[0] == "(0, 0) 0"


def test_no_output_of_any_command_holds_a_passphrase(by_file: Path, canary: str) -> None:
    folder = by_file.parent
    (folder / "data").write_bytes(b"ledger" * 1000)
    wrong = folder / "wrong"
    wrong.write_text(canary[:-1] + "!", encoding="utf-8")
    runs = [
        ["backup", str(folder / "data")],
        ["snapshots"],
        ["ls", "latest"],
        ["verify", "--depth", "data"],
        ["status"],
        ["restore", "latest", str(folder / "out")],
        ["--password-file", str(wrong), "snapshots"],
        ["--password-file", str(folder / "nowhere"), "snapshots"],
        ["restore", "no such snapshot", str(folder / "out")],
    ]
    codes = []
    for arguments in runs:
        done = command(by_file, *arguments)
        codes.append(done.returncode)
        json.loads(done.stdout)
        for piece in (canary, canary[:-1], mask(canary)):
            assert piece not in done.stdout + done.stderr, arguments
    assert codes[:6] == [0] * 6
    assert codes[6] == 12
    assert all(codes[7:])
    # Nor on this host's disk, besides where the user put it.
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in ("passphrase", "wrong"):
            assert canary.encode() not in path.read_bytes(), path


def test_logs_and_tracebacks_with_all_local_variables_hold_no_passphrase(
    tmp_path: Path, canary: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "passphrase").write_text(canary, encoding="utf-8")
    (tmp_path / "data").write_bytes(b"ledger")
    places = {name: (tmp_path / name).as_uri() for name in ("taipei", "tokyo", "oslo")}
    secret = _passphrase.from_file(tmp_path / "passphrase")
    policy = fenchi.VaultPolicy(liars=0)
    state = tmp_path / "state"
    with caplog.at_level(logging.DEBUG):
        with fenchi.create(
            places, passphrase=secret, policy=policy, state_directory=state
        ) as vault:
            vault.backup(tmp_path / "data")
            text = repr(vault) + str(vault)
        with pytest.raises(fenchi.Error) as refused:
            fenchi.open(places, passphrase=canary + "?", state_directory=state)
    text += caplog.text + str(refused.value) + repr(refused.value)
    # The frames of the package; the caller's own hold what the caller wrote there.
    for failing in (b"\xff" + canary.encode(), b""):
        (tmp_path / "bad").write_bytes(failing)
        try:
            _passphrase.from_file(tmp_path / "bad")
        except fenchi.InvalidArgument as error:
            told = traceback.TracebackException.from_exception(error, capture_locals=True)
            text += "".join(told.format()).split("_passphrase.py", 1)[1]
            assert error.__context__ is None
    assert canary not in text
    assert canary.encode().hex() not in text


def secret_objects(canary: str) -> list[object]:
    """One of each Python object that holds a secret."""
    secret = fenchi.SecretBytes(canary.encode())
    key = fenchi.SecretBytes(canary.encode()[:32].ljust(32, b"\0"))
    shares = primitives.split_key(key, threshold=2, count=3, context=b"canary")
    return [
        secret,
        custody.Unlock(passphrases=[secret], shares={"page 1": secret}, admin_key=secret),
        custody.CustodyPlan(open="passphrase", passphrases={"passphrase": secret}),
        custody.Unlock(passphrases=[canary, canary.encode()]),
        custody.CustodyPlan(passphrases={"passphrase": canary}),
        custody.CustodianShare(
            slot="slot",
            group="board",
            custodian=custody.Custodian("Lin"),
            threshold=2,
            count=3,
            index=1,
            epoch=1,
            data=secret,
        ),
        *shares,
        primitives.recover_key({f"page {i}": one.serialize() for i, one in enumerate(shares)}),
    ]


def test_no_object_shows_its_secret_or_lets_itself_be_pickled(canary: str) -> None:
    value = canary.encode()
    for one in secret_objects(canary):
        shown = [repr(one), str(one), f"{one}", repr([one]), repr({"x": one})]
        if dataclasses.is_dataclass(one):  # fields that a repr shows
            fields = [field.name for field in dataclasses.fields(one) if field.repr]
            shown += [repr(getattr(one, name)) for name in fields]
        for text in shown:
            assert canary not in text, type(one)
            assert value.hex() not in text, type(one)
            assert value[:8].decode(errors="ignore") not in text, type(one)
        for leak in (pickle.dumps, copy.deepcopy):
            with pytest.raises(TypeError):
                leak(one)  # type: ignore[operator]
        with pytest.raises(TypeError):
            json.dump(one, io.StringIO())


def test_a_typed_passphrase_is_not_echoed_and_not_kept(canary: str) -> None:
    program = (
        "import sys; from fenchi import _passphrase; secret = _passphrase.typed('Passphrase: ');"
        "print('length', len(secret), flush=True); del secret; sys.stdin.readline()"
    )
    child, terminal = pty.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.execv(sys.executable, [sys.executable, "-c", program])  # noqa: S606
    shown = b""
    try:
        while b"Passphrase: " not in shown:
            shown += os.read(terminal, 1000)
        os.write(terminal, canary.encode() + b"\n")
        while b"length" not in shown or not shown.endswith(b"\n"):
            shown += os.read(terminal, 1000)
        assert f"length {len(canary.encode())}" in shown.decode()
        assert canary.encode() not in shown
        _, kept, outside = process_memory.where(child, windows(canary))
        assert not kept + outside
        os.write(terminal, b"\n")
    finally:
        os.close(terminal)
        os.waitpid(child, 0)
