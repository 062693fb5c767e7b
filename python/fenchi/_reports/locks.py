"""Locks: what a backup asked the places to keep, and what they say when they are asked again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fenchi._core_fields import Fields, time_of


@dataclass(frozen=True, kw_only=True)
class PlaceLocks:
    """What one place keeps from being deleted; `message` is of the first object that failed."""

    provider: str
    can_lock: bool
    locked: int
    failed: int
    message: str


@dataclass(frozen=True, kw_only=True)
class LockReport:
    """How far a snapshot cannot be deleted by anybody before `until`."""

    until: datetime
    packs: int
    packs_unlocked: int
    """Of those, with fewer locked shards than a restore needs."""
    opening_locked: bool
    """As many places as a restore needs keep what opens the vault."""
    places: tuple[PlaceLocks, ...]

    @property
    def complete(self) -> bool:
        return self.packs_unlocked == 0 and self.opening_locked

    @classmethod
    def from_core(cls, fields: Fields) -> LockReport:
        places = tuple(PlaceLocks(**place) for place in fields["places"])
        return cls(**{**fields, "until": time_of(fields["until"]), "places": places})


@dataclass(frozen=True, kw_only=True)
class SnapshotLocks:
    """Whether the locks that a backup asked for still hold; its date has not passed."""

    snapshot: str
    until: datetime
    packs: int
    packs_unlocked: int
    """Of those, with fewer good locked shards than a restore needs."""
    packs_unknown: int
    """Of those that may have as many, if places that could not be asked keep theirs."""
    opening: str
    """Of its log and what opens the vault: "locked", "unlocked" or "unknown"."""
    message: str
    """Why nothing is known of its packs, where that is so."""

    @property
    def kept(self) -> bool:
        packs = self.packs_unlocked == 0 and self.packs_unknown == 0 and not self.message
        return packs and self.opening == "locked"


@dataclass(frozen=True, kw_only=True)
class LockCheck:
    """What the places answered when they were asked again for what they should keep.

    `failed` of a place counts objects that are not there, not locked as long as a snapshot wants
    them, or could not be asked for.
    """

    snapshots: tuple[SnapshotLocks, ...]
    places: tuple[PlaceLocks, ...]

    @property
    def kept(self) -> bool:
        """False: whoever can delete at all places may destroy a snapshot before its date."""
        return all(one.kept for one in self.snapshots)

    @classmethod
    def from_core(cls, fields: Fields) -> LockCheck:
        snapshots = tuple(
            SnapshotLocks(**{**one, "until": time_of(one["until"])}) for one in fields["snapshots"]
        )
        return cls(snapshots=snapshots, places=tuple(PlaceLocks(**p) for p in fields["places"]))
