"""Secrets as files: read from where people keep them, written where nobody else can read them.

A source is a path, `fd:N` (an open file descriptor, read to its end) or `keyring:NAME` (the
system's keyring, service "fenchi", with the optional extra fenchi[keyring]).
"""

from __future__ import annotations

import importlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fenchi import _core, _errors
from fenchi.messages import text

_SIZE_MAX = 1 << 20
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_KEYRING_SERVICE = "fenchi"


def read(source: str | os.PathLike[str]) -> bytes:
    """A copy that Python cannot wipe. Errors: as `content`."""
    with content(source) as whole:
        return bytes(whole)


@contextmanager
def content(source: str | os.PathLike[str]) -> Iterator[memoryview]:
    """All of it, in memory that is wiped afterwards.

    Errors: Io; InvalidArgument; NotFound and Unsupported for a keyring, which keeps copies.
    """
    where = os.fspath(source)
    kind, _, rest = where.partition(":")
    if kind == "keyring":
        yield memoryview(_from_keyring(rest))
        return
    if kind == "fd":
        if not rest.isdecimal():
            raise _errors.InvalidArgument(text("secret.fd_form", source=where))
        with content_of(int(rest), where) as whole:
            yield whole
        return
    try:
        descriptor = os.open(where, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise _errors.Io(text("secret.unreadable", path=where, why=error.strerror)) from error
    try:
        with content_of(descriptor, where) as whole:
            yield whole
    finally:
        os.close(descriptor)


@contextmanager
def content_of(descriptor: int, where: str, one_line: bool = False) -> Iterator[memoryview]:
    """What a descriptor gives to its end, or a terminal as one line; wiped afterwards."""
    # Taken once: a buffer that grows leaves copies behind.
    buffer = bytearray(_SIZE_MAX + 1)
    size = 0
    with memoryview(buffer) as whole:
        try:
            while size < len(buffer) and not (one_line and size):
                with whole[size:] as rest:
                    got = os.readv(descriptor, [rest])
                if got == 0:
                    break
                size += got
            if size == len(buffer):
                raise _errors.InvalidArgument(text("secret.too_large", path=where))
            with whole[:size] as filled:
                yield filled
        except OSError as error:
            if isinstance(error, _errors.Error):
                raise
            raise _errors.Io(text("secret.unreadable", path=where, why=error.strerror)) from error
        finally:
            whole[:] = bytes(len(buffer))


def _from_keyring(name: str) -> bytes:
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        raise _errors.Unsupported(
            text("secret.no_keyring"), text("secret.no_keyring_hint")
        ) from None
    try:
        found = keyring.get_password(_KEYRING_SERVICE, name)
    except Exception as error:  # each backend has errors of its own
        message = text("secret.keyring_failed", why=type(error).__name__)
        raise _errors.Io(message) from error
    if found is None:
        hint = text("secret.keyring_empty_hint", name=name)
        raise _errors.NotFound(text("secret.keyring_empty", name=name), hint)
    return str(found).encode()


def readable_by_others(source: str | os.PathLike[str]) -> bool:
    """Whether a secret's file can be read by another user of this host."""
    where = os.fspath(source)
    if where.partition(":")[0] in ("fd", "keyring"):
        return False
    try:
        found = Path(where).stat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and bool(found.st_mode & (stat.S_IRGRP | stat.S_IROTH))


def check_folder(folder: Path) -> None:
    """Errors: Denied when others may write there: they could put their file under our name."""
    try:
        found = folder.stat()
    except OSError as error:
        message = text("secret.unwritable", path=folder, why=error.strerror)
        raise _errors.Io(message) from error
    shared = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX
    if shared or found.st_uid not in (os.geteuid(), 0):
        raise _errors.Denied(
            text("secret.folder_shared", path=folder), text("secret.folder_shared_hint")
        )


def check_absent(path: Path) -> None:
    """Before a change of the vault: nothing stands where its result will be written."""
    check_folder(path.absolute().parent)
    if path.is_symlink() or path.exists():
        raise _errors.AlreadyExists(text("secret.exists", path=path), text("secret.exists_hint"))


def write(path: Path, secret: _core.SecretBytes) -> None:
    """A new file that its owner alone can read, on disk before this returns.

    Errors: AlreadyExists; Denied where others could read it, after which no file is there; Io.
    """
    check_absent(path)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        raise _errors.Io(text("secret.unwritable", path=path, why=error.strerror)) from error
    kept = False
    try:
        # Some file systems (USB sticks) know no owners: nothing secret is written before we know.
        if os.fstat(descriptor).st_mode & _OTHERS:
            raise _errors.Denied(
                text("secret.no_owner", path=path), text("secret.folder_shared_hint")
            )
        _write_all(descriptor, secret.reveal())
        kept = True
    except OSError as error:
        if isinstance(error, _errors.Error):
            raise
        raise _errors.Io(text("secret.unwritable", path=path, why=error.strerror)) from error
    finally:
        os.close(descriptor)
        if not kept:
            path.unlink(missing_ok=True)


def _write_all(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]
    os.fsync(descriptor)
