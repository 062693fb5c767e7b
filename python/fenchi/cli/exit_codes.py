"""Exit codes: fixed, so that scripts can rely on them."""

from __future__ import annotations

from fenchi._core import StatusCode
from fenchi._errors import Error

DONE = 0
FAILED = 1
USAGE = 2
# Done, but sources were unreadable or changing, targets left or without attributes, or locks that
# backups asked for are not kept.
INCOMPLETE = 3
NO_VAULT = 10
WRONG_KEY = 12
DAMAGE = 20
DATA_LOST = 21
TOO_FEW_PROVIDERS = 22
POLICY = 23
TARGET_MISSED = 24
INTERRUPTED = 130

# Codes that are not in the table are FAILED.
_BY_STATUS = {
    StatusCode.invalid_argument: USAGE,
    StatusCode.wrong_key: WRONG_KEY,
    StatusCode.data_loss: DATA_LOST,
    StatusCode.too_few_providers: TOO_FEW_PROVIDERS,
    StatusCode.policy: POLICY,
    StatusCode.cancelled: INTERRUPTED,
}


class NoVault(Exception):
    """There is no vault where one was looked for: the same failure with an exit code of its own."""

    def __init__(self, error: Error) -> None:
        super().__init__(str(error))
        self.error = error


def of(error: Error) -> int:
    return _BY_STATUS.get(error.code, FAILED)
