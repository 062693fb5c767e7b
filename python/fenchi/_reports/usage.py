"""What went to and from a provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fenchi._core_fields import Fields


@dataclass(frozen=True, kw_only=True)
class VerbUsage:
    """Calls of one verb; absent and taken names are answers, not errors."""

    calls: int
    requests: int
    errors: int
    waiting_seconds: float


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What went to and from a provider so far, and what that costs."""

    verbs: Mapping[str, VerbUsage]
    bytes_put: int
    bytes_got: int
    currency: str
    money: float
    money_per_month: float

    @property
    def priced(self) -> bool:
        """Whether a price table gave anything a price."""
        return self.money > 0 or self.money_per_month > 0

    @property
    def calls(self) -> int:
        return sum(verb.calls for verb in self.verbs.values())

    @property
    def errors(self) -> int:
        return sum(verb.errors for verb in self.verbs.values())

    @property
    def waiting_seconds(self) -> float:
        return sum(verb.waiting_seconds for verb in self.verbs.values())

    @classmethod
    def from_core(cls, fields: Fields) -> Usage:
        verbs = {name: VerbUsage(**verb) for name, verb in fields["verbs"].items()}
        return cls(**{**fields, "verbs": verbs})
