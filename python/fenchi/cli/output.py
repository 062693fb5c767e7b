"""What the command prints: statements for people, or one JSON document; progress on stderr."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import fenchi
from fenchi import Error, escape_path
from fenchi.cli.explaining import damage_explained, explained, problem_explained
from fenchi.messages import text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar

_SHOWN_MAX = 20  # items of a list for people
_PATH_FIELDS = {"path", "target", "symlink_target"}
_BYTES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def size(count: float) -> str:
    """ "12.3 MiB"."""
    unit = 0
    while count >= 1024 and unit < len(_BYTES) - 1:
        count /= 1024
        unit += 1
    return f"{count:.0f} B" if unit == 0 else f"{count:.1f} {_BYTES[unit]}"


def duration(seconds: float) -> str:
    """ "1.2 s", "3 min 4 s", "5 h 6 min", "7 d 8 h", in the language of the run."""
    if seconds < 60:
        return text("duration.seconds", seconds=seconds)
    whole = int(seconds)
    if whole < 3600:
        return text("duration.minutes", minutes=whole // 60, seconds=whole % 60)
    if whole < 86400:
        return text("duration.hours", hours=whole // 3600, minutes=whole % 3600 // 60)
    return text("duration.days", days=whole // 86400, hours=whole % 86400 // 3600)


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _base64(raw: bytes) -> str:
    import base64  # for what is no text

    return base64.b64encode(raw).decode("ascii")


def _path_member(name: str, path: str) -> dict[str, Any]:
    """A path is JSON text; one that is not UTF-8 is shown escaped and given exactly in base64."""
    if _is_utf8(path):
        return {name: path}
    raw = path.encode("utf-8", "surrogateescape")
    return {name: escape_path(path), f"{name}_b64": _base64(raw)}


def to_json(value: Any) -> Any:
    """A report as JSON values: times in ISO 8601, spans in seconds, bytes in base64."""
    if is_dataclass(value) and not isinstance(value, type):
        out: dict[str, Any] = {}
        for item in fields(value):
            member = getattr(value, item.name)
            if item.name in _PATH_FIELDS and isinstance(member, str):
                out |= _path_member(item.name, member)
            elif item.name == "paths":
                out["paths"] = [_path_member("path", path) for path in member]
            else:
                out[item.name] = to_json(member)
        return out
    if isinstance(value, Mapping):
        return {key: to_json(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(member) for member in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return _base64(value)
    if isinstance(value, str) and not _is_utf8(value):
        return escape_path(value)
    return value


def local_time(when: datetime) -> datetime:
    """As the clock on the wall shows it; the ends of all years stay in UTC."""
    try:
        return when.astimezone()
    except (OverflowError, ValueError):
        return when


def printable(value: object) -> object:
    """A text that drives no terminal, whoever chose it; line ends stay, other values too.

    What is escaped already stays as it is.
    """
    if not isinstance(value, (str, os.PathLike)):
        return value
    return "".join(
        c if c.isprintable() or c == "\n" else escape_path(c) for c in os.fsdecode(value)
    )


def dump(content: object) -> str:
    """JSON on one line. Readable text stays; what a terminal could obey is written as \\uXXXX."""
    import json  # for one who asks for it

    line = json.dumps(content, ensure_ascii=False)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)


def _console(stderr: bool = False, width: int | None = None) -> Console:
    # Loaded where something is drawn: it takes longer than all else that a short command does.
    from rich.console import Console

    # No markup: names of files are not ours to interpret.
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, width=width)


class Output:
    """Where a command's results go. `json`: one document at the end and nothing else on stdout."""

    def __init__(self, json_wanted: bool = False, stdout_is_data: bool = False) -> None:
        self.json = json_wanted
        self.stdout_is_data = stdout_is_data
        self._warnings: list[str] = []

    def say(self, key: str, /, **values: object) -> None:
        """One statement, for people only."""
        if not self.json:
            print(text(key, **{name: printable(v) for name, v in values.items()}))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        if self.json:
            return
        from rich.table import Table

        table = Table(box=None, pad_edge=False, show_edge=False)
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(str(printable(cell)) for cell in row))
        console = _console()
        if not console.is_terminal:
            console = _console(width=max(_width(columns, rows), 80))
        console.print(table)

    def line(self, shown: str) -> None:
        if not self.json:
            print(printable(shown))

    def warn(self, message: str) -> None:
        self._warnings.append(message)
        if not self.json:
            print(text("warning", message=printable(message)), file=sys.stderr)

    def problems(self, problems: Sequence[fenchi.Problem]) -> None:
        for item in problems[:_SHOWN_MAX]:
            what = problem_explained(item.code, item.message)
            self.say("problem", path=escape_path(item.path), message=what)
        for hint in sorted({item.hint for item in problems if item.hint}):
            self.say("problem.hint", hint=hint)
        if len(problems) > _SHOWN_MAX:
            self.say("problem.more", count=len(problems) - _SHOWN_MAX)

    def damage(self, items: Sequence[fenchi.Damage]) -> None:
        for item in items[:_SHOWN_MAX]:
            where = " ".join(part for part in (item.provider, item.object) if part)
            self.say("verify.item", where=where, what=damage_explained(item.kind, item.what))
        if len(items) > _SHOWN_MAX:
            self.say("problem.more", count=len(items) - _SHOWN_MAX)
            for provider in sorted({item.provider for item in items}):
                count = sum(item.provider == provider for item in items)
                self.say("verify.per_provider", provider=provider, count=count)

    def usage(self, usage: Mapping[str, fenchi.providers.Usage]) -> None:
        """What went to and from each provider, and what that costs."""
        names = ("provider", "calls", "errors", "sent", "received", "waiting", "money")
        rows = [
            [
                *(name, str(one.calls), str(one.errors)),
                *(size(one.bytes_put), size(one.bytes_got), duration(one.waiting_seconds)),
                text(
                    "usage.money",
                    money=one.money,
                    currency=one.currency,
                    month=one.money_per_month,
                )
                if one.priced
                else "",
            ]
            for name, one in usage.items()
        ]
        self.table([text(f"column.{name}") for name in names], rows)

    def document(self, ok: bool, **members: Any) -> None:
        """The final JSON document, where one is wanted."""
        if not self.json or self.stdout_is_data:
            return
        content = {"ok": ok, **to_json(members)}
        if self._warnings:
            content["warnings"] = self._warnings
        print(dump(content))

    def report(self, ok: bool, report: Any, **members: Any) -> None:
        """The final JSON document with all that a report says."""
        if self.json:
            self.document(ok, **{**to_json(report), **members})

    def error(self, error: Error) -> None:
        """One plain message and what to do, or the error document."""
        if not self.json:
            what, next_step = explained(error)
            print(text("error", message=printable(what)), file=sys.stderr)
            if next_step:
                print(text("hint", hint=printable(next_step)), file=sys.stderr)
            return
        content = {
            "ok": False,
            "code": error.code.name,
            "message": error.message,
            "hint": error.hint,
        }
        print(dump(content), file=sys.stderr if self.stdout_is_data else sys.stdout)

    @contextmanager
    def progress(self) -> Iterator[Callable[[fenchi.Progress], None] | None]:
        """A callback for a verb: JSON lines, a bar on a terminal, or nothing."""
        if self.json:
            yield _JsonLines()
        elif sys.stderr.isatty():
            from rich.progress import BarColumn, DownloadColumn, TaskProgressColumn, TextColumn
            from rich.progress import Progress as Bar

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                DownloadColumn(binary_units=True),
                TextColumn("{task.fields[current]}", markup=False),
            )
            with Bar(*columns, console=_console(stderr=True), transient=True) as bar:
                yield _BarUpdates(bar)
        else:
            yield None


def _width(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Enough for every cell: a table that goes to a file is never folded."""
    widths = [len(column) for column in columns]
    for row in rows:
        widths = [max(width, len(cell)) for width, cell in zip(widths, row, strict=True)]
    return 2 * sum(widths) + 2 * len(widths)


class _JsonLines:
    def __call__(self, now: fenchi.Progress) -> None:
        line = {"progress": now.phase, **to_json(now), "time": time.time()}
        del line["phase"]
        print(dump(line), file=sys.stderr, flush=True)


class _BarUpdates:
    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._tasks: dict[str, Any] = {}

    def __call__(self, now: fenchi.Progress) -> None:
        if now.phase not in self._tasks:
            self._tasks[now.phase] = self._bar.add_task(
                text(f"phase.{now.phase}"), total=None, current=""
            )
        by_bytes = now.bytes_total > 0
        total = now.bytes_total if by_bytes else now.items_total
        done = now.bytes_done if by_bytes or total == 0 else now.items_done
        self._bar.update(
            self._tasks[now.phase],
            completed=done,
            total=total or None,
            current=escape_path(now.current)[-60:],
        )
