"""What a drill showed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from fenchi import _errors
from fenchi._core_fields import Fields
from fenchi._reports.problems import Problem, problems_of
from fenchi._reports.restore import RestoreReport


@dataclass(frozen=True, kw_only=True)
class DrillReport:
    """A restore to scratch without some providers: compared and timed."""

    restore: RestoreReport
    absent_providers: tuple[str, ...]
    files_compared: int
    bytes_compared: int
    data_age: timedelta
    rto: timedelta | None
    rpo: timedelta | None
    mismatches: tuple[Problem, ...]

    @property
    def rto_met(self) -> bool:
        return self.rto is None or timedelta(seconds=self.restore.seconds) <= self.rto

    @property
    def rpo_met(self) -> bool:
        return self.rpo is None or self.data_age <= self.rpo

    @property
    def passed(self) -> bool:
        return self.restore.complete and not self.mismatches and self.rto_met and self.rpo_met

    def raise_if_failed(self) -> DrillReport:
        """Itself, if the drill passed.

        Raises DataLoss when something was not restored, Damaged when it differs, Deadline when a
        target was missed.
        """
        if not self.restore.complete:
            raise _errors.DataLoss(f"the drill lost {len(self.restore.lost)} files")
        if self.mismatches:
            raise _errors.Damaged(f"{len(self.mismatches)} restored paths differ from the snapshot")
        if not self.rto_met:
            raise _errors.Deadline(
                f"restoring took {self.restore.seconds:.1f} s, target {self.rto}"
            )
        if not self.rpo_met:
            raise _errors.Deadline(f"the data is {self.data_age} old, target {self.rpo}")
        return self

    @classmethod
    def from_core(cls, fields: Fields) -> DrillReport:
        def span(seconds: int | None) -> timedelta | None:
            return None if seconds is None else timedelta(seconds=seconds)

        return cls(
            restore=RestoreReport.from_core(fields["restore"]),
            absent_providers=tuple(fields["absent_providers"]),
            files_compared=fields["files_compared"],
            bytes_compared=fields["bytes_compared"],
            data_age=timedelta(seconds=fields["data_age_seconds"]),
            rto=span(fields["rto_seconds"]),
            rpo=span(fields["rpo_seconds"]),
            mismatches=problems_of(fields["mismatches"]),
        )
