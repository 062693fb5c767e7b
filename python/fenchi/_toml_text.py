"""The text of a vault.toml: its lines, and changes that keep all else as it was written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import date

from fenchi import _errors
from fenchi._custody_config import CustodyTable, key_text
from fenchi.messages import text


def _quoted(value: str) -> str:
    import json

    # A JSON string is a TOML basic string, except for the one control character that TOML wants
    # escaped and JSON leaves.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def line(key: str, value: object, comment: str = "") -> str:
    if isinstance(value, str):
        shown = _quoted(value)
    elif isinstance(value, tuple):
        shown = "[" + ", ".join(_quoted(item) for item in value) + "]"
    else:
        shown = value.isoformat() if isinstance(value, date) else str(value)
    return f"{key} = {shown}".ljust(31 if comment else 0) + (f" # {comment}" if comment else "")


def custodian_lines(group: str, holder: str, deputy: str = "") -> list[str]:
    """A [[custodian]] table."""
    lines = ["[[custodian]]", line("group", group), line("holder", holder)]
    return [*lines, line("deputy", deputy)] if deputy else lines


def recipient_lines(name: str, key: bytes) -> list[str]:
    """A [[recipient]] table."""
    return ["[[recipient]]", line("name", name), line("key", key_text(key))]


def custody_lines(custody: CustodyTable) -> list[str]:
    lines: list[str] = []
    for group, people in custody.custodians.items():
        for one in people:
            lines += ["", *custodian_lines(group, one.holder, one.deputy)]
    for name, key in custody.recipients.items():
        lines += ["", *recipient_lines(name, key)]
    return lines


def with_line(content: str, key: str, new: str) -> str:
    """The text with `new` for `key` in [vault], keeping everything else."""
    start = re.search(r"^\s*\[vault\][^\n]*\n", content, re.MULTILINE)
    if start is None:
        raise _errors.InvalidArgument(text("config.missing", where="vault.toml", key="[vault]"))
    end = re.compile(r"^\s*\[", re.MULTILINE).search(content, start.end())
    table = content[start.end() : end.start() if end else len(content)]
    pattern = re.compile(rf"^[ \t]*{key}[ \t]*=[^\n]*", re.MULTILINE)
    replaced, count = pattern.subn(lambda _: new, table, count=1)
    if count == 0:
        replaced = new + "\n" + table
    return content[: start.end()] + replaced + (content[end.start() :] if end else "")


_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)


def _blocks(content: str, kind: str) -> list[tuple[int, int]]:
    """Where the [[kind]] tables stand: from the header to what the next header begins."""
    found = []
    for match in re.finditer(rf"^[ \t]*\[\[{kind}\]\][^\n]*\n?", content, re.MULTILINE):
        following = _HEADER.search(content, match.end())
        found.append((match.start(), following.start() if following else len(content)))
    return found


def without_block(content: str, kind: str, **values: str) -> str:
    """The text without the [[kind]] table that has these values."""
    for start, end in _blocks(content, kind):
        table = tomllib.loads(content[start:end])[kind][0]
        if all(table.get(key, "") == value for key, value in values.items()):
            return content[:start] + content[end:]
    return content


def with_block(content: str, lines: Sequence[str]) -> str:
    return content.rstrip("\n") + "\n\n" + "\n".join(lines) + "\n"
