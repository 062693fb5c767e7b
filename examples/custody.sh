#!/usr/bin/env bash
# Who can open it, on the command line: custody.sh EMPTY_DIRECTORY. Two of three custodians open the
# vault, a backup host only writes to it, and a custodian leaves.
set -euo pipefail
cd "$1"
umask 077
export FENCHI_CACHE_DIR=$PWD/state
mkdir ledger
echo "opening balance 100" >ledger/2026.txt

# An office keeps a key of its own in a safe, in case the custodians cannot meet.
office=$(fenchi --json key recipient office.key | sed 's/.*"public_key": "\([0-9a-f]*\)".*/\1/')
fenchi init --name custody --needed 2 --provider taipei="$PWD/taipei" \
  --provider tokyo="$PWD/tokyo" --provider oslo="$PWD/oslo" \
  --open "2 of board, OR office" --recipient office="$office" \
  --custodian board=Lin/Wu --custodian board=Chen --custodian board=Huang --shares shares
mv shares lin-chen-huang # stands for three people who take their shares home
lin=(--share lin-chen-huang/share-board-1-of-3-epoch1.fenchi-share)
chen=(--share lin-chen-huang/share-board-2-of-3-epoch1.fenchi-share)

# Two of them let a host back up. It cannot read what it wrote, and needs neither of them again.
fenchi "${lin[@]}" "${chen[@]}" writer add host.credential --label "ledger host"
fenchi --credential host.credential backup ledger --label nightly
if fenchi --credential host.credential restore latest:nightly stolen; then exit 1; fi

# Chen leaves, Wang comes. Whoever opens the vault from now on takes two of the new shares.
fenchi "${lin[@]}" "${chen[@]}" key revoke custodian Chen --successor Wang --shares next
huang=(--share next/share-board-2-of-3-epoch2.fenchi-share)
wang=(--share next/share-board-3-of-3-epoch2.fenchi-share)
if fenchi "${lin[@]}" "${chen[@]}" snapshots; then exit 1; fi
fenchi "${huang[@]}" "${wang[@]}" key show
fenchi "${huang[@]}" "${wang[@]}" rekey
fenchi "${huang[@]}" "${wang[@]}" restore latest:nightly restored
diff -r ledger restored/ledger
