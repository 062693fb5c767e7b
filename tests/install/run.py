#!/usr/bin/env python3
"""Installs fenchi as a user would and uses it from outside: run.py [--junit FILE].

Steps: install to an empty prefix; symbols of the shared library; a CMake consumer (shared, static);
a Makefile consumer by pkg-config (shared, static); a library without its optional parts;
`pip install .` into an empty venv; the command; a typed script under mypy --strict.
examples/story.cc and examples/story.py are built and run by each where they exist: a story is given
one argument, an empty directory to work in, and ends with exit code 0.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "install"
STORY_CC = ROOT / "examples" / "story.cc"
STORY_PY = ROOT / "examples" / "story.py"

# What a build may leave out.
OPTIONAL = ("FENCHI_WITH_HTTP", "FENCHI_WITH_SFTP", "FENCHI_WITH_PKCS11")

# What the shared library may offer besides names of namespace fenchi.
ALLOWED_SYMBOL = re.compile(
    r"^(fenchi::|fenchi_|(typeinfo|typeinfo name|vtable|VTT) for fenchi::"
    r"|(non-)?virtual thunk to fenchi::)"
)


class StepFailed(Exception):
    """Says what a step met."""


class StepSkipped(Exception):
    """Says why a step has nothing to do."""


def run(*command: object, **environment: str) -> str:
    """Runs a command of str and Path words, returns what it printed, raises StepFailed with it."""
    words = [str(word) for word in command]
    print("$", *words, flush=True)
    done = subprocess.run(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "CCACHE_BASEDIR": str(ROOT), "CCACHE_NOHASHDIR": "1", **environment},
        check=False,
    )
    if done.returncode != 0:
        raise StepFailed(f"exit code {done.returncode} from {' '.join(words)}\n{done.stdout}")
    return done.stdout


class Install:
    """The steps share one scratch directory and the prefix that the first step fills."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.prefix = scratch / "prefix"
        self.venv = scratch / "venv"

    def install_libraries(self) -> None:
        self.build_and_install("install", self.prefix)

    def build_and_install(self, name: str, prefix: Path, *options: str) -> None:
        build = ROOT / "build" / name  # kept: the second run compiles only what changed
        run(
            *("cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DFENCHI_BUILD_TESTS=OFF"),
            *("-DFENCHI_BUILD_EXAMPLES=OFF", "-DFENCHI_WERROR=ON", *options),
        )
        run("cmake", "--build", build)
        run("cmake", "--install", build, "--prefix", prefix, "--strip")

    def without_optional_parts(self) -> None:
        """No library of the network is found in it, and all else works."""
        prefix = self.scratch / "least"
        self.build_and_install("install-least", prefix, *(f"-D{part}=OFF" for part in OPTIONAL))
        library = next(iter(prefix.glob("lib*/**/libfenchi.so")))
        needed = run("readelf", "-d", library)
        for name in ("libcurl", "libssh", "libpugixml"):
            if name in needed:
                raise StepFailed(f"built without it, the library still needs {name}")
        self.cmake_consumer(static=False, prefix=prefix)

    def library(self, name: str) -> Path:
        found = next(iter(self.prefix.glob(f"lib*/**/{name}")), None)
        if found is None:
            raise StepFailed(f"no {name} was installed under {self.prefix}")
        return found

    def exported_symbols(self) -> None:
        listing = run("nm", "-DC", "--defined-only", self.library("libfenchi.so"))
        names = [line.split(maxsplit=2)[2] for line in listing.splitlines()]
        foreign = [name for name in names if not ALLOWED_SYMBOL.match(name)]
        if foreign:
            raise StepFailed(f"symbols outside namespace fenchi: {foreign[:20]}")
        # A function, and the type that users derive from.
        for needed in ("fenchi::Version()", "typeinfo for fenchi::Provider"):
            if needed not in names:
                raise StepFailed(f"the shared library does not offer {needed}")

    def run_programs(self, folder: Path, loader_path: str = "") -> None:
        environment = {"LD_LIBRARY_PATH": loader_path} if loader_path else {}
        print(run(folder / "smoke", **environment))
        if STORY_CC.exists():
            with tempfile.TemporaryDirectory(dir=self.scratch) as work:
                print(run(folder / "story", work, **environment))

    def cmake_consumer(self, static: bool, prefix: Path | None = None) -> None:
        prefix = prefix or self.prefix
        build = self.scratch / f"cmake-{prefix.name}-{'static' if static else 'shared'}"
        story = [f"-DSTORY={STORY_CC}"] if STORY_CC.exists() else []
        run(
            *("cmake", "-S", HERE / "cmake", "-B", build, "-G", "Ninja", *story),
            *(f"-DCMAKE_PREFIX_PATH={prefix}", f"-DLINK_STATIC={'ON' if static else 'OFF'}"),
        )
        run("cmake", "--build", build)
        self.run_programs(build)  # CMake writes the build's RPATH

    def pkgconfig_consumer(self, static: bool) -> None:
        out = self.scratch / f"make-{'static' if static else 'shared'}"
        out.mkdir()
        pkgconfig = str(self.library("fenchi.pc").parent)
        words = ["make", "-C", str(HERE / "pkgconfig"), f"OUT={out}"]
        words += ["STATIC=1"] if static else []
        words += [f"STORY={STORY_CC}"] if STORY_CC.exists() else []
        run(*words, PKG_CONFIG_PATH=pkgconfig)
        self.run_programs(out, "" if static else str(self.library("libfenchi.so").parent))

    def pip_install(self) -> None:
        venv.EnvBuilder(with_pip=True, clear=True).create(self.venv)
        python = self.venv / "bin" / "python"
        # As a user does, with an isolated build; only the build directory and the compiler's name
        # are ours, so that the compiler cache recognises the sources.
        run(
            *(python, "-m", "pip", "install", "--disable-pip-version-check", "-q"),
            *("--config-settings", "build-dir=build/clean"),
            *("--config-settings", "cmake.define.FENCHI_WERROR=ON", ROOT),
            CXX="c++",
        )
        code = "import fenchi, pathlib; print(fenchi.__version__, pathlib.Path(fenchi.__file__))"
        told = run(python, "-I", "-c", code)
        if str(self.venv) not in told:
            raise StepFailed(f"imported another fenchi: {told}")
        print(run(self.venv / "bin" / "fenchi", "--version"))
        for page in ("man1/fenchi.1", "zh_TW/man1/fenchi.1"):
            if not (self.venv / "share" / "man" / page).exists():
                raise StepFailed(f"the man page {page} was not installed")

    def typed_script(self) -> None:
        python = self.venv / "bin" / "python"
        scripts = [HERE / "smoke.py", *([STORY_PY] if STORY_PY.exists() else [])]
        # The checker is ours, the packages that it sees are those of the user's venv.
        run(
            *(sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir=/dev/null"),
            *("--python-executable", python, *scripts),
        )
        print(run(python, "-I", HERE / "smoke.py"))

    def python_story(self) -> None:
        if not STORY_PY.exists():
            raise StepSkipped("examples/story.py is not written yet")
        with tempfile.TemporaryDirectory(dir=self.scratch) as work:
            print(run(self.venv / "bin" / "python", "-I", STORY_PY, work))


@dataclass(frozen=True)
class Outcome:
    name: str
    seconds: float
    kind: str  # passed, failure or skipped
    message: str = ""


def try_step(name: str, step: Callable[[], None]) -> Outcome:
    print(f"-- {name}", flush=True)
    began = time.monotonic()
    kind, message = "passed", ""
    try:
        step()
    except StepSkipped as reason:
        kind, message = "skipped", str(reason)
    except (StepFailed, OSError, subprocess.SubprocessError) as error:
        kind, message = "failure", str(error)
    if message:
        print(message, flush=True)
    return Outcome(name, time.monotonic() - began, kind, message)


def write_junit(file: Path, outcomes: list[Outcome]) -> None:
    cases = []
    for outcome in outcomes:
        name, seconds = outcome.name, outcome.seconds
        inner = f"<{outcome.kind} message={quoteattr(outcome.message[:2000])}/>"
        inner = "" if outcome.kind == "passed" else inner
        cases.append(f'<testcase name="{name}" time="{seconds:.1f}">{inner}</testcase>')
    text = f'<testsuite name="install">{"".join(cases)}</testsuite>'
    file.write_text(text, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--junit", type=Path, help="also write the results there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fenchi-install-") as scratch:
        install = Install(Path(scratch))
        steps: dict[str, Callable[[], None]] = {
            "install_libraries": install.install_libraries,
            "exported_symbols": install.exported_symbols,
            "cmake_shared": lambda: install.cmake_consumer(static=False),
            "cmake_static": lambda: install.cmake_consumer(static=True),
            "pkgconfig_shared": lambda: install.pkgconfig_consumer(static=False),
            "pkgconfig_static": lambda: install.pkgconfig_consumer(static=True),
            "without_optional_parts": install.without_optional_parts,
            "pip_install": install.pip_install,
            "typed_script": install.typed_script,
            "python_story": install.python_story,
        }
        outcomes = [try_step(name, step) for name, step in steps.items()]
    if arguments.junit:
        write_junit(arguments.junit, outcomes)
    failed = [outcome.name for outcome in outcomes if outcome.kind == "failure"]
    print(f"install: {len(outcomes)} steps, failed: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
