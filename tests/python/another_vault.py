"""A vault of somebody else, for tests of what must not be taken for one's own."""

from __future__ import annotations

from pathlib import Path

import fenchi


def make_another(where: dict[str, str], state: Path) -> None:
    """Over these URLs, opened by a cheap passphrase."""
    fenchi.create(
        where,
        passphrase="mine",
        policy=fenchi.VaultPolicy(needed=2, liars=0),
        passphrase_passes=1,
        passphrase_memory_kib=8,
        state_directory=state,
    ).close()
