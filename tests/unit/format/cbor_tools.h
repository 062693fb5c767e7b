// Changes to encoded CBOR for tests: one unknown key in any one map of an object.
#pragma once

#include <cstdint>
#include <optional>

#include "fenchi/bytes.h"

namespace fenchi::format::testing {

// Maps in `item`, itself included, byte strings not looked into.
int CountMaps(ByteView item);

// `item` with key: 0 added to its map number `nth`; nothing when that map has the key.
std::optional<Bytes> WithKey(ByteView item, int nth, std::uint64_t key);

}  // namespace fenchi::format::testing
