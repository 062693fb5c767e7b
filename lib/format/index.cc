#include "format/index.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/coding.h"
#include "base/error.h"
#include "format/cbor.h"
#include "format/check.h"
#include "format/derive.h"
#include "format/sealed.h"

namespace fenchi::format {
namespace {

enum Form : std::uint64_t {
  kReferences = 1,  // each with the ids of its packs
  kNumbers = 2,     // each with the numbers of packs, which are listed once
  kByPack = 3,      // with each pack what lies whole in it, as it lies: no offsets
};
constexpr Form kForm = kByPack;  // of what is written

constexpr std::size_t kWholeNumbers = 3;  // of a chunk that lies whole: gap, plain, stored length
constexpr std::uint64_t kPacksMax = 0xffff;  // an object of 1 MiB has no room for more

struct IndexedPack {
  PackId pack;
  RunId run;
};

// A chunk that lies whole in a pack, behind `gap` bytes of which its pack's list says nothing.
struct WholeChunk {
  const Reference* reference = nullptr;
  std::uint64_t gap = 0;
};

Status CheckIndex(const Index& index) {
  if (index.references.empty()) return InvalidArgument("an index of no chunks");
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

std::size_t NumberOf(const PackId& pack, const std::vector<IndexedPack>& packs) {
  return std::ranges::lower_bound(packs, pack, {}, &IndexedPack::pack) - packs.begin();
}

bool IsWhole(const Reference& reference) { return reference.pieces.size() == 1; }

// The chunks that lie whole, for each pack, as they lie.
Result<std::vector<std::vector<WholeChunk>>> WholeChunks(const Index& index,
                                                         const std::vector<IndexedPack>& packs) {
  std::vector<const Reference*> as_they_lie;
  for (const Reference& reference : index.references) {
    if (IsWhole(reference)) as_they_lie.push_back(&reference);
  }
  std::ranges::sort(as_they_lie, {}, [](const Reference* r) { return r->pieces[0].offset; });
  std::vector<std::vector<WholeChunk>> whole(packs.size());
  std::vector<std::uint64_t> ends(packs.size());
  for (const Reference* reference : as_they_lie) {
    const Piece& piece = reference->pieces[0];
    const std::size_t number = NumberOf(piece.pack, packs);
    if (piece.offset < ends[number]) {
      return InvalidArgument("chunk {} lies over another", reference->chunk);
    }
    whole[number].push_back({reference, piece.offset - ends[number]});
    ends[number] = piece.offset + piece.size;
  }
  return whole;
}

void WriteWhole(CborWriter& writer, const std::vector<WholeChunk>& whole) {
  Bytes ids;
  for (const WholeChunk& one : whole) Append(ids, one.reference->chunk.view());
  writer.ByteString(ids).Array(kWholeNumbers * whole.size());
  for (const WholeChunk& one : whole) {
    writer.Uint(one.gap).Uint(one.reference->plain_size).Uint(one.reference->pieces[0].size);
  }
}

// What lies whole in a pack, to the references.
Status ReadWhole(CborReader& reader, const IndexedPack& pack, std::vector<Reference>& references) {
  FENCHI_ASSIGN_OR_RETURN(const ByteView ids, reader.ByteString());
  FENCHI_ASSIGN_OR_RETURN(const std::size_t numbers, reader.Array());
  const std::size_t count = ids.size() / ChunkId::kSize;
  if (ids.size() % ChunkId::kSize != 0 || numbers != kWholeNumbers * count) {
    return Damaged("{} bytes of chunk ids with {} numbers", ids.size(), numbers);
  }
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < count; ++i) {
    Reference& reference = references.emplace_back();
    std::ranges::copy(ids.subspan(i * ChunkId::kSize, ChunkId::kSize),
                      reference.chunk.bytes.begin());
    reference.run = pack.run;
    FENCHI_ASSIGN_OR_RETURN(const std::uint64_t gap, reader.UintIn(0, kPackPlainSizeMax, "gap"));
    FENCHI_ASSIGN_OR_RETURN(reference.plain_size, reader.UintIn(1, kChunkSizeMax, "plain length"));
    FENCHI_ASSIGN_OR_RETURN(const std::uint64_t size,
                            reader.UintIn(1, kStoredChunkSizeMax, "stored length"));
    reference.pieces = {{pack.pack, end + gap, size}};
    end += gap + size;
    if (end > kPackPlainSizeMax) return Damaged("chunks reach beyond their pack");
  }
  reader.Leave();
  return Status::Ok();
}

// What stands with the packs goes to `references`.
Result<std::vector<IndexedPack>> ReadPacks(CborReader& reader, Form form,
                                           std::vector<Reference>& references) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array());
  const std::size_t fields = form == kByPack ? 4 : 2;
  std::vector<IndexedPack> packs;
  for (std::size_t i = 0; i < count; ++i) {
    IndexedPack& pack = packs.emplace_back();
    FENCHI_RETURN_IF_ERROR(reader.Array(fields, fields, "pack").status());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(pack.pack, "pack id"));
    FENCHI_RETURN_IF_ERROR(reader.Fixed(pack.run, "run id"));
    if (form == kByPack) FENCHI_RETURN_IF_ERROR(ReadWhole(reader, pack, references));
    reader.Leave();
  }
  reader.Leave();
  if (!Ascending(packs, &IndexedPack::pack)) return Damaged("packs are not ascending");
  return packs;
}

Result<Reference> ReadNumbered(CborReader& reader, std::size_t least_pieces,
                               const std::vector<IndexedPack>& packs) {
  Reference reference;
  FENCHI_RETURN_IF_ERROR(reader.Array(3, 3, "reference").status());
  FENCHI_RETURN_IF_ERROR(reader.Fixed(reference.chunk, "chunk id"));
  FENCHI_ASSIGN_OR_RETURN(reference.plain_size, reader.UintIn(1, kChunkSizeMax, "plain length"));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count,
                          reader.Array(least_pieces, kPiecesMax, "pieces"));
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

// What does not stand with the packs, behind what does.
Status ReadOthers(CborReader& reader, Form form, const std::vector<IndexedPack>& packs,
                  std::vector<Reference>& references) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array());
  const std::size_t least_pieces = form == kByPack ? 2 : 1;
  std::vector<Reference> others;
  for (std::size_t i = 0; i < count; ++i) {
    FENCHI_ASSIGN_OR_RETURN(Reference reference, form == kReferences
                                                     ? ReadReference(reader)
                                                     : ReadNumbered(reader, least_pieces, packs));
    others.push_back(std::move(reference));
  }
  reader.Leave();
  if (!Ascending(others, &Reference::chunk)) return Damaged("references are not ascending");
  std::ranges::move(others, std::back_inserter(references));
  return Status::Ok();
}

Result<Index> ReadIndex(CborReader& reader) {
  Index index;
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t number, reader.Uint());
  if (number < 1 || number > kForm) return Unsupported("form {} of an index", number);
  const Form form = static_cast<Form>(number);
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(index.run, "run id"));
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  std::vector<IndexedPack> packs;
  if (form != kReferences) {
    FENCHI_ASSIGN_OR_RETURN(packs, ReadPacks(reader, form, index.references));
    FENCHI_RETURN_IF_ERROR(map.Require(4));
  }
  FENCHI_RETURN_IF_ERROR(ReadOthers(reader, form, packs, index.references));
  FENCHI_RETURN_IF_ERROR(map.Close());
  std::ranges::sort(index.references, {}, &Reference::chunk);
  FENCHI_RETURN_IF_ERROR(AsDamage(CheckIndex(index)));
  const Result<std::vector<IndexedPack>> named = PacksOf(index);
  FENCHI_RETURN_IF_ERROR(AsDamage(named.status()));
  if (form != kReferences && named->size() != packs.size()) {
    return Damaged("a pack that nothing names");
  }
  return index;
}

}  // namespace

std::size_t IndexedSizeMax(const Reference& reference, std::uint64_t end) {
  if (IsWhole(reference)) {
    const Piece& piece = reference.pieces[0];
    // Before the end it may lie in a gap, which is no longer than its offset.
    const std::uint64_t gap = piece.offset < end ? piece.offset : piece.offset - end;
    return ChunkId::kSize + CborUintSize(gap) + CborUintSize(reference.plain_size) +
           CborUintSize(piece.size);
  }
  std::size_t size = 1 + 2 + ChunkId::kSize + CborUintSize(reference.plain_size) + 1;
  for (const Piece& piece : reference.pieces) {
    size += 1 + CborUintSize(kPacksMax) + CborUintSize(piece.offset) + CborUintSize(piece.size);
  }
  return size;
}

Result<Bytes> EncodeIndex(const Index& index) {
  FENCHI_RETURN_IF_ERROR(CheckIndex(index).At("index"));
  FENCHI_ASSIGN_OR_RETURN(const std::vector<IndexedPack> packs, PacksOf(index));
  FENCHI_ASSIGN_OR_RETURN(const std::vector<std::vector<WholeChunk>> whole,
                          WholeChunks(index, packs));
  CborWriter writer;
  writer.Map(4).Key(1).Uint(kForm).Key(2).ByteString(index.run.view());
  writer.Key(3).Array(packs.size());
  for (std::size_t i = 0; i < packs.size(); ++i) {
    writer.Array(4).ByteString(packs[i].pack.view()).ByteString(packs[i].run.view());
    WriteWhole(writer, whole[i]);
  }
  writer.Key(4).Array(index.references.size() - std::ranges::count_if(index.references, IsWhole));
  for (const Reference& reference : index.references) {
    if (IsWhole(reference)) continue;
    writer.Array(3).ByteString(reference.chunk.view()).Uint(reference.plain_size);
    writer.Array(reference.pieces.size());
    for (const Piece& piece : reference.pieces) {
      writer.Array(3).Uint(NumberOf(piece.pack, packs)).Uint(piece.offset).Uint(piece.size);
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
