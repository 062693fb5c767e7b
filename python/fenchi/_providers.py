"""Providers: places that store objects. Write your own by giving a class five verbs.

    class Bucket(fenchi.Provider):
        def put(self, name, data, *, replace=False): ...   # FileExistsError when it is taken
        def get(self, name, offset, size): ...             # exactly `size` bytes
        def stat(self, names): ...                         # a size or None for each name
        def list(self, prefix, after): ...                 # (name, size), sorted by name
        def delete(self, names): ...                       # absent is fine

    print(fenchi.check_provider(Bucket()).passed)

Verbs are called from several threads at once, each with the interpreter lock held. Raise
ConnectionError or TimeoutError where trying again may help, PermissionError where it will not; what
you raised is the `__cause__` of the error that the caller sees. Any object with the five methods
will do: the base class only documents them and gives the optional ones.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from fenchi import _core, _errors
from fenchi._reports import ContractReport, Domain

BuiltinProvider = _core.BuiltinProvider


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
        """create_only, ranged_read, can_delete, retention, durable, object_size_bytes_max,
        parallel_calls_max: those that differ from the defaults of fenchi/provider.h."""
        return {}


AnyProvider = FiveVerbs | BuiltinProvider


def open_provider(url: str, domain: Domain | None = None) -> BuiltinProvider:
    """The provider at a URL: "file:///path", "memory:NAME" or "sftp://user@host/directory"."""
    fields = {} if domain is None else {k: str(v) for k, v in vars(domain).items()}
    return _core.open_provider(url, fields)


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
        _errors.NotFound,
        _errors.Unavailable,
        _errors.Deadline,
        _errors.Denied,
        _errors.Io,
    ) as error:
        return _Absent(url, str(error))


def check_provider(
    provider: AnyProvider | str, *, prefix: str = "contract-check", may_delete: bool = True
) -> ContractReport:
    """Runs the provider contract suite: about 20 MiB and 200 calls, below `prefix`."""
    place: object = open_provider(provider) if isinstance(provider, str) else provider
    return ContractReport.from_core(_core.run_provider_contract(place, prefix, may_delete))
