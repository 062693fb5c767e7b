"""What the keys of a [[provider]] put around its place: metering, rate limit, retry."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING

from fenchi import _core, _errors, _wrappers
from fenchi.messages import text

if TYPE_CHECKING:
    from fenchi._providers import AnyProvider
    from fenchi.config import ProviderEntry

_UNITS = {"B": 1}
_UNITS |= {prefix + "B": 1000 ** (power + 1) for power, prefix in enumerate("kMGT")}
_UNITS |= {prefix + "iB": 1024 ** (power + 1) for power, prefix in enumerate("KMGT")}
_SIZE = re.compile(rf"([0-9]+(?:\.[0-9]+)?) ?({'|'.join(_UNITS)})")
# Places on this machine: trying again at once finds the same.
_LOCAL = ("file", "memory", "fsspec+file", "fsspec+local", "fsspec+memory")


def rate(where: str, value: str) -> str:
    """The text as it is, or InvalidArgument."""
    if value:
        try:
            _core.RateLimit(value)
        except _errors.InvalidArgument as error:
            raise _errors.InvalidArgument(
                text("config.rate", where=where, why=error.message), error.hint
            ) from None
    return value


def size_bytes(value: str) -> int | None:
    """ "10 GB" in bytes."""
    found = _SIZE.fullmatch(value.strip())
    return None if found is None else int(float(found[1]) * _UNITS[found[2]])


def budget(where: str, value: str) -> str:
    """The text as it is, or InvalidArgument."""
    if value and size_bytes(value) is None:
        raise _errors.InvalidArgument(text("config.size", where=where, key="budget", value=value))
    return value


def build(
    place: AnyProvider, entry: ProviderEntry, meter: _wrappers.Meter
) -> _core.BuiltinProvider:
    out = _wrappers.metered(place, meter)  # innermost: every attempt counts and costs
    if entry.rate or entry.budget:
        most = size_bytes(entry.budget) if entry.budget else None
        out = _wrappers.rate_limited(out, entry.rate or "unlimited", budget=most)
    rule = entry.retry
    if rule is None:
        rule = entry.url.partition(":")[0] not in _LOCAL
    if isinstance(rule, _wrappers.Retry):
        return _wrappers.retrying(out, rule)
    return _wrappers.retrying(out) if rule else out


def rendered(entry: ProviderEntry, line: Callable[[str, object], str]) -> list[str]:
    """The lines of vault.toml for what differs from the defaults."""
    out = [line(key, value) for key in ("rate", "budget") if (value := getattr(entry, key))]
    rule = entry.retry
    if isinstance(rule, _wrappers.Retry):
        out.append(
            f"retry = {{ attempts = {rule.attempts}, first_wait_seconds = {rule.first_wait}, "
            f"wait_max_seconds = {rule.wait_max}, deadline_seconds = {rule.deadline}, "
            f"budget = {rule.budget} }}"
        )
    elif rule is not None:
        out.append(f"retry = {str(rule).lower()}")
    if entry.prices is not None:
        keys = (item.name for item in fields(_wrappers.Prices))
        members = ", ".join(line(key, getattr(entry.prices, key)) for key in keys)
        out.append(f"prices = {{ {members} }}")
    return out
