#include "format/leaf.h"

#include "base/error.h"
#include "format/cbor.h"
#include "format/ids.h"

namespace fenchi::format {
namespace {

constexpr std::size_t kShareSizeMax = 65000;

Result<Leaf> ReadLeaf(CborReader& reader) {
  Leaf leaf;
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(leaf.provider, "provider id"));
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_ASSIGN_OR_RETURN(const ByteView share, reader.ByteString(1, kShareSizeMax, "share"));
  leaf.share.assign(share.begin(), share.end());
  FENCHI_RETURN_IF_ERROR(map.Close());
  return leaf;
}

}  // namespace

Result<Bytes> EncodeLeaf(const Leaf& leaf) {
  if (leaf.share.empty() || leaf.share.size() > kShareSizeMax) {
    return InvalidArgument("leaf: a share of {} bytes", leaf.share.size());
  }
  CborWriter writer;
  writer.Map(2).Key(1).ByteString(leaf.provider.view()).Key(2).ByteString(leaf.share);
  return writer.Take();
}

Result<Leaf> DecodeLeaf(ByteView object) {
  return DecodeWhole(object, kGenesisObjectSizeMax, "leaf", ReadLeaf);
}

}  // namespace fenchi::format
