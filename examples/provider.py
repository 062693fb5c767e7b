"""A provider of your own in Python, and the contract suite run over it: provider.py DATABASE.

docs/providers/write-your-own.md shows the lines between the marks.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Sequence
from typing import Any

import fenchi

# [example]
INSERT = "INSERT INTO object VALUES (?, ?)"
REPLACE = "REPLACE INTO object VALUES (?, ?)"


class Database(fenchi.Provider):
    """Objects in a table of SQLite."""

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()  # verbs are called from several threads
        self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._base.execute("PRAGMA synchronous = FULL")
        self._base.execute("CREATE TABLE IF NOT EXISTS object (name TEXT PRIMARY KEY, data BLOB)")

    def _run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._base.execute(statement, values).fetchall()

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        write = REPLACE if replace else INSERT
        try:
            self._run(write, name, data)
        except sqlite3.IntegrityError:
            raise FileExistsError(name) from None  # by the key, so also when two write at once

    def get(self, name: str, offset: int, size: int) -> bytes:
        found = self._run("SELECT data FROM object WHERE name = ?", name)
        if not found:
            raise FileNotFoundError(name)
        return bytes(found[0][0])[offset : offset + size]

    def stat(self, names: list[str]) -> Sequence[int | None]:
        found = [self._run("SELECT length(data) FROM object WHERE name = ?", n) for n in names]
        return [rows[0][0] if rows else None for rows in found]

    def list(self, prefix: str, after: str) -> list[tuple[str, int]]:
        rows = self._run(
            "SELECT name, length(data) FROM object WHERE substr(name, 1, ?) = ? AND name > ? "
            "ORDER BY name",
            *(len(prefix), prefix, after),
        )
        return [(name, size) for name, size in rows]

    def delete(self, names: Sequence[str]) -> None:
        for name in names:
            self._run("DELETE FROM object WHERE name = ?", name)

    def capability(self) -> dict[str, object]:
        return {"create_only": True, "durable": True, "ranged_read": False}


# [/example]


def open_database(url: str, domain: fenchi.Domain | None) -> Database:
    """For an entry point: `database = "provider:open_database"` opens database:PATH."""
    return Database(url.partition(":")[2])


if __name__ == "__main__":
    report = fenchi.check_provider(open_database(f"database:{sys.argv[1]}", None))
    for finding in report.findings:
        print("ok  " if finding.passed else "FAIL", finding.check, finding.message)
    sys.exit(0 if report.passed else 1)
