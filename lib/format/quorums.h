// How many providers a write and a look at the logs must reach, FORMAT.md section 11.
//
// n seats, k shards needed, W acknowledge a write, R answer a look; f may lie, d may be lost at the
// moment of writing: R + W > n + f and W >= k + f + d, W <= n, R <= n.
#pragma once

#include <optional>

#include "fenchi/status.h"

namespace fenchi::format {

struct Quorums {
  int write_quorum = 0;  // W
  int read_quorum = 0;   // R
  int liars = 0;         // f
  int spare_losses = 0;  // d
  friend bool operator==(const Quorums&, const Quorums&) = default;
};

// Errors: kPolicy, saying in words which rule is broken and by which numbers.
Status CheckQuorums(int needed, int providers, const Quorums& quorums);

// f = min(1, n - k) and d = 0 unless given; W = max(k + f + d, floor((n + f) / 2) + 1);
// R = n + f + 1 - W. Errors: kPolicy when no W and R fulfil the rules.
Result<Quorums> DefaultQuorums(int needed, int providers, std::optional<int> liars = {},
                               std::optional<int> spare_losses = {});

}  // namespace fenchi::format
