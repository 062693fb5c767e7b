// References and lists; entries are in entry.cc.
#include "format/tree.h"

#include <algorithm>

#include "base/error.h"
#include "format/check.h"
#include "format/tree_parts.h"

namespace fenchi::format {
namespace {

// What both kinds of list have in common.
template <typename List>
Status CheckShape(const List& list) {
  if (list.level < 0 || list.level > kListLevelMax) {
    return InvalidArgument("list of level {}, not 0 to {}", list.level, kListLevelMax);
  }
  if (list.level == 0 ? !list.links.empty() : !list.items.empty()) {
    return InvalidArgument("list of level {} with items of another level", list.level);
  }
  if (list.level > 0 && list.links.empty()) {
    return InvalidArgument("list of level {} without nodes", list.level);
  }
  for (const auto& link : list.links) {
    FENCHI_RETURN_IF_ERROR(CheckReference(link.node));
    if (link.count < 1 || link.count > kFileSizeMax) {
      return InvalidArgument("a node of {} items", link.count);
    }
  }
  return Status::Ok();
}

template <typename List>
void WriteItems(CborWriter& writer, const List& list) {
  writer.Uint(static_cast<std::uint64_t>(list.level));
  writer.Array(list.items.size() + list.links.size());
  for (const auto& item : list.items) WriteItem(writer, item);
  for (const auto& link : list.links) WriteItem(writer, link);
}

Status ReadItem(CborReader& reader, ContentItem& item) {
  FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "content item").status());
  FENCHI_ASSIGN_OR_RETURN(item.offset, reader.UintIn(0, kFileSizeMax, "offset"));
  FENCHI_ASSIGN_OR_RETURN(item.chunk, ReadReference(reader));
  reader.Leave();
  return Status::Ok();
}

Status ReadItem(CborReader& reader, Entry& entry) {
  FENCHI_ASSIGN_OR_RETURN(entry, ReadEntry(reader));
  return Status::Ok();
}

Status ReadItem(CborReader& reader, ContentLink& link) {
  FENCHI_RETURN_IF_ERROR(reader.Array(3, 3, "link").status());
  FENCHI_ASSIGN_OR_RETURN(link.node, ReadReference(reader));
  FENCHI_ASSIGN_OR_RETURN(link.count, reader.Uint());
  FENCHI_ASSIGN_OR_RETURN(link.end, reader.UintIn(1, kFileSizeMax, "end"));
  reader.Leave();
  return Status::Ok();
}

Status ReadItem(CborReader& reader, TreeLink& link) {
  FENCHI_RETURN_IF_ERROR(reader.Array(3, 3, "link").status());
  FENCHI_ASSIGN_OR_RETURN(link.node, ReadReference(reader));
  FENCHI_ASSIGN_OR_RETURN(link.count, reader.Uint());
  FENCHI_ASSIGN_OR_RETURN(const ByteView path, reader.ByteString(1, kPathSizeMax, "last path"));
  link.last_path = AsText(path);
  reader.Leave();
  return Status::Ok();
}

template <typename List>
Status ReadItems(CborReader& reader, std::size_t most, List& list) {
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t level, reader.UintIn(0, kListLevelMax, "level"));
  list.level = static_cast<int>(level);
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(0, most, "list"));
  for (std::size_t i = 0; i < count; ++i) {
    if (level == 0) {
      FENCHI_RETURN_IF_ERROR(ReadItem(reader, list.items.emplace_back()));
    } else {
      FENCHI_RETURN_IF_ERROR(ReadItem(reader, list.links.emplace_back()));
    }
  }
  reader.Leave();
  return AsDamage(CheckList(list));
}

template <typename List>
Result<List> ReadEmbedded(CborReader& reader) {
  List list;
  FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "list").status());
  FENCHI_RETURN_IF_ERROR(ReadItems(reader, kEmbeddedItemsMax, list));
  reader.Leave();
  return list;
}

template <typename List>
Result<Bytes> EncodeNodeOf(ListKind kind, const List& list) {
  FENCHI_RETURN_IF_ERROR(CheckList(list).At("node"));
  CborWriter items;
  for (const auto& item : list.items) WriteItem(items, item);
  for (const auto& link : list.links) WriteItem(items, link);
  return JoinNode(kind, list.level, items.Take(), list.items.size() + list.links.size());
}

template <typename List>
Result<List> DecodeNodeOf(ListKind kind, ByteView bytes, int level) {
  return DecodeWhole(bytes, kChunkSizeMax, "node", [&](CborReader& reader) -> Result<List> {
    List list;
    const auto number = static_cast<std::uint64_t>(kind);
    FENCHI_RETURN_IF_ERROR(reader.Array(3, 3, "node").status());
    FENCHI_RETURN_IF_ERROR(reader.UintIn(number, number, "kind of list").status());
    // A node has at least one byte an item: its own size is the limit.
    FENCHI_RETURN_IF_ERROR(ReadItems(reader, kChunkSizeMax, list));
    reader.Leave();
    if (list.level != level) {
      return Damaged("it is of level {}, its link says {}", list.level, level);
    }
    if (list.empty()) return Damaged("it has no items");
    return list;
  });
}

}  // namespace

std::uint64_t Reference::stored_size() const {
  std::uint64_t size = 0;
  for (const Piece& piece : pieces) size += piece.size;
  return size;
}

Status CheckReference(const Reference& reference) {
  if (reference.plain_size < 1 || reference.plain_size > kChunkSizeMax) {
    return InvalidArgument("chunk {}: {} bytes", reference.chunk, reference.plain_size);
  }
  if (reference.pieces.empty() || reference.pieces.size() > kPiecesMax) {
    return InvalidArgument("chunk {}: {} pieces, not 1 to {}", reference.chunk,
                           reference.pieces.size(), kPiecesMax);
  }
  for (const Piece& piece : reference.pieces) {
    if (piece.size < 1 || piece.size > kStoredChunkSizeMax ||
        piece.offset > kPackPlainSizeMax - piece.size) {
      return InvalidArgument("chunk {}: a piece reaches beyond its pack", reference.chunk);
    }
  }
  if (reference.stored_size() < 2 || reference.stored_size() > kStoredChunkSizeMax) {
    return InvalidArgument("chunk {}: stored as {} bytes", reference.chunk,
                           reference.stored_size());
  }
  return Status::Ok();
}

Status CheckList(const ContentList& list) {
  FENCHI_RETURN_IF_ERROR(CheckShape(list));
  std::uint64_t end = 0;
  for (const ContentItem& item : list.items) {
    FENCHI_RETURN_IF_ERROR(CheckReference(item.chunk));
    if (item.offset < end) return InvalidArgument("content items overlap or are not ascending");
    if (item.offset > kFileSizeMax - item.chunk.plain_size) {
      return InvalidArgument("a content item reaches beyond 2^63");
    }
    end = item.offset + item.chunk.plain_size;
  }
  for (const ContentLink& link : list.links) {
    if (link.end <= end || link.end > kFileSizeMax) {
      return InvalidArgument("ends of content nodes are not ascending");
    }
    end = link.end;
  }
  return Status::Ok();
}

Status CheckList(const TreeList& list) {
  FENCHI_RETURN_IF_ERROR(CheckShape(list));
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    FENCHI_RETURN_IF_ERROR(CheckEntry(list.items[i]));
    if (i > 0 && ComparePaths(list.items[i - 1].path, list.items[i].path) >= 0) {
      return InvalidArgument("entries are not ascending by path");
    }
  }
  for (std::size_t i = 0; i < list.links.size(); ++i) {
    FENCHI_RETURN_IF_ERROR(CheckPath(list.links[i].last_path));
    if (i > 0 && ComparePaths(list.links[i - 1].last_path, list.links[i].last_path) >= 0) {
      return InvalidArgument("tree nodes are not ascending by path");
    }
  }
  return Status::Ok();
}

void WriteReference(CborWriter& writer, const Reference& reference) {
  writer.Array(4).ByteString(reference.chunk.view()).ByteString(reference.run.view());
  writer.Uint(reference.plain_size).Array(reference.pieces.size());
  for (const Piece& piece : reference.pieces) {
    writer.Array(3).ByteString(piece.pack.view()).Uint(piece.offset).Uint(piece.size);
  }
}

Result<Reference> ReadReference(CborReader& reader) {
  Reference reference;
  FENCHI_RETURN_IF_ERROR(reader.Array(4, 4, "reference").status());
  FENCHI_RETURN_IF_ERROR(reader.Fixed(reference.chunk, "chunk id"));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(reference.run, "run id"));
  FENCHI_ASSIGN_OR_RETURN(reference.plain_size, reader.UintIn(1, kChunkSizeMax, "plain length"));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(1, kPiecesMax, "pieces"));
  reference.pieces.resize(count);
  for (Piece& piece : reference.pieces) {
    FENCHI_RETURN_IF_ERROR(reader.Array(3, 3, "piece").status());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(piece.pack, "pack id"));
    FENCHI_ASSIGN_OR_RETURN(piece.offset, reader.UintIn(0, kPackPlainSizeMax, "offset"));
    FENCHI_ASSIGN_OR_RETURN(piece.size, reader.UintIn(1, kStoredChunkSizeMax, "stored length"));
    reader.Leave();
  }
  reader.Leave();
  reader.Leave();
  FENCHI_RETURN_IF_ERROR(AsDamage(CheckReference(reference)));
  return reference;
}

void WriteList(CborWriter& writer, const ContentList& list) {
  writer.Array(2);
  WriteItems(writer, list);
}

void WriteList(CborWriter& writer, const TreeList& list) {
  writer.Array(2);
  WriteItems(writer, list);
}

Result<ContentList> ReadContentList(CborReader& reader) {
  return ReadEmbedded<ContentList>(reader);
}
Result<TreeList> ReadTreeList(CborReader& reader) { return ReadEmbedded<TreeList>(reader); }

Result<Bytes> EncodeNode(const ContentList& list) { return EncodeNodeOf(ListKind::kContent, list); }
Result<Bytes> EncodeNode(const TreeList& list) { return EncodeNodeOf(ListKind::kTree, list); }

Result<ContentList> DecodeContentNode(ByteView bytes, int level) {
  return DecodeNodeOf<ContentList>(ListKind::kContent, bytes, level);
}
Result<TreeList> DecodeTreeNode(ByteView bytes, int level) {
  return DecodeNodeOf<TreeList>(ListKind::kTree, bytes, level);
}

void WriteItem(CborWriter& writer, const ContentItem& item) {
  writer.Array(2).Uint(item.offset);
  WriteReference(writer, item.chunk);
}

void WriteItem(CborWriter& writer, const Entry& entry) { WriteEntry(writer, entry); }

void WriteItem(CborWriter& writer, const ContentLink& link) {
  writer.Array(3);
  WriteReference(writer, link.node);
  writer.Uint(link.count).Uint(link.end);
}

void WriteItem(CborWriter& writer, const TreeLink& link) {
  writer.Array(3);
  WriteReference(writer, link.node);
  writer.Uint(link.count).ByteString(link.last_path);
}

Bytes EncodeItem(const Entry& entry) {
  CborWriter writer;
  WriteItem(writer, entry);
  return writer.Take();
}

Result<Bytes> JoinNode(ListKind kind, int level, ByteView items, std::size_t count) {
  if (count == 0) return InvalidArgument("node: it has no items");
  if (level < 0 || level >= kListLevelMax) {
    return InvalidArgument("node of level {}, not 0 to {}", level, kListLevelMax - 1);
  }
  CborWriter writer;
  writer.Array(3).Uint(static_cast<std::uint64_t>(kind)).Uint(static_cast<std::uint64_t>(level));
  writer.Array(count).Raw(items, count);
  Bytes node = writer.Take();
  if (node.size() > kChunkSizeMax) {
    return InvalidArgument("node: {} bytes are more than {}", node.size(), kChunkSizeMax);
  }
  return node;
}

}  // namespace fenchi::format
