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

from importlib import import_module
from typing import TYPE_CHECKING

# Where each name stands. Its file is read when the name is first used: what defines all reports
# takes longer to read than a short command to run. Modules of the package that do without a name
# in most runs write it as users do, `fenchi.BackupReport`.
_HOMES = {
    "_core": "BuiltinProvider SecretBytes StatusCode __version__",
    "_errors": (
        "AlreadyExists Cancelled Conflict Damaged DataLoss Deadline Denied Error Full Internal "
        "InvalidArgument Io Locked NotFound Policy TooFewProviders Unavailable Unsupported "
        "WrongKey"
    ),
    "_paths": "escape_path",
    "_providers": "Domain Provider check_provider open_provider same_place",
    "_reports.backup": "BackupReport",
    "_reports.contract": "ContractAbility ContractFinding ContractReport",
    "_reports.courier": "CourierCargo CourierExportReport CourierImportReport CourierReport",
    "_reports.drill": "DrillReport",
    "_reports.health": "Damage RepairReport VerifyReport",
    "_reports.locks": "LockCheck LockReport PlaceLocks SnapshotLocks",
    "_reports.problems": "Problem",
    "_reports.progress": "Progress",
    "_reports.restore": "RestoreReport",
    "_reports.snapshots": "Entry Snapshot SnapshotList",
    "_reports.status": "LogEnd ProviderStatus VaultHead VaultStatus",
    "_vault": "Vault create open",
    "config": "Config Relaxation VaultPolicy",
}
_MODULES = ("config", "courier", "custody", "providers")
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}
__all__ = sorted((*_HOME_OF, *_MODULES))

# The same for type checkers; tests/python/test_public_names.py holds both together.
if TYPE_CHECKING:
    from fenchi import (
        config as config,
        courier as courier,
        custody as custody,
        providers as providers,
    )
    from fenchi._core import (
        BuiltinProvider as BuiltinProvider,
        SecretBytes as SecretBytes,
        StatusCode as StatusCode,
        __version__ as __version__,
    )
    from fenchi._errors import (
        AlreadyExists as AlreadyExists,
        Cancelled as Cancelled,
        Conflict as Conflict,
        Damaged as Damaged,
        DataLoss as DataLoss,
        Deadline as Deadline,
        Denied as Denied,
        Error as Error,
        Full as Full,
        Internal as Internal,
        InvalidArgument as InvalidArgument,
        Io as Io,
        Locked as Locked,
        NotFound as NotFound,
        Policy as Policy,
        TooFewProviders as TooFewProviders,
        Unavailable as Unavailable,
        Unsupported as Unsupported,
        WrongKey as WrongKey,
    )
    from fenchi._paths import escape_path as escape_path
    from fenchi._providers import (
        Domain as Domain,
        Provider as Provider,
        check_provider as check_provider,
        open_provider as open_provider,
        same_place as same_place,
    )
    from fenchi._reports.backup import BackupReport as BackupReport
    from fenchi._reports.contract import (
        ContractAbility as ContractAbility,
        ContractFinding as ContractFinding,
        ContractReport as ContractReport,
    )
    from fenchi._reports.courier import (
        CourierCargo as CourierCargo,
        CourierExportReport as CourierExportReport,
        CourierImportReport as CourierImportReport,
        CourierReport as CourierReport,
    )
    from fenchi._reports.drill import DrillReport as DrillReport
    from fenchi._reports.health import (
        Damage as Damage,
        RepairReport as RepairReport,
        VerifyReport as VerifyReport,
    )
    from fenchi._reports.locks import (
        LockCheck as LockCheck,
        LockReport as LockReport,
        PlaceLocks as PlaceLocks,
        SnapshotLocks as SnapshotLocks,
    )
    from fenchi._reports.problems import Problem as Problem
    from fenchi._reports.progress import Progress as Progress
    from fenchi._reports.restore import RestoreReport as RestoreReport
    from fenchi._reports.snapshots import (
        Entry as Entry,
        Snapshot as Snapshot,
        SnapshotList as SnapshotList,
    )
    from fenchi._reports.status import (
        LogEnd as LogEnd,
        ProviderStatus as ProviderStatus,
        VaultHead as VaultHead,
        VaultStatus as VaultStatus,
    )
    from fenchi._vault import Vault as Vault, create as create, open as open
    from fenchi.config import Config as Config, Relaxation as Relaxation, VaultPolicy as VaultPolicy
else:

    def __getattr__(name):
        if name in _MODULES:
            return import_module(f"fenchi.{name}")  # which makes it an attribute
        if name not in _HOME_OF:
            raise AttributeError(f"module 'fenchi' has no attribute {name!r}")
        found = getattr(import_module(f"fenchi.{_HOME_OF[name]}"), name)
        globals()[name] = found
        return found

    def __dir__():
        return sorted({*globals(), *__all__})
