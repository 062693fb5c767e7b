"""The whole story in Python: story.py EMPTY_DIRECTORY.

Makes a small vault over three local providers in that directory, backs up, verifies, restores, and
drills the loss of one provider. The lines between the [readme] marks are in README.md.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import fenchi


def prepare(work: Path) -> None:
    """A source, a passphrase, a vault.toml and a new vault, all in `work`."""
    os.chdir(work)
    Path("ledger").mkdir()
    Path("ledger/2026.txt").write_text("opening balance 100\n")
    Path("passphrase").write_text("a dull fox hides nine coins\n")
    os.environ["FENCHI_PASSWORD_FILE"] = "passphrase"  # noqa: S105
    os.environ["FENCHI_CACHE_DIR"] = str(work / "state")
    places = {
        name: fenchi.config.ProviderEntry(url=(work / name).as_uri())
        for name in ("taipei", "tokyo", "oslo")
    }
    policy = fenchi.VaultPolicy(name="story", needed=2)
    fenchi.config.write_new("vault.toml", fenchi.config.render(policy, places))
    fenchi.create("vault.toml").close()


def back_up_and_rehearse() -> None:
    # [readme]
    with fenchi.open("vault.toml") as vault:
        nightly = vault.backup("ledger", label="nightly")
        health = vault.verify(depth="data")
        if not health.healthy:
            vault.repair(health)
        back = vault.restore(nightly.snapshot, "restored")
        drill = vault.drill(nightly.snapshot, absent=["tokyo"]).raise_if_failed()
        print(f"{back.files} files restored; without tokyo in {drill.restore.seconds:.1f} s")
    # [/readme]


if __name__ == "__main__":
    prepare(Path(sys.argv[1]).resolve())
    back_up_and_rehearse()
    if Path("restored/ledger/2026.txt").read_text() != "opening balance 100\n":
        sys.exit("the restored ledger is not the ledger")
