// A provider's own leaf share, FORMAT.md section 5.4. Written at that provider and nowhere else.
#pragma once

#include "fenchi/bytes.h"
#include "fenchi/status.h"

namespace fenchi::format {

struct Leaf {
  ProviderId provider;
  Bytes share;  // serialised key share, section 12
  friend bool operator==(const Leaf&, const Leaf&) = default;
};

Result<Bytes> EncodeLeaf(const Leaf& leaf);
Result<Leaf> DecodeLeaf(ByteView object);

}  // namespace fenchi::format
