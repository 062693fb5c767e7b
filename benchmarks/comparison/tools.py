"""The tools: fenchi and its peers, each as its user runs it, with its usual settings."""

from __future__ import annotations

import os
import re
import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from comparison.inputs import Input
from comparison.processes import TOOLS, Failed, Run, output, run

PROVIDERS = ("a", "b", "c")
NEEDED = 2
AXES = ("vendor", "vendor_home", "country", "account")
PASSPHRASE = "a passphrase for benchmarks"  # noqa: S105  (protects nothing)


def version_numbers(text: str) -> tuple[int, ...]:
    """The first dotted number in a text: (0, 14, 0) of "restic 0.14.0 compiled with ..."."""
    found = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def newest(name: str, *more: Path) -> tuple[Path, str] | None:
    """The program of that name with the highest version, and what it says of its version.

    Looks into the folder that scripts/setup fills, and $PATH.
    """
    candidates = [TOOLS / "bin" / name, *more]
    on_path = shutil.which(name)
    if on_path:
        candidates.append(Path(on_path))
    best: tuple[tuple[int, ...], Path, str] | None = None
    for program in candidates:
        if not os.access(program, os.X_OK):
            continue
        try:
            said = output([program, "version" if name in ("restic", "rclone") else "--version"])
        except Failed:
            continue
        found = (version_numbers(said), program, said.splitlines()[0].strip())
        if best is None or found[0] > best[0]:
            best = found
    return (best[1], best[2]) if best else None


def stored_bytes(folder: Path) -> int:
    files = (p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    return sum(file.stat().st_size for file in files)


class Tool(ABC):
    """One repository in `scratch/NAME`, made anew by start()."""

    name: ClassVar[str]
    verbs: ClassVar[tuple[str, ...]] = ("backup", "no change", "restore")

    def __init__(self, scratch: Path, source: Input) -> None:
        self.folder, self.source = scratch / self.name, source

    @classmethod
    def locate(cls) -> tuple[Path, str] | None:
        return newest(cls.name)

    @property
    def program(self) -> Path:
        found = self.locate()
        if found is None:
            raise Failed(f"{self.name} is not installed")
        return found[0]

    def start(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()

    @abstractmethod
    def backup(self) -> Run: ...

    @abstractmethod
    def restore(self, target: Path) -> Run: ...

    def restored(self, target: Path) -> Path:
        """Where the source's copy lies below the target of a restore."""
        return target / self.source.folder.relative_to("/")

    def stored_per_copy(self) -> float:
        return stored_bytes(self.folder / "repo")

    def do(self, verb: str, target: Path) -> Run:
        actions: dict[str, Callable[[], Run]] = {
            "backup": self.backup,
            "no change": self.backup,
            "restore": lambda: self.restore(target),
        }
        return actions[verb]()

    def sh(self, script: str, *words: object, **environment: str) -> Run:
        return run(["bash", "-o", "pipefail", "-c", script, "bash", *words], **environment)


class Fenchi(Tool):
    name = "fenchi"
    verbs = ("backup", "no change", "restore", "restore, one lost")

    @classmethod
    def locate(cls) -> tuple[Path, str] | None:
        return newest(cls.name, Path(sys.executable).with_name("fenchi"))

    @property
    def program(self) -> Path:
        return Path(sys.executable).with_name("fenchi")

    @property
    def password_file(self) -> Path:
        return self.folder / "password"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def urls(self) -> list[str]:
        return [f"file://{self.folder / name}" for name in PROVIDERS]

    def environment(self) -> dict[str, str]:
        return {
            "FENCHI_PASSWORD_FILE": str(self.password_file),
            "FENCHI_CACHE_DIR": str(self.state),
        }

    def start(self) -> None:
        super().start()
        self.password_file.write_text(PASSPHRASE)
        words: list[object] = ["init", "--needed", NEEDED]
        for name, url in zip(PROVIDERS, self.urls(), strict=True):
            words += ["--provider", f"{name}={url}"]
        for axis in AXES:
            words += ["--relax", f"{axis}=a benchmark on one machine"]
        self.fenchi([*words, "--approver", "benchmark"])

    def fenchi(self, words: list[object]) -> Run:
        command = [self.program, "--config", self.folder / "vault.toml", *words]
        return run(command, **self.environment())

    def backup(self) -> Run:
        return self.fenchi(["backup", "--compression", self.source.level, self.source.folder])

    def restore(self, target: Path) -> Run:
        return self.fenchi(["restore", "latest", target])

    def restore_without_one(self, target: Path) -> Run:
        (self.folder / PROVIDERS[0]).rename(self.folder / "lost")
        try:
            return self.restore(target)
        finally:
            (self.folder / "lost").rename(self.folder / PROVIDERS[0])

    def restored(self, target: Path) -> Path:
        return target / self.source.folder.name

    def stored_per_copy(self) -> float:
        """n shards of 1/k each are n/k copies."""
        stored = sum(stored_bytes(self.folder / name) for name in PROVIDERS)
        return stored * NEEDED / len(PROVIDERS)

    def do(self, verb: str, target: Path) -> Run:
        if verb == "restore, one lost":
            return self.restore_without_one(target)
        return super().do(verb, target)


class Restic(Tool):
    name = "restic"

    def restic(self, words: list[object]) -> Run:
        compression = "auto" if self.source.level else "off"
        return run(
            [self.program, "-q", "--compression", compression, *self.repository(), *words],
            RESTIC_PASSWORD=PASSPHRASE,
            RESTIC_CACHE_DIR=str(self.folder / "cache"),
        )

    def repository(self) -> list[object]:
        return ["-r", self.folder / "repo"]

    def start(self) -> None:
        super().start()
        self.restic(["init"])

    def backup(self) -> Run:
        return self.restic(["backup", self.source.folder])

    def restore(self, target: Path) -> Run:
        return self.restic(["restore", "latest", "--target", target])


class Borg(Tool):
    name = "borg"

    def __init__(self, scratch: Path, source: Input) -> None:
        super().__init__(scratch, source)
        self.count = 0

    @classmethod
    def locate(cls) -> tuple[Path, str] | None:
        return newest(cls.name, TOOLS / "borg" / "bin" / "borg")

    def borg(self, words: list[object], where: Path) -> Run:
        """Borg extracts into its working folder."""
        return self.sh(
            'cd "$1" && shift && exec "$@"',
            where,
            self.program,
            *words,
            BORG_REPO=str(self.folder / "repo"),
            BORG_PASSPHRASE=PASSPHRASE,
            BORG_BASE_DIR=str(self.folder / "home"),
        )

    def start(self) -> None:
        super().start()
        self.borg(["init", "-e", "repokey-blake2"], self.folder)

    def backup(self) -> Run:
        self.count += 1
        compression = "zstd,3" if self.source.level else "none"
        words = ["create", "--compression", compression, f"::n{self.count}", self.source.folder]
        return self.borg(words, self.folder)

    def restore(self, target: Path) -> Run:
        target.mkdir()
        return self.borg(["extract", f"::n{self.count}"], target)


class Rclone(Tool):
    name = "rclone"

    def rclone(self, words: list[object]) -> Run:
        return run(
            [self.program, "--config", "/dev/null", *words],
            RCLONE_CONFIG_REPO_TYPE="crypt",
            RCLONE_CONFIG_REPO_REMOTE=str(self.folder / "repo"),
            RCLONE_CONFIG_REPO_PASSWORD=self.password,
        )

    def start(self) -> None:
        super().start()
        self.password = output([self.program, "obscure", PASSPHRASE]).strip()

    def backup(self) -> Run:
        return self.rclone(["sync", "--links", self.source.folder, "repo:"])

    def restore(self, target: Path) -> Run:
        return self.rclone(["copy", "--links", "repo:", target])

    def restored(self, target: Path) -> Path:
        return target


class Age(Tool):
    """A file directly, which is its quick way; a tree through tar."""

    name = "age"
    verbs = ("backup", "restore")

    def start(self) -> None:
        super().start()
        (self.folder / "repo").mkdir()
        self.identity = self.folder / "identity"
        self.sh('"$1" -o "$2"', self.program.with_name("age-keygen"), self.identity)
        keygen = self.program.with_name("age-keygen")
        self.recipient = output([keygen, "-y", self.identity]).strip()

    def only_file(self) -> Path | None:
        names = list(self.source.folder.iterdir())
        return names[0] if len(names) == 1 and names[0].is_file() else None

    @property
    def sealed(self) -> Path:
        return self.folder / "repo" / "sealed.age"

    def backup(self) -> Run:
        words: list[object] = [self.program, "-r", self.recipient, "-o", self.sealed]
        file = self.only_file()
        if file:
            return run([*words, file])
        folder = self.source.folder
        return self.sh('tar -C "$1" -cf - . | "${@:2}"', folder, *words)

    def restore(self, target: Path) -> Run:
        target.mkdir()
        words: list[object] = [self.program, "-d", "-i", self.identity]
        file = self.only_file()
        if file:
            return run([*words, "-o", target / file.name, self.sealed])
        return self.sh('"${@:2}" | tar -C "$1" -xf -', target, *words, self.sealed)

    def restored(self, target: Path) -> Path:
        return target


class Cp(Tool):
    """No backup tool: what the file system alone takes."""

    name = "cp"
    verbs = ("backup", "restore")

    def backup(self) -> Run:
        return run(["cp", "-a", self.source.folder, self.folder / "repo"])

    def restore(self, target: Path) -> Run:
        return run(["cp", "-a", self.folder / "repo", target])

    def restored(self, target: Path) -> Path:
        return target


ALL: tuple[type[Tool], ...] = (Fenchi, Restic, Borg, Rclone, Age, Cp)
