"""What the extension gives: dicts by the names of the dataclasses' fields, times as two numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Fields = Mapping[str, Any]


def time_of(seconds_and_nanoseconds: tuple[int, int]) -> datetime:
    seconds, nanoseconds = seconds_and_nanoseconds
    try:
        return _EPOCH + timedelta(seconds=seconds, microseconds=nanoseconds // 1000)
    except OverflowError:  # a file may claim any year
        edge = datetime.min if seconds < 0 else datetime.max
        return edge.replace(tzinfo=UTC)
