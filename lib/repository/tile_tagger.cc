#include "repository/tile_tagger.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include "base/error.h"
#include "format/derive.h"
#include "format/shard_header.h"

namespace fenchi {
namespace {

// k + 1 masks cost as much as one block's GMAC where k is some 40.
constexpr int kNeededToFollow = 16;

void XorInto(MutableBytes sum, ByteView other) {
  std::ranges::transform(sum, other, sum.begin(), std::bit_xor<>());
}

}  // namespace

TileTagger::TileTagger(Aead aead, int needed)
    : aead_(std::move(aead)),
      needed_(needed),
      follows_(aead_.suite() == Suite::kAes256Gcm && needed <= kNeededToFollow) {}

Result<TileTagger> TileTagger::Create(Suite suite, ByteView key, int needed) {
  FENCHI_ASSIGN_OR_RETURN(Aead aead, Aead::Create(suite, key));
  return TileTagger(std::move(aead), needed);
}

Status TileTagger::Tag(int block, std::span<const ByteView> blocks,
                       std::span<const MutableBytes> tags) {
  const auto whole = [](ByteView bytes) { return bytes.size() == format::kBlockSize; };
  const auto room = [](MutableBytes tag) { return tag.size() == kAeadTagSize; };
  const auto k = static_cast<std::size_t>(needed_);
  if (blocks.size() != tags.size() || blocks.size() < k || !std::ranges::all_of(blocks, whole) ||
      !std::ranges::all_of(tags, room)) {
    return InvalidArgument("a tile has {} blocks and room for {} tags, or one of another size",
                           blocks.size(), tags.size());
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    FENCHI_RETURN_IF_ERROR(
        follows_ && i == k
            ? TagXor(block, tags.first(k), tags[i])
            : aead_.Tag(format::BlockTagNonce(static_cast<int>(i), block), blocks[i], tags[i]));
  }
  return Status::Ok();
}

Status TileTagger::Check(int shard_index, int block, ByteView bytes, ByteView tag) {
  return aead_.CheckTag(format::BlockTagNonce(shard_index, block), bytes, tag);
}

// The mask of a nonce is the tag of an empty message. That the nonce has another message too is
// harmless while no mask leaves this class: with a tag it would give the key of GMAC away.
Status TileTagger::XorMask(int shard_index, int block, MutableBytes sum) {
  std::array<std::uint8_t, kAeadTagSize> mask;
  FENCHI_RETURN_IF_ERROR(aead_.Tag(format::BlockTagNonce(shard_index, block), {}, mask));
  XorInto(sum, mask);
  Wipe(mask);
  return Status::Ok();
}

Status TileTagger::XorZeros(MutableBytes sum) {
  if (of_zeros_.empty()) {
    SecretBytes zeros(kAeadTagSize);
    FENCHI_RETURN_IF_ERROR(
        aead_.Tag(format::BlockTagNonce(0, 0), Bytes(format::kBlockSize), zeros.mutable_view()));
    FENCHI_RETURN_IF_ERROR(XorMask(0, 0, zeros.mutable_view()));
    of_zeros_ = std::move(zeros);
  }
  XorInto(sum, of_zeros_.view());
  return Status::Ok();
}

// The parity's mask and G(D0 ^ D1 ^ ...), where G(Dj) is Dj's tag without its mask.
Status TileTagger::TagXor(int block, std::span<const MutableBytes> data_tags, MutableBytes tag) {
  std::ranges::fill(tag, 0);
  Status status = XorMask(needed_, block, tag);
  for (int j = 0; status.ok() && j < needed_; ++j) {
    XorInto(tag, data_tags[j]);
    status = XorMask(j, block, tag);
  }
  if (status.ok() && needed_ % 2 == 0) status = XorZeros(tag);
  if (!status.ok()) Wipe(tag);
  return status;
}

}  // namespace fenchi
