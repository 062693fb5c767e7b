"""Passphrases: one form, from files and commands, never shown."""

from __future__ import annotations

import copy
import pickle
import sys
from pathlib import Path

import fenchi
import pytest
from fenchi import _passphrase


def test_words_are_used_in_one_normal_form() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    assert _passphrase.secret_of(composed).reveal() == _passphrase.secret_of(decomposed).reveal()
    assert _passphrase.secret_of(decomposed.encode()).reveal() == composed.encode()


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_a_file_counts_without_its_line_end(tmp_path: Path, ending: bytes) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b" two words " + ending)
    assert _passphrase.from_file(path).reveal() == b" two words "


def test_a_command_gives_the_passphrase_or_a_clear_error() -> None:
    command = f"{sys.executable} -c 'print(\"from a command\")'"
    assert _passphrase.from_command(command).reveal() == b"from a command"
    with pytest.raises(fenchi.Io, match="exit code 7"):
        _passphrase.from_command(f"{sys.executable} -c 'raise SystemExit(7)'")
    with pytest.raises(fenchi.Io, match="failed"):
        _passphrase.from_command("/no/such/command")


@pytest.mark.parametrize("bad", ["", b"", b"\xff\xfe"])
def test_nothing_and_no_text_are_refused(bad: str | bytes) -> None:
    with pytest.raises(fenchi.InvalidArgument):
        _passphrase.secret_of(bad)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(fenchi.Io, match="nowhere"):
        _passphrase.from_file(tmp_path / "nowhere")


def test_a_secret_is_not_shown_copied_or_pickled() -> None:
    secret = fenchi.SecretBytes(b"open sesame")
    assert "sesame" not in repr(secret) + str(secret)
    assert len(secret) == 11
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leak(secret)  # type: ignore[operator]
