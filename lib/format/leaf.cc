#include "format/leaf.h"

#include "base/error.h"
#include "format/cbor.h"
#include "format/ids.h"

namespace fenchi::format {
namespace {

constexpr std::size_t kShareSizeMax = 65000;
constexpr std::uint64_t kProviderHeldKey = 64;
constexpr std::size_t kProviderHeldMax = 64;

Result<Leaf> ReadLeaf(CborReader& reader) {
  Leaf leaf;
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(leaf.provider, "provider id"));
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_ASSIGN_OR_RETURN(const ByteView share, reader.ByteString(1, kShareSizeMax, "share"));
  leaf.share.assign(share.begin(), share.end());
  FENCHI_ASSIGN_OR_RETURN(const bool holds_more, map.Optional(kProviderHeldKey));
  if (holds_more) {
    FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(1, kProviderHeldMax, "shares"));
    for (std::size_t i = 0; i < count; ++i) {
      FENCHI_ASSIGN_OR_RETURN(const ByteView more, reader.ByteString(1, kShareSizeMax, "share"));
      leaf.provider_held.emplace_back(more.begin(), more.end());
    }
    reader.Leave();
  }
  FENCHI_RETURN_IF_ERROR(map.Close());
  return leaf;
}

}  // namespace

Result<Bytes> EncodeLeaf(const Leaf& leaf) {
  if (leaf.share.empty() || leaf.share.size() > kShareSizeMax) {
    return InvalidArgument("leaf: a share of {} bytes", leaf.share.size());
  }
  if (leaf.provider_held.size() > kProviderHeldMax) {
    return InvalidArgument("leaf: {} shares of provider-held nodes, at most {}",
                           leaf.provider_held.size(), kProviderHeldMax);
  }
  CborWriter writer;
  writer.Map(leaf.provider_held.empty() ? 2 : 3).Key(1).ByteString(leaf.provider.view());
  writer.Key(2).ByteString(leaf.share);
  if (!leaf.provider_held.empty()) {
    writer.Key(kProviderHeldKey).Array(leaf.provider_held.size());
    for (const Bytes& share : leaf.provider_held) writer.ByteString(share);
  }
  Bytes object = writer.Take();
  if (object.size() > kGenesisObjectSizeMax) return InvalidArgument("leaf: it is too large");
  return object;
}

Result<Leaf> DecodeLeaf(ByteView object) {
  return DecodeWhole(object, kGenesisObjectSizeMax, "leaf", ReadLeaf);
}

}  // namespace fenchi::format
