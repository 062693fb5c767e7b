"""Custody: who opens a vault, alone or together, and how its admins change that.

    plan = CustodyPlan(
        open="2 of board AND passphrase, OR escrow",
        passphrases={"passphrase": "correct horse"},
        recipients={"escrow": recipient_key_of(escrow_secret)},
        custodians={"board": [Custodian("Lin", "Wu"), Custodian("Chen"), Custodian("Huang")]},
        deliver=hand_out,  # gets all key shares once, before anything is changed
    )
    vault = fenchi.create(providers, custody=plan, policy=policy)
    vault = fenchi.open(where, unlock=Unlock(shares={"page A": a, "page B": b}, ...))

Alternatives stand between ", OR"; inside one, AND binds closer than OR, and parentheses group. A
factor is a NAME (a passphrase or a recipient), "N of GROUP" (custodians), or "k of providers".

A recipient holds an X25519 key in a file, or has a token (HSM, smart card) that never gives its
P-256 key out:

    token = open_token("pkcs11:token=vault;object=escrow?module-path=/usr/lib/...", pin=pin)
    check_token(token)  # before anything is sealed to it
    plan = CustodyPlan(open="escrow", recipients={"escrow": token.public_key})
    vault = fenchi.open(where, unlock=Unlock(tokens=[token]))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, Self

from fenchi import _core, _passphrase
from fenchi._core import SecretBytes
from fenchi._unlock import HoldsSecrets, Key, Unlock, as_secret

__all__ = [
    "AccessExpression",
    "AdminRule",
    "AttestReport",
    "Custodian",
    "CustodianShare",
    "CustodyGroup",
    "CustodyPlan",
    "CustodyReport",
    "CustodyToken",
    "Deliver",
    "EpochUse",
    "Key",
    "KeyToken",
    "NewWriter",
    "PolicyChange",
    "ShareLabel",
    "TokenInfo",
    "Unlock",
    "Writer",
    "admin_key_of",
    "approve_proposal",
    "check_token",
    "find_token",
    "make_token_key",
    "new_admin_key",
    "new_recipient_key",
    "open_token",
    "parse_access",
    "read_share_label",
    "recipient_key_of",
]

_START = datetime(1970, 1, 1, tzinfo=UTC)
_ROLES = {"read": 1, "write": 2, "verify": 3, "admin": 4}


@dataclass(frozen=True, kw_only=True)
class AccessExpression:
    """An access expression, taken apart."""

    canonical: str
    alternatives: tuple[str, ...]
    names: tuple[str, ...]
    """Of passphrases and recipients."""
    groups: Mapping[str, int]
    """Groups of custodians, with the largest N that is asked of each."""
    providers: bool


def parse_access(open: str) -> AccessExpression:
    """Errors: InvalidArgument, saying what is wrong at which character."""
    fields = _core.parse_access(open)
    return AccessExpression(
        canonical=fields["canonical"],
        alternatives=tuple(fields["alternatives"]),
        names=tuple(fields["names"]),
        groups=dict(fields["groups"]),
        providers=fields["providers"],
    )


# ---- Tokens ----


class KeyToken(Protocol):
    """What holds a secret P-256 key and never gives it out: from open_token, or one of yours."""

    @property
    def name(self) -> str:
        """What people know it by, for messages: never a PIN."""

    @property
    def public_key(self) -> bytes:
        """65 bytes: 04, x, y of a point of P-256 (SEC 1)."""

    def agree(self, peer: bytes) -> Key:
        """The x-coordinate (32 bytes) of the secret key times `peer`, a public key like the above.

        Raise fenchi.Unavailable where the token cannot be reached.
        """


@dataclass(frozen=True, kw_only=True)
class TokenInfo:
    """What a token says of itself, without its PIN."""

    label: str
    manufacturer: str
    model: str
    serial: str
    takes_pin: bool
    pin_pad: bool
    """It asks for its PIN itself, on its own keys."""
    wrong_before: bool
    """A wrong PIN was given since the last right one."""
    last_try: bool
    """One more wrong PIN locks it."""
    locked: bool
    """It takes no PIN any more."""


def find_token(uri: str) -> TokenInfo:
    """The token of a PKCS#11 URI (RFC 7512), which must name its library: `?module-path=`.

    Errors: NotFound when none fits; InvalidArgument when several do; Io for the library.
    """
    return TokenInfo(**_core.find_token(uri))


def open_token(uri: str, *, pin: Key | str = b"") -> KeyToken:
    """A session with a token. pin: tried once, for tokens lock themselves after a few.

    Errors: as find_token; WrongKey, saying what the token says of tries left; Denied when it is
    locked; NotFound when no key fits; InvalidArgument when the key cannot be used.
    """
    return _core.open_token(uri, _pin(pin))


def make_token_key(uri: str, label: str, *, pin: Key | str = b"") -> KeyToken:
    """Makes a key pair on the token, whose secret key cannot be read out.

    Errors: as open_token; AlreadyExists when there is a key with that label.
    """
    return _core.make_token_key(uri, label, _pin(pin))


def check_token(token: KeyToken) -> None:
    """Whether a token will do as a recipient; ask before anything is sealed to it.

    Errors: Policy when its secret key can be read out; Damaged when it does not agree as it should.
    """
    _core.check_token(token)


def _pin(pin: Key | str) -> SecretBytes:
    return as_secret(pin.encode() if isinstance(pin, str) else pin)


@dataclass(frozen=True)
class Custodian:
    holder: str
    deputy: str = ""


@dataclass(frozen=True, kw_only=True)
class CustodianShare(HoldsSecrets):
    """A key share on its way to its holder."""

    slot: str
    group: str
    custodian: Custodian
    threshold: int
    count: int
    index: int
    epoch: int
    data: SecretBytes = field(repr=False)


Deliver = Callable[[Sequence[CustodianShare]], object]


def _share(fields: dict[str, Any]) -> CustodianShare:
    people = Custodian(fields.pop("holder"), fields.pop("deputy"))
    return CustodianShare(custodian=people, **fields)


@dataclass(frozen=True, kw_only=True)
class CustodyPlan(HoldsSecrets):
    """An access expression and what its names stand for: each name in exactly one of the maps."""

    open: str = "passphrase"
    passphrases: Mapping[str, _passphrase.Passphrase] = field(default_factory=dict, repr=False)
    recipients: Mapping[str, bytes] = field(default_factory=dict)
    """Public keys: X25519, 32 bytes, or P-256 in a token, 65 bytes."""
    custodians: Mapping[str, Sequence[Custodian]] = field(default_factory=dict)
    deliver: Deliver | None = None
    """Gets all key shares, once, before anything is changed; what it raises stops the change."""
    passphrase_passes: int = 4
    passphrase_memory_kib: int = 64 * 1024

    def to_core(self) -> dict[str, Any]:
        deliver = self.deliver
        return {
            "open": self.open,
            "passphrases": {n: _passphrase.secret_of(p) for n, p in self.passphrases.items()},
            "recipients": dict(self.recipients),
            "custodians": {
                group: [(one.holder, one.deputy) for one in people]
                for group, people in self.custodians.items()
            },
            "cost": (self.passphrase_passes, self.passphrase_memory_kib),
            "deliver": None
            if deliver is None
            else lambda shares: deliver([_share(one) for one in shares]),
        }


def new_recipient_key() -> SecretBytes:
    """32 secret bytes for a recipient, who keeps them."""
    return _core.new_recipient_key()


def recipient_key_of(secret: Key) -> bytes:
    """The public key that goes into a plan."""
    return _core.recipient_key_of(as_secret(secret))


def new_admin_key() -> SecretBytes:
    return _core.new_admin_key()


def admin_key_of(secret: Key) -> bytes:
    return _core.admin_key_of(as_secret(secret))


@dataclass(frozen=True, kw_only=True)
class ShareLabel:
    """What a key share says of itself, without revealing it."""

    vault: str
    epoch: int
    set: str
    """Equal in all shares that fit together."""
    threshold: int
    index: int


def read_share_label(share: Key) -> ShareLabel:
    """Errors: Damaged."""
    vault, epoch, set_id, threshold, index = _core.read_share_label(share)
    return ShareLabel(vault=vault, epoch=epoch, set=set_id, threshold=threshold, index=index)


@dataclass(frozen=True, kw_only=True)
class AdminRule:
    threshold: int
    keys: Sequence[bytes]


@dataclass(frozen=True, kw_only=True)
class NewWriter:
    role: str = "write"
    key_domains: Sequence[str] = ()
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class PolicyChange:
    published: bool
    policy_version: int
    proposal: bytes
    """Where more admins must sign: for approve_proposal and then Vault.publish. Else empty."""
    credentials: tuple[SecretBytes, ...] = field(repr=False)

    @classmethod
    def from_core(cls, fields: dict[str, Any]) -> Self:
        return cls(**{**fields, "credentials": tuple(fields["credentials"])})


def moment_to_core(at: datetime) -> tuple[int, int]:
    """Seconds and nanoseconds since 1970: the end of the microsecond."""
    since = at - _START
    return since.days * 86_400 + since.seconds, since.microseconds * 1000 + 999


def edit_to_core(
    *,
    add_key_domains: Iterable[str] = (),
    add_writers: Iterable[NewWriter] = (),
    revoke_writers: Iterable[str] = (),
    admins: AdminRule | None = None,
    close_former_admins: bool = False,
) -> dict[str, Any]:
    return {
        "add_key_domains": list(add_key_domains),
        "add_writers": [(_ROLES[w.role], list(w.key_domains), w.label) for w in add_writers],
        "revoke_writers": list(revoke_writers),
        "admins": None if admins is None else (admins.threshold, list(admins.keys)),
        "close_former_admins": close_former_admins,
    }


def approve_proposal(proposal: bytes, admin_key: Key) -> bytes:
    """An admin's signature under a proposal: a file that may travel by mail or USB."""
    return _core.approve_proposal(proposal, as_secret(admin_key))


@dataclass(frozen=True, kw_only=True)
class CustodyGroup:
    slot: str
    group: str
    threshold: int
    custodians: tuple[Custodian, ...]


@dataclass(frozen=True, kw_only=True)
class CustodyToken:
    """A recipient whose secret key is in a token."""

    slot: str
    name: str
    public_key: bytes


@dataclass(frozen=True, kw_only=True)
class Writer:
    id: str
    label: str
    reads: bool
    revoked: bool


@dataclass(frozen=True, kw_only=True)
class AttestReport:
    """Packs of other writers that a read host opened and vouched for."""

    packs: int
    chunks: int
    attested_before: int
    bytes_read: int
    seconds: float
    refused: tuple[str, ...]
    """Packs that do not hold what they say, and why."""


@dataclass(frozen=True, kw_only=True)
class EpochUse:
    """What was written in one epoch and lies at the providers: that epoch's keys read it."""

    epoch: int
    snapshots: int
    packs: int
    bytes: int
    """Of the sealed packs, before they are split."""


@dataclass(frozen=True, kw_only=True)
class CustodyReport:
    """Who can open a vault."""

    policy_version: int
    time: datetime
    epoch: int
    open: str
    slots: tuple[str, ...]
    in_words: tuple[str, ...]
    described: tuple[bool, ...]
    """By slot: whether it is made of just what its expression says."""
    needed: int
    """Providers that each slot takes besides."""
    groups: tuple[CustodyGroup, ...]
    tokens: tuple[CustodyToken, ...]
    key_domains: tuple[str, ...]
    admins: AdminRule
    writers: tuple[Writer, ...]

    @classmethod
    def from_core(cls, fields: dict[str, Any]) -> Self:
        groups = (
            CustodyGroup(
                slot=slot,
                group=group,
                threshold=threshold,
                custodians=tuple(Custodian(*one) for one in people),
            )
            for slot, group, threshold, people in fields["groups"]
        )
        threshold, keys = fields["admins"]
        return cls(
            policy_version=fields["policy_version"],
            time=_START
            + timedelta(seconds=fields["time"][0], microseconds=fields["time"][1] // 1000),
            epoch=fields["epoch"],
            open=fields["open"],
            slots=tuple(fields["slots"]),
            in_words=tuple(fields["in_words"]),
            described=tuple(fields["described"]),
            needed=fields["needed"],
            groups=tuple(groups),
            tokens=tuple(
                CustodyToken(slot=slot, name=name, public_key=key)
                for slot, name, key in fields["tokens"]
            ),
            key_domains=tuple(fields["key_domains"]),
            admins=AdminRule(threshold=threshold, keys=tuple(keys)),
            writers=tuple(
                Writer(id=i, label=label, reads=reads, revoked=revoked)
                for i, label, reads, revoked in fields["writers"]
            ),
        )
