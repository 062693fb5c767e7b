"""The recovery card: what a clean machine has to know, on one page, and nothing secret.

    card = Card.of(vault, config, made=date.today())
    card = card_file.read(Path("card.pdf"))

The core (six lines, C1 to C6, which a person can type) names the vault, its newest policy and its
admins' keys; the rest (in the file and the QR code) names the providers and where each log ended.
Bytes: FORMAT.md section 17.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from fenchi import _errors, config
from fenchi._providers import Domain
from fenchi._reports.status import LogEnd, VaultHead
from fenchi._vault import Vault
from fenchi.ceremony import lines
from fenchi.ceremony.share_page import explain
from fenchi.messages import text
from fenchi.primitives import sha256

_VERSION = 1
_CORE = 3 + 32 + 4 + 32 + 4 + 8
_CHECK = 4
CORE_LINES = -(-(_CORE + _CHECK) // lines.LINE_BYTES)
_LOG = 16 + 8 + 32
LOGS_MAX = 12
"""More would not fit a QR code: those of the writers that wrote most are kept."""
_REST_MAX = 64 * 1024
_SECRET_OPTIONS = ("password", "passphrase", "secret", "token", "sig", "signature", "sas")
_DOMAIN = ("vendor", "vendor_home", "country", "region", "account", "medium")


def _torn() -> _errors.Damaged:
    return _errors.Damaged(text("card.torn"), text("card.torn_hint"))


def without_secrets(url: str) -> str:
    """A URL without the password or token that somebody may have put into it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    place = parts.netloc
    if "@" in place:
        user, _, host = place.rpartition("@")
        place = f"{user.partition(':')[0]}@{host}"
    options = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in options if name.lower() not in _SECRET_OPTIONS]
    if place == parts.netloc and len(kept) == len(options):
        return url
    return urlunsplit(parts._replace(netloc=place, query=urlencode(kept)))


def fingerprint_of(threshold: int, keys: Iterable[bytes]) -> str:
    """16 hex digits for the admins' public keys, which sign all changes of the vault."""
    return sha256(b"fenchi/1/admins\0" + bytes([threshold]) + b"".join(sorted(keys)))[:8].hex()


@dataclass(frozen=True, kw_only=True)
class Card:
    vault: str
    needed: int
    total: int
    policy_version: int
    policy_hash: str
    epoch: int
    fingerprint: str
    # The rest; absent on a card that was typed.
    vault_name: str = ""
    opens: str = ""
    """The access expression."""
    made: date | None = None
    providers: tuple[tuple[str, config.ProviderEntry], ...] = ()
    logs: tuple[LogEnd, ...] = ()

    @classmethod
    def of(cls, vault: Vault, providers: config.Config | None, *, made: date) -> Card:
        """Of an opened vault, as its providers serve it now."""
        status, custody = vault.status(), vault.custody()
        entries = [] if providers is None else list(providers.providers.items())
        logs = sorted(status.head.logs, key=lambda log: -log.seq)[:LOGS_MAX]
        return cls(
            vault=status.vault,
            needed=status.needed,
            total=status.total,
            policy_version=status.head.policy_version,
            policy_hash=status.head.policy_hash,
            epoch=status.epoch,
            fingerprint=fingerprint_of(custody.admins.threshold, custody.admins.keys),
            vault_name=status.name,
            opens=custody.open,
            made=made,
            providers=tuple((name, _clean(entry)) for name, entry in entries),
            logs=tuple(logs),
        )

    @property
    def head(self) -> VaultHead:
        """For fenchi.open: nothing older than this is believed."""
        return VaultHead(
            policy_version=self.policy_version, policy_hash=self.policy_hash, logs=self.logs
        )

    def core(self) -> bytes:
        body = (
            bytes([_VERSION, self.needed, self.total])
            + bytes.fromhex(self.vault)
            + self.policy_version.to_bytes(4, "big")
            + bytes.fromhex(self.policy_hash)
            + self.epoch.to_bytes(4, "big")
            + bytes.fromhex(self.fingerprint)
        )
        return body + sha256(body)[:_CHECK] + b"\0" * (-(_CORE + _CHECK) % lines.LINE_BYTES)

    def _rest(self) -> bytes:
        logs = b"".join(
            bytes.fromhex(log.writer) + log.seq.to_bytes(8, "big") + bytes.fromhex(log.hash)
            for log in self.logs
        )
        said = {
            "name": self.vault_name,
            "open": self.opens,
            "made": self.made.isoformat() if self.made else "",
            "providers": [_listed(name, entry) for name, entry in self.providers],
        }
        texts = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
        body = bytes([len(self.logs)]) + logs + zlib.compress(texts, 9)
        return len(body).to_bytes(2, "big") + body + sha256(self.core() + body)[:_CHECK]

    def data(self) -> bytes:
        """For a QR code."""
        return self.core() + self._rest()

    def lines(self) -> list[str]:
        """The first six are the core."""
        return lines.encode(self.data(), "C")

    @classmethod
    def of_bytes(cls, data: bytes) -> Card:
        """Zeros may follow. Errors: Damaged."""
        size = CORE_LINES * lines.LINE_BYTES
        core, rest = data[:size], data[size:]
        body, check = core[:_CORE], core[_CORE : _CORE + _CHECK]
        if len(core) < size or core[0] != _VERSION or sha256(body)[:_CHECK] != check:
            raise _torn()
        card = cls(
            needed=core[1],
            total=core[2],
            vault=core[3:35].hex(),
            policy_version=int.from_bytes(core[35:39], "big"),
            policy_hash=core[39:71].hex(),
            epoch=int.from_bytes(core[71:75], "big"),
            fingerprint=core[75:83].hex(),
        )
        return card if not rest else card._with_rest(core, rest)

    def _with_rest(self, core: bytes, rest: bytes) -> Card:
        size = int.from_bytes(rest[:2], "big")
        body, check = rest[2 : 2 + size], rest[2 + size : 2 + size + _CHECK]
        if len(body) < size or not body or sha256(core + body)[:_CHECK] != check:
            raise _torn()
        if any(rest[2 + size + _CHECK :]):
            raise _torn()
        count = body[0]
        logs = [body[1 + i * _LOG : 1 + (i + 1) * _LOG] for i in range(count)]
        try:
            expander = zlib.decompressobj()
            said = json.loads(expander.decompress(body[1 + count * _LOG :], _REST_MAX))
            providers = tuple(_provider(one) for one in said["providers"])
            return Card(
                **{
                    **vars(self),
                    "vault_name": str(said["name"]),
                    "opens": str(said["open"]),
                    "made": date.fromisoformat(said["made"]) if said["made"] else None,
                    "providers": providers,
                    "logs": tuple(map(_log, logs)),
                }
            )
        except (zlib.error, ValueError, KeyError, TypeError, IndexError):
            raise _torn() from None

    @classmethod
    def of_lines(cls, typed: Iterable[str]) -> Card:
        """All lines, or the six of the core. Errors: Damaged, line by line."""
        rows = list(typed)
        numbers = [named[1] for row in rows if (named := lines.split_name(row)) and named[0] == "C"]
        decoded = lines.decode(rows, "C", max([CORE_LINES, *numbers]))
        if decoded.wrong:
            raise _errors.Damaged(explain(decoded.wrong), text("page.look_again"))
        return cls.of_bytes(decoded.data)


def _clean(entry: config.ProviderEntry) -> config.ProviderEntry:
    urls = tuple(map(without_secrets, entry.spare_urls))
    return config.ProviderEntry(
        url=without_secrets(entry.url), spare_urls=urls, domain=entry.domain
    )


def _listed(name: str, entry: config.ProviderEntry) -> list[Any]:
    domain = [getattr(entry.domain, field) for field in _DOMAIN]
    return [name, [entry.url, *entry.spare_urls], domain]


def _provider(listed: Any) -> tuple[str, config.ProviderEntry]:
    name, urls, domain = listed
    fields = dict(zip(_DOMAIN, map(str, domain), strict=True))
    entry = config.ProviderEntry(
        url=str(urls[0]), spare_urls=tuple(map(str, urls[1:])), domain=Domain(**fields)
    )
    return str(name), entry


def _log(data: bytes) -> LogEnd:
    if len(data) != _LOG:
        raise ValueError("a short log")
    return LogEnd(
        writer=data[:16].hex(), seq=int.from_bytes(data[16:24], "big"), hash=data[24:].hex()
    )
