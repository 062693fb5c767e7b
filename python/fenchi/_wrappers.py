"""What stands around a provider: the wrappers of fenchi.providers."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import fenchi
from fenchi import _core
from fenchi._providers import AnyProvider, Domain, open_provider

RateLimit = _core.RateLimit
"""RateLimit(rate, bytes_max=None): what several providers share, as they share one line."""

_MIB = 1 << 20


def _place(provider: AnyProvider | str) -> AnyProvider:
    return open_provider(provider) if isinstance(provider, str) else provider


@dataclass(frozen=True, kw_only=True)
class Retry:
    """How often to try again, in seconds; see retrying()."""

    attempts: int = 6
    first_wait: float = 0.25
    wait_max: float = 10
    deadline: float = 120
    budget: int = 60


def retrying(provider: AnyProvider | str, rule: Retry | None = None) -> _core.BuiltinProvider:
    """Tries again after Unavailable and Deadline, and after nothing else.

    The wait before attempt n + 1 is drawn from 0..first_wait * 2^(n-1), at most wait_max; a place
    that says how long to wait (`retry_after` of the error) is given that long. No attempt begins
    later than `deadline` after the call. `budget`: retries over all calls; calls that succeed give
    them back. A put of unknown outcome whose name is then taken is compared byte for byte.
    """
    return _core.retrying(_place(provider), **asdict(rule or Retry()))


def rate_limited(
    provider: AnyProvider | str, rate: str | _core.RateLimit, *, budget: int | None = None
) -> _core.BuiltinProvider:
    """No faster than `rate` allows, in both directions together; Full once `budget` bytes are used.

    rate: "2 Mbit/s Mo-Fr 08-18, unlimited" (local time), or a RateLimit to share.
    """
    limit = _core.RateLimit(rate, budget) if isinstance(rate, str) else rate
    return _core.rate_limited(_place(provider), limit)


@dataclass(frozen=True, kw_only=True)
class Prices:
    """In any currency. stat and delete count once for each name, list once for 1,000 names."""

    currency: str = "USD"
    put_per_1000: float = 0
    get_per_1000: float = 0
    list_per_1000: float = 0
    delete_per_1000: float = 0
    gb_in: float = 0
    gb_out: float = 0
    gb_month: float = 0


class Meter:
    """Counts what goes through metered(); read it at any time, from any thread."""

    def __init__(self, prices: Prices | None = None) -> None:
        self._core = _core.Meter(asdict(prices) if prices else {})

    def usage(self) -> fenchi.providers.Usage:
        return fenchi.providers.Usage.from_core(self._core.read())


def metered(provider: AnyProvider | str, meter: Meter) -> _core.BuiltinProvider:
    """Counts calls, bytes, errors and waiting time in `meter`."""
    return _core.metered(_place(provider), meter._core)


def cached(
    provider: AnyProvider | str,
    *,
    size: int = 64 * _MIB,
    piece_size: int = _MIB // 4,
    directory: str | os.PathLike[str] = "",
) -> _core.BuiltinProvider:
    """Keeps pieces up to `piece_size` bytes that were read, `size` bytes at most; the oldest go.

    In memory, or in a directory of this one provider. Never answers whether something is there.
    WARNING: it serves what the place may have lost since: do not verify through it.
    """
    return _core.cached(_place(provider), size, piece_size, os.fspath(directory))


def read_only(provider: AnyProvider | str) -> _core.BuiltinProvider:
    """Nothing can be changed: put and delete raise Denied."""
    return _core.read_only(_place(provider))


def spare_lines(
    lines: Sequence[str | tuple[str, Callable[[], AnyProvider]]],
    *,
    domain: Domain | None = None,
    back_after: float = 300,
    compare_all: bool = False,
) -> _core.BuiltinProvider:
    """One place over several URLs, tried in order when one does not answer.

    The line that works is kept; the first is tried again after `back_after` seconds. A line that
    leads to another place is refused with Conflict: all must show the object "probe/place", which
    the first line stores. Instead of a URL, a line may be (what people call it, how to open it).
    """
    fields = {} if domain is None else {key: str(value) for key, value in vars(domain).items()}

    def opener(url: str) -> Callable[[], AnyProvider]:
        return lambda: open_provider(url, domain)

    named = [(line, opener(line)) if isinstance(line, str) else line for line in lines]
    return _core.spare_lines(named, fields, back_after, compare_all)
