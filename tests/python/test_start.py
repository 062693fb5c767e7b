"""What a run reads before it works, and what it leaves behind: the start is a part of the time that
a backup without changes takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from test_cli import Command, command, ready

__all__ = ["command", "ready"]  # fixtures

# At its exit, so that nothing is missed; on stderr, which is otherwise silent.
TELLING = """
import atexit, os, sys
from fenchi.cli import main
atexit.register(lambda: os.write(2, " ".join(sys.modules).encode()))
main()
"""
# Slow to load, or a sign that something is read that most runs do without.
NEVER = set(
    """
    asyncio concurrent.futures email fsspec http importlib.metadata json logging pathspec
    rich ssl tempfile unittest xml
    """.split()
)
OF_ITS_OWN = {
    "backup": {"backup", "locks", "problems"},
    "ls": {"snapshots"},
    "verify": {"health", "locks"},
    "restore": {"problems", "restore"},
}


def modules_of(*arguments: str) -> set[str]:
    words = [sys.executable, "-c", TELLING, *arguments]
    told = subprocess.run(words, capture_output=True, text=True, check=True)
    return set(told.stderr.split())


def below(package: str, modules: set[str]) -> set[str]:
    prefix = f"fenchi.{package}."
    return {name.removeprefix(prefix) for name in modules if name.startswith(prefix)}


@pytest.mark.parametrize("verb", OF_ITS_OWN)
def test_a_command_reads_no_more_than_it_needs(ready: Command, source: Path, verb: str) -> None:
    words = {
        "backup": [str(source)],
        "ls": ["latest"],
        "restore": ["latest", str(ready.work / "back")],
    }
    read = modules_of(verb, *words.get(verb, []))
    assert read & NEVER == set()
    assert below("_reports", read) == OF_ITS_OWN[verb]
    for name in ("custody", "courier", "providers", "_access_tree", "_fsspec", "ceremony"):
        assert f"fenchi.{name}" not in read
    assert "fenchi.messages.help" in read  # it sees what is read at all


def test_the_version_is_told_without_reading_any_other_command() -> None:
    commands = below("cli", modules_of("--version"))
    assert "backup" in commands  # one stands for all
    assert not commands & {"init", "browse", "restore", "health", "key", "provider", "recovery"}


def test_importing_the_package_reads_nothing_else_of_it_and_changes_nothing() -> None:
    code = (
        "import gc, sys; import fenchi;"
        "print(*(m for m in sys.modules if m.startswith('fenchi')));"
        "fenchi.BackupReport, fenchi.open, fenchi.custody;"
        "print(gc.isenabled(), gc.get_freeze_count())"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == ["fenchi", "True 0"]


def test_a_command_collects_garbage_but_not_of_what_it_began_with() -> None:
    code = (
        "import atexit, gc; from fenchi.cli import main;"
        "atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > 10_000));"
        "main()"
    )
    words = [sys.executable, "-c", code, "--version"]
    told = subprocess.run(words, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "True True"


# A secret that tells of its end, held by a cycle, as by the frames of an error.
DYING = """
import os, fenchi
from fenchi import _passphrase
from fenchi.cli import main
class Secret(fenchi.SecretBytes):
    def __del__(self, write=os.write):
        write(2, b"the secret is wiped\\n")
read = _passphrase.from_environment
def from_environment():
    secret = Secret(read().reveal())
    secret.itself = secret
    return secret
_passphrase.from_environment = from_environment
main()
"""


@pytest.mark.parametrize(("snapshot", "code"), [("latest", 0), ("none-of-these", 1)])
def test_secrets_are_wiped_before_the_process_ends(
    ready: Command, snapshot: str, code: int
) -> None:
    told = subprocess.run(
        [sys.executable, "-c", DYING, "ls", snapshot],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == code, told.stderr
    assert "the secret is wiped" in told.stderr
