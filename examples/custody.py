"""Who can open it, in Python: custody.py EMPTY_DIRECTORY.

Two of three custodians open a vault together, or one office alone; a backup host only writes to it;
then the custodians change.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import fenchi
from fenchi.custody import (
    Custodian,
    CustodianShare,
    CustodyPlan,
    NewWriter,
    Unlock,
    new_recipient_key,
    recipient_key_of,
)


class Envelopes:
    """Where the key shares go: here into memory, in life one to each person, never two together."""

    def __init__(self) -> None:
        self.shares: dict[str, fenchi.SecretBytes] = {}

    def deliver(self, shares: Sequence[CustodianShare]) -> None:
        self.shares = {share.custodian.holder: share.data for share in shares}

    def of(self, *holders: str) -> Unlock:
        return Unlock(shares={holder: self.shares[holder] for holder in holders})


def plan_for(people: Sequence[Custodian], office: fenchi.SecretBytes, to: Envelopes) -> CustodyPlan:
    return CustodyPlan(
        open="2 of board, OR office",
        custodians={"board": people},
        recipients={"office": recipient_key_of(office)},
        deliver=to.deliver,
    )


def main(work: Path) -> None:
    (work / "ledger").mkdir()
    (work / "ledger" / "2026.txt").write_text("opening balance 100\n")
    places = {name: (work / name).as_uri() for name in ("taipei", "tokyo", "oslo")}
    state = work / "state"
    office, envelopes = new_recipient_key(), Envelopes()
    board = [Custodian("Lin", deputy="Wu"), Custodian("Chen"), Custodian("Huang")]
    with fenchi.create(
        places,
        custody_plan=plan_for(board, office, envelopes),
        policy=fenchi.VaultPolicy(name="custody", needed=2),
        state_directory=state,
    ) as vault:
        print(*vault.custody().in_words, sep="\n")
        change = vault.change_policy(add_writers=[NewWriter(label="ledger host")])
        vault_id = vault.id

    # The backup host: it needs no person, and cannot read what it wrote.
    with fenchi.open(
        places, credential=change.credentials[0], vault_id=vault_id, state_directory=work / "host"
    ) as host:
        host.backup(work / "ledger", label="nightly")

    # Chen leaves, Wang comes: new shares for all, and the old ones open nothing that is new.
    old, envelopes = envelopes, Envelopes()
    board[1] = Custodian("Wang")
    with fenchi.open(
        places, unlock=old.of("Lin", "Chen"), vault_id=vault_id, state_directory=state
    ) as vault:
        vault.rotate(plan_for(board, office, envelopes))
    try:
        fenchi.open(places, unlock=old.of("Lin", "Chen"), vault_id=vault_id)
    except fenchi.WrongKey as error:
        print(error.message)

    with fenchi.open(
        places, unlock=envelopes.of("Huang", "Wang"), vault_id=vault_id, state_directory=state
    ) as vault:
        back = vault.restore("latest:nightly", work / "restored")
        print(f"{back.files} files restored by Huang and Wang")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
