// Trees, FORMAT.md section 8: references to chunks, lists of any length, entries.
//
// A list of level 0 holds its leaf items; one of level L > 0 holds links to nodes, chunks whose
// plaintext is a list of level L - 1. A snapshot has one tree list for all its directories, sorted
// by path, component by component. Lists stand in entries, snapshots and nodes. Threads: any.
//
//   FENCHI_ASSIGN_OR_RETURN(TreeList node, DecodeTreeNode(chunk, list.level - 1));
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/entry.h"
#include "fenchi/status.h"
#include "format/cbor.h"
#include "format/ids.h"

namespace fenchi::format {

// Stored bytes of a chunk that lie in one pack.
struct Piece {
  PackId pack;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  friend bool operator==(const Piece&, const Piece&) = default;
};

struct Reference {
  ChunkId chunk;
  RunId run;
  std::uint64_t plain_size = 0;  // 1..4 MiB
  std::vector<Piece> pieces;     // 1..7, joined in order they are the stored form
  std::uint64_t stored_size() const;
  friend bool operator==(const Reference&, const Reference&) = default;
};

enum class ListKind : std::uint8_t { kTree = 1, kContent = 2 };

struct ContentItem {
  std::uint64_t offset = 0;  // in the file
  Reference chunk;
  friend bool operator==(const ContentItem&, const ContentItem&) = default;
};
struct ContentLink {
  Reference node;
  std::uint64_t count = 0;  // leaf items below
  std::uint64_t end = 0;    // just behind the last leaf item's bytes
  friend bool operator==(const ContentLink&, const ContentLink&) = default;
};
// Level 0 fills items, higher levels fill links.
struct ContentList {
  int level = 0;
  std::vector<ContentItem> items;
  std::vector<ContentLink> links;
  bool empty() const { return items.empty() && links.empty(); }
  friend bool operator==(const ContentList&, const ContentList&) = default;
};

inline constexpr std::uint32_t kEntryChanged = 1;     // changed while it was read
inline constexpr std::uint32_t kEntryIncomplete = 2;  // some attributes could not be read

struct Entry {
  std::string path;  // raw bytes, components joined by '/': "ledger/2026/11"
  Attributes attributes;
  ContentList content;  // of files; empty: one hole, or no bytes
  std::uint32_t flags = 0;
  friend bool operator==(const Entry&, const Entry&) = default;
};

struct TreeLink {
  Reference node;
  std::uint64_t count = 0;  // entries below
  std::string last_path;
  friend bool operator==(const TreeLink&, const TreeLink&) = default;
};
struct TreeList {
  int level = 0;
  std::vector<Entry> items;  // ascending by ComparePaths, distinct
  std::vector<TreeLink> links;
  bool empty() const { return items.empty() && links.empty(); }
  friend bool operator==(const TreeList&, const TreeList&) = default;
};

// The order of tree lists: component by component, each by its bytes; a prefix comes first.
std::strong_ordering ComparePaths(std::string_view a, std::string_view b);
// Errors: kInvalidArgument, saying which rule of section 8.1 the path breaks.
Status CheckPath(std::string_view path);

// Parts of other objects.
void WriteReference(CborWriter& writer, const Reference& reference);
Result<Reference> ReadReference(CborReader& reader);
void WriteList(CborWriter& writer, const ContentList& list);  // [level, items]
void WriteList(CborWriter& writer, const TreeList& list);
// Embedded lists: at most 64 items.
Result<ContentList> ReadContentList(CborReader& reader);
Result<TreeList> ReadTreeList(CborReader& reader);
// Errors: kInvalidArgument when an item, its order or a size breaks a rule.
Status CheckReference(const Reference& reference);
Status CheckEntry(const Entry& entry);
Status CheckList(const ContentList& list);
Status CheckList(const TreeList& list);

// Nodes: the plaintext of a chunk, [kind, level, items]. The list's level is the node's own.
// Errors: kInvalidArgument when a rule is broken or the node is larger than a chunk.
Result<Bytes> EncodeNode(const ContentList& list);
Result<Bytes> EncodeNode(const TreeList& list);
// level: what the link demands, one less than the level of the list that the link stood in.
// Errors: kDamaged.
Result<ContentList> DecodeContentNode(ByteView bytes, int level);
Result<TreeList> DecodeTreeNode(ByteView bytes, int level);

// One entry alone, as it stands in a list.
Bytes EncodeItem(const Entry& entry);
// One item behind what was written before, as it stands in a list.
void WriteItem(CborWriter& writer, const Entry& entry);
void WriteItem(CborWriter& writer, const ContentItem& item);
void WriteItem(CborWriter& writer, const ContentLink& link);
void WriteItem(CborWriter& writer, const TreeLink& link);

// A node of items that were checked and written one behind the other.
// count: of the items, at least 1.
// Errors: kInvalidArgument for a level that no node has, and when it is larger than a chunk.
Result<Bytes> JoinNode(ListKind kind, int level, ByteView items, std::size_t count);

}  // namespace fenchi::format
