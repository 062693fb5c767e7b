"""What a restore did."""

from __future__ import annotations

from dataclasses import dataclass

from fenchi._core_fields import Fields
from fenchi._reports.problems import Problem, problems_of


@dataclass(frozen=True, kw_only=True)
class RestoreReport:
    """What was restored and checked."""

    snapshot: str
    target: str
    files: int
    directories: int
    others: int
    files_resumed: int
    bytes: int
    chunks_checked: int
    bytes_fetched: int
    shards_replaced: int
    dropped: int
    failed: int
    seconds: float
    lost: tuple[Problem, ...]
    problems: tuple[Problem, ...]
    freshness_proven: bool

    @property
    def complete(self) -> bool:
        """False when content is lost or was not written."""
        return not self.lost and self.failed == 0

    @classmethod
    def from_core(cls, fields: Fields) -> RestoreReport:
        lists = {name: problems_of(fields[name]) for name in ("lost", "problems")}
        return cls(**{**fields, **lists})
