"""vault.toml: which vault, which providers, which policy.

    config = fenchi.config.load("vault.toml")
    config.providers["tokyo"].url

Every key is known or refused: a misspelt `liers = 0` must not silently mean the default.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from fenchi import _core, _custody_config, _errors, _stack
from fenchi._custody_config import CustodyTable
from fenchi._files import replace_file
from fenchi._providers import AnyProvider, Domain, open_or_absent, open_provider
from fenchi._toml_text import custody_lines, with_line
from fenchi._toml_text import line as _line
from fenchi._wrappers import Meter, Prices, Retry, spare_lines
from fenchi.messages import LANGUAGES, in_use, text

StrPath = str | os.PathLike[str]
_T = TypeVar("_T")
_N = TypeVar("_N", int, float)

AXES = (
    *("vendor", "vendor_home", "country", "account", "abroad", "home_country", "deny_countries"),
    "create_only",
)
SUITES = ("aes256gcm", "chacha20poly1305")
_DOMAIN = tuple(item.name for item in fields(Domain))
_PRICES = tuple(item.name for item in fields(Prices) if item.name != "currency")
LOCK_DAYS_MAX = 36_525  # a century
_NUMBER_MAX = 1_000_000_000
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HEX_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Relaxation:
    """One rule of the placement policy that is waived, by name, by somebody, for a reason."""

    axis: str
    ground: str
    approver: str
    expires: date | None = None

    @property
    def expires_seconds(self) -> int:
        if self.expires is None:
            return 0
        midnight = datetime(self.expires.year, self.expires.month, self.expires.day, tzinfo=UTC)
        return int(midnight.timestamp())


@dataclass(frozen=True, kw_only=True)
class VaultPolicy:
    """How a new vault places its shards. None: the safe default, which init shows."""

    name: str = "vault"
    needed: int = 2
    suite: str | None = None
    liars: int | None = None
    spare_losses: int = 0
    write_quorum: int | None = None
    read_quorum: int | None = None
    key_domains: tuple[str, ...] = ("main",)
    home_country: str = ""
    deny_countries: tuple[str, ...] = ()
    abroad: int | None = None
    relax: tuple[Relaxation, ...] = ()

    def to_core(self) -> dict[str, Any]:
        relax = [(r.axis, r.ground, r.approver, r.expires_seconds) for r in self.relax]
        lists = {"key_domains": list(self.key_domains), "deny_countries": list(self.deny_countries)}
        return {**vars(self), **lists, "relax": relax}


@dataclass(frozen=True, kw_only=True)
class ProviderEntry:
    """One [[provider]] table. spare_urls: other lines to the same place.

    retry: None is the default (on for all but file: and memory:), False is off.
    """

    url: str
    spare_urls: tuple[str, ...] = ()
    domain: Domain = field(default_factory=Domain)
    rate: str = ""
    budget: str = ""
    retry: Retry | bool | None = None
    prices: Prices | None = None

    def meter(self) -> Meter:
        return Meter(self.prices)

    def open(
        self, name: str, meter: Meter | None = None, *, compare_lines: bool = False
    ) -> _core.BuiltinProvider:
        """The place with all that the table says around it, counted in `meter`.

        compare_lines: open every line, and refuse those that lead to different places.
        """
        try:
            place: AnyProvider = self._line(compare_lines)
        except _errors.Unsupported as error:
            hint = error.hint or text("config.scheme_hint")
            message = text("config.scheme", name=name, why=error.message)
            raise _errors.Unsupported(message, hint) from error
        return _stack.build(place, self, meter or self.meter())

    def _line(self, compare_all: bool) -> _core.BuiltinProvider:
        if not self.spare_urls:
            return open_provider(self.url, self.domain)
        urls = (self.url, *self.spare_urls)
        return spare_lines(urls, domain=self.domain, compare_all=compare_all)


@dataclass(frozen=True, kw_only=True)
class Config:
    """The content of a vault.toml."""

    vault_id: str | None
    policy: VaultPolicy
    providers: Mapping[str, ProviderEntry]
    language: str = ""
    """Of the command's texts. Empty: the locale's."""
    custody: CustodyTable = field(default_factory=CustodyTable)
    """Who opens it, as the file plans it."""
    lock_for: timedelta = timedelta()
    """How long backups are kept from being deleted, where the places can lock objects."""

    def meters(self) -> dict[str, Meter]:
        """New ones, with the prices of each provider."""
        return {name: entry.meter() for name, entry in self.providers.items()}

    def open_providers(
        self, *, absent_too: bool = False, meters: Mapping[str, Meter] | None = None
    ) -> dict[str, AnyProvider]:
        """Raises Unsupported for a kind that is not built in, whatever open() raises else.

        absent_too: a place that cannot be reached is a provider that answers nothing. Otherwise all
        lines of each provider are compared. meters: of meters(), to read what was used.
        """
        found = meters or {}
        if not absent_too:
            return {
                name: entry.open(name, found.get(name), compare_lines=True)
                for name, entry in self.providers.items()
            }
        return {
            name: open_or_absent(entry.url, partial(entry.open, name, found.get(name)))
            for name, entry in self.providers.items()
        }


def url_of(place: str) -> str:
    """A URL as it is; anything else is a directory, relative to the working directory."""
    return place if _SCHEME.match(place) else Path(place).absolute().as_uri()


class _Table:
    """Takes known keys out of a table and refuses the rest."""

    def __init__(self, where: str, content: Any) -> None:
        if not isinstance(content, dict):
            raise _errors.InvalidArgument(text("config.not_a_table", where=where))
        self._where = where
        self._left = dict(content)
        self._known: list[str] = []

    def take(self, key: str, kind: type[_T], default: _T | None = None) -> _T | None:
        self._known.append(key)
        value = self._left.pop(key, default)
        if value is None:
            return None
        # bool is an int for Python, never for a reader of the file.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind not in (bool, object)):
            raise _errors.InvalidArgument(
                text("config.wrong_kind", where=self._where, key=key, kind=kind.__name__)
            )
        return value

    def need(self, key: str, kind: type[_T]) -> _T:
        value = self.take(key, kind)
        if value is None:
            raise _errors.InvalidArgument(text("config.missing", where=self._where, key=key))
        return value

    def strings(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        items = self.take(key, list)
        if items is None:
            return default
        if not all(isinstance(item, str) for item in items):
            raise _errors.InvalidArgument(
                text("config.wrong_kind", where=self._where, key=key, kind="list of str")
            )
        return tuple(items)

    def at_least(self, least: float, key: str, default: _N, kind: type | None = None) -> _N:
        """A number; a whole one where kind is int."""
        value: Any = self.take(key, object, default)
        kinds = (int,) if kind is int else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds):
            name = "int" if kind is int else "number"
            raise _errors.InvalidArgument(
                text("config.wrong_kind", where=self._where, key=key, kind=name)
            )
        if not least <= value <= _NUMBER_MAX:
            raise _errors.InvalidArgument(
                text("config.too_small", where=self._where, key=key, least=least)
            )
        return cast(_N, value)

    def last(self, value: _N) -> _N:
        self.refuse_rest()
        return value

    def refuse_rest(self) -> None:
        for key in self._left:
            import difflib  # here and where it is used only: it is slow to load

            near = difflib.get_close_matches(key, self._known, n=1, cutoff=0.0)
            raise _errors.InvalidArgument(
                text("config.unknown_key", where=self._where, key=key),
                text("config.unknown_key_hint", near=near[0]) if near else "",
            )


def _one_of(where: str, key: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise _errors.InvalidArgument(
            text("config.not_one_of", where=where, key=key, value=value, known=", ".join(known))
        )
    return value


def _relaxation(content: Any) -> Relaxation:
    table = _Table("policy.relax", content)
    axis = _one_of("policy.relax", "axis", table.need("axis", str), AXES)
    ground, approver = table.need("ground", str), table.need("approver", str)
    expires = table.take("expires", date)
    table.refuse_rest()
    if isinstance(expires, datetime):
        expires = expires.date()
    return Relaxation(axis=axis, ground=ground, approver=approver, expires=expires)


def _policy(vault: _Table, policy: _Table) -> VaultPolicy:
    suite = vault.take("suite", str)
    if suite is not None:
        _one_of("vault", "suite", suite, SUITES)
    return VaultPolicy(
        name=vault.take("name", str, "vault") or "vault",
        needed=vault.need("needed", int),
        suite=suite,
        key_domains=vault.strings("key_domains", ("main",)),
        liars=policy.take("liars", int),
        spare_losses=policy.take("spare_losses", int) or 0,
        write_quorum=policy.take("write_quorum", int),
        read_quorum=policy.take("read_quorum", int),
        home_country=policy.take("home_country", str) or "",
        deny_countries=policy.strings("deny_countries"),
        abroad=policy.take("abroad", int),
        relax=tuple(_relaxation(item) for item in policy.take("relax", list) or []),
    )


def _provider(content: Any) -> tuple[str, ProviderEntry]:
    table = _Table("provider", content)
    name = table.need("name", str)
    if not _NAME.fullmatch(name):
        raise _errors.InvalidArgument(text("config.provider_name", name=name))
    given: Any = table.need("url", object)
    urls: list[Any] = given if isinstance(given, list) else [given]
    if not urls or not all(isinstance(item, str) for item in urls):
        raise _errors.InvalidArgument(text("config.url", name=name))
    if len(set(urls)) < len(urls):
        raise _errors.InvalidArgument(text("config.url_twice", name=name))
    where = f"provider {name}"
    entry = ProviderEntry(
        url=urls[0],
        spare_urls=tuple(urls[1:]),
        domain=Domain(**{key: table.take(key, str) or "" for key in _DOMAIN}),
        rate=_stack.rate(where, table.take("rate", str) or ""),
        budget=_stack.budget(where, table.take("budget", str) or ""),
        retry=_retry(where, table.take("retry", object)),
        prices=_prices(where, table.take("prices", dict)),
    )
    table.refuse_rest()
    return name, entry


def _retry(where: str, content: Any) -> Retry | bool | None:
    if content is None or isinstance(content, bool):
        return content
    table = _Table(f"{where}: retry", content)
    rule = Retry()
    return Retry(
        attempts=table.at_least(1, "attempts", rule.attempts, int),
        first_wait=table.at_least(0, "first_wait_seconds", rule.first_wait),
        wait_max=table.at_least(0, "wait_max_seconds", rule.wait_max),
        deadline=table.at_least(0, "deadline_seconds", rule.deadline),
        budget=table.last(table.at_least(0, "budget", rule.budget, int)),
    )


def _prices(where: str, content: Any) -> Prices | None:
    if content is None:
        return None
    table = _Table(f"{where}: prices", content)
    currency = table.take("currency", str) or Prices().currency
    numbers = {key: table.at_least(0, key, 0.0) for key in _PRICES}
    table.refuse_rest()
    return Prices(currency=currency, **numbers)


def _custody(vault: _Table, top: _Table) -> CustodyTable:
    tables = [_Table("custodian", item) for item in top.take("custodian", list) or []]
    custodians = [
        (one.need("group", str), one.need("holder", str), one.take("deputy", str) or "")
        for one in tables
    ]
    keys = [_Table("recipient", item) for item in top.take("recipient", list) or []]
    recipients = [(one.need("name", str), one.need("key", str)) for one in keys]
    for one in (*tables, *keys):
        one.refuse_rest()
    return _custody_config.table_of(
        vault.take("open", str) or _custody_config.PASSPHRASE, custodians, recipients
    )


def parse(content: str) -> Config:
    """Raises InvalidArgument that says where; unknown keys are refused with the nearest known."""
    try:
        document = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise _errors.InvalidArgument(text("config.not_toml", why=error)) from None
    top = _Table("vault.toml", document)
    vault = _Table("vault", top.need("vault", dict))
    policy = _Table("policy", top.take("policy", dict) or {})
    entries = top.take("provider", list) or []
    custody = _custody(vault, top)
    top.refuse_rest()
    vault_id = vault.take("id", str) or None
    if vault_id is not None and not _HEX_ID.fullmatch(vault_id):
        raise _errors.InvalidArgument(text("config.id"))
    lock_days = vault.at_least(0, "lock_days", 0, int)
    if lock_days > LOCK_DAYS_MAX:
        raise _errors.InvalidArgument(text("config.lock_days", most=LOCK_DAYS_MAX))
    language = _one_of("vault", "language", vault.take("language", str) or "", ("", *LANGUAGES))
    parsed = _policy(vault, policy)
    vault.refuse_rest()
    policy.refuse_rest()
    providers: dict[str, ProviderEntry] = {}
    for item in entries:
        name, entry = _provider(item)
        if name in providers:
            raise _errors.InvalidArgument(text("config.twice", name=name))
        providers[name] = entry
    if not providers:
        raise _errors.InvalidArgument(text("config.no_providers"))
    return Config(
        vault_id=vault_id,
        policy=parsed,
        providers=providers,
        language=language,
        custody=custody,
        lock_for=timedelta(days=lock_days),
    )


def load(path: StrPath) -> Config:
    """Raises NotFound when there is no such file, InvalidArgument for what parse() refuses."""
    try:
        content = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise _errors.NotFound(
            text("config.absent", path=path), text("config.absent_hint")
        ) from None
    except UnicodeDecodeError:
        raise _errors.InvalidArgument(text("config.not_toml", why="not UTF-8")) from None
    except OSError as error:
        raise _errors.Io(text("config.unreadable", path=path, why=error.strerror)) from error
    try:
        return parse(content)
    except _errors.Error as error:
        raise type(error)(f"{os.fspath(path)}: {error.message}", error.hint) from None


def _provider_lines(name: str, entry: ProviderEntry) -> list[str]:
    lines = ["[[provider]]", _line("name", name, text("toml.name"))]
    urls = (entry.url, *entry.spare_urls)
    lines.append(_line("url", urls if entry.spare_urls else entry.url))
    declared = {key: value for key, value in vars(entry.domain).items() if value}
    lines += [_line(key, value) for key, value in declared.items()]
    if not declared:
        lines.append(f"# {text('toml.domain')}")
    return lines + _stack.rendered(entry, _line)


def render(
    policy: VaultPolicy,
    providers: Mapping[str, ProviderEntry],
    custody: CustodyTable | None = None,
    unproved: Mapping[str, ProviderEntry] | None = None,
) -> str:
    """A new vault.toml, with comments, without id. `unproved`: places that stand in comments."""
    custody = custody or CustodyTable()
    say = text
    lines = [f"# {say('toml.top')}", "[vault]", _line("name", policy.name)]
    lines.append(_line("id", "", say("toml.id")))
    lines.append(_line("needed", policy.needed, say("toml.needed")))
    if policy.suite:
        lines.append(_line("suite", policy.suite))
    lines.append(_line("open", custody.open, say("toml.open")))
    if policy.key_domains != ("main",):
        lines.append(_line("key_domains", policy.key_domains))
    if in_use() != LANGUAGES[0]:
        lines.append(_line("language", in_use(), say("toml.language")))
    for name, entry in providers.items():
        lines += ["", *_provider_lines(name, entry)]
    for name, entry in (unproved or {}).items():
        lines += ["", f"# {say('toml.unproved')}"]
        lines += [f"# {line}" for line in _provider_lines(name, entry)]
    lines += custody_lines(custody)
    lines += ["", f"[policy]                        # {say('toml.policy')}"]
    for key in ("home_country", "liars", "spare_losses", "write_quorum", "read_quorum", "abroad"):
        value = getattr(policy, key)
        if value not in ("", None) and not (key == "spare_losses" and value == 0):
            lines.append(_line(key, value))
    if policy.deny_countries:
        lines.append(_line("deny_countries", policy.deny_countries))
    for item in policy.relax:
        lines += ["", "[[policy.relax]]", _line("axis", item.axis), _line("ground", item.ground)]
        lines.append(_line("approver", item.approver))
        if item.expires:
            lines.append(_line("expires", item.expires, say("toml.expires")))
    return "\n".join(lines) + "\n"


def write_new(path: StrPath, content: str) -> None:
    """Raises AlreadyExists instead of touching a file that is there."""
    try:
        with Path(path).open("x", encoding="utf-8") as file:
            file.write(content)
    except FileExistsError:
        raise _errors.AlreadyExists(text("config.exists", path=path)) from None
    except OSError as error:
        raise _errors.Io(text("config.unwritable", path=path, why=error.strerror)) from error


def write_id(path: StrPath, vault_id: str) -> None:
    """Writes the id into [vault], keeping everything else, in one step: old file or new file."""
    target = Path(path).resolve()
    new = _line("id", vault_id, text("toml.id_set"))
    changed = with_line(target.read_text(encoding="utf-8"), "id", new)
    if parse(changed).vault_id != vault_id:
        raise _errors.InvalidArgument(text("config.id_place", path=path, id=vault_id))
    replace_file(target, changed.encode())


def write_custody(
    path: StrPath, open: str, change: Callable[[str], str] = str, into: StrPath | None = None
) -> None:
    """Writes another access expression into [vault], and what `change` makes of the text."""
    target = Path(path).resolve()
    content = change(target.read_text(encoding="utf-8"))
    changed = with_line(content, "open", _line("open", open))
    if parse(changed).custody.open != open:
        raise _errors.InvalidArgument(text("config.open_place", path=path, open=open))
    replace_file(target if into is None else Path(into), changed.encode())
