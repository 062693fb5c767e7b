"""Errors: one class for each status code, which is also the builtin that Python people expect.

    try:
        vault.restore("latest", "/restore")
    except fenchi.TooFewProviders as error:   # also caught as ConnectionError
        print(error.message, error.hint)

Nobody should match on the text: `code` says what a caller can do.
"""

from __future__ import annotations

import errno

from fenchi._core import StatusCode

__all__ = [
    "AlreadyExists",
    "Cancelled",
    "Conflict",
    "Damaged",
    "DataLoss",
    "Deadline",
    "Denied",
    "Error",
    "Full",
    "Internal",
    "InvalidArgument",
    "Io",
    "Locked",
    "NotFound",
    "Policy",
    "TooFewProviders",
    "Unavailable",
    "Unsupported",
    "WrongKey",
]


class Error(Exception):
    """Every failure that fenchi reports: `code`, `message`, and `hint`, which may be empty.

    A provider may set `retry_after` of what it raises: seconds to wait before trying again.
    """

    code = StatusCode.internal
    retry_after: float | None = None
    from_core = False
    """The library says it: message and hint are English, whatever the language in use."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message

    def __reduce__(self) -> tuple[type[Error], tuple[str, str]]:
        return type(self), (self.message, self.hint)


class InvalidArgument(Error, ValueError):
    """The call cannot be meant: fix the arguments."""

    code = StatusCode.invalid_argument


class NotFound(Error, FileNotFoundError):
    """No such vault, snapshot, path or object."""

    code = StatusCode.not_found


class AlreadyExists(Error, FileExistsError):
    """Something is there already."""

    code = StatusCode.already_exists


class Denied(Error, PermissionError):
    """Permission or credentials were refused by a provider or the file system."""

    code = StatusCode.denied


class Unavailable(Error, ConnectionError):
    """The place did not answer properly; trying again may help."""

    code = StatusCode.unavailable


class Deadline(Error, TimeoutError):
    """Not finished in time; trying again may help."""

    code = StatusCode.deadline


class Full(Error, OSError):
    """Provider, disk or quota is full."""

    code = StatusCode.full


class Locked(Error, PermissionError):
    """Retention or an object lock forbids it for now."""

    code = StatusCode.locked


class WrongKey(Error, PermissionError):
    """Wrong passphrase, wrong credential, or too few key shares."""

    code = StatusCode.wrong_key


class Policy(Error, PermissionError):
    """Refused by the vault's policy; the message names the rule."""

    code = StatusCode.policy


class TooFewProviders(Error, ConnectionError):
    """Fewer providers are reachable than the operation needs."""

    code = StatusCode.too_few_providers


class Damaged(Error, OSError):
    """Bytes are not what they must be."""

    code = StatusCode.damaged


class DataLoss(Error, OSError):
    """Fewer good shards are left of something than it needs."""

    code = StatusCode.data_loss


class Unsupported(Error, NotImplementedError):
    """A version, suite or feature that this build does not know."""

    code = StatusCode.unsupported


class Cancelled(Error, InterruptedError):
    """The caller asked to stop."""

    code = StatusCode.cancelled


class Conflict(Error, RuntimeError):
    """Somebody else changed it, or uses it, at the same time."""

    code = StatusCode.conflict


class Io(Error, OSError):
    """A local file could not be read or written."""

    code = StatusCode.io


class Internal(Error, RuntimeError):
    """A promise inside fenchi was broken: please report it."""

    code = StatusCode.internal


_CLASSES: dict[StatusCode, type[Error]] = {
    kind.code: kind
    for kind in (
        *(InvalidArgument, NotFound, AlreadyExists, Denied, Unavailable, Deadline, Full, Locked),
        *(WrongKey, Policy, TooFewProviders, Damaged, DataLoss, Unsupported, Cancelled, Conflict),
        *(Io, Internal),
    )
}

# What an exception of a provider written in Python stands for; the first match counts.
_BUILTINS: tuple[tuple[type[BaseException], StatusCode], ...] = (
    (FileExistsError, StatusCode.already_exists),
    (FileNotFoundError, StatusCode.not_found),
    (PermissionError, StatusCode.denied),
    (TimeoutError, StatusCode.deadline),
    (ConnectionError, StatusCode.unavailable),
    (NotImplementedError, StatusCode.unsupported),
    (KeyboardInterrupt, StatusCode.cancelled),
)


def from_status(code: int, message: str, hint: str) -> Error:
    """The exception for a failure of the core."""
    error = _CLASSES[StatusCode(code)](message, hint)
    error.from_core = True
    return error


def retry_after_ms(exception: BaseException) -> int | None:
    """How long a place asked to be left alone, whatever class of exception says so."""
    seconds = getattr(exception, "retry_after", None)
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    return int(min(max(seconds, 0), 86400 * 365) * 1000) if seconds == seconds else None


# What a provider never knows: raised by one, they tell of its own code.
_NOT_OF_PROVIDERS = (
    *(StatusCode.wrong_key, StatusCode.policy, StatusCode.too_few_providers),
    *(StatusCode.data_loss, StatusCode.internal),
)


def to_status(exception: BaseException) -> tuple[int, str, str]:
    """What a provider's exception means for the core: (code, message, hint).

    What is not known here says nothing of an object, present, absent or damaged: the place could
    not be asked, and all that it holds is as safe as before.
    """
    if isinstance(exception, Error) and exception.code not in _NOT_OF_PROVIDERS:
        return int(exception.code), exception.message, exception.hint
    text = f"{type(exception).__name__}: {exception}".encode(errors="backslashreplace").decode()
    for kind, code in _BUILTINS:
        if isinstance(exception, kind):
            return int(code), text, ""
    if isinstance(exception, OSError):
        full = exception.errno in (errno.ENOSPC, errno.EDQUOT)
        return int(StatusCode.full if full else StatusCode.unavailable), text, ""
    code = StatusCode.unavailable if isinstance(exception, Exception) else StatusCode.cancelled
    return int(code), text, "the provider's own code failed: see __cause__"
