"""Providers around providers: retry, rate limit, metering, read cache, spare lines.

    from fenchi import providers

    meter = providers.Meter(providers.Prices(gb_out=0.09))
    tokyo = providers.metered(Bucket(), meter)
    tokyo = providers.rate_limited(tokyo, "2 Mbit/s Mo-Fr 08-18, unlimited")
    tokyo = providers.retrying(tokyo)
    with fenchi.open({"tokyo": tokyo, "oslo": ...}) as vault: ...
    print(meter.usage().bytes_put)

Each takes any provider (a URL, one of the library's, or an object with the five verbs) and gives a
provider. Stack them from the inside out: spare lines, metering, rate limit, retry, cache.
vault.toml does so by itself: keys `url`, `prices`, `rate`, `budget` and `retry` of a [[provider]].
"""

from __future__ import annotations

from fenchi._reports.usage import Usage, VerbUsage
from fenchi._wrappers import (
    Meter,
    Prices,
    RateLimit,
    Retry,
    cached,
    metered,
    rate_limited,
    read_only,
    retrying,
    spare_lines,
)

__all__ = [
    "Meter",
    "Prices",
    "RateLimit",
    "Retry",
    "Usage",
    "VerbUsage",
    "cached",
    "metered",
    "rate_limited",
    "read_only",
    "retrying",
    "spare_lines",
]
