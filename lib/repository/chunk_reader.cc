#include "repository/chunk_reader.h"

#include <utility>

#include "base/error.h"
#include "format/derive.h"

namespace fenchi {
namespace {

Result<bool> IsNamed(const ChunkId& chunk, ByteView id_key, ByteView plain) {
  FENCHI_ASSIGN_OR_RETURN(KeyedHash hash, KeyedHash::Create(id_key));
  return ConstantTimeEquals(hash(plain).view(), chunk.view());
}

Status AnothersContent(const ChunkId& chunk) {
  return Damaged("chunk {}: its content is another chunk's", chunk);
}

// Whether a node's items lie behind `from` and end at `end`. With it the order of each list holds
// for all below it: a node that is named twice is refused, where it would otherwise be walked again
// and again, level by level, into more items than any disk holds.
bool LiesBetween(const format::ContentList& node, std::uint64_t from, std::uint64_t end) {
  if (node.level > 0) return node.links.front().end > from && node.links.back().end == end;
  const format::ContentItem& last = node.items.back();
  return node.items.front().offset >= from && last.offset + last.chunk.plain_size == end;
}

bool LiesBetween(const format::TreeList& node, std::string_view after, std::string_view last) {
  const auto path = [&](bool front) -> std::string_view {
    if (node.level > 0) return (front ? node.links.front() : node.links.back()).last_path;
    return (front ? node.items.front() : node.items.back()).path;
  };
  return (after.empty() || format::ComparePaths(path(true), after) > 0) && path(false) == last;
}

Status Misplaced() {
  return Damaged("a node of a list does not hold what its link says: a planted list");
}

}  // namespace

// The key that makes chunk ids of one scope.
std::shared_ptr<const SecretBytes> ChunkReader::IdKey(const format::IdScope& scope) {
  std::shared_ptr<const SecretBytes>& key = id_keys_[scope];
  if (!key) {
    key = std::make_shared<const SecretBytes>(
        format::IdKey(domain_.id_root.view(), access_.vault, domain_.id, scope));
  }
  return key;
}

Result<bool> ChunkReader::HasIdBy(const format::ShardHeader& header,
                                  const format::Reference& reference, ByteView plain) {
  if (header.domain != domain_.id) return false;
  return IsNamed(reference.chunk, IdKey(header.id_scope)->view(), plain);
}

// The commitment does not cover the id scope: before a chunk is refused, the header that most
// providers agree on is asked.
Result<bool> ChunkReader::HasAgreedId(const format::Reference& reference, ByteView plain) {
  const PackId& pack = reference.pieces.front().pack;
  FENCHI_ASSIGN_OR_RETURN(const format::ShardHeader agreed, packs_.ReadAgreedHeader(pack));
  if (agreed.domain != domain_.id) {
    return Damaged("pack {} belongs to another key domain than the reference to it",
                   ToHex(pack.view().first(8)));
  }
  return HasIdBy(agreed, reference, plain);
}

Result<ChunkReader::Fetched> ChunkReader::Fetch(const format::Reference& reference) {
  const std::uint64_t stored_size = reference.stored_size();
  if (reference.pieces.empty() || stored_size == 0 || stored_size > format::kStoredChunkSizeMax ||
      reference.plain_size > format::kChunkSizeMax) {
    return Damaged("chunk {}: sizes of the reference are out of range", reference.chunk);
  }
  Fetched fetched{reference.chunk, reference.plain_size, {}, nullptr};
  const format::Piece& first = reference.pieces.front();
  FENCHI_ASSIGN_OR_RETURN(const format::ShardHeader header, packs_.ReadHeader(first.pack));
  if (header.domain == domain_.id) fetched.id_key = IdKey(header.id_scope);
  ++chunks_checked_;
  if (reference.pieces.size() == 1) {
    FENCHI_ASSIGN_OR_RETURN(fetched.stored, packs_.View(first.pack, first.offset, first.size));
    return fetched;
  }
  const auto gathered = std::make_shared<Bytes>(stored_size);
  std::size_t filled = 0;
  for (const format::Piece& piece : reference.pieces) {
    FENCHI_RETURN_IF_ERROR(
        packs_.Read(piece.pack, piece.offset, MutableBytes(*gathered).subspan(filled, piece.size)));
    filled += piece.size;
  }
  fetched.stored = {*gathered, gathered};
  return fetched;
}

Result<ByteView> ChunkReader::OpenFetched(const Fetched& fetched, Decompressor& decompressor,
                                          Bytes& room) {
  if (!fetched.id_key) return AnothersContent(fetched.chunk);
  const ByteView stored = fetched.stored.bytes;
  ByteView plain;
  if (stored.size() == fetched.plain_size + 1 &&
      stored.front() == static_cast<std::uint8_t>(CompressionMethod::kRaw)) {
    plain = stored.subspan(1);
  } else {
    room.resize(fetched.plain_size);
    const Status expanded = decompressor.Expand(stored, room);
    if (!expanded.ok()) return expanded.At(fmt::format("chunk {}", fetched.chunk));
    plain = room;
  }
  FENCHI_ASSIGN_OR_RETURN(const bool named, IsNamed(fetched.chunk, fetched.id_key->view(), plain));
  if (!named) return AnothersContent(fetched.chunk);
  return plain;
}

Result<Bytes> ChunkReader::Read(const format::Reference& reference) {
  FENCHI_ASSIGN_OR_RETURN(const Fetched fetched, Fetch(reference));
  Bytes plain(reference.plain_size);
  const Status expanded = decompressor_.Expand(fetched.stored.bytes, plain);
  if (!expanded.ok()) return expanded.At(fmt::format("chunk {}", reference.chunk));
  bool fits = false;
  if (fetched.id_key) {
    FENCHI_ASSIGN_OR_RETURN(fits, IsNamed(reference.chunk, fetched.id_key->view(), plain));
  }
  if (!fits) {
    FENCHI_ASSIGN_OR_RETURN(fits, HasAgreedId(reference, plain));
  }
  if (!fits) return AnothersContent(reference.chunk);
  return plain;
}

Result<bool> ChunkReader::Matches(const format::Reference& reference, ByteView plain) {
  if (reference.pieces.empty() || plain.size() != reference.plain_size) return false;
  FENCHI_ASSIGN_OR_RETURN(const format::ShardHeader header,
                          packs_.ReadHeader(reference.pieces.front().pack));
  FENCHI_ASSIGN_OR_RETURN(const bool fits, HasIdBy(header, reference, plain));
  if (fits) return true;
  return HasAgreedId(reference, plain);
}

Result<format::ContentList> ChunkReader::ContentNode(const format::ContentLink& link, int level,
                                                     std::uint64_t from) {
  FENCHI_ASSIGN_OR_RETURN(const Bytes plain, Read(link.node));
  FENCHI_ASSIGN_OR_RETURN(format::ContentList node, format::DecodeContentNode(plain, level));
  if (!LiesBetween(node, from, link.end)) return Misplaced();
  return node;
}

Result<bool> ChunkReader::Content(const format::ContentList& list, std::uint64_t from,
                                  const OnContent& item) {
  for (const format::ContentItem& leaf : list.items) {
    FENCHI_ASSIGN_OR_RETURN(bool more, item(leaf));
    if (!more) return false;
  }
  for (const format::ContentLink& link : list.links) {
    FENCHI_ASSIGN_OR_RETURN(const format::ContentList node,
                            ContentNode(link, list.level - 1, from));
    FENCHI_ASSIGN_OR_RETURN(bool more, Content(node, from, item));
    if (!more) return false;
    from = link.end;
  }
  return true;
}

Status ChunkReader::WalkContent(const format::ContentList& list, const OnContent& item) {
  return Content(list, 0, item).status();
}

Result<format::TreeList> ChunkReader::TreeNode(const format::TreeLink& link, int level,
                                               std::string_view after) {
  FENCHI_ASSIGN_OR_RETURN(const Bytes plain, Read(link.node));
  FENCHI_ASSIGN_OR_RETURN(format::TreeList node, format::DecodeTreeNode(plain, level));
  if (!LiesBetween(node, after, link.last_path)) return Misplaced();
  return node;
}

Result<bool> ChunkReader::Tree(const format::TreeList& list, std::string_view after,
                               std::string_view from, const OnEntry& item, const OnLost& lost) {
  for (const format::Entry& entry : list.items) {
    if (!from.empty() && format::ComparePaths(entry.path, from) < 0) continue;
    FENCHI_ASSIGN_OR_RETURN(bool more, item(entry));
    if (!more) return false;
  }
  for (const format::TreeLink& link : list.links) {
    const std::string_view behind = std::exchange(after, link.last_path);
    if (!from.empty() && format::ComparePaths(link.last_path, from) < 0) continue;
    const Result<format::TreeList> node = TreeNode(link, list.level - 1, behind);
    if (!node.ok()) {
      const StatusCode code = node.status().code();
      const bool away = code == StatusCode::kTooFewProviders || code == StatusCode::kCancelled;
      if (!lost || away) return node.status();
      lost(link.node, node.status());
      continue;
    }
    FENCHI_ASSIGN_OR_RETURN(bool more, Tree(*node, behind, from, item, lost));
    if (!more) return false;
  }
  return true;
}

Status ChunkReader::WalkTree(const format::TreeList& list, std::string_view from,
                             const OnEntry& item, const OnLost& lost) {
  return Tree(list, "", from, item, lost).status();
}

}  // namespace fenchi
