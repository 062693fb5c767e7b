"""What lies on a courier medium, and what was written to and stored from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fenchi._core_fields import Fields
from fenchi._reports.health import Damage


@dataclass(frozen=True, kw_only=True)
class CourierCargo:
    """What a courier medium carries for one provider, whose id is given in hex."""

    provider: str
    objects: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class CourierReport:
    """What lies on a courier medium. `whole` when nothing is missing or damaged.

    Only the fingerprint, compared with the sender's, shows that whole files are missing at the end.
    """

    path: str
    cargo: tuple[CourierCargo, ...]
    objects: int
    bytes: int
    fingerprint: str
    closed: bool
    damage: tuple[str, ...]

    @property
    def whole(self) -> bool:
        return self.closed and not self.damage

    @classmethod
    def from_core(cls, fields: Fields) -> CourierReport:
        cargo = tuple(CourierCargo(**item) for item in fields["cargo"])
        return cls(**{**fields, "cargo": cargo, "damage": tuple(fields["damage"])})


def _with_reports(fields: Fields) -> dict[str, Any]:
    """Of an export or import: the medium and what is left as they are known in Python."""
    left = tuple(Damage(**item) for item in fields["left"])
    return {**fields, "medium": CourierReport.from_core(fields["medium"]), "left": left}


@dataclass(frozen=True, kw_only=True)
class CourierExportReport:
    """What was written to a courier medium, and what could not be rebuilt."""

    objects_written: int
    bytes_written: int
    objects_there: int
    seconds: float
    medium: CourierReport
    left: tuple[Damage, ...]

    @property
    def complete(self) -> bool:
        return not self.left

    @classmethod
    def from_core(cls, fields: Fields) -> CourierExportReport:
        return cls(**_with_reports(fields))


@dataclass(frozen=True, kw_only=True)
class CourierImportReport:
    """What was stored of a courier medium. `complete` when all of it is whole and there."""

    objects_stored: int
    bytes_stored: int
    objects_there: int
    seconds: float
    medium: CourierReport
    left: tuple[Damage, ...]

    @property
    def complete(self) -> bool:
        return not self.left and self.medium.whole

    @classmethod
    def from_core(cls, fields: Fields) -> CourierImportReport:
        return cls(**_with_reports(fields))
