"""Trees as manifests (see tests/golden/tree_manifest.h), and the reader as a program."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
READER = ROOT / "tests" / "reader" / "fenchi_reader.py"
LETTERS = {
    stat.S_IFREG: "f",
    stat.S_IFDIR: "d",
    stat.S_IFLNK: "l",
    stat.S_IFIFO: "p",
    stat.S_IFCHR: "c",
    stat.S_IFBLK: "b",
    stat.S_IFSOCK: "s",
}
TYPE, PATH, MODE, UID, GID, TIME, SIZE, CONTENT, LINK, XATTRS = range(10)


def _hex(data: bytes) -> str:
    return data.hex() or "-"


def _hash(path: bytes) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _xattrs(path: bytes) -> str:
    pairs = []
    for name in os.listxattr(path, follow_symlinks=False):
        if not name.startswith("security."):
            value = os.getxattr(path, name, follow_symlinks=False)
            pairs.append(f"{_hex(os.fsencode(name))}:{_hex(value)}")
    return ",".join(sorted(pairs)) or "-"


def scan(top: os.PathLike[str] | str) -> dict[bytes, list[str]]:
    """Every entry below `top`, by raw path, as the ten fields of a manifest's line."""
    root = os.fsencode(top)
    nodes: dict[bytes, os.stat_result] = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            full = os.path.join(folder, name)
            nodes[os.path.relpath(full, root)] = os.lstat(full)
    first: dict[tuple[int, int], bytes] = {}
    for path in sorted(nodes):
        node = nodes[path]
        if not stat.S_ISDIR(node.st_mode) and node.st_nlink > 1:
            first.setdefault((node.st_dev, node.st_ino), path)
    return {path: _fields(root, path, node, first) for path, node in nodes.items()}


def _fields(root: bytes, path: bytes, node: os.stat_result, first: dict) -> list[str]:
    full = os.path.join(root, path)
    letter = LETTERS[stat.S_IFMT(node.st_mode)]
    content = "-"
    if letter == "f":
        content = _hash(full)
    elif letter == "l":
        content = _hex(os.readlink(full))
    elif letter in "cb":
        content = f"{os.major(node.st_rdev)}:{os.minor(node.st_rdev)}"
    seconds, nanoseconds = divmod(node.st_mtime_ns, 10**9)
    link = first.get((node.st_dev, node.st_ino))
    return [
        letter,
        path.hex(),
        f"{stat.S_IMODE(node.st_mode):o}",
        str(node.st_uid),
        str(node.st_gid),
        f"{seconds}.{nanoseconds:09d}",
        str(node.st_size if letter == "f" else 0),
        content,
        "-" if link is None else link.hex(),
        _xattrs(full),
    ]


def differences(wanted: dict[bytes, list[str]], found: dict[bytes, list[str]]) -> list[str]:
    """Lines that differ; none when the trees are equal."""
    return [
        f"{path!r}: wanted {wanted.get(path)}, found {found.get(path)}"
        for path in sorted(wanted.keys() | found.keys())
        if wanted.get(path) != found.get(path)
    ]


def run_reader(
    providers, out, password: Path | None, *options: str
) -> subprocess.CompletedProcess[str]:
    """The independent reader, as people start it."""
    command = [sys.executable, str(READER), *options]
    if password is not None:
        command += ["--password-file", str(password)]
    if out is not None:
        command += ["--out", str(out)]
    return subprocess.run(
        [*command, *map(str, providers)], capture_output=True, text=True, check=False
    )
