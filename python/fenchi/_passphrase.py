"""Passphrases: where they come from, and the one form in which they are used.

They come from a file, a command or a prompt, never from an argument of a process, and are used as
UTF-8 in Unicode normal form C, so that the same words typed on two systems open the same vault.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping

from fenchi import _core, _errors, _secret_files
from fenchi.messages import text

SecretBytes = _core.SecretBytes
Passphrase = str | bytes | bytearray | SecretBytes

PASSWORD_FILE = "FENCHI_PASSWORD_FILE"  # noqa: S105
PASSWORD_COMMAND = "FENCHI_PASSWORD_COMMAND"  # noqa: S105


def secret_of(passphrase: Passphrase) -> SecretBytes:
    """The bytes that open a vault. A SecretBytes is taken as it is.

    The caller's own object stays in Python's memory as it is; no other copy does.
    """
    if isinstance(passphrase, SecretBytes):
        return passphrase
    if isinstance(passphrase, str):
        try:
            passphrase = passphrase.encode()
        except UnicodeError:  # half a surrogate pair
            raise _errors.InvalidArgument(text("passphrase.not_utf8")) from None
    return _checked(SecretBytes.of_words(passphrase))


def _checked(secret: SecretBytes | None) -> SecretBytes:
    if secret is None:
        raise _errors.InvalidArgument(text("passphrase.not_utf8"))
    if len(secret) == 0:
        raise _errors.InvalidArgument(text("passphrase.empty"))
    return secret


def _without_line_end(content: memoryview) -> SecretBytes:
    size = len(content)
    for ending in b"\n\r":
        if size > 0 and content[size - 1] == ending:
            size -= 1
    with content[:size] as words:
        return _checked(SecretBytes.of_words(words))


def from_file(path: str | os.PathLike[str]) -> SecretBytes:
    """The content of a file, without one line end. Also of `fd:N` and `keyring:NAME`."""
    try:
        with _secret_files.content(path) as content:
            return _without_line_end(content)
    except _errors.Io as error:
        why = getattr(error.__cause__, "strerror", error.message)
        raise _errors.Io(text("passphrase.no_file", path=path, why=why)) from error


def from_command(command: str) -> SecretBytes:
    """What a command prints, without one line end. No shell is involved."""
    words = shlex.split(command)
    if not words:
        raise _errors.InvalidArgument(text("passphrase.command_empty"))
    try:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, bufsize=0)
    except OSError as error:
        why = error.strerror or str(error)
        raise _errors.Io(text("passphrase.command_failed", command=words[0], why=why)) from error
    assert process.stdout is not None  # noqa: S101 - asked for above
    with process, _secret_files.content_of(process.stdout.fileno(), words[0]) as content:
        if code := process.wait():
            why = text("passphrase.exit_code", code=code)
            raise _errors.Io(text("passphrase.command_failed", command=words[0], why=why))
        return _without_line_end(content)


def typed(prompt: str) -> SecretBytes:
    """One line that somebody types at the terminal, without showing it."""
    import termios  # not on every system

    terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        before = termios.tcgetattr(terminal)
        quiet = [*before]
        quiet[3] &= ~termios.ECHO
        try:
            # Before the prompt: who answers at once must not be shown.
            termios.tcsetattr(terminal, termios.TCSAFLUSH, quiet)
            os.write(terminal, prompt.encode())
            with _secret_files.content_of(terminal, "/dev/tty", one_line=True) as content:
                return _without_line_end(content)
        finally:
            termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
            os.write(terminal, b"\n")
    finally:
        os.close(terminal)


def from_environment(environment: Mapping[str, str] = os.environ) -> SecretBytes | None:
    """By $FENCHI_PASSWORD_FILE or $FENCHI_PASSWORD_COMMAND, or None where neither is set."""
    if path := environment.get(PASSWORD_FILE):
        return from_file(path)
    if command := environment.get(PASSWORD_COMMAND):
        return from_command(command)
    return None
