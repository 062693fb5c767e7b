"""SoftHSM: a PKCS#11 token in software, in a directory of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

PIN = "7319-kanarienvogel"  # a canary: no text of fenchi's could hold it by chance
WRONG_PIN = "7319-kanarienfalke"
_PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
)


def library() -> str:
    found = next((place for place in _PLACES if Path(place).is_file()), None)
    if found is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM is not installed: scripts/setup --tests does it")
    return found


@dataclass(frozen=True)
class SoftHsm:
    """Tokens in one directory. The environment says where, so a test's children find it."""

    folder: Path
    module: str

    def token(self, label: str) -> str:
        """Sets up a token; its URI, without a key."""
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", label]
            + ["--so-pin", "so-" + PIN, "--pin", PIN],
            check=True,
            capture_output=True,
            env={**os.environ, "SOFTHSM2_CONF": str(self.folder / "softhsm2.conf")},
        )
        return f"pkcs11:token={label}?module-path={self.module}"

    def take_away(self) -> None:
        """All tokens are pulled out."""
        (self.folder / "tokens").rename(self.folder / "away")
        (self.folder / "tokens").mkdir()

    def put_back(self) -> None:
        (self.folder / "tokens").rmdir()
        (self.folder / "away").rename(self.folder / "tokens")


def start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> SoftHsm:
    module = library()
    (folder / "tokens").mkdir(parents=True)
    conf = folder / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(conf))
    return SoftHsm(folder, module)


def with_key(uri: str, label: str) -> str:
    """The URI of a key on that token."""
    token, _, query = uri.partition("?")
    return f"{token};object={label}?{query}"


def with_pin(uri: str, path: Path) -> str:
    return f"{uri}&pin-source=file:{path}"
