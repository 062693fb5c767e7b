"""Custodians' key shares as files: one each, for its owner's eyes only, never two in one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fenchi import _secret_files
from fenchi.custody import CustodianShare


def file_name(share: CustodianShare, slot: int | None = None) -> str:
    """slot: where several alternatives ask the same group."""
    alternative = "" if slot is None else f"-way{slot}"
    place = f"{share.index}-of-{share.count}"
    return f"share-{share.group}{alternative}-{place}-epoch{share.epoch}.fenchi-share"


class ShareFolder:
    """Where deliver() puts the shares.

    When one cannot be written, none stays and nothing is changed. Once all are delivered they stay,
    whatever happens then: they may be what opens the vault.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: list[tuple[CustodianShare, Path]] = []

    def deliver(self, shares: Sequence[CustodianShare]) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        slots = list(dict.fromkeys((share.group, share.slot) for share in shares))
        asked = [group for group, _ in slots]
        for share in shares:
            several = asked.count(share.group) > 1
            number = slots.index((share.group, share.slot)) + 1 if several else None
            path = self.folder / file_name(share, number)
            try:
                _secret_files.write(path, share.data)
            except BaseException:
                self._withdraw()
                raise
            self.written.append((share, path))

    def _withdraw(self) -> None:
        for _, path in self.written:
            path.unlink(missing_ok=True)
        self.written = []
