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

}  // namespace

// The key that makes chunk ids in a pack: its header says whose.
Result<std::shared_ptr<const SecretBytes>> ChunkReader::IdKeyFor(
    const format::ShardHeader& header) {
  if (header.domain != domain_.id) {
    return Damaged("pack {} belongs to another key domain than the reference to it",
                   ToHex(header.pack.view().first(8)));
  }
  std::shared_ptr<const SecretBytes>& key = id_keys_[header.id_scope];
  if (!key) {
    key = std::make_shared<const SecretBytes>(
        format::IdKey(domain_.id_root.view(), access_.vault, domain_.id, header.id_scope));
  }
  return key;
}

// The commitment does not cover the id scope: before a chunk is refused, the header that most
// providers agree on is asked.
Result<bool> ChunkReader::HasId(const format::Reference& reference, ByteView plain) {
  const PackId& pack = reference.pieces.front().pack;
  FENCHI_ASSIGN_OR_RETURN(const format::ShardHeader header, packs_.ReadHeader(pack));
  FENCHI_ASSIGN_OR_RETURN(std::shared_ptr<const SecretBytes> key, IdKeyFor(header));
  FENCHI_ASSIGN_OR_RETURN(const bool named, IsNamed(reference.chunk, key->view(), plain));
  if (named) return true;
  FENCHI_ASSIGN_OR_RETURN(const format::ShardHeader agreed, packs_.ReadAgreedHeader(pack));
  if (agreed.id_scope == header.id_scope) return false;
  FENCHI_ASSIGN_OR_RETURN(key, IdKeyFor(agreed));
  return IsNamed(reference.chunk, key->view(), plain);
}

Result<ChunkReader::Fetched> ChunkReader::Fetch(const format::Reference& reference) {
  const std::uint64_t stored_size = reference.stored_size();
  if (reference.pieces.empty() || stored_size > format::kStoredChunkSizeMax ||
      reference.plain_size > format::kChunkSizeMax) {
    return Damaged("chunk {}: sizes of the reference are out of range", reference.chunk);
  }
  Fetched fetched{reference.chunk, reference.plain_size, Bytes(stored_size), nullptr};
  std::size_t filled = 0;
  for (const format::Piece& piece : reference.pieces) {
    FENCHI_RETURN_IF_ERROR(packs_.Read(piece.pack, piece.offset,
                                       MutableBytes(fetched.stored).subspan(filled, piece.size)));
    filled += piece.size;
  }
  FENCHI_ASSIGN_OR_RETURN(const format::ShardHeader header,
                          packs_.ReadHeader(reference.pieces.front().pack));
  FENCHI_ASSIGN_OR_RETURN(fetched.id_key, IdKeyFor(header));
  ++chunks_checked_;
  return fetched;
}

Status ChunkReader::OpenFetched(const Fetched& fetched, Decompressor& decompressor, Bytes& plain) {
  plain.resize(fetched.plain_size);
  const Status expanded = decompressor.Expand(fetched.stored, plain);
  if (!expanded.ok()) return expanded.At(fmt::format("chunk {}", fetched.chunk));
  FENCHI_ASSIGN_OR_RETURN(const bool named, IsNamed(fetched.chunk, fetched.id_key->view(), plain));
  return named ? Status::Ok() : AnothersContent(fetched.chunk);
}

Result<Bytes> ChunkReader::Read(const format::Reference& reference) {
  FENCHI_ASSIGN_OR_RETURN(const Fetched fetched, Fetch(reference));
  Bytes plain(reference.plain_size);
  const Status expanded = decompressor_.Expand(fetched.stored, plain);
  if (!expanded.ok()) return expanded.At(fmt::format("chunk {}", reference.chunk));
  FENCHI_ASSIGN_OR_RETURN(const bool fits, HasId(reference, plain));
  if (!fits) return AnothersContent(reference.chunk);
  return plain;
}

Result<bool> ChunkReader::Matches(const format::Reference& reference, ByteView plain) {
  if (reference.pieces.empty() || plain.size() != reference.plain_size) return false;
  return HasId(reference, plain);
}

Result<bool> ChunkReader::Content(const format::ContentList& list, const OnContent& item) {
  for (const format::ContentItem& leaf : list.items) {
    FENCHI_ASSIGN_OR_RETURN(bool more, item(leaf));
    if (!more) return false;
  }
  for (const format::ContentLink& link : list.links) {
    FENCHI_ASSIGN_OR_RETURN(Bytes plain, Read(link.node));
    FENCHI_ASSIGN_OR_RETURN(format::ContentList node,
                            format::DecodeContentNode(plain, list.level - 1));
    FENCHI_ASSIGN_OR_RETURN(bool more, Content(node, item));
    if (!more) return false;
  }
  return true;
}

Status ChunkReader::WalkContent(const format::ContentList& list, const OnContent& item) {
  return Content(list, item).status();
}

Result<bool> ChunkReader::Tree(const format::TreeList& list, std::string_view from,
                               const OnEntry& item, const OnLost& lost) {
  for (const format::Entry& entry : list.items) {
    if (!from.empty() && format::ComparePaths(entry.path, from) < 0) continue;
    FENCHI_ASSIGN_OR_RETURN(bool more, item(entry));
    if (!more) return false;
  }
  for (const format::TreeLink& link : list.links) {
    if (!from.empty() && format::ComparePaths(link.last_path, from) < 0) continue;
    Result<Bytes> plain = Read(link.node);
    Result<format::TreeList> node = plain.ok() ? format::DecodeTreeNode(*plain, list.level - 1)
                                               : Result<format::TreeList>(plain.status());
    if (!node.ok()) {
      if (!lost || node.status().code() == StatusCode::kTooFewProviders) return node.status();
      lost(link.node, node.status());
      continue;
    }
    FENCHI_ASSIGN_OR_RETURN(bool more, Tree(*node, from, item, lost));
    if (!more) return false;
  }
  return true;
}

Status ChunkReader::WalkTree(const format::TreeList& list, std::string_view from,
                             const OnEntry& item, const OnLost& lost) {
  return Tree(list, from, item, lost).status();
}

Status ChunkReader::WalkReferences(const format::ContentList& list, const OnReference& reference) {
  for (const format::ContentItem& leaf : list.items) {
    FENCHI_RETURN_IF_ERROR(reference(leaf.chunk));
  }
  for (const format::ContentLink& link : list.links) {
    FENCHI_RETURN_IF_ERROR(reference(link.node));
    FENCHI_ASSIGN_OR_RETURN(Bytes plain, Read(link.node));
    FENCHI_ASSIGN_OR_RETURN(format::ContentList node,
                            format::DecodeContentNode(plain, list.level - 1));
    FENCHI_RETURN_IF_ERROR(WalkReferences(node, reference));
  }
  return Status::Ok();
}

}  // namespace fenchi
