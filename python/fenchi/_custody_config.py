"""The part of vault.toml that says who opens the vault: [vault] open, [[custodian]], [[recipient]].

    open = "2 of board AND passphrase, OR escrow"

    [[custodian]]
    group = "board"
    holder = "Lin"
    deputy = "Wu"

    [[recipient]]
    name = "escrow"
    key = "64 hex digits: an X25519 public key"

    [[recipient]]
    name = "hsm"
    key = "p256:04..., 130 hex digits: the public key in a token, as `fenchi key token` shows it"

It is a plan: what a new vault, a rotation or an addition makes. What holds is in the signed policy
(`fenchi key show`). A name that is no recipient is a passphrase.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import fenchi
from fenchi import _core, _errors, _passphrase
from fenchi.messages import text

_KEY = re.compile(r"[0-9a-f]{64}")
_TOKEN_KEY = re.compile(r"p256:04[0-9a-f]{128}")
_P256_PREFIX = "p256:"
_TOKEN_KEY_SIZE = 65
PASSPHRASE = "passphrase"  # noqa: S105


@dataclass(frozen=True, kw_only=True)
class CustodyTable:
    """Who opens the vault, as vault.toml plans it."""

    open: str = PASSPHRASE
    custodians: Mapping[str, tuple[fenchi.custody.Custodian, ...]] = field(default_factory=dict)
    """By group; a share's index is the place + 1."""
    recipients: Mapping[str, bytes] = field(default_factory=dict)
    """Public keys by name: X25519, or P-256 in a token."""

    def passphrase_names(self, open: str | None = None) -> tuple[str, ...]:
        """The names in the expression that are no recipients."""
        names = _core.parse_access(open or self.open)["names"]
        return tuple(name for name in names if name not in self.recipients)

    def plan(
        self,
        *,
        passphrases: Mapping[str, _passphrase.Passphrase] | None = None,
        deliver: fenchi.custody.Deliver | None = None,
        open: str | None = None,
        passphrase_passes: int = 4,
        passphrase_memory_kib: int = 64 * 1024,
    ) -> fenchi.custody.CustodyPlan:
        """What Vault.rotate, Vault.add_access and fenchi.create take.

        open: another expression than that of the file. Errors: InvalidArgument, also when a
        recipient or a group stands in the file that the file's own expression does not name.
        """
        self.check_names()
        access = fenchi.custody.parse_access(open or self.open)
        groups = {}
        for group, needed in access.groups.items():
            holders = self.custodians.get(group, ())
            if len(holders) < needed:
                message = text("custody.too_few", group=group, needed=needed, there=len(holders))
                raise _errors.InvalidArgument(message, text("custody.too_few_hint", group=group))
            groups[group] = holders
        return fenchi.custody.CustodyPlan(
            open=access.canonical,
            passphrases=dict(passphrases or {}),
            recipients={n: key for n, key in self.recipients.items() if n in access.names},
            custodians=groups,
            deliver=deliver,
            passphrase_passes=passphrase_passes,
            passphrase_memory_kib=passphrase_memory_kib,
        )

    def with_passphrase(
        self, get: Callable[[], _passphrase.SecretBytes], passes: int, memory_kib: int
    ) -> fenchi.custody.CustodyPlan:
        """For who brings a passphrase and no plan. Errors: InvalidArgument where the file wants
        more than that."""
        if self.open != PASSPHRASE:
            hint = text("custody.plan_needed_hint")
            raise _errors.InvalidArgument(text("custody.plan_needed", open=self.open), hint)
        return self.plan(
            passphrases={PASSPHRASE: get()},
            passphrase_passes=passes,
            passphrase_memory_kib=memory_kib,
        )

    def check_names(self) -> None:
        """A recipient that the expression does not name is most likely misspelt in one of both."""
        access = fenchi.custody.parse_access(self.open)
        for name in self.recipients:
            if name not in access.names:
                raise _errors.InvalidArgument(text("custody.unused_recipient", name=name))
        for group in self.custodians:
            if group not in access.groups:
                raise _errors.InvalidArgument(text("custody.unused_group", group=group))


def is_token_key(key: bytes) -> bool:
    """Whether a recipient's public key is one in a token."""
    return len(key) == _TOKEN_KEY_SIZE


def key_text(key: bytes) -> str:
    """A recipient's public key as vault.toml has it."""
    return _P256_PREFIX + key.hex() if is_token_key(key) else key.hex()


def read_key(where: str, value: str) -> bytes:
    """A public key: 64 hex digits, or p256:04... for one in a token."""
    lower = value.lower()
    if _TOKEN_KEY.fullmatch(lower):
        return bytes.fromhex(lower.removeprefix(_P256_PREFIX))
    if not _KEY.fullmatch(lower):
        raise _errors.InvalidArgument(text("custody.key_form", where=where))
    return bytes.fromhex(value)


def checked_open(value: str) -> str:
    try:
        return str(_core.parse_access(value)["canonical"])
    except _errors.InvalidArgument as error:
        message = text("custody.open", why=error.message)
        raise _errors.InvalidArgument(message, error.hint) from None


def table_of(
    open: str,
    custodians: Sequence[tuple[str, str, str]],
    recipients: Sequence[tuple[str, str]],
) -> CustodyTable:
    """From the values of the file: (group, holder, deputy) and (name, key in hex)."""
    groups: dict[str, tuple[fenchi.custody.Custodian, ...]] = {}
    for group, holder, deputy in custodians:
        known = groups.get(group, ())
        if not holder or any(one.holder == holder for one in known):
            raise _errors.InvalidArgument(text("custody.holder_twice", group=group, name=holder))
        groups[group] = (*known, fenchi.custody.Custodian(holder, deputy))
    keys: dict[str, bytes] = {}
    for name, key in recipients:
        if name in keys:
            raise _errors.InvalidArgument(text("custody.recipient_twice", name=name))
        keys[name] = read_key(f"recipient {name}", key)
    return CustodyTable(open=checked_open(open), custodians=groups, recipients=keys)
