"""How a vault stands: providers, logs, placement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fenchi._core_fields import Fields
from fenchi._providers import Domain


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
