"""Searches the memory of another process, as a core dump or a swapped page would show it."""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Region:
    begin: int
    end: int
    name: str
    flags: set[str] = field(default_factory=set)

    @property
    def kept(self) -> bool:
        """Locked (never swapped) and left out of core dumps."""
        return {"lo", "dd"} <= self.flags


def regions(process: int) -> list[Region]:
    found: list[Region] = []
    for line in Path(f"/proc/{process}/smaps").read_text(errors="replace").splitlines():
        head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (r?)", line)
        if head and head[3]:
            found.append(Region(int(head[1], 16), int(head[2], 16), line))
        elif head:
            found.append(Region(0, 0, line))  # not readable: nothing to search
        elif line.startswith("VmFlags:"):
            found[-1].flags = set(line.split()[1:])
    return [region for region in found if region.end]


def contents(process: int) -> Iterator[tuple[Region, bytes]]:
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for region in regions(process):
            try:
                memory.seek(region.begin)
                content = memory.read(region.end - region.begin)
            except (OSError, ValueError, OverflowError):
                continue  # [vvar] and the like
            yield region, content or b""


def where(process: int, needles: list[bytes]) -> tuple[int, list[str], list[str]]:
    """Bytes searched, where a needle lies in kept memory, and where outside it."""
    searched, kept, outside = 0, [], []
    for region, content in contents(process):
        searched += len(content)
        if any(needle in content for needle in needles):
            (kept if region.kept else outside).append(region.name)
    return searched, kept, outside


def may_lock() -> bool:
    soft = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    return soft == resource.RLIM_INFINITY or soft >= 1 << 20
