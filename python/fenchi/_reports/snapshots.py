"""What a vault keeps: its snapshots, and what is in one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from fenchi._core_fields import Fields, time_of


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
