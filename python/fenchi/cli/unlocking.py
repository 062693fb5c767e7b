"""What was brought to open a vault with: files, descriptors, the keyring, a prompt; never argv."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fenchi import _errors, _passphrase, _secret_files
from fenchi._core import SecretBytes
from fenchi._custody_config import PASSPHRASE, CustodyTable, is_token_key
from fenchi._unlock import Key, Unlock
from fenchi.cli.output import Output
from fenchi.cli.pin import open_token
from fenchi.messages import text

_KEY_SIZE = 32


@dataclass(frozen=True)
class Factors:
    """The options that name where each factor lies."""

    shares: tuple[str, ...] = ()
    recipient_keys: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    """PKCS#11 URIs."""
    admin_key: str | None = None
    credential: str | None = None

    @property
    def opens(self) -> bool:
        return bool(self.shares or self.recipient_keys or self.tokens or self.credential)

    def for_recipient(self, key: bytes) -> bool:
        """Whether something was brought that may hold a recipient's secret key."""
        return bool(self.tokens if is_token_key(key) else self.recipient_keys)


@contextmanager
def _content(output: Output, source: str) -> Iterator[memoryview]:
    if _secret_files.readable_by_others(source):
        output.warn(text("secret.open_to_others", path=source))
    with _secret_files.content(source) as content:
        yield content


def read_secret(output: Output, source: str) -> SecretBytes:
    """A secret's bytes; a file that others can read is warned about."""
    with _content(output, source) as content:
        return SecretBytes(content)


def read_key(output: Output, source: str) -> SecretBytes:
    """A key of 32 bytes: as they are, or as 64 hex digits."""
    with _content(output, source) as content:
        if len(content) == _KEY_SIZE:
            return SecretBytes(content)
        first, end = 0, len(content)
        while first < end and content[first : first + 1].tobytes().isspace():
            first += 1
        while end > first and content[end - 1 : end].tobytes().isspace():
            end -= 1
        key = bytearray(_KEY_SIZE)  # digit by digit: no copy of the whole is left behind
        try:
            if end - first != 2 * _KEY_SIZE:
                raise ValueError
            for i in range(_KEY_SIZE):
                digits = content[first + 2 * i : first + 2 * i + 2].tobytes()
                if not digits.isalnum():
                    raise ValueError
                key[i] = int(digits, 16)
            return SecretBytes(key)
        except ValueError:
            raise _errors.InvalidArgument(text("secret.not_a_key", path=source)) from None
        finally:
            key[:] = bytes(_KEY_SIZE)


_RAW_SHARE = b"fsh1"  # as the library serialises it: what `key rotate --shares` writes


def read_shares(output: Output, source: str) -> dict[str, Key]:
    """The share in a file: as it is, in words of a ceremony, or in a scan of its page.

    Errors: Damaged, saying which line is wrong; WrongKey for a share's own passphrase.
    """
    from fenchi.ceremony import collecting, qr, share_file
    from fenchi.ceremony.conversation import Terminal

    name = Path(source).name
    if qr.is_scan(Path(source)):
        parsed = collecting.pages_of(Path(source))
    else:
        with _content(output, source) as content:
            if content[: len(_RAW_SHARE)] == _RAW_SHARE:
                return {name: SecretBytes(content)}
            try:
                words = str(content, "utf-8-sig")
            except UnicodeDecodeError:
                return {name: SecretBytes(content)}  # the opening says what is wrong with it
        parsed = [share_file.parse(one) for one in list(share_file.split(words)) or [words]]
    found: dict[str, Key] = {}
    for number, (page, notes) in enumerate(((one.page, one.notes) for one in parsed), 1):
        for note in notes:
            output.warn(f"{name}: {note}")
        secret = None
        if page.locked:
            question = text("share.passphrase", name=name, index=page.index)
            secret = _passphrase.secret_of(Terminal().ask_secret(question))
        found[name if len(parsed) == 1 else f"{name} {number}"] = page.share(secret)
    return found


def _passphrases_to_ask(custody: CustodyTable, factors: Factors) -> list[str]:
    if custody.open == PASSPHRASE and not factors.opens:
        return [PASSPHRASE]  # as for most vaults: there is nothing to weigh
    from fenchi.cli.asking import passphrases_to_ask

    return passphrases_to_ask(custody, factors)


def unlock_of(
    output: Output,
    factors: Factors,
    custody: CustodyTable,
    ask: Callable[[list[str]], list[SecretBytes]],
) -> Unlock:
    """ask: gets the passphrases with these names, from wherever they come."""
    admin = None if factors.admin_key is None else read_key(output, factors.admin_key)
    if factors.credential is not None:
        credential = read_secret(output, factors.credential)
        return Unlock(credential=credential, admin_key=admin)
    shares: dict[str, Key] = {}
    for source in factors.shares:
        shares |= read_shares(output, source)
    return Unlock(
        passphrases=ask(_passphrases_to_ask(custody, factors)),
        recipient_keys=[read_key(output, source) for source in factors.recipient_keys],
        tokens=[open_token(output, uri) for uri in factors.tokens],
        shares=shares,
        admin_key=admin,
    )
