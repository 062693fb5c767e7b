// Everything that must lie at a seat besides shards: `k/` objects, records, lists, indexes.
//
// Verify compares, repair fills: both walk the same list.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "operations/session.h"
#include "repository/bootstrap.h"

namespace fenchi {

struct ExpectedObject {
  NameAt name;
  std::string what;  // "genesis", "record 7 of writer ab12cd34", ...
  std::uint64_t size_max = 0;
  CheckBytes check;                      // whether bytes are this object
  std::function<Result<Bytes>()> fetch;  // good bytes from elsewhere
};

// For the seat at `position`. Errors: what reading the bootstrap objects met.
Result<std::vector<ExpectedObject>> ObjectsAt(const Session& session, const History& history,
                                              std::size_t position);

}  // namespace fenchi
