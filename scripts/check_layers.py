#!/usr/bin/env python3
"""Fails when a file includes what its floor must not know, or breaks a rule of the house.

Run it as scripts/check_layers.py [--root DIR] [--no-compile]. Each finding is one line:
FILE:LINE: what is wrong: why. A new public header needs a row in PUBLIC_HEADERS; a new module
needs a row in MAY_INCLUDE.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

# Which modules a module may include, besides itself: the floors of docs/ARCHITECTURE.md, bottom up.
FLOOR_1 = {"base"}
SIBLINGS = {"crypto", "sharing", "chunking", "compression", "storage", "filesystem", "token"}
FLOOR_2 = FLOOR_1 | SIBLINGS
MAY_INCLUDE: dict[str, set[str]] = {
    "base": set(),
    "crypto": FLOOR_1,
    "sharing": FLOOR_1 | {"crypto"},  # the one edge between siblings
    "chunking": FLOOR_1,
    "compression": FLOOR_1,
    "storage": FLOOR_1,
    "filesystem": FLOOR_1,
    "token": FLOOR_1,
    "format": FLOOR_2 - {"storage", "filesystem", "token"},  # pure: bytes <-> structs
    "repository": FLOOR_2 | {"format"},
    "operations": FLOOR_2 | {"format", "repository"},
    "vault": FLOOR_2 | {"format", "repository", "operations"},
}

# Which module a public header belongs to: lib/ files see it as they see that module.
PUBLIC_HEADERS: dict[str, str] = {
    "bytes.h": "base",
    "clock.h": "base",
    "entry.h": "base",  # plain types that filesystem and format share
    "export.h": "base",
    "random.h": "base",
    "secret.h": "base",
    "status.h": "base",
    "version.h": "base",
    "aead.h": "crypto",
    "hash.h": "crypto",
    "password.h": "crypto",
    "token.h": "token",
    "erasure_code.h": "sharing",
    "key_sharing.h": "sharing",
    "chunker.h": "chunking",
    "compression.h": "compression",
    "provider.h": "storage",
    "azure.h": "storage",
    "gcs.h": "storage",
    "webdav.h": "storage",
    "provider_wrappers.h": "storage",
    "s3.h": "storage",
    "sftp.h": "storage",
    "testing/fault_provider.h": "storage",
    "testing/provider_contract.h": "storage",
    "custody.h": "repository",
    "policy.h": "repository",
    "report.h": "repository",
    "courier.h": "repository",
    "options.h": "repository",
    "vault_head.h": "repository",
    "vault.h": "vault",
}

# lib/format does no I/O and knows no clock and no randomness of its own (a Random may be passed in
# for sealing): what it must not include by name.
IMPURE = {"filesystem", "fstream", "iostream", "thread", "random", "chrono", "ctime", "unistd.h"}

# Two fields that must never meet in one translation unit: the key sharing is branch-free in
# GF(2^8)/0x11b, the erasure code is table-driven in GF(2^8)/0x11d, and a key share must never go
# through a table that is indexed by a secret.
SEPARATE_FIELDS = ("lib/sharing/field_11b.h", "lib/sharing/field_11d.h")

STD_HEADERS = set(
    """
    algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv
    chrono cinttypes climits clocale cmath codecvt compare complex concepts condition_variable
    coroutine csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar
    cwctype deque exception execution filesystem format forward_list fstream functional future
    initializer_list iomanip ios iosfwd iostream istream iterator latch limits list locale map
    memory memory_resource mutex new numbers numeric optional ostream queue random ranges ratio
    regex scoped_allocator semaphore set shared_mutex source_location span sstream stack
    stdexcept stop_token streambuf string string_view strstream syncstream system_error thread
    tuple type_traits typeindex typeinfo unordered_map unordered_set utility valarray variant
    vector version
    """.split()
)

LINES_MAX = 500
COLUMNS_MAX = 100
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


@dataclass(frozen=True, order=True)
class Finding:
    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


@dataclass(frozen=True)
class Include:
    line: int
    quoted: bool
    name: str


class Tree:
    """The checkout: reads files by their path from the root, once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._includes: dict[str, list[Include]] = {}

    def files(self, folder: str, *suffixes: str) -> list[str]:
        base = self.root / folder
        found = (p for p in base.rglob("*") if p.suffix in suffixes and p.is_file())
        return sorted(p.relative_to(self.root).as_posix() for p in found)

    def lines(self, file: str) -> list[str]:
        return (self.root / file).read_text(encoding="utf-8").splitlines()

    def exists(self, file: str) -> bool:
        return (self.root / file).is_file()

    def includes(self, file: str) -> list[Include]:
        if file not in self._includes:
            matches = ((n, INCLUDE.match(line)) for n, line in enumerate(self.lines(file), 1))
            self._includes[file] = [Include(n, m[1] == '"', m[2]) for n, m in matches if m]
        return self._includes[file]

    def resolve(self, include: Include) -> str | None:
        """The file in this tree that an include of a lib/ file means, or None."""
        if include.name.startswith("fenchi/"):
            return f"include/{include.name}"
        inside = f"lib/{include.name}"
        return inside if include.quoted and self.exists(inside) else None


def module_of(file: str) -> str | None:
    """The module of a file under lib/ or include/fenchi/, None when it has no row."""
    if file.startswith("include/fenchi/"):
        return PUBLIC_HEADERS.get(file.removeprefix("include/fenchi/"))
    module = file.split("/")[1]
    return module if module in MAY_INCLUDE else None


def check_edge(file: str, module: str, include: Include, target: str) -> Iterator[Finding]:
    there = module_of(target)
    if there is None:
        why = "it has no row in scripts/check_layers.py, so no floor is known for it"
        yield Finding(file, include.line, f"includes {include.name}: {why}")
    elif there != module and there not in MAY_INCLUDE[module]:
        may = ", ".join(sorted(MAY_INCLUDE[module])) or "nothing else"
        why = f"{module} may include {may}; not {there}"
        yield Finding(file, include.line, f"includes {include.name}: {why}")


def check_lib(tree: Tree) -> Iterator[Finding]:
    """Each file of a floor includes its own module and lower floors only."""
    for file in tree.files("lib", ".h", ".cc"):
        module = module_of(file)
        if module is None:
            yield Finding(file, 1, "is in no known module: add it to MAY_INCLUDE with its edges")
            continue
        for include in tree.includes(file):
            target = tree.resolve(include)
            if target is not None:
                yield from check_edge(file, module, include, target)
            elif include.quoted:
                why = 'write it from lib/ or include/, as in "crypto/signing.h"'
                yield Finding(file, include.line, f"includes {include.name}: not found; {why}")
            if module == "format" and include.name in IMPURE:
                why = "format is pure: no I/O, no clock, no randomness of its own"
                yield Finding(file, include.line, f"includes {include.name}: {why}")


def check_public(tree: Tree) -> Iterator[Finding]:
    """Public headers know the standard library and each other, in the order of the floors."""
    for file in tree.files("include", ".h"):
        module = module_of(file)
        if module is None:
            yield Finding(file, 1, "has no row in PUBLIC_HEADERS: say which module it belongs to")
            continue
        for include in tree.includes(file):
            if include.name.startswith("fenchi/"):
                yield from check_edge(file, module, include, f"include/{include.name}")
            elif include.quoted or include.name not in STD_HEADERS:
                why = "public headers include the standard library and fenchi/ only"
                yield Finding(file, include.line, f"includes {include.name}: {why}")


def check_outside(tree: Tree) -> Iterator[Finding]:
    """Bindings, examples and the install test stand outside: public headers only."""
    for folder in ("bindings", "examples", "tests/install"):
        for file in tree.files(folder, ".h", ".cc"):
            for include in tree.includes(file):
                own = include.quoted and tree.exists(
                    f"{Path(file).parent.as_posix()}/{include.name}"
                )
                binding = folder == "bindings" and include.name.startswith("pybind11/")
                known = include.name.startswith("fenchi/") or include.name in STD_HEADERS
                if not (own or binding or known):
                    why = f"{folder}/ sees include/fenchi/ only, as a user does"
                    yield Finding(file, include.line, f"includes {include.name}: {why}")


def reached(tree: Tree, file: str) -> set[str]:
    """Every file under lib/ and include/ that `file` includes, directly or not, and itself."""
    seen: set[str] = set()
    waiting = [file]
    while waiting:
        current = waiting.pop()
        if current in seen or not tree.exists(current):
            continue
        seen.add(current)
        targets = (tree.resolve(include) for include in tree.includes(current))
        waiting += [target for target in targets if target]
    return seen


def check_fields(tree: Tree) -> Iterator[Finding]:
    """No file of the library sees both fields."""
    for file in tree.files("lib", ".h", ".cc"):
        if set(SEPARATE_FIELDS) <= reached(tree, file):
            both = " and ".join(SEPARATE_FIELDS)
            text = f"reaches {both}: key shares and shards keep separate arithmetic"
            yield Finding(file, 1, text)


def check_built(tree: Tree) -> Iterator[Finding]:
    """Every source and every test is named in a CMakeLists.txt of its folder or one above."""
    sources = tree.files("lib", ".cc")
    sources += [file for file in tree.files("tests", ".cc") if file.endswith("_test.cc")]
    for file in sources:
        names = []
        for folder in list(Path(file).parents)[:-1]:
            cmake = f"{folder.as_posix()}/CMakeLists.txt"
            if tree.exists(cmake):
                text = "\n".join(line.split("#")[0] for line in tree.lines(cmake))
                names += [f"{folder.as_posix()}/{word}" for word in re.split(r"[\s()\"]+", text)]
        if file not in names:
            yield Finding(file, 1, "is named in no CMakeLists.txt: it is never built")


def check_sizes(tree: Tree) -> Iterator[Finding]:
    """Files fit in a head, lines fit on a screen."""
    shipped = ("lib", "include", "bindings", "python")
    for folder in (*shipped, "tests", "examples", "scripts", "benchmarks"):
        for file in tree.files(folder, ".h", ".cc", ".py", ".pyi"):
            lines = tree.lines(file)
            if folder in shipped and len(lines) > LINES_MAX:
                text = f"has {len(lines)} lines, {LINES_MAX} at most: split it by idea"
                yield Finding(file, LINES_MAX + 1, text)
            for number, line in enumerate(lines, 1):
                if len(line) > COLUMNS_MAX:
                    text = f"has {len(line)} columns, {COLUMNS_MAX} at most"
                    yield Finding(file, number, text)


def compile_alone(root: Path, header: str) -> Finding | None:
    command = [os.environ.get("CXX", "c++"), "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra"]
    command += ["-Wpedantic", "-Werror", "-x", "c++", f"-I{root / 'include'}", "-"]
    text = f'#include "{header.removeprefix("include/")}"\n'
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    first = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr[:200])
    return Finding(header, 1, f"does not compile alone: {first}")


def check_headers_compile(tree: Tree) -> Iterator[Finding]:
    headers = tree.files("include", ".h")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda header: compile_alone(tree.root, header), headers)
        yield from (finding for finding in results if finding)


CHECKS = (check_lib, check_public, check_outside, check_fields, check_built, check_sizes)


def findings(root: Path, compile_headers: bool = True) -> list[Finding]:
    tree = Tree(root)
    found = [finding for check in CHECKS for finding in check(tree)]
    if compile_headers:
        found += check_headers_compile(tree)
    return sorted(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[1])
    parser.add_argument("--no-compile", action="store_true", help="leave out compiling headers")
    arguments = parser.parse_args()
    found = findings(arguments.root, not arguments.no_compile)
    for finding in found:
        print(finding)
    print(f"layers: {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
