"""What verify found, and what repair did about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from fenchi._core_fields import Fields
from fenchi._reports.locks import LockCheck


@dataclass(frozen=True, kw_only=True)
class Damage:
    """One thing that is not what it must be: where, what, and whether it can be repaired.

    `kind` is "missing", "truncated", "header", "block", "content", "object", "unreachable"
    or "unreadable".
    """

    provider: str
    object: str
    kind: str
    block: int | None
    what: str
    repairable: bool


@dataclass(frozen=True, kw_only=True)
class VerifyReport:
    """What verify found. `vault.repair` takes it."""

    depth: str
    packs: int
    shards: int
    objects: int
    bytes_read: int
    chunks_checked: int
    snapshots_checked: int
    seconds: float
    damage: tuple[Damage, ...]
    unreachable: tuple[str, ...]
    freshness_proven: bool
    locks: LockCheck | None = None
    """None where no backup asked for a lock that has not ended."""

    @property
    def healthy(self) -> bool:
        """Everything is in its place and every provider answered. Of locks, see `locks_kept`."""
        return not self.damage and not self.unreachable

    @property
    def locks_kept(self) -> bool:
        return self.locks is None or self.locks.kept

    @property
    def repairable(self) -> bool:
        """True also when there is nothing to repair."""
        return all(item.repairable for item in self.damage)

    @classmethod
    def from_core(cls, fields: Fields) -> VerifyReport:
        changed = {
            "damage": tuple(Damage(**item) for item in fields["damage"]),
            "unreachable": tuple(fields["unreachable"]),
            "locks": fields["locks"] and LockCheck.from_core(fields["locks"]),
        }
        return cls(**{**fields, **changed})

    def to_core(self) -> dict[str, Any]:
        return {
            "depth": self.depth,
            "damage": [asdict(item) for item in self.damage],
            "unreachable": list(self.unreachable),
            "freshness_proven": self.freshness_proven,
        }


@dataclass(frozen=True, kw_only=True)
class RepairReport:
    """What repair wrote, and what it could not."""

    shards_written: int
    objects_written: int
    bytes_written: int
    seconds: float
    left: tuple[Damage, ...]

    @property
    def complete(self) -> bool:
        return not self.left

    @classmethod
    def from_core(cls, fields: Fields) -> RepairReport:
        return cls(**{**fields, "left": tuple(Damage(**item) for item in fields["left"])})
