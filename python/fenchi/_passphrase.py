"""Passphrases: where they come from, and the one form in which they are used.

They come from a file, a command or a prompt, never from an argument of a process, and are used as
UTF-8 in Unicode normal form C, so that the same words typed on two systems open the same vault.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import unicodedata
from collections.abc import Mapping

from fenchi import _core, _errors, _secret_files
from fenchi.messages import text

SecretBytes = _core.SecretBytes
Passphrase = str | bytes | bytearray | SecretBytes

PASSWORD_FILE = "FENCHI_PASSWORD_FILE"  # noqa: S105
PASSWORD_COMMAND = "FENCHI_PASSWORD_COMMAND"  # noqa: S105


def secret_of(passphrase: Passphrase) -> SecretBytes:
    """The bytes that open a vault. A SecretBytes is taken as it is."""
    if isinstance(passphrase, SecretBytes):
        return passphrase
    try:
        words = passphrase if isinstance(passphrase, str) else bytes(passphrase).decode()
        encoded = unicodedata.normalize("NFC", words).encode()
    except UnicodeError:
        raise _errors.InvalidArgument(text("passphrase.not_utf8")) from None
    if not encoded:
        raise _errors.InvalidArgument(text("passphrase.empty"))
    return SecretBytes(encoded)


def _without_line_end(content: bytes) -> bytes:
    return content.removesuffix(b"\n").removesuffix(b"\r")


def from_file(path: str | os.PathLike[str]) -> SecretBytes:
    """The content of a file, without one line end. Also of `fd:N` and `keyring:NAME`."""
    try:
        content = _secret_files.read(path)
    except _errors.Io as error:
        why = getattr(error.__cause__, "strerror", error.message)
        raise _errors.Io(text("passphrase.no_file", path=path, why=why)) from error
    return secret_of(_without_line_end(content))


def from_command(command: str) -> SecretBytes:
    """What a command prints, without one line end. No shell is involved."""
    words = shlex.split(command)
    if not words:
        raise _errors.InvalidArgument(text("passphrase.command_empty"))
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        code = getattr(error, "returncode", None)
        reason = getattr(error, "strerror", None)
        why = reason if code is None else text("passphrase.exit_code", code=code)
        raise _errors.Io(text("passphrase.command_failed", command=words[0], why=why)) from error
    return secret_of(_without_line_end(done.stdout))


def from_environment(environment: Mapping[str, str] = os.environ) -> SecretBytes | None:
    """By $FENCHI_PASSWORD_FILE or $FENCHI_PASSWORD_COMMAND, or None where neither is set."""
    if path := environment.get(PASSWORD_FILE):
        return from_file(path)
    if command := environment.get(PASSWORD_COMMAND):
        return from_command(command)
    return None
