// How far a vault has come: its newest policy and the last record of each writer's log.
//
// DescribeStatus tells it, a recovery card keeps it on paper, and OpenOptions::known_head holds
// providers to it on a machine that has seen nothing yet: an older policy is refused, and logs that
// end earlier show in VaultStatus::head. Not secret.
#pragma once

#include <cstdint>
#include <vector>

#include "fenchi/bytes.h"

namespace fenchi {

struct LogEnd {
  WriterId writer;
  std::uint64_t seq = 0;  // of the last record, from 1
  Hash256 hash;           // of that record
};

struct VaultHead {
  std::uint32_t policy_version = 0;
  Hash256 policy_hash;
  std::vector<LogEnd> logs = {};  // of writers that wrote something
};

}  // namespace fenchi
