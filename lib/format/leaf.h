// A provider's own leaf share, FORMAT.md section 5.4. Written at that provider and nowhere else.
#pragma once

#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/status.h"

namespace fenchi::format {

struct Leaf {
  ProviderId provider;
  Bytes share;                       // serialised key share, section 12
  std::vector<Bytes> provider_held;  // the same of provider-held nodes of slots (5.3), at most 64
  friend bool operator==(const Leaf&, const Leaf&) = default;
};

Result<Bytes> EncodeLeaf(const Leaf& leaf);
Result<Leaf> DecodeLeaf(ByteView object);

}  // namespace fenchi::format
