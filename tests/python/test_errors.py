"""Errors: one class a code, which is the builtin that Python people expect, too."""

from __future__ import annotations

import errno
import pickle
import sqlite3

import fenchi
import pytest
from fenchi import _errors

BUILTINS = {
    "invalid_argument": ValueError,
    "not_found": FileNotFoundError,
    "already_exists": FileExistsError,
    "denied": PermissionError,
    "unavailable": ConnectionError,
    "deadline": TimeoutError,
    "full": OSError,
    "locked": PermissionError,
    "wrong_key": PermissionError,
    "policy": PermissionError,
    "too_few_providers": ConnectionError,
    "damaged": OSError,
    "data_loss": OSError,
    "unsupported": NotImplementedError,
    "cancelled": InterruptedError,
    "conflict": RuntimeError,
    "io": OSError,
    "internal": RuntimeError,
}


@pytest.mark.parametrize("code", [code for code in fenchi.StatusCode if code.name != "ok"])
def test_each_code_has_a_class_that_is_also_a_builtin(code: fenchi.StatusCode) -> None:
    error = _errors.from_status(int(code), "what", "next")
    assert error.code is code
    assert isinstance(error, fenchi.Error)
    assert isinstance(error, BUILTINS[code.name])
    assert (error.message, error.hint, str(error)) == ("what", "next", "what (next)")
    assert type(error).__name__ in fenchi.__all__


def test_an_error_survives_pickling() -> None:
    copy = pickle.loads(pickle.dumps(fenchi.NotFound("no such path", "look again")))  # noqa: S301
    assert isinstance(copy, fenchi.NotFound)
    assert (copy.message, copy.hint) == ("no such path", "look again")


@pytest.mark.parametrize(
    ("exception", "code"),
    [
        (FileExistsError("x"), "already_exists"),
        (FileNotFoundError("x"), "not_found"),
        (PermissionError("x"), "denied"),
        (TimeoutError("x"), "deadline"),
        (ConnectionResetError("x"), "unavailable"),
        (OSError(errno.ENOSPC, "x"), "full"),
        (OSError(errno.EIO, "x"), "unavailable"),
        (fenchi.Locked("x"), "locked"),
        (ZeroDivisionError("x"), "unavailable"),
        (sqlite3.OperationalError("database is locked"), "unavailable"),
        (fenchi.Damaged("x"), "damaged"),
        (fenchi.DataLoss("x"), "unavailable"),
        (fenchi.Internal("x"), "unavailable"),
        (KeyboardInterrupt(), "cancelled"),
        (SystemExit(1), "cancelled"),
    ],
)
def test_a_providers_exception_becomes_the_code_that_says_what_to_do(
    exception: BaseException, code: str
) -> None:
    assert fenchi.StatusCode(_errors.to_status(exception)[0]).name == code


def test_the_core_raises_these_classes() -> None:
    with pytest.raises(fenchi.Unsupported) as raised:
        fenchi.open_provider("gopher://host/")
    assert isinstance(raised.value, NotImplementedError)
    with pytest.raises(ValueError, match="."):
        fenchi.open_provider("file://")
