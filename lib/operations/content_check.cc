#include "operations/content_check.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "format/derive.h"
#include "repository/run_keys.h"

namespace fenchi {

Result<ContentCheck> ContentCheck::Open(const Access& access, const ShardSet& shards) {
  const format::ShardHeader& header = shards.header();
  FENCHI_ASSIGN_OR_RETURN(SecretBytes data_key, OpenDataKey(access, header.domain, header.epoch,
                                                            header.run, header.wrapped_data_key));
  FENCHI_ASSIGN_OR_RETURN(StreamKeys keys, format::PackKeys(data_key.view(), shards.identity()));
  return ContentCheck(shards, std::move(keys.key));
}

bool ContentCheck::Opens(int segment, ByteView block) const {
  const int segments = shards_->header().segments;
  if (segment >= segments) return std::ranges::all_of(block, [](auto byte) { return byte == 0; });
  Result<SegmentCipher> cipher = SegmentCipher::Create(shards_->header().suite, cipher_key_.view());
  Bytes plain(format::kSegmentPlainSize);
  return cipher.ok() && cipher
                            ->OpenSegment(static_cast<std::uint64_t>(segment),
                                          segment == segments - 1, block, plain)
                            .ok();
}

Result<std::vector<Bytes>> ContentCheck::BlocksThatMustBe(
    int block, const std::vector<ByteView>& stored) const {
  // 1. The data blocks: as stored where they open, else decoded from shards that give them.
  std::vector<Bytes> data(static_cast<std::size_t>(shards_->needed()));
  std::vector<ByteView> views;
  for (int j = 0; j < shards_->needed(); ++j) {
    const int segment = j * shards_->blocks() + block;
    const int position = shards_->PositionOf(j);
    const ByteView there = position < 0 ? ByteView() : stored[position];
    if (!there.empty() && Opens(segment, there)) {
      views.push_back(there);
      continue;
    }
    data[j].resize(format::kBlockSize);
    FENCHI_RETURN_IF_ERROR(shards_->DecodeBlock(
        j, block, data[j], [&](ByteView candidate) { return Opens(segment, candidate); }));
    views.push_back(data[j]);
  }
  // 2. Every shard's block follows from them.
  std::vector<Bytes> out(shards_->seats().size(), Bytes(format::kBlockSize));
  for (std::size_t position = 0; position < out.size(); ++position) {
    FENCHI_RETURN_IF_ERROR(
        shards_->code().EncodeShard(views, shards_->IndexAt(position), out[position]));
  }
  return out;
}

}  // namespace fenchi
