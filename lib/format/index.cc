#include "format/index.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "format/cbor.h"
#include "format/check.h"
#include "format/derive.h"
#include "format/sealed.h"

namespace fenchi::format {
namespace {

constexpr std::uint64_t kForm = 2;  // of what is written

constexpr std::uint64_t kPacksMax = 0xffff;  // an object of 1 MiB has no room for more

struct IndexedPack {
  PackId pack;
  RunId run;
};

Status CheckIndex(const Index& index) {
  if (!Ascending(index.references, &Reference::chunk)) {
    return InvalidArgument("references are not ascending by chunk id");
  }
  for (const Reference& reference : index.references) {
    FENCHI_RETURN_IF_ERROR(CheckReference(reference));
  }
  return Status::Ok();
}

// The packs of all references, ascending, each once.
Result<std::vector<IndexedPack>> PacksOf(const Index& index) {
  std::vector<IndexedPack> packs;
  for (const Reference& reference : index.references) {
    for (const Piece& piece : reference.pieces) packs.push_back({piece.pack, reference.run});
  }
  std::ranges::sort(packs, {}, [](const IndexedPack& p) { return std::pair(p.pack, p.run); });
  const auto same = [](const IndexedPack& a, const IndexedPack& b) {
    return a.pack == b.pack && a.run == b.run;
  };
  packs.erase(std::unique(packs.begin(), packs.end(), same), packs.end());
  if (!Ascending(packs, &IndexedPack::pack)) return InvalidArgument("one pack is of two runs");
  return packs;
}

Result<std::vector<IndexedPack>> ReadPacks(CborReader& reader) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array());
  std::vector<IndexedPack> packs;
  for (std::size_t i = 0; i < count; ++i) {
    IndexedPack& pack = packs.emplace_back();
    FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "pack").status());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(pack.pack, "pack id"));
    FENCHI_RETURN_IF_ERROR(reader.Fixed(pack.run, "run id"));
    reader.Leave();
  }
  reader.Leave();
  if (!Ascending(packs, &IndexedPack::pack)) return Damaged("packs are not ascending");
  return packs;
}

Result<Reference> ReadIndexed(CborReader& reader, const std::vector<IndexedPack>& packs) {
  Reference reference;
  FENCHI_RETURN_IF_ERROR(reader.Array(3, 3, "reference").status());
  FENCHI_RETURN_IF_ERROR(reader.Fixed(reference.chunk, "chunk id"));
  FENCHI_ASSIGN_OR_RETURN(reference.plain_size, reader.UintIn(1, kChunkSizeMax, "plain length"));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(1, kPiecesMax, "pieces"));
  for (std::size_t i = 0; i < count; ++i) {
    Piece& piece = reference.pieces.emplace_back();
    FENCHI_RETURN_IF_ERROR(reader.Array(3, 3, "piece").status());
    FENCHI_ASSIGN_OR_RETURN(const std::uint64_t number, reader.Uint());
    if (number >= packs.size()) return Damaged("pack {} of {}", number, packs.size());
    const IndexedPack& pack = packs[number];
    if (i > 0 && pack.run != reference.run) return Damaged("pieces of two runs");
    piece.pack = pack.pack;
    reference.run = pack.run;
    FENCHI_ASSIGN_OR_RETURN(piece.offset, reader.UintIn(0, kPackPlainSizeMax, "offset"));
    FENCHI_ASSIGN_OR_RETURN(piece.size, reader.UintIn(1, kStoredChunkSizeMax, "stored length"));
    reader.Leave();
  }
  reader.Leave();
  reader.Leave();
  return reference;
}

Result<Index> ReadIndex(CborReader& reader) {
  Index index;
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t form, reader.Uint());
  if (form < 1 || form > kForm) return Unsupported("form {} of an index", form);
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(index.run, "run id"));
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  std::vector<IndexedPack> packs;
  if (form == kForm) {
    FENCHI_ASSIGN_OR_RETURN(packs, ReadPacks(reader));
    FENCHI_RETURN_IF_ERROR(map.Require(4));
  }
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array());
  for (std::size_t i = 0; i < count; ++i) {
    FENCHI_ASSIGN_OR_RETURN(Reference reference,
                            form == kForm ? ReadIndexed(reader, packs) : ReadReference(reader));
    index.references.push_back(std::move(reference));
  }
  reader.Leave();
  FENCHI_RETURN_IF_ERROR(map.Close());
  FENCHI_RETURN_IF_ERROR(AsDamage(CheckIndex(index)));
  FENCHI_ASSIGN_OR_RETURN(const std::vector<IndexedPack> named, PacksOf(index));
  if (form == kForm && named.size() != packs.size()) return Damaged("a pack that nothing names");
  return index;
}

}  // namespace

std::size_t IndexedSizeMax(const Reference& reference) {
  std::size_t size = 1 + 34 + CborUintSize(reference.plain_size) + 1;
  for (const Piece& piece : reference.pieces) {
    size += 1 + CborUintSize(kPacksMax) + CborUintSize(piece.offset) + CborUintSize(piece.size);
  }
  return size;
}

Result<Bytes> EncodeIndex(const Index& index) {
  FENCHI_RETURN_IF_ERROR(CheckIndex(index).At("index"));
  FENCHI_ASSIGN_OR_RETURN(const std::vector<IndexedPack> packs, PacksOf(index));
  CborWriter writer;
  writer.Map(4).Key(1).Uint(kForm).Key(2).ByteString(index.run.view());
  writer.Key(3).Array(packs.size());
  for (const IndexedPack& pack : packs) {
    writer.Array(2).ByteString(pack.pack.view()).ByteString(pack.run.view());
  }
  writer.Key(4).Array(index.references.size());
  for (const Reference& reference : index.references) {
    writer.Array(3).ByteString(reference.chunk.view()).Uint(reference.plain_size);
    writer.Array(reference.pieces.size());
    for (const Piece& piece : reference.pieces) {
      const auto at = std::ranges::lower_bound(packs, piece.pack, {}, &IndexedPack::pack);
      writer.Array(3).Uint(static_cast<std::uint64_t>(at - packs.begin()));
      writer.Uint(piece.offset).Uint(piece.size);
    }
  }
  return writer.Take();
}

Result<Index> DecodeIndex(ByteView bytes) {
  return DecodeWhole(bytes, kRecordObjectSizeMax, "index", ReadIndex);
}

Result<Bytes> SealIndex(Suite suite, const VaultId& vault, ByteView index_key,
                        const DomainId& domain, const Index& index, Random& random) {
  FENCHI_ASSIGN_OR_RETURN(const Bytes bytes, EncodeIndex(index));
  const Bytes context = DomainContext(domain);
  return SealPadded({suite, SealType::kIndex, vault, context}, index_key, bytes, kRecordPadding,
                    kRecordObjectSizeMax, random);
}

Result<Index> OpenIndex(const VaultId& vault, ByteView index_key, const DomainId& domain,
                        ByteView object) {
  const Bytes context = DomainContext(domain);
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes bytes,
                          OpenPadded({Suite::kAes256Gcm, SealType::kIndex, vault, context},
                                     index_key, object, kRecordPadding, kRecordObjectSizeMax));
  return DecodeIndex(bytes.view());
}

}  // namespace fenchi::format
