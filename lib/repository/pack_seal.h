// From a planned pack to n shards: encrypt, split, tag; and back to missing shards for repair.
//
// One block of each data shard at a time (a tile of k x 64 KiB), so that a segment is encrypted,
// encoded and tagged while it is in cache. FORMAT.md section 7.
#pragma once

#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/random.h"
#include "format/shard_header.h"
#include "repository/pack_plan.h"
#include "repository/run_keys.h"

namespace fenchi {

struct SealedPack {
  format::ShardHeader header;  // shard_index 0; the others differ in that only
  std::vector<Bytes> shards;   // by shard index, each format::ShardSize() bytes
};

// `seats` shards of which `needed` give the pack back. Before it returns, one random tile is
// decoded from random shards, its tags checked and decrypted, and compared (verify before upload).
Result<SealedPack> SealPack(const Access& access, const RunKeys& keys, format::PackType type,
                            const PlannedPack& pack, int seats, Random& random);

}  // namespace fenchi
