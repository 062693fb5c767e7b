"""Compares two trees, byte for byte and attribute for attribute. Uses nothing of fenchi."""

# Paths are bytes here, which pathlib does not take.
# ruff: noqa: PTH115, PTH118, PTH123

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_PIECE = 1 << 20


@dataclass
class Counts:
    entries: int = 0
    bytes: int = 0


@dataclass
class _Groups:
    """Which paths of a tree are one file."""

    by_inode: dict[tuple[int, int], set[bytes]] = field(default_factory=dict)

    def add(self, path: bytes, status: os.stat_result) -> None:
        if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
            self.by_inode.setdefault((status.st_dev, status.st_ino), set()).add(path)

    def groups(self) -> set[frozenset[bytes]]:
        return {frozenset(paths) for paths in self.by_inode.values() if len(paths) > 1}


def _paths(root: bytes) -> Iterator[bytes]:
    """All below `root`, relative to it, the root itself as b"."."""
    yield b"."
    for where, folders, names in os.walk(root):
        for name in (*folders, *names):
            yield os.path.relpath(os.path.join(where, name), root)


def _xattrs(path: bytes) -> dict[bytes | str, bytes]:
    names = os.listxattr(path, follow_symlinks=False)
    return {name: os.getxattr(path, name, follow_symlinks=False) for name in names}


def _same_content(left: bytes, right: bytes) -> bool:
    with open(left, "rb") as a, open(right, "rb") as b:
        while True:
            piece = a.read(_PIECE)
            if piece != b.read(_PIECE):
                return False
            if not piece:
                return True


def _differences(
    left: bytes, right: bytes, a: os.stat_result, b: os.stat_result, mode_bits: int
) -> Iterator[str]:
    if stat.S_IFMT(a.st_mode) != stat.S_IFMT(b.st_mode):
        yield "another type"
        return
    if (a.st_mode ^ b.st_mode) & mode_bits:
        yield f"mode {a.st_mode:o}, {b.st_mode:o}"
    if (a.st_uid, a.st_gid) != (b.st_uid, b.st_gid):
        yield f"owner {a.st_uid}:{a.st_gid}, {b.st_uid}:{b.st_gid}"
    if a.st_mtime_ns != b.st_mtime_ns:
        yield f"time {a.st_mtime_ns}, {b.st_mtime_ns}"
    if a.st_rdev != b.st_rdev:
        yield "device numbers"
    if stat.S_ISLNK(a.st_mode) and os.readlink(left) != os.readlink(right):
        yield "link target"
    if _xattrs(left) != _xattrs(right):
        yield "extended attributes"
    if stat.S_ISREG(a.st_mode):
        if a.st_size != b.st_size:
            yield f"size {a.st_size}, {b.st_size}"
        elif not _same_content(left, right):
            yield "content"


def compare_trees(left: Path, right: Path, *, mode_bits: int = 0o7777) -> tuple[Counts, list[str]]:
    """(what was compared, one line for each difference). Paths are bytes: any name will do."""
    a_root, b_root = os.fsencode(left), os.fsencode(right)
    a_paths, b_paths = set(_paths(a_root)), set(_paths(b_root))
    differences = [f"{path!r}: only in {left}" for path in sorted(a_paths - b_paths)]
    differences += [f"{path!r}: only in {right}" for path in sorted(b_paths - a_paths)]
    counts, a_groups, b_groups = Counts(), _Groups(), _Groups()
    for path in sorted(a_paths & b_paths):
        a_path, b_path = os.path.join(a_root, path), os.path.join(b_root, path)
        a, b = os.lstat(a_path), os.lstat(b_path)
        a_groups.add(path, a)
        b_groups.add(path, b)
        counts.entries += 1
        counts.bytes += a.st_size if stat.S_ISREG(a.st_mode) else 0
        differences += [
            f"{path!r}: {what}" for what in _differences(a_path, b_path, a, b, mode_bits)
        ]
    for group in a_groups.groups() ^ b_groups.groups():
        differences.append(f"{sorted(group)!r}: hard-link groups differ")
    return counts, differences
