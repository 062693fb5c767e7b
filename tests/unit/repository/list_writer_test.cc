// Lists of every length keep every item, also where each node is placed the moment it is stored, as
// all are when nothing changed since the last backup.
#include "repository/list_writer.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/coding.h"
#include "base/error.h"
#include "format/tree.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kChunkSize = 1000;
constexpr int kNodeItems = 32;  // borders are possible from here on, and all ids below are borders

format::Reference ReferenceTo(std::uint64_t number) {
  format::Reference reference;
  reference.chunk.bytes[31] = 1;  // its first eight bytes are zero: a border
  reference.plain_size = kChunkSize;
  reference.pieces.push_back({PackId{}, number, kChunkSize});
  return reference;
}

// Nodes that are stored already: known, and found again by the offset of their only piece.
class KnownNodes {
 public:
  NodeStore store() {
    return {[this](ByteView plain) -> Result<TicketPtr> {
              auto ticket = std::make_shared<ChunkTicket>();
              ticket->SetKnown(ReferenceTo(nodes_.size()));
              nodes_.emplace_back(plain.begin(), plain.end());
              return ticket;
            },
            [] { return Status::Ok(); }};
  }

  // The offsets of all items below a list, in order.
  void Collect(const format::ContentList& list, std::vector<std::uint64_t>& offsets) const {
    for (const format::ContentItem& item : list.items) offsets.push_back(item.offset);
    for (const format::ContentLink& link : list.links) {
      const Bytes& bytes = nodes_.at(link.node.pieces.at(0).offset);
      const auto node = format::DecodeContentNode(bytes, list.level - 1);
      ASSERT_TRUE(node.ok()) << node.status().ToString();
      Collect(*node, offsets);
    }
  }

  const std::vector<Bytes>& nodes() const { return nodes_; }

 private:
  std::vector<Bytes> nodes_;
};

void ExpectAllItemsKept(std::uint64_t count) {
  SCOPED_TRACE(count);
  KnownNodes nodes;
  ContentListWriter writer(nodes.store());
  std::vector<std::uint64_t> expected;
  for (std::uint64_t i = 0; i < count; ++i) {
    expected.push_back(i * kChunkSize);
    ASSERT_TRUE(writer.Add({i * kChunkSize, ReferenceTo(i)}).ok());
  }
  const auto list = writer.Finish();
  ASSERT_TRUE(list.ok()) << list.status().ToString();
  std::vector<std::uint64_t> offsets;
  nodes.Collect(*list, offsets);
  EXPECT_EQ(offsets, expected);
}

TEST(ListWriter, AListWithoutItemsIsEmpty) { ExpectAllItemsKept(0); }

TEST(ListWriter, EveryItemIsKeptAroundTheLengthsAtWhichALevelIsCut) {
  for (const std::uint64_t whole : {kNodeItems, kNodeItems * kNodeItems}) {
    for (std::uint64_t count = whole - 2; count < whole + 2 * kNodeItems + 3; ++count) {
      ExpectAllItemsKept(count);
    }
  }
}

TEST(ListWriter, EveryItemIsKeptWhereTwoLevelsWereJustCut) {
  constexpr std::uint64_t kWhole = std::uint64_t{kNodeItems} * kNodeItems * kNodeItems;
  for (const std::uint64_t more : {0, 1, 31}) ExpectAllItemsKept(kWhole + more);
}

format::Entry EntryOf(int number, std::size_t xattr_bytes) {
  format::Entry entry;
  entry.path = fmt::format("srv/{:06}", number);
  entry.attributes.user = "lin";
  entry.attributes.modified = {number, 5};
  if (xattr_bytes > 0) entry.attributes.xattrs.push_back({"user.note", Bytes(xattr_bytes, 7)});
  return entry;
}

TEST(ListWriter, ANodeIsWhatTheListInItEncodesTo) {
  for (const std::size_t xattr_bytes : {std::size_t{0}, std::size_t{20'000}}) {  // also by size
    KnownNodes known;
    TreeListWriter writer(known.store());
    for (int i = 0; i < 3000; ++i) {
      ASSERT_TRUE(writer.Add(EntryOf(i, i % 5 == 0 ? xattr_bytes : 0)).ok());
    }
    const auto root = writer.Finish();
    ASSERT_TRUE(root.ok()) << root.status().ToString();
    ASSERT_EQ(root->level, 1);
    std::size_t at = 0;
    int next = 0;
    for (const format::TreeLink& link : root->links) {
      const Bytes& bytes = known.nodes().at(at++);
      const auto node = format::DecodeTreeNode(bytes, 0);
      ASSERT_TRUE(node.ok()) << node.status().ToString();
      EXPECT_LE(bytes.size(), (512u << 10) + 64) << "a node of several items has 512 KiB at most";
      EXPECT_EQ(format::EncodeNode(*node).value(), bytes);
      EXPECT_EQ(link.count, node->items.size());
      EXPECT_EQ(link.last_path, node->items.back().path);
      for (const format::Entry& entry : node->items) {
        EXPECT_EQ(entry, EntryOf(next, next % 5 == 0 ? xattr_bytes : 0)) << next;
        ++next;
      }
    }
    EXPECT_EQ(next, 3000);
    EXPECT_EQ(at, known.nodes().size());
  }
}

TEST(ListWriter, WhatNoReaderWouldTakeIsRefusedWhenItIsAdded) {
  KnownNodes known;
  TreeListWriter writer(known.store());
  ASSERT_TRUE(writer.Add(EntryOf(2, 0)).ok());
  EXPECT_EQ(writer.Add(EntryOf(1, 0)).code(), StatusCode::kInvalidArgument) << "order";
  EXPECT_EQ(writer.Add(EntryOf(2, 0)).code(), StatusCode::kInvalidArgument) << "twice";
  format::Entry entry = EntryOf(3, 0);
  entry.attributes.mode = 010000;
  EXPECT_EQ(writer.Add(entry).code(), StatusCode::kInvalidArgument);
  ContentListWriter content(known.store());
  ASSERT_TRUE(content.Add({kChunkSize, ReferenceTo(1)}).ok());
  EXPECT_EQ(content.Add({kChunkSize, ReferenceTo(2)}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(content.Add({~std::uint64_t{0}, ReferenceTo(2)}).code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fenchi
