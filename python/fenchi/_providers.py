"""Providers: places that store objects. Write your own by giving a class five verbs.

    class Bucket(fenchi.Provider):
        def put(self, name, data, *, replace=False): ...   # FileExistsError when it is taken
        def get(self, name, offset, size): ...             # exactly `size` bytes
        def stat(self, names): ...                         # a size or None for each name
        def list(self, prefix, after): ...                 # (name, size), sorted by name
        def delete(self, names): ...                       # absent is fine

    print(fenchi.check_provider(Bucket()).passed)

Verbs are called from several threads at once, each with the interpreter lock held. Raise
ConnectionError or TimeoutError where trying again may help, PermissionError where it will not; any
other exception counts as "the place could not be asked", never as damage. What you raised is the
`__cause__` of the error that the caller sees. Any object with the five methods will do: the base
class only documents them and gives the optional ones.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

import fenchi
from fenchi import _core, _errors
from fenchi._credentials import CredentialSource, for_core
from fenchi.messages import text

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

BuiltinProvider = _core.BuiltinProvider
GROUP = "fenchi.providers"
VERBS = ("put", "get", "stat", "list", "delete")


@dataclass(frozen=True, kw_only=True)
class Domain:
    """Whose hands a provider is in; empty text is "not declared"."""

    vendor: str = ""
    vendor_home: str = ""
    country: str = ""
    region: str = ""
    account: str = ""
    medium: str = ""


class FiveVerbs(Protocol):
    """What any provider must have."""

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None: ...
    def get(self, name: str, offset: int, size: int) -> bytes: ...
    def stat(self, names: list[str]) -> Sequence[int | None]: ...
    def list(self, prefix: str, after: str) -> Iterable[tuple[str, int]]: ...
    def delete(self, names: Sequence[str]) -> None: ...


class Provider(ABC):
    """Base for providers written in Python."""

    @abstractmethod
    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        """Stores `data` under `name`, whole or not at all; FileExistsError when it is taken."""

    @abstractmethod
    def get(self, name: str, offset: int, size: int) -> bytes:
        """Exactly `size` bytes from `offset`; fewer only where the object ends."""

    @abstractmethod
    def stat(self, names: list[str]) -> Sequence[int | None]:
        """For each name the object's size, or None where there is none."""

    @abstractmethod
    def list(self, prefix: str, after: str) -> Iterable[tuple[str, int]]:
        """(name, size) of each object with the prefix and greater than `after`, in byte order."""

    @abstractmethod
    def delete(self, names: Sequence[str]) -> None:
        """Deletes what is there; absent is fine."""

    def location(self) -> str:
        """Where it is, for people. Never a credential."""
        return f"python:{type(self).__qualname__}"

    def domain(self) -> Mapping[str, str]:
        """vendor, vendor_home, country, region, account, medium: those that are known."""
        return {}

    def capability(self) -> Mapping[str, Any]:
        """create_only, ranged_read, can_delete, durable, object_size_bytes_max,
        parallel_calls_max: those that differ from the defaults of fenchi/provider.h. Not retention:
        put() is not told until when, so fenchi never counts on it."""
        return {}


AnyProvider = FiveVerbs | BuiltinProvider


def open_provider(
    url: str, domain: Domain | None = None, *, credentials: CredentialSource | None = None
) -> BuiltinProvider:
    """The provider at a URL: a scheme that is built in ("file:///path", "s3://bucket/folder"), any
    filesystem of fsspec ("fsspec+s3://bucket/folder"), or a plug-in's.

    A plug-in is an entry point of the group "fenchi.providers": its name is the scheme, and it
    names a callable(url, domain) that gives an object with the five verbs.

    credentials: for s3, azure, gs and webdavs, in place of the environment. A callable that gives a
    mapping: access_key_id, secret_access_key and session_token; key (as Azure shows it), sas or
    token; token; user and password, or token. With "expires", an aware datetime, it is asked again
    a few minutes before, and always once more when the server refuses. It is called from any
    thread; of an exception only the type is told.
    """
    scheme = url.partition(":")[0]
    if credentials is not None:
        fields = {} if domain is None else {k: str(v) for k, v in vars(domain).items()}
        return _core.open_provider(url, fields, for_core(scheme, credentials))
    if scheme.startswith("fsspec+"):
        from fenchi._fsspec import open_fsspec  # only for those who use it: it takes its time

        return _core.adapt(open_fsspec(url, domain))
    plug_ins = () if scheme in _core.provider_schemes() else _plug_ins(scheme)
    if plug_ins:
        return _core.adapt(_open_plug_in(plug_ins, url, domain))
    fields = {} if domain is None else {k: str(v) for k, v in vars(domain).items()}
    return _core.open_provider(url, fields)


def _plug_ins(scheme: str) -> tuple[EntryPoint, ...]:
    from importlib.metadata import entry_points  # slow to load

    return tuple(entry_points(group=GROUP, name=scheme))


def _open_plug_in(found: tuple[EntryPoint, ...], url: str, domain: Domain | None) -> AnyProvider:
    scheme = found[0].name
    if len({entry.value for entry in found}) > 1:  # which one would be chance
        named = ", ".join(sorted(entry.value for entry in found))
        raise _errors.Conflict(text("plug_in.several", scheme=scheme, named=named))
    try:
        opener = found[0].load()
    except Exception as error:
        raise _errors.Unsupported(text("plug_in.broken", scheme=scheme, why=error)) from error
    place: AnyProvider = opener(url, domain)
    missing = [verb for verb in VERBS if not callable(getattr(place, verb, None))]
    if missing:
        raise _errors.Unsupported(text("plug_in.verbs", scheme=scheme, verbs=", ".join(missing)))
    return place


class _Absent(Provider):
    """A place that could not be opened: the vault does without it and says why."""

    def __init__(self, where: str, reason: str) -> None:
        self._where = where
        self._reason = reason

    def _refuse(self, *_arguments: object, **_options: object) -> Any:
        raise _errors.Unavailable(self._reason)

    put = get = stat = list = delete = _refuse

    def location(self) -> str:
        return self._where


def open_or_absent(url: str, opening: Callable[[], AnyProvider]) -> AnyProvider:
    """What `opening` gives; a disk that is not mounted must not keep the others from being used."""
    try:
        return opening()
    except (
        *(_errors.NotFound, _errors.Unavailable, _errors.Deadline, _errors.Denied, _errors.Io),
        _errors.Conflict,  # its lines lead to different places: the others can still restore
    ) as error:
        return _Absent(url, str(error))


def check_provider(
    provider: AnyProvider | str,
    *,
    prefix: str = "contract-check",
    may_delete: bool = True,
    retain: timedelta | None = None,
) -> fenchi.ContractReport:
    """Runs the provider contract suite: about 20 MiB and 200 calls, below `prefix`.

    retain: stores one object under retention for that long. Nobody can delete it before.
    """
    place: object = open_provider(provider) if isinstance(provider, str) else provider
    seconds = 0 if retain is None else int(retain.total_seconds())
    return fenchi.ContractReport.from_core(
        _core.run_provider_contract(place, prefix, may_delete, seconds)
    )


def same_place(first: AnyProvider | str, second: AnyProvider | str) -> bool:
    """Whether two providers are one place: an object put into one is looked for in the other."""
    a, b = (open_provider(one) if isinstance(one, str) else one for one in (first, second))
    return _core.same_place(a, b)
