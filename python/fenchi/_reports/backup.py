"""What a backup did."""

from __future__ import annotations

from dataclasses import dataclass

from fenchi._core_fields import Fields
from fenchi._reports.locks import LockReport
from fenchi._reports.problems import Problem, problems_of


@dataclass(frozen=True, kw_only=True)
class StageTime:
    """What one stage of a verb took; seconds are summed over threads."""

    stage: str
    seconds: float
    bytes: int


@dataclass(frozen=True, kw_only=True)
class ProviderTime:
    """How long uploads to one provider took, summed over those that were under way together."""

    provider: str
    seconds: float
    bytes: int
    objects: int


@dataclass(frozen=True, kw_only=True)
class BackupReport:
    """What a backup committed; `snapshot` is its id."""

    snapshot: str
    label: str
    files: int
    directories: int
    others: int
    files_unchanged: int
    bytes: int
    bytes_read: int
    bytes_new: int
    bytes_uploaded: int
    packs_added: int
    packs_resumed: int
    unreadable: int
    changed_while_read: int
    seconds: float
    providers_missed: tuple[str, ...]
    problems: tuple[Problem, ...]
    stages: tuple[StageTime, ...]
    providers: tuple[ProviderTime, ...]
    locks: LockReport | None
    """None where no lock was asked for."""

    @property
    def complete(self) -> bool:
        """False when sources are missing, were caught changing, or are not locked as asked."""
        saved = self.unreadable == 0 and self.changed_while_read == 0
        return saved and (self.locks is None or self.locks.complete)

    @classmethod
    def from_core(cls, fields: Fields) -> BackupReport:
        missed = tuple(fields["providers_missed"])
        problems = problems_of(fields["problems"])
        changed = {
            "providers_missed": missed,
            "problems": problems,
            "stages": tuple(StageTime(**stage) for stage in fields["stages"]),
            "providers": tuple(ProviderTime(**provider) for provider in fields["providers"]),
            "locks": fields["locks"] and LockReport.from_core(fields["locks"]),
        }
        return cls(**{**fields, **changed})
