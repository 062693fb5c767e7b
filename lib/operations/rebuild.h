// Making one shard again from the others: what repair writes, and what a courier carries.
#pragma once

#include <cstddef>
#include <set>

#include "fenchi/bytes.h"
#include "fenchi/status.h"
#include "repository/shard_set.h"

namespace fenchi {

// The whole shard object that belongs at the seat at `position`, byte for byte. Needs the verify
// secret, no read key. lying: positions whose shards are not believed though their tags hold.
// Errors: kDataLoss, kTooFewProviders, as ShardSet::DecodeBlock; kDenied without the verify secret.
Result<Bytes> RebuildShard(const ShardSet& shards, std::size_t position,
                           const std::set<int>& lying = {});

}  // namespace fenchi
