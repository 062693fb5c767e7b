// Reads k of a pack's shards whole, from the providers that will have them first.
//
// It begins with the k providers that are expected to be fastest by what their lanes have seen;
// among equals data shards go first, which need no decoding. A shard is read in pieces of about two
// seconds, two at a time. When another provider would have its whole shard sooner than one that is
// read would have the rest of its own, it is asked as well (the hedge), and whoever comes first
// counts: the last one ends at its next piece. What was read of a shard is kept when a piece fails,
// and read on from there when no other provider is left.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "repository/pack_memory.h"
#include "repository/shard_set.h"
#include "repository/shard_spool.h"

namespace fenchi {

struct RacedShard {
  int index = 0;
  ByteView stored;  // all blocks with their tags, unchecked
  std::shared_ptr<const void> keeper;
};

struct RaceOutcome {
  std::vector<RacedShard> shards;  // by index; fewer than k where too few could be read
  std::vector<int> slower;         // shards that were to be had, but not as soon
  std::uint64_t bytes_fetched = 0;
};

// Call from one thread. What the last ones still read at the end does not outlive their lanes.
// Memory: k shards, and one for each that is asked besides while they keep theirs. Of the first k,
// one that still reads when others have come keeps the memory of all k until its call ends.
// spool: may be null. What it has is not fetched, and what came slowly is kept there.
RaceOutcome RaceShards(const ShardSet& shards, PackMemory& memory,
                       const std::shared_ptr<ShardSpool>& spool);

}  // namespace fenchi
