"""A token's PIN: from a file or a prompt, tried once, wiped."""

from __future__ import annotations

import sys

import fenchi
from fenchi import _core, _errors, _passphrase, _secret_files
from fenchi._core import SecretBytes
from fenchi.cli.output import Output
from fenchi.messages import text


def _from_file(output: Output, source: str) -> SecretBytes:
    """Its content, without one line end."""
    if _secret_files.readable_by_others(source):
        output.warn(text("secret.open_to_others", path=source))
    with _secret_files.content(source) as content:
        size = len(content)
        for ending in b"\n\r":
            if size > 0 and content[size - 1] == ending:
                size -= 1
        if size == 0:
            raise _errors.InvalidArgument(text("token.pin_empty", path=source))
        with content[:size] as pin:
            return SecretBytes(pin)


def _typed(output: Output, info: fenchi.custody.TokenInfo) -> SecretBytes:
    name = info.label or info.serial
    if not sys.stdin.isatty():
        hint = text("token.no_terminal_hint")
        raise _errors.WrongKey(text("token.no_terminal", token=name), hint)
    if info.last_try:
        output.warn(text("token.last_try", token=name))
    elif info.wrong_before:
        output.warn(text("token.wrong_before", token=name))
    return _passphrase.typed(text("token.ask_pin", token=name) + ": ")


def _pin(output: Output, uri: str) -> SecretBytes:
    source = _core.token_uri_pin_source(uri)
    info = fenchi.custody.find_token(uri)
    if info.pin_pad:
        output.warn(text("token.pin_pad", token=info.label or info.serial))
    if info.locked or not info.takes_pin:  # the library says so, before anything is tried
        return SecretBytes(b"")
    return _from_file(output, source) if source else _typed(output, info)


def open_token(output: Output, uri: str) -> fenchi.custody.KeyToken:
    """Errors: as custody.open_token, and those of the PIN's file."""
    return fenchi.custody.open_token(uri, pin=_pin(output, uri))


def make_key(output: Output, uri: str, label: str) -> fenchi.custody.KeyToken:
    """Errors: as custody.make_token_key, and those of the PIN's file."""
    return fenchi.custody.make_token_key(uri, label, pin=_pin(output, uri))
