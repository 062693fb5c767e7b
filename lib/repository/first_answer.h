// Asks provider after provider for one small object, and takes the first that is good.
//
// The next is asked as soon as one has given a bad answer, or none for a while: a provider that
// hangs costs that while and no more. Those that are late answer into the void.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "repository/seats.h"

namespace fenchi {

struct SmallObject {
  const Seat* seat = nullptr;  // with a provider
  std::string name;
};

// What came of an object, also too late: called on the provider's lane, perhaps after the end.
using AnswerCame = std::function<void(const std::string& name, ByteView bytes)>;

// Reads the first `size` bytes of each, in this order, until `good` says so of one's. False: of
// none. came: may be empty.
bool FirstGoodAnswer(const std::vector<SmallObject>& objects, std::size_t size,
                     const AnswerCame& came,
                     const std::function<bool(std::size_t object, ByteView bytes)>& good);

}  // namespace fenchi
