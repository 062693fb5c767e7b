"""What was brought to open a vault with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import fenchi
from fenchi import _passphrase
from fenchi._core import SecretBytes

Key = SecretBytes | bytes | bytearray


def as_secret(data: Key) -> SecretBytes:
    return data if isinstance(data, SecretBytes) else SecretBytes(data)


class HoldsSecrets:
    """Keeps what holds secrets, in whatever form its maker gave them, out of pickles and copies."""

    def __reduce__(self) -> str:
        raise TypeError("an object that holds secrets cannot be pickled or copied")


@dataclass(frozen=True, kw_only=True)
class Unlock(HoldsSecrets):
    """Everything that was brought to open a vault with. What is lacking, the error says."""

    passphrases: Sequence[_passphrase.Passphrase] = field(default=(), repr=False)
    recipient_keys: Sequence[Key] = field(default=(), repr=False)
    tokens: Sequence[fenchi.custody.KeyToken] = field(default=(), repr=False)
    shares: Mapping[str, Key] = field(default_factory=dict, repr=False)
    """Custodians' key shares, by the name of the file or page they came in."""
    admin_key: Key | None = field(default=None, repr=False)
    credential: Key | None = field(default=None, repr=False)

    def to_core(self) -> dict[str, Any]:
        return {
            "passphrases": [_passphrase.secret_of(one) for one in self.passphrases],
            "recipient_keys": [as_secret(one) for one in self.recipient_keys],
            "tokens": list(self.tokens),
            "shares": [(name, as_secret(data)) for name, data in self.shares.items()],
            "admin_key": None if self.admin_key is None else as_secret(self.admin_key),
            "credential": None if self.credential is None else as_secret(self.credential),
        }
