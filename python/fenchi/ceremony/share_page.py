"""One key share as it is handed to its custodian: what people read, and the share in two parts.

    page = SharePage.of(share, vault_name="land-register", made=date.today(), passphrase=None)
    page.share(None)                       # the share's bytes again

The common part (lines A) is equal on all pages of a set, so that who types several pages types it
once; the own part (lines B) is the secret, as it is or sealed under a passphrase that its custodian
chose. Bytes: FORMAT.md section 17.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from fenchi import _core, _errors, _passphrase
from fenchi._core import SecretBytes
from fenchi.ceremony import lines
from fenchi.custody import CustodianShare, ShareLabel, read_share_label
from fenchi.messages import text
from fenchi.primitives import SealType, open_sealed, seal, sha256

_VERSION = 1
_HEAD = 5  # version, scheme and threshold, length of T
_BEHIND_T = 64 + 32 + 32  # C, J, the dealer's public key
_SECRET = 32 + 64  # the Shamir value, the signature
_PLAIN, _LOCKED = 0, 1
_SALT = 16
_BOX = _SECRET + 84
_CHECK = 4
_T_MIN = 84
# What a guess at a page's passphrase costs: one second, 256 MiB. Pages are opened seldom.
PASSES, MEMORY_KIB = 4, 256 * 1024
_PASSES_MAX, _MEMORY_KIB_MAX = 20, 1024 * 1024


def _check_of(common: bytes, own: bytes) -> bytes:
    return sha256(b"fenchi/1/share page\0" + common + own)[:_CHECK]


def _parts_of(share: SecretBytes) -> tuple[bytes, bytes]:
    """The common part, and value and signature, of a serialised share (FORMAT.md section 12)."""
    data = share.reveal()
    end = 10 + int.from_bytes(data[8:10], "big")  # of T; then value, C, J, dealer's key, signature
    behind = data[end + 32 : end + 32 + _BEHIND_T]
    common = bytes([_VERSION]) + data[4:6] + data[8:end] + behind
    return common, data[end : end + 32] + data[end + 32 + _BEHIND_T : -4]


def _own_size(kind: int) -> int:
    """Without the check."""
    return 2 + (_SECRET if kind == _PLAIN else 5 + _SALT + _BOX)


def _torn(what: str) -> _errors.Damaged:
    return _errors.Damaged(text("page.torn", what=what), text("page.torn_hint"))


def common_size(common: bytes) -> int:
    """How long a common part that begins like this is. Errors: Damaged."""
    if len(common) < _HEAD or common[0] != _VERSION:
        raise _torn("version")
    size = int.from_bytes(common[3:5], "big")
    if not _T_MIN <= size <= 256:
        raise _torn("context")
    return _HEAD + size + _BEHIND_T


@dataclass(frozen=True, kw_only=True)
class SharePage:
    """See the module. Texts are for people only; what counts is in the two parts."""

    vault_name: str = ""
    group: str = ""
    opens: str = ""
    """The alternative that the share helps to open."""
    holder: str = ""
    deputy: str = ""
    count: int = 0
    """Shares made; 0: not known, since it was typed or scanned."""
    made: date | None = None
    common: bytes = field(repr=False)
    own: bytes = field(repr=False)
    """With its check."""

    @classmethod
    def of(
        cls,
        share: CustodianShare,
        *,
        vault_name: str,
        made: date,
        passphrase: SecretBytes | None = None,
        passes: int = PASSES,
        memory_kib: int = MEMORY_KIB,
    ) -> SharePage:
        common, secret = _parts_of(share.data)
        own = bytes([_PLAIN, share.index]) + secret
        if passphrase is not None:
            salt = os.urandom(_SALT)
            key = _core.stretch_password(passphrase, salt, passes, memory_kib)
            box = seal(
                key,
                secret,
                type=SealType.credential,
                vault=common[_HEAD : _HEAD + 32],
                context=_box_context(share.index),
            )
            cost = bytes([passes]) + memory_kib.to_bytes(4, "big")
            own = bytes([_LOCKED, share.index]) + cost + salt + box
        return cls(
            vault_name=vault_name,
            group=share.group,
            opens=share.slot,
            holder=share.custodian.holder,
            deputy=share.custodian.deputy,
            count=share.count,
            made=made,
            common=common,
            own=own + _check_of(common, own),
        )

    @classmethod
    def of_share(cls, share: SecretBytes) -> SharePage:
        """From a share as the library serialises it, in the clear. Errors: Damaged."""
        label = read_share_label(share)
        common, secret = _parts_of(share)
        own = bytes([_PLAIN, label.index]) + secret
        return cls.of_parts(common, own + _check_of(common, own))

    @classmethod
    def of_parts(cls, common: bytes, own: bytes) -> SharePage:
        """From bytes, with zeros behind each. Errors: Damaged."""
        size = common_size(common)
        if len(common) < size or any(common[size:]):
            raise _torn("A")
        if not own or own[0] not in (_PLAIN, _LOCKED):
            raise _torn("B")
        end = _own_size(own[0]) + _CHECK
        if len(own) < end or any(own[end:]):
            raise _torn("B")
        page = cls(common=common[:size], own=own[:end])
        if _check_of(page.common, page.own[:-_CHECK]) != page.own[-_CHECK:]:
            raise _errors.Damaged(text("page.mixed"), text("page.mixed_hint"))
        if page.index == 0 or page.threshold == 0:
            raise _errors.Damaged(text("page.index", index=page.index, needed=page.threshold))
        return page

    @classmethod
    def of_bytes(cls, data: bytes) -> SharePage:
        """As a QR code holds it."""
        size = common_size(data)
        return cls.of_parts(data[:size], data[size:])

    @property
    def locked(self) -> bool:
        """Whether its custodian's passphrase is needed."""
        return self.own[0] == _LOCKED

    @property
    def index(self) -> int:
        return self.own[1]

    @property
    def threshold(self) -> int:
        return self.common[2]

    @property
    def vault(self) -> str:
        return self.common[_HEAD : _HEAD + 32].hex()

    @property
    def epoch(self) -> int:
        return int.from_bytes(self.common[_HEAD + 32 : _HEAD + 36], "big")

    @property
    def set(self) -> str:
        """As ShareLabel.set: equal on all pages that fit together."""
        end = _HEAD + int.from_bytes(self.common[3:5], "big")
        context, check = self.common[_HEAD:end], self.common[end + 64 : end + 96]
        return sha256(context + bytes([self.threshold]) + check)[:8].hex()

    @property
    def label(self) -> ShareLabel:
        return ShareLabel(
            vault=self.vault,
            epoch=self.epoch,
            set=self.set,
            threshold=self.threshold,
            index=self.index,
        )

    def data(self) -> bytes:
        """For a QR code."""
        return self.common + self.own

    def lines(self) -> list[str]:
        return [*lines.encode(self.common, "A"), *lines.encode(self.own, "B")]

    def share(self, passphrase: SecretBytes | None) -> SecretBytes:
        """The share's bytes. Errors: WrongKey for the passphrase; Damaged."""
        secret = self.own[2:-_CHECK]
        if self.locked:
            if passphrase is None:
                raise _errors.WrongKey(text("page.locked", index=self.index))
            secret = self._unlock(passphrase)
        end = _HEAD + int.from_bytes(self.common[3:5], "big")
        head = b"fsh1" + self.common[1:3] + bytes([self.index, 0]) + self.common[3:end]
        body = head + secret[:32] + self.common[end:] + secret[32:]
        whole = SecretBytes(body + sha256(body)[:4])
        read_share_label(whole)  # form, ranges, and the dealer's signature
        return whole

    def _unlock(self, passphrase: SecretBytes) -> bytes:
        passes, memory_kib = self.own[2], int.from_bytes(self.own[3:7], "big")
        if not 1 <= passes <= _PASSES_MAX or not 8 <= memory_kib <= _MEMORY_KIB_MAX:
            raise _torn("B")
        salt, box = self.own[7 : 7 + _SALT], self.own[7 + _SALT : -_CHECK]
        key = _core.stretch_password(passphrase, salt, passes, memory_kib)
        try:
            opened = open_sealed(
                key,
                box,
                type=SealType.credential,
                vault=bytes.fromhex(self.vault),
                context=_box_context(self.index),
            )
        except _errors.WrongKey:
            raise _errors.WrongKey(
                text("page.passphrase", index=self.index), text("page.passphrase_hint")
            ) from None
        return opened.reveal()


def _box_context(index: int) -> bytes:
    return b"share" + bytes([index])


def of_lines(typed: Iterable[str], common: bytes | None = None) -> SharePage:
    """From lines A and B in any order. `common`: of another page of the set, instead of lines A.

    Errors: Damaged with what is wrong in `message`, line by line; `faults_of` says it as data.
    """
    decoded = decode(typed, common)
    if decoded.wrong:
        raise _errors.Damaged(explain(decoded.wrong), text("page.look_again"))
    return decoded.page()


@dataclass(frozen=True)
class DecodedLines:
    common: bytes = field(repr=False)
    own: bytes = field(repr=False)
    wrong: tuple[lines.Wrong, ...] = ()

    def page(self) -> SharePage:
        return SharePage.of_parts(self.common, self.own)


def line_count(letter: str, first: bytes) -> int | None:
    """How many lines a letter has, told by the bytes of its first one; None: unreadable."""
    if letter == "A":
        try:
            size = common_size(first)
        except _errors.Damaged:
            return None
    elif first and first[0] in (_PLAIN, _LOCKED):
        size = _own_size(first[0]) + _CHECK
    else:
        return None
    return -(-size // lines.LINE_BYTES)


def _part(typed: list[str], letter: str) -> lines.Decoded:
    """Lines of one letter; how many there must be, the first one says."""
    first = b""
    for line in typed:
        named = lines.split_name(line)
        if named is not None and named[:2] == (letter, 1):
            first = lines.check_line(named[2], letter, 1)[0] or first
    return lines.decode(typed, letter, line_count(letter, first))


def decode(typed: Iterable[str], common: bytes | None = None) -> DecodedLines:
    rows = list(typed)
    own = _part(rows, "B")
    wrong = own.wrong
    if common is None:
        part = _part(rows, "A")
        common, wrong = part.data, part.wrong + own.wrong
    if not wrong and not (common and own.data):
        wrong = (lines.Wrong("A1" if not common else "B1", 0, "missing"),)
    return DecodedLines(common, own.data, wrong)


def explain(wrong: Iterable[lines.Wrong]) -> str:
    """One sentence for each mistake."""
    return "\n".join(text(f"line.{fault.kind}", **_values(fault)) for fault in wrong)


def _values(fault: lines.Wrong) -> dict[str, object]:
    return {
        "line": fault.line,
        "group": fault.group,
        "place": fault.place,
        "found": fault.found,
        "wanted": fault.wanted,
    }


def passphrase_of(words: str) -> SecretBytes:
    """In the one form in which passphrases are used everywhere."""
    return _passphrase.secret_of(words)
