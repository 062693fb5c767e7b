"""Paths as people and the library know them."""

from __future__ import annotations

import os

from fenchi import _core

StrPath = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def raw(path: StrPath) -> bytes:
    """A path as bytes. Independent of the locale: fenchi's paths are UTF-8 or raw bytes."""
    name = os.fspath(path)
    return name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")


def escape_path(path: str | bytes) -> str:
    """A path from a report with everything but printable text escaped: safe for terminals."""
    return _core.escape_path(raw(path))
