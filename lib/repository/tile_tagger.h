// Tags of one tile: of block b of each shard. FORMAT.md section 7.
//
// With suite 1 the first parity shard's tag follows from those of the data shards, and its bytes
// are not read for it: that parity is their XOR, and GMAC is linear but for a mask and for the
// length (SP 800-38D, sections 6.4 and 7.1; docs/adr/0011). The tag is the same either way.
#pragma once

#include <span>

#include "fenchi/aead.h"
#include "fenchi/bytes.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"

namespace fenchi {

// Belongs to one thread at a time.
class TileTagger {
 public:
  // key: the pack's format::BlockTagKey(). needed: data shards, k.
  // Errors: as Aead::Create.
  static Result<TileTagger> Create(Suite suite, ByteView key, int needed);

  // blocks: each shard's block `block`, 65,536 bytes, by shard index; the first k are data, the one
  // after them is their XOR. tags: room for 16 bytes each.
  // Errors: kInvalidArgument when a number or size is wrong.
  Status Tag(int block, std::span<const ByteView> blocks, std::span<const MutableBytes> tags);
  // Errors: kDamaged when the tag does not fit.
  Status Check(int shard_index, int block, ByteView bytes, ByteView tag);

 private:
  TileTagger(Aead aead, int needed);
  Status XorMask(int shard_index, int block, MutableBytes sum);
  Status XorZeros(MutableBytes sum);
  Status TagXor(int block, std::span<const MutableBytes> data_tags, MutableBytes tag);

  Aead aead_;
  int needed_;
  bool follows_;          // whether the first parity's tag is made from the others
  SecretBytes of_zeros_;  // G(zeros) of docs/adr/0011, once it was needed
};

}  // namespace fenchi
