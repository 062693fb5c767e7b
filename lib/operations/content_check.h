// What every shard of one pack must hold, found by decrypting: for holders of a read key, to whom
// tags are not the last word.
//
// Somebody with the verify secret can change a block and make its tag fit. This check opens each
// segment with the read key, encodes the shards from what opened, and so names the odd one, data or
// parity. One thread at a time.
#pragma once

#include <vector>

#include "repository/shard_set.h"

namespace fenchi {

class ContentCheck {
 public:
  // Both must outlive the check. Errors: kDenied when `access` cannot read the pack's key domain.
  static Result<ContentCheck> Open(const Access& access, const ShardSet& shards);

  // Block `block` of the shard at each position. `stored`: blocks whose tags hold, by position,
  // empty where there is none. Errors: kDataLoss when no k shards open.
  Result<std::vector<Bytes>> BlocksThatMustBe(int block, const std::vector<ByteView>& stored) const;

 private:
  ContentCheck(const ShardSet& shards, SecretBytes key)
      : shards_(&shards), cipher_key_(std::move(key)) {}
  bool Opens(int segment, ByteView block) const;

  const ShardSet* shards_;
  SecretBytes cipher_key_;
};

}  // namespace fenchi
