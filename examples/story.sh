#!/usr/bin/env bash
# The whole story on the command line: story.sh EMPTY_DIRECTORY. The lines between the [readme] marks
# are in README.md.
set -euo pipefail
cd "$1"
export FENCHI_CACHE_DIR=$PWD/state FENCHI_PASSWORD_FILE=$PWD/passphrase
echo "a dull fox hides nine coins" >passphrase
mkdir ledger
echo "opening balance 100" >ledger/2026.txt

# [readme]
fenchi init --name story --needed 2 --provider taipei="$PWD/taipei" \
  --provider tokyo="$PWD/tokyo" --provider oslo="$PWD/oslo"
fenchi backup ledger --label nightly
fenchi snapshots
fenchi verify --depth data || fenchi repair
fenchi restore latest:nightly restored
fenchi drill --absent tokyo --rto 4h --rpo 24h
# [/readme]

diff -r ledger restored/ledger
