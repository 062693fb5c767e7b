"""Credentials that a callable gives, for providers over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

CredentialSource = Callable[[], Mapping[str, str | bytes | datetime]]

_FIELDS = {
    "s3": {"access_key_id", "secret_access_key", "session_token", "expires"},
    "azure": {"key", "sas", "token", "expires"},
    "gs": {"token", "expires"},
    "webdav": {"user", "password", "token"},
    "webdavs": {"user", "password", "token"},
}


def for_core(scheme: str, source: CredentialSource) -> Callable[[], dict[str, str | bytes | int]]:
    """What the core asks: the same fields, times as seconds, Azure's key as its bytes."""
    known = _FIELDS.get(scheme, set())

    def ask() -> dict[str, str | bytes | int]:
        given = source()
        unknown = sorted(set(given) - known)
        if unknown:
            raise TypeError(f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(known))}")
        out: dict[str, str | bytes | int] = {}
        for name, value in given.items():
            if isinstance(value, datetime):
                if value.tzinfo is None:
                    raise TypeError(f"{name}: a time needs its time zone")
                out[name] = int(value.timestamp())
            elif scheme == "azure" and name == "key":
                import base64  # for Azure alone

                out[name] = base64.b64decode(value, validate=True)
            else:
                out[name] = value
        return out

    return ask
