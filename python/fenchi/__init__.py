"""Backups kept in shards: encrypted, split k-of-n, placed in different hands.

import fenchi

with fenchi.open("vault.toml") as vault:
    nightly = vault.backup("/srv/ledger", label="nightly")
    health = vault.verify(depth="data")
    if not health.healthy:
        vault.repair(health)
    vault.restore(nightly.snapshot, "/restore")
    vault.drill(nightly.snapshot, absent=["tokyo"]).raise_if_failed()
"""

from __future__ import annotations

from fenchi import config, courier, custody, providers
from fenchi._contract_reports import ContractAbility, ContractFinding, ContractReport
from fenchi._core import BuiltinProvider, SecretBytes, StatusCode, __version__
from fenchi._core import escape_path as _escape_path
from fenchi._courier_reports import (
    CourierCargo,
    CourierExportReport,
    CourierImportReport,
    CourierReport,
)
from fenchi._errors import (
    AlreadyExists,
    Cancelled,
    Conflict,
    Damaged,
    DataLoss,
    Deadline,
    Denied,
    Error,
    Full,
    Internal,
    InvalidArgument,
    Io,
    Locked,
    NotFound,
    Policy,
    TooFewProviders,
    Unavailable,
    Unsupported,
    WrongKey,
)
from fenchi._lock_reports import LockCheck, LockReport, PlaceLocks, SnapshotLocks
from fenchi._providers import Provider, check_provider, open_provider, same_place
from fenchi._reports import (
    BackupReport,
    Damage,
    Domain,
    DrillReport,
    Entry,
    LogEnd,
    Problem,
    Progress,
    ProviderStatus,
    RepairReport,
    RestoreReport,
    Snapshot,
    SnapshotList,
    VaultHead,
    VaultStatus,
    VerifyReport,
)
from fenchi._vault import Vault, create, open  # fenchi.open reads well
from fenchi.config import Config, Relaxation, VaultPolicy


def escape_path(path: str | bytes) -> str:
    """A path from a report with everything but printable text escaped: safe for terminals."""
    raw = path if isinstance(path, bytes) else path.encode("utf-8", "surrogateescape")
    return _escape_path(raw)


__all__ = [
    "AlreadyExists",
    "BackupReport",
    "BuiltinProvider",
    "Cancelled",
    "Config",
    "Conflict",
    "ContractAbility",
    "ContractFinding",
    "ContractReport",
    "CourierCargo",
    "CourierExportReport",
    "CourierImportReport",
    "CourierReport",
    "Damage",
    "Damaged",
    "DataLoss",
    "Deadline",
    "Denied",
    "Domain",
    "DrillReport",
    "Entry",
    "Error",
    "Full",
    "Internal",
    "InvalidArgument",
    "Io",
    "LockCheck",
    "LockReport",
    "Locked",
    "LogEnd",
    "NotFound",
    "PlaceLocks",
    "Policy",
    "Problem",
    "Progress",
    "Provider",
    "ProviderStatus",
    "Relaxation",
    "RepairReport",
    "RestoreReport",
    "SecretBytes",
    "Snapshot",
    "SnapshotList",
    "SnapshotLocks",
    "StatusCode",
    "TooFewProviders",
    "Unavailable",
    "Unsupported",
    "Vault",
    "VaultHead",
    "VaultPolicy",
    "VaultStatus",
    "VerifyReport",
    "WrongKey",
    "__version__",
    "check_provider",
    "config",
    "courier",
    "create",
    "custody",
    "escape_path",
    "open",
    "open_provider",
    "providers",
    "same_place",
]
