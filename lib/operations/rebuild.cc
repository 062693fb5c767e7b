#include "operations/rebuild.h"

namespace fenchi {

Result<Bytes> RebuildShard(const ShardSet& shards, std::size_t position,
                           const std::set<int>& lying) {
  const int index = shards.IndexAt(position);
  FENCHI_ASSIGN_OR_RETURN(Bytes out, shards.SealedHeaderAt(position));
  Bytes block(format::kBlockSize);
  for (int b = 0; b < shards.blocks(); ++b) {
    FENCHI_RETURN_IF_ERROR(shards.DecodeBlock(index, b, block, nullptr, lying));
    FENCHI_ASSIGN_OR_RETURN(Bytes tag, shards.TagsOf(index, block, b));
    out.insert(out.end(), block.begin(), block.end());
    out.insert(out.end(), tag.begin(), tag.end());
  }
  return out;
}

}  // namespace fenchi
