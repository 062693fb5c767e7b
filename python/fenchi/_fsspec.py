"""Any fsspec filesystem as a provider: "fsspec+s3://bucket/folder", "fsspec+memory://x".

Credentials come from fsspec's own configuration and environment, never from the URL. What such a
filesystem can promise differs, so it is found out, and capability() says only what was seen:

* Refusing to overwrite is atomic where the filesystem has a conditional write (s3, gcs, abfs: a
  header, whose effect is tried out at the opening) or where all writers are in this process
  (memory). Elsewhere put() looks first and then writes: create_only is False.
* An object is whole or absent where the store makes it so; on filesystems made of files it is
  written under a temporary name and renamed.
"""

from __future__ import annotations

import functools
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

import fsspec

from fenchi import _errors
from fenchi._providers import Domain
from fenchi.messages import text

_P = ParamSpec("_P")
_R = TypeVar("_R")

PREFIX = "fsspec+"
# Filesystems whose pipe_file(mode="create") is one conditional request.
_CONDITIONAL = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl"}
# Stores in which an object appears when it is complete.
_STORES = _CONDITIONAL | {"memory", "oci", "oss"}
_PROBE = "probe/create-only"
_TEMPORARY = ".fenchi"

# The memory filesystem is one for the whole process: so are these.
_memory_lock = threading.Lock()


def _plain_errors(verb: Callable[_P, _R]) -> Callable[_P, _R]:
    """What a filesystem's library raises of its own means: the place did not answer properly."""

    @functools.wraps(verb)
    def call(*arguments: _P.args, **options: _P.kwargs) -> _R:
        try:
            return verb(*arguments, **options)
        except (_errors.Error, OSError, NotImplementedError):
            raise
        except Exception as error:
            raise _errors.Unavailable(f"{type(error).__name__}: {error}") from error

    return call


class FsspecProvider:
    """The five verbs over a filesystem of fsspec."""

    def __init__(self, filesystem: Any, root: str, *, location: str, domain: Domain | None) -> None:
        self._fs = filesystem
        self._root = root.rstrip("/")
        self._location = location
        self._domain = domain
        names = filesystem.protocol
        self._protocols = {names} if isinstance(names, str) else set(names)
        self._is_store = bool(self._protocols & _STORES)
        # What has to be there for any object to be: nothing in memory.
        buckets = self._is_store and "memory" not in self._protocols
        self._bucket = self._root.strip("/").partition("/")[0] if buckets else ""
        self._lock = _memory_lock if "memory" in self._protocols else threading.Lock()
        if not self._is_store:
            self._fs.makedirs(self._root, exist_ok=True)
        self._create_only = self._refuses_to_overwrite()

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if self._root else name

    def _refuses_to_overwrite(self) -> bool:
        """Tried out: a server that does not know the condition overwrites and says nothing."""
        if "memory" in self._protocols:
            return True
        if not self._protocols & _CONDITIONAL:
            return False
        for _ in range(2):
            try:
                self._fs.pipe_file(self._path(_PROBE), b"probe", mode="create")
            except FileExistsError:
                return True
            except Exception:  # may not write, or knows no such mode: nothing is promised
                return False
        return False

    def _gone(self) -> None:
        """Raises when "absent" only means that the whole place is away: a disk that is not mounted,
        a bucket that was deleted or never was."""
        if not self._is_store:
            if not self._fs.isdir(self._root):
                raise _errors.Unavailable(text("fsspec.no_root", location=self._location))
        elif self._bucket and not self._fs.exists(self._bucket):
            raise _errors.Unavailable(
                text("fsspec.no_bucket", location=self._location), text("fsspec.no_bucket_hint")
            )

    def _size(self, name: str) -> int | None:
        try:
            info: Mapping[str, Any] = self._fs.info(self._path(name))
        except FileNotFoundError:
            self._gone()
            return None
        return None if info["type"] == "directory" else int(info["size"])

    @_plain_errors
    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        path = self._path(name)
        if not self._is_store:
            self._put_file(name, path, data, replace)
            return
        try:
            self._put_object(name, path, data, replace)
        except FileNotFoundError as error:  # no store lacks a folder
            self._gone()
            raise _errors.Unavailable(f"{type(error).__name__}: {error}") from error

    def _put_object(self, name: str, path: str, data: bytes, replace: bool) -> None:
        if replace:
            self._fs.pipe_file(path, data)
        elif self._create_only and "memory" not in self._protocols:
            self._fs.pipe_file(path, data, mode="create")
        else:
            with self._lock:
                self._refuse_taken(name)
                self._fs.pipe_file(path, data)

    def _refuse_taken(self, name: str) -> None:
        if self._size(name) is not None:
            raise FileExistsError(text("fsspec.taken", name=name, location=self._location))

    def _put_file(self, name: str, path: str, data: bytes, replace: bool) -> None:
        self._gone()
        temporary = f"{self._root}/{_TEMPORARY}/{secrets.token_hex(16)}"
        self._fs.makedirs(f"{self._root}/{_TEMPORARY}", exist_ok=True)
        try:
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise _errors.Unsupported(text("fsspec.folder", name=name)) from error
        self._fs.pipe_file(temporary, data)
        try:
            with self._lock:
                if replace and self._size(name) is not None:
                    self._fs.rm_file(path)
                else:
                    self._refuse_taken(name)
                self._fs.mv(temporary, path)
        except BaseException:
            self._fs.rm_file(temporary)
            raise

    @_plain_errors
    def get(self, name: str, offset: int, size: int) -> bytes:
        if size == 0 or offset >= 1 << 62:
            length = self._size(name)
            if length is None:
                raise FileNotFoundError(text("fsspec.absent", name=name, location=self._location))
            return b""
        try:
            return bytes(self._fs.cat_file(self._path(name), start=offset, end=offset + size))
        except FileNotFoundError:
            self._gone()
            raise
        except (IsADirectoryError, NotADirectoryError) as error:
            raise FileNotFoundError(str(error)) from error
        except Exception:
            # Some answer a range that begins at the end, or past it, with an error of their own.
            length = self._size(name)
            if length is not None and offset >= length:
                return b""
            raise

    @_plain_errors
    def stat(self, names: Sequence[str]) -> list[int | None]:
        return [self._size(name) for name in names]

    @_plain_errors
    def list(self, prefix: str, after: str) -> list[tuple[str, int]]:
        self._fs.invalidate_cache()
        folder = self._path(prefix.rpartition("/")[0]).rstrip("/")
        try:
            found = self._fs.find(folder, detail=True)
        except (FileNotFoundError, NotADirectoryError):
            found = {}
        if not found:
            self._gone()
        sizes = dict(self._named(found))
        return sorted(
            (name, size) for name, size in sizes.items() if name.startswith(prefix) and name > after
        )

    def _named(self, found: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, int]]:
        start = len(self._root) + 1 if self._root else 0
        for path, info in found.items():
            name = path[start:]
            # A part that begins with '.' is no object's name: our temporary files, and others'.
            if info["type"] == "file" and not name.startswith(".") and "/." not in name:
                yield name, int(info["size"])

    @_plain_errors
    def delete(self, names: Sequence[str]) -> None:
        if not self._is_store:
            self._gone()
        for name in names:
            try:
                self._fs.rm_file(self._path(name))
            except FileNotFoundError:
                self._gone()
            except (IsADirectoryError, NotADirectoryError):
                continue  # a folder is no object

    def location(self) -> str:
        return self._location

    def domain(self) -> dict[str, str]:
        return {} if self._domain is None else {k: str(v) for k, v in vars(self._domain).items()}

    def capability(self) -> dict[str, object]:
        return {"create_only": self._create_only, "parallel_calls_max": 8}


@_plain_errors
def open_fsspec(url: str, domain: Domain | None = None) -> FsspecProvider:
    """Raises InvalidArgument for a URL that holds a credential, Unsupported for a filesystem that
    is not installed."""
    inner = url[len(PREFIX) :]
    try:
        parts = urlsplit(inner)
        has_secret = parts.password is not None
    except ValueError:
        raise _errors.InvalidArgument(text("fsspec.url")) from None
    if has_secret:
        raise _errors.InvalidArgument(text("fsspec.secret"), text("fsspec.secret_hint"))
    try:
        # Its listing cache would hide what other writers do.
        filesystem, root = fsspec.url_to_fs(inner, use_listings_cache=False)
    except (ImportError, ValueError) as error:
        raise _errors.Unsupported(
            text("fsspec.missing", scheme=parts.scheme, why=error), text("fsspec.missing_hint")
        ) from error
    shown = f"{PREFIX}{parts.scheme}://{parts.netloc}{parts.path}"
    return FsspecProvider(filesystem, root, location=shown, domain=domain)
