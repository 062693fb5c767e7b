"""Vault: open, create, and one method for each verb."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import BinaryIO, Self, TypeAlias, overload

import fenchi
from fenchi import _core, _custody_config, _errors, _passphrase, _streams, config
from fenchi._core import SecretBytes
from fenchi._custody_verbs import CustodyVerbs
from fenchi._opening import Where, open_all
from fenchi._paths import StrPath, raw
from fenchi._progress import OnProgress
from fenchi._progress import to_core as _progress
from fenchi._unlock import Unlock
from fenchi._wrappers import Meter
from fenchi.messages import text

SnapshotLike: TypeAlias = "str | fenchi.Snapshot | fenchi.BackupReport"
Filter = Callable[[str, str], bool] | Iterable[str]

_DEPTHS = {"exists": 0, "tags": 1, "data": 2}
_ROLES = {"read": 1, "write": 2, "verify": 3, "admin": 4}
_HEX_ID = re.compile(r"[0-9a-fA-F]{64}")
_NO_LOCK = timedelta()


def _utf8(what: str, value: str) -> str:
    """`value`, unless it holds bytes that some other encoding put there."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _errors.InvalidArgument(text("utf8", what=what)) from None
    return value


def _filter(wanted: Filter | None) -> Callable[[str, str], bool] | None:
    """A callable as it is; patterns as those of .gitignore."""
    if wanted is None or callable(wanted):
        return wanted
    patterns = [wanted] if isinstance(wanted, str) else list(wanted)
    if not patterns:
        return None
    import pathspec  # slow to load

    spec = pathspec.GitIgnoreSpec.from_lines(patterns)

    def matches(path: str, kind: str) -> bool:
        return spec.match_file(path + "/" if kind == "directory" else path)

    return matches


def _secret(passphrase: _passphrase.Passphrase | None) -> SecretBytes:
    if passphrase is not None:
        return _passphrase.secret_of(passphrase)
    secret = _passphrase.from_environment()
    if secret is None:
        raise _errors.WrongKey(text("passphrase.none"), text("passphrase.none_hint"))
    return secret


class Vault(CustodyVerbs):
    """An opened vault. Use it as a context manager; one call at a time.

    Verbs raise subclasses of fenchi.Error. Ctrl-C stops a verb soon, raises KeyboardInterrupt and
    breaks nothing. `progress` is called at most about ten times a second; what it raises stops the
    verb and is the `__cause__` of the error.
    """

    def __init__(
        self,
        core: _core.Vault,
        meters: Mapping[str, Meter],
        lock_for: timedelta = _NO_LOCK,
    ) -> None:
        """For fenchi.open and fenchi.create."""
        self._core = core
        self._meters = meters
        self._lock_for = lock_for

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        try:
            return f"<fenchi.Vault {self.name!r} {self.id[:8]}>"
        except _errors.Error:
            return "<fenchi.Vault, closed or busy>"

    def close(self) -> None:
        """Wipes the keys. Closing twice is fine."""
        self._core.close()

    @property
    def id(self) -> str:
        return self._core.id()

    @property
    def name(self) -> str:
        return self._core.name()

    @property
    def role(self) -> str:
        """What it was opened with: "read" (slots too), "write", "verify" or "admin"."""
        return next(name for name, number in _ROLES.items() if number == self._core.role())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What you should know about this opening; empty when all is well."""
        return tuple(self._core.warnings())

    def provider_usage(self) -> dict[str, fenchi.providers.Usage]:
        """What went to and from each provider since the opening; also to be read after close()."""
        return {name: meter.usage() for name, meter in self._meters.items()}

    def _id_of(self, snapshot: SnapshotLike) -> str:
        if not isinstance(snapshot, str):
            return snapshot.id if isinstance(snapshot, fenchi.Snapshot) else snapshot.snapshot
        if _HEX_ID.fullmatch(snapshot):
            return snapshot
        return self._core.find_snapshot(_utf8("snapshot", snapshot))

    def _lock_until(self, lock_for: timedelta | None) -> int | None:
        """Seconds since 1970, rounded up; None for no lock."""
        wanted = self._lock_for if lock_for is None else lock_for
        if wanted < _NO_LOCK:
            raise _errors.InvalidArgument(text("backup.lock_negative"))
        return int((datetime.now(UTC) + wanted).timestamp()) + 1 if wanted else None

    def backup(
        self,
        *paths: StrPath,
        label: str = "",
        key_domain: str = "",
        exclude: Filter | None = None,
        compression_level: int = 3,
        host: str = "",
        rescan: bool = False,
        lock_for: timedelta | None = None,
        progress: OnProgress | None = None,
    ) -> fenchi.BackupReport:
        """Backs up files and directories as one snapshot.

        exclude: patterns as in .gitignore, or a callable (path, type) -> bool; paths are relative
        to the source. Unreadable or changing files are in the report, the rest is saved.
        lock_for: nobody can delete for so long what the snapshot needs from the places that can
        lock objects, re-used parts too; None: as vault.toml says. What came of it is in the
        report's `locks`.
        """
        if not paths:
            raise _errors.InvalidArgument(text("backup.no_path"))
        options = {
            "label": _utf8("label", label),
            "key_domain": _utf8("key_domain", key_domain),
            "exclude": _filter(exclude),
            "compression_level": compression_level,
            "host": _utf8("host", host),
            "rescan": rescan,
            "lock_until": self._lock_until(lock_for),
            "progress": _progress(progress),
        }
        return fenchi.BackupReport.from_core(
            self._core.backup([raw(path) for path in paths], options)
        )

    def backup_stream(
        self,
        source: BinaryIO | Iterable[bytes],
        *,
        name: StrPath,
        label: str = "",
        key_domain: str = "",
        compression_level: int = 3,
        host: str = "",
        lock_for: timedelta | None = None,
        progress: OnProgress | None = None,
    ) -> fenchi.BackupReport:
        """Backs up a file object, or pieces of bytes, as one file called `name`."""
        options = {
            "label": _utf8("label", label),
            "key_domain": _utf8("key_domain", key_domain),
            "compression_level": compression_level,
            "host": _utf8("host", host),
            "lock_until": self._lock_until(lock_for),
            "progress": _progress(progress),
        }
        return fenchi.BackupReport.from_core(
            self._core.backup_stream(_streams.reader(source), raw(name), options)
        )

    def snapshots(self) -> fenchi.SnapshotList:
        return fenchi.SnapshotList.from_core(self._core.snapshots())

    def ls(
        self, snapshot: SnapshotLike, path: StrPath = "", *, recursive: bool = False
    ) -> Iterator[fenchi.Entry]:
        """`path` and, if it is a directory, what is in it. The list is read at the first step."""
        for fields in self._core.list(self._id_of(snapshot), raw(path), recursive):
            yield fenchi.Entry.from_core(fields)

    @overload
    def cat(self, snapshot: SnapshotLike, path: StrPath) -> Iterator[bytes]: ...
    @overload
    def cat(self, snapshot: SnapshotLike, path: StrPath, output: BinaryIO) -> None: ...
    def cat(
        self, snapshot: SnapshotLike, path: StrPath, output: BinaryIO | None = None
    ) -> Iterator[bytes] | None:
        """One file's content: pieces of bytes, or written to a file object.

        The vault is busy until the iterator is exhausted or closed.
        """
        identifier, name = self._id_of(snapshot), raw(path)
        if output is None:
            return _streams.pump(lambda write: self._core.cat(identifier, name, write))
        self._core.cat(identifier, name, _streams.write_all(output))
        return None

    def restore(
        self,
        snapshot: SnapshotLike,
        target: StrPath,
        *,
        include: Filter | None = None,
        overwrite: bool = False,
        keep_setuid: bool = False,
        make_devices: bool = False,
        absent: Iterable[str] = (),
        progress: OnProgress | None = None,
    ) -> fenchi.RestoreReport:
        """Restores below `target`, which is created when missing; never writes outside it.

        include: patterns or a callable as for backup; paths are relative to the target. absent:
        providers to do without, for rehearsals.
        """
        options = {
            "include": _filter(include),
            "overwrite": overwrite,
            "keep_setuid": keep_setuid,
            "make_devices": make_devices,
            "absent": [_utf8("absent", name) for name in absent],
            "progress": _progress(progress),
        }
        return fenchi.RestoreReport.from_core(
            self._core.restore(self._id_of(snapshot), raw(target), options)
        )

    def verify(
        self, *, depth: str = "tags", progress: OnProgress | None = None
    ) -> fenchi.VerifyReport:
        """depth: "exists" (presence and size), "tags" (every byte against its tag) or "data"
        (decrypted and compared). Damage is in the report."""
        if depth not in _DEPTHS:
            raise _errors.InvalidArgument(text("verify.depth", depth=depth))
        return fenchi.VerifyReport.from_core(self._core.verify(_DEPTHS[depth], _progress(progress)))

    def repair(
        self, report: fenchi.VerifyReport, *, progress: OnProgress | None = None
    ) -> fenchi.RepairReport:
        """Rebuilds what `report` names, byte for byte, from the good shards."""
        return fenchi.RepairReport.from_core(
            self._core.repair(report.to_core(), _progress(progress))
        )

    def export_courier(
        self, provider: str, path: StrPath, *, progress: OnProgress | None = None
    ) -> fenchi.CourierExportReport:
        """Writes what a provider lacks to a medium that is carried there; see fenchi.courier."""
        return fenchi.CourierExportReport.from_core(
            self._core.export_courier(_utf8("provider", provider), raw(path), _progress(progress))
        )

    def drill(
        self,
        snapshot: SnapshotLike = "latest",
        *,
        absent: Iterable[str] = (),
        rto: timedelta | float | None = None,
        rpo: timedelta | float | None = None,
        scratch: StrPath = "",
        progress: OnProgress | None = None,
    ) -> fenchi.DrillReport:
        """Restores to scratch without some providers, compares everything, takes the time.

        rto, rpo: targets for the time to restore and the age of the data; numbers are seconds.
        """
        options = {
            "absent": [_utf8("absent", name) for name in absent],
            "rto_seconds": _seconds(rto),
            "rpo_seconds": _seconds(rpo),
            "scratch_directory": raw(scratch),
            "progress": _progress(progress),
        }
        return fenchi.DrillReport.from_core(self._core.drill(self._id_of(snapshot), options))

    def status(self) -> fenchi.VaultStatus:
        return fenchi.VaultStatus.from_core(self._core.status())

    def export_credential(self, role: str, key_domains: Iterable[str] = ()) -> SecretBytes:
        """A credential file's bytes for a role, for some key domains.

        "read", "write" (a new writer, so that it needs the admin role too), "verify" or "admin".
        """
        if role not in _ROLES:
            raise _errors.InvalidArgument(text("credential.role", role=role))
        return self._core.export_credential(_ROLES[role], list(key_domains))


def _seconds(span: timedelta | float | None) -> int | None:
    if span is None:
        return None
    return int(span.total_seconds() if isinstance(span, timedelta) else span)


def open(
    where: Where = "vault.toml",
    *,
    passphrase: _passphrase.Passphrase | None = None,
    credential: SecretBytes | bytes | None = None,
    unlock: Unlock | None = None,
    vault_id: str | None = None,
    known_head: fenchi.VaultHead | None = None,
    state_directory: str | os.PathLike[str] = "",
    threads: int = 0,
) -> Vault:
    """Opens a vault from any `needed` of its providers.

    where: a vault.toml, a Config, or providers (or their URLs) by name. passphrase: by default from
    $FENCHI_PASSWORD_FILE or $FENCHI_PASSWORD_COMMAND. credential: the bytes of a credential file,
    instead. unlock: several factors together (fenchi.custody), instead. vault_id: the vault that
    must be found; by default that of vault.toml. known_head: of a recovery card; an older policy is
    refused. A place that cannot be opened, such as a disk that is not mounted, is done without and
    in `warnings`.
    """
    providers, meters, loaded = open_all(where, absent_too=True)
    if loaded is not None:
        vault_id = vault_id or loaded.vault_id
    if unlock is None and credential is not None:
        unlock = Unlock(credential=credential)
    elif unlock is None:
        unlock = Unlock(passphrases=[_secret(passphrase)])
    head = {} if known_head is None else known_head.to_core()
    core = _core.open_vault(
        providers, unlock.to_core(), vault_id, os.fspath(state_directory), threads, head
    )
    return Vault(core, meters, _NO_LOCK if loaded is None else loaded.lock_for)


def create(
    where: Where = "vault.toml",
    *,
    passphrase: _passphrase.Passphrase | None = None,
    custody_plan: fenchi.custody.CustodyPlan | None = None,
    policy: config.VaultPolicy | None = None,
    passphrase_passes: int = 4,
    passphrase_memory_kib: int = 64 * 1024,
    state_directory: str | os.PathLike[str] = "",
    threads: int = 0,
) -> Vault:
    """Makes a new vault over empty providers.

    where: a vault.toml, into which the new id is written, or a Config, or providers by name, which
    need a policy. custody_plan: who opens it (fenchi.custody), instead of a passphrase. The cost of
    guessing the passphrase grows with passes and memory.
    """
    path = where if isinstance(where, (str, os.PathLike)) else None
    content = config.load(path) if path is not None else where
    if isinstance(content, config.Config) and content.vault_id is not None:
        raise _errors.AlreadyExists(
            text("create.has_id", id=content.vault_id[:8]), text("create.has_id_hint")
        )
    providers, meters, loaded = open_all(content, absent_too=False)
    policy = policy or (config.VaultPolicy() if loaded is None else loaded.policy)
    if custody_plan is None:
        table = _custody_config.CustodyTable() if loaded is None else loaded.custody
        cost = (passphrase_passes, passphrase_memory_kib)
        custody_plan = table.with_passphrase(lambda: _secret(passphrase), *cost)
    core = _core.create_vault(
        providers, custody_plan.to_core(), policy.to_core(), os.fspath(state_directory), threads
    )
    vault = Vault(core, meters, _NO_LOCK if loaded is None else loaded.lock_for)
    if path is not None:
        config.write_id(path, vault.id)
    return vault
