"""Builds a program of this folder from the library's own sources: by which compiler, how far
optimised.

The sources that touch secrets are compiled again for each build; what they stand on comes from the
library of the dev build. ccache keeps the objects, as it does for that build.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "build" / "dev" / "lib" / "libfenchi.a"

# All of the library that branches on, looks up or computes with key shares and keys.
SECRET_SOURCES = """
    base/secret.cc crypto/hash.cc crypto/hkdf.cc crypto/hmac.cc crypto/seal.cc crypto/signing.cc
    format/derive.cc sharing/adept.cc sharing/key_share.cc sharing/key_sharing.cc sharing/shamir.cc
    """.split()


@dataclass(frozen=True)
class Build:
    compiler: str
    level: str

    def __str__(self) -> str:
        return f"{self.compiler}{self.level}"


COMPILERS = ("g++", "clang++")
LEVELS = ("-O2", "-O3")
EVERY_BUILD = [Build(compiler, level) for compiler in COMPILERS for level in LEVELS]


def _run(command: list[str]) -> None:
    environment = os.environ | {"CCACHE_BASEDIR": str(ROOT), "CCACHE_NOHASHDIR": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")


def program(name: str, build: Build, defines: tuple[str, ...] = ()) -> Path:
    """The path of the program `name`.cc, built as `build` says."""
    folder = ROOT / "build" / "constant_time" / str(build)
    folder.mkdir(parents=True, exist_ok=True)
    sources = [ROOT / "lib" / source for source in SECRET_SOURCES]
    sources.append(ROOT / "tests" / "constant_time" / f"{name}.cc")
    launcher = ["ccache"] if shutil.which("ccache") else []
    # DWARF 4: Debian 12's Valgrind cannot read what its clang writes otherwise.
    flags = ["-std=c++20", build.level, "-g1", "-gdwarf-4", "-fPIC", "-Iinclude", "-Ilib"]
    flags.append("-DFENCHI_STATIC")
    flags += [f"-D{define}" for define in defines]

    def compiled(source: Path) -> str:
        made = folder / f"{name}-{source.stem}.o"
        source_name = str(source.relative_to(ROOT))
        _run([*launcher, build.compiler, *flags, "-c", source_name, "-o", str(made)])
        return str(made)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compiled, sources))
    made = folder / name
    libraries = ["-lcrypto", "-lsodium", "-lpthread"]
    _run([build.compiler, *objects, str(LIBRARY), *libraries, "-o", str(made)])
    return made
