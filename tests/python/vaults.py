"""Small vaults for the tests: local providers, and a passphrase that costs little to check."""

from __future__ import annotations

from pathlib import Path

import fenchi

PASSPHRASE = "correct horse battery staple"
NAMES = ("taipei", "tokyo", "oslo")


def urls(work: Path, names: tuple[str, ...] = NAMES) -> dict[str, str]:
    (work / "providers").mkdir(exist_ok=True)
    return {name: (work / "providers" / name).as_uri() for name in names}


def make_vault(where: dict[str, object], work: Path, **policy: object) -> fenchi.Vault:
    return fenchi.create(
        where,  # type: ignore[arg-type]
        passphrase=PASSPHRASE,
        policy=fenchi.VaultPolicy(**policy),  # type: ignore[arg-type]
        passphrase_passes=1,
        passphrase_memory_kib=8192,
        state_directory=work / "state",
    )
