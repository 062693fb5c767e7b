#!/usr/bin/env bash
# Packs what make_golden made: `pack.sh DIRECTORY`, from the same bytes always the same archive.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for manifest in "$1"/*.manifest; do
  name=$(basename "$manifest" .manifest)
  [[ -e $here/$name.tar.xz ]] && { echo "$name is golden already and stays as it is" >&2; continue; }
  tar -C "$1" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -c "$name" |
    xz -9 >"$here/$name.tar.xz"
  cp "$manifest" "$here/"
done
