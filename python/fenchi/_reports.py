"""Reports: what the verbs found and did. Damage is data in a report, never an exception.

Paths are str as os.fsdecode gives them: bytes that are not UTF-8 are kept as surrogate escapes, so
that os functions take them back. Show them to people through fenchi.escape_path. Times are aware,
in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from fenchi import _errors
from fenchi._core_fields import Fields, time_of
from fenchi._lock_reports import LockCheck, LockReport


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A path that could not be saved or restored as it should be, and why."""

    path: str
    code: str
    message: str
    hint: str = ""


def _problems(items: list[Fields]) -> tuple[Problem, ...]:
    return tuple(Problem(**item) for item in items)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a verb is. Totals are 0 while unknown."""

    phase: str
    items_done: int
    items_total: int
    bytes_done: int
    bytes_total: int
    current: str


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
        problems = _problems(fields["problems"])
        changed = {
            "providers_missed": missed,
            "problems": problems,
            "stages": tuple(StageTime(**stage) for stage in fields["stages"]),
            "providers": tuple(ProviderTime(**provider) for provider in fields["providers"]),
            "locks": fields["locks"] and LockReport.from_core(fields["locks"]),
        }
        return cls(**{**fields, **changed})


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What one backup committed, as listed."""

    id: str
    label: str
    key_domain: str
    host: str
    began: datetime
    ended: datetime
    paths: tuple[str, ...]
    is_stream: bool
    files: int
    directories: int
    bytes: int
    problems: int

    @classmethod
    def from_core(cls, fields: Fields) -> Snapshot:
        times = {"began": time_of(fields["began"]), "ended": time_of(fields["ended"])}
        return cls(**{**fields, **times, "paths": tuple(fields["paths"])})


@dataclass(frozen=True, kw_only=True)
class SnapshotList:
    """Snapshots, oldest first. Iterates, counts and indexes like a tuple."""

    snapshots: tuple[Snapshot, ...]
    incomplete: int
    other_domains: int
    unreadable: int
    freshness_proven: bool

    def __iter__(self) -> Iterator[Snapshot]:
        return iter(self.snapshots)

    def __len__(self) -> int:
        return len(self.snapshots)

    def __getitem__(self, index: int) -> Snapshot:
        return self.snapshots[index]

    @classmethod
    def from_core(cls, fields: Fields) -> SnapshotList:
        snapshots = tuple(Snapshot.from_core(item) for item in fields["snapshots"])
        return cls(**{**fields, "snapshots": snapshots})


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file, directory or other node of a snapshot. `type` is "file", "directory", "symlink",
    "fifo", "char_device", "block_device" or "socket"."""

    path: str
    type: str
    mode: int
    uid: int
    gid: int
    user: str
    group: str
    modified: datetime
    modified_ns: int
    size: int
    symlink_target: str
    device: tuple[int, int]
    hard_link: tuple[int, int] | None
    xattrs: Mapping[str, bytes]
    changed_while_read: bool

    @classmethod
    def from_core(cls, fields: Fields) -> Entry:
        seconds, nanoseconds = fields["modified"]
        times = {
            "modified": time_of(fields["modified"]),
            "modified_ns": seconds * 10**9 + nanoseconds,
        }
        return cls(**{**fields, **times})


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
        lists = {name: _problems(fields[name]) for name in ("lost", "problems")}
        return cls(**{**fields, **lists})


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
            mismatches=_problems(fields["mismatches"]),
        )


@dataclass(frozen=True, kw_only=True)
class Domain:
    """Whose hands a provider is in; empty text is "not declared"."""

    vendor: str = ""
    vendor_home: str = ""
    country: str = ""
    region: str = ""
    account: str = ""
    medium: str = ""


@dataclass(frozen=True, kw_only=True)
class ProviderStatus:
    """One provider, as it answered now."""

    name: str
    seat: int
    location: str
    reachable: bool
    holds_vault: bool
    message: str
    domain: Domain


@dataclass(frozen=True, kw_only=True)
class LogEnd:
    """The last record of a writer's log."""

    writer: str
    seq: int
    hash: str


@dataclass(frozen=True, kw_only=True)
class VaultHead:
    """How far a vault has come: its newest policy, and where each log ends."""

    policy_version: int
    policy_hash: str
    logs: tuple[LogEnd, ...] = ()

    @classmethod
    def from_core(cls, fields: Fields) -> VaultHead:
        logs = tuple(LogEnd(writer=w, seq=seq, hash=h) for w, seq, h in fields["logs"])
        return cls(**{**fields, "logs": logs})

    def to_core(self) -> dict[str, Any]:
        logs = [(log.writer, log.seq, log.hash) for log in self.logs]
        return {**vars(self), "logs": logs}


@dataclass(frozen=True, kw_only=True)
class VaultStatus:
    """Providers, quorums, placement, unfinished backups."""

    vault: str
    name: str
    needed: int
    total: int
    write_quorum: int
    read_quorum: int
    liars: int
    spare_losses: int
    policy_version: int
    epoch: int
    key_domains: tuple[str, ...]
    providers: tuple[ProviderStatus, ...]
    placement_notes: tuple[str, ...]
    snapshots: int
    incomplete: int
    writers: int
    head: VaultHead
    """As the providers at hand serve it."""
    freshness_proven: bool

    @classmethod
    def from_core(cls, fields: Fields) -> VaultStatus:
        providers = tuple(
            ProviderStatus(**{**item, "domain": Domain(**item["domain"])})
            for item in fields["providers"]
        )
        lists = {name: tuple(fields[name]) for name in ("key_domains", "placement_notes")}
        head = VaultHead.from_core(fields["head"])
        return cls(**{**fields, **lists, "providers": providers, "head": head})
