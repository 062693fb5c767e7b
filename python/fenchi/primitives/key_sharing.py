"""Key sharing: a 32-byte key becomes p shares, any m of which give it back, and name a bad one.

    shares = split_key(key, threshold=3, count=5, context=b"vault")
    back = recover_key({"anna.share": shares[0].serialize(), ...})
    for fault in back.faults:
        print(fault.name, fault.message)

Fewer than m shares tell nothing feasible of a uniformly random key, as far as HKDF-SHA-512 behaves
like a random function. As long as m good shares are there, altered, foreign, old and repeated ones
are told apart and named. Source: Adept secret sharing, Bellare, Dai, Rogaway, PoPETs 2020(4);
fenchi/key_sharing.h.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from fenchi import _core
from fenchi._core import KeyShare, SecretBytes

if TYPE_CHECKING:
    from typing_extensions import Buffer

    AnyShare = Buffer | SecretBytes | KeyShare
    NamedShares = Mapping[str, AnyShare] | Iterable[tuple[str, AnyShare]]

__all__ = [
    "Dealer",
    "KeyShare",
    "RecoveredKey",
    "ShareFault",
    "rebuild_share",
    "recover_key",
    "split_key",
]

FaultKind = Literal["damaged", "forged", "foreign", "old", "duplicate", "bad_index"]


class Dealer(Protocol):
    """Who vouches for shares: an Ed25519 key, in memory or on a token."""

    @property
    def public_key(self) -> bytes:
        """32 bytes."""

    def sign(self, message: bytes) -> bytes:
        """The signature of `message`, 64 bytes."""


@dataclass(frozen=True)
class ShareFault:
    """An item that is no good share of the key."""

    name: str
    kind: FaultKind
    message: str
    claimed_index: int = 0  # as it stands in the item; 0 as well where none can be read


@dataclass(frozen=True)
class RecoveredKey:
    """The key, the items that are good shares of it, and all others, in the order supplied."""

    key: SecretBytes
    used: tuple[str, ...]
    faults: tuple[ShareFault, ...]


def split_key(
    key: Buffer | SecretBytes,
    *,
    threshold: int,
    count: int,
    context: Buffer = b"",
    dealer: Dealer | None = None,
) -> list[KeyShare]:
    """Splits a key into shares so that any `threshold` of them recover it.

    key: 32 bytes, uniformly random. count: 1..255; threshold: 1..count. context: up to 65,535
    bytes, bound to the key. dealer: signs each share; None for shares protected by hashes
    elsewhere.
    Errors: InvalidArgument when a size or count is out of range; what the dealer raises is the
    `__cause__`.
    """
    return _core.split_key(key, threshold, count, context, dealer)


def recover_key(
    items: NamedShares,
    *,
    context: Buffer | None = None,
    dealer_public_key: Buffer | None = None,
    accept: Callable[[SecretBytes], bool] | None = None,
    vault_prefix_size_bytes: int = 32,
) -> RecoveredKey:
    """Recovers the key from enough shares, whatever else is among them.

    items: shares by the name that people know them by. context, dealer_public_key: only shares of
    this context, signed by this Ed25519 key, are used. accept: says whether a recovered key is the
    right one. A share of another context with `vault_prefix_size_bytes` equal leading bytes is
    called old, else foreign.
    Errors: WrongKey when no sharing has enough good shares, `accept` refuses all, or two have
    enough and `accept` does not tell which; the message names the items that cannot be used.
    Cost: one combination where all items are good, else up to 12,870 (20 us each) for each sharing.
    """
    key, used, faults = _core.recover_key(
        _named(items), context, dealer_public_key, accept, vault_prefix_size_bytes
    )
    return RecoveredKey(key, tuple(used), tuple(ShareFault(*fault) for fault in faults))


def rebuild_share(
    items: NamedShares,
    index: int,
    *,
    context: Buffer | None = None,
    accept: Callable[[SecretBytes], bool] | None = None,
) -> KeyShare:
    """Share `index` (1..255) of an unsigned sharing again, byte for byte as split_key made it.

    Errors: InvalidArgument when the index is out of range or the sharing is signed (only its
    dealer can); else as recover_key.
    """
    return _core.rebuild_share(_named(items), index, context, accept)


def _named(items: NamedShares) -> list[tuple[str, Buffer | SecretBytes]]:
    pairs = items.items() if isinstance(items, Mapping) else items
    return [(name, s.serialize() if isinstance(s, KeyShare) else s) for name, s in pairs]
