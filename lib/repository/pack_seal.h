// From a planned pack to n shards: encrypt, split, tag; and back to missing shards for repair.
//
// One block of each data shard at a time (a tile of k x 64 KiB), so that a segment is gathered,
// encrypted, encoded and tagged while it is in cache. FORMAT.md section 7.
#pragma once

#include <vector>

#include "base/executor.h"
#include "fenchi/bytes.h"
#include "fenchi/random.h"
#include "format/shard_header.h"
#include "repository/pack_plan.h"
#include "repository/run_keys.h"

namespace fenchi {

// Memory for one pack, used again for the next: n/k x 15 MiB for the largest class.
struct PackBuffers {
  std::vector<Bytes> shards;  // by shard index, each format::ShardSize() bytes
};

// Fills `buffers.shards` with `seats` shards of which `needed` give the pack back, and lets go of
// the pack's pieces. Before it returns, one random tile is decoded from random shards, its tags
// checked and decrypted, and compared (verify before upload). Parts of the pack are sealed at once,
// as far as the executor has idle threads.
Status SealPack(const Access& access, const RunKeys& keys, format::PackType type, PlannedPack& pack,
                int seats, Random& random, Executor& executor, PackBuffers& buffers);

}  // namespace fenchi
