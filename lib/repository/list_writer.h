// Writes lists of any length as nodes in metadata packs, a level at a time.
//
// Items come in order and complete. As soon as a node's worth is there it becomes a chunk; when
// that chunk is placed in a pack, its link goes to the level above. Node borders depend on content
// only, so an unchanged region is the same node again and is stored once. Finish() gives the list
// that is embedded in an entry or a snapshot. FORMAT.md section 8.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "fenchi/status.h"
#include "format/ids.h"
#include "format/tree.h"
#include "repository/pack_plan.h"

namespace fenchi {

// Stores a node's plaintext as a chunk (or finds that it is stored) in a metadata pack.
using StoreNode = std::function<Result<TicketPtr>(ByteView plain)>;
// Places all nodes stored so far: their tickets are complete afterwards.
using PlaceNodes = std::function<Status()>;

struct NodeStore {
  StoreNode store;
  PlaceNodes place;
};

// How a kind of list is cut, linked and encoded: ContentTraits and TreeTraits in list_writer.cc.
template <typename Traits>
class ListWriter {
 public:
  using Item = typename Traits::Item;
  using Link = typename Traits::Link;
  using List = typename Traits::List;

  explicit ListWriter(NodeStore store) : store_(std::move(store)) {}

  Status Add(Item item);
  // The finished list: at most 64 items or links, embedded in whatever refers to it.
  Result<List> Finish();

 private:
  struct WaitingLink {
    TicketPtr ticket;
    Link link;  // without its reference
  };
  // One level: items (level 0) or links (above) that are not yet in a node.
  struct Level {
    format::CborWriter open;          // each is written once
    std::size_t count = 0;            // of those in `open`
    Link sum;                         // a link to a node of them all, without its reference
    List few;                         // they themselves, while they may yet be embedded
    std::deque<WaitingLink> waiting;  // for the open list, until their tickets are placed
  };
  Status CutNode(std::size_t level);
  Status CutNode(std::size_t level, ByteView items);
  Status TakePlaced(std::size_t level);
  Status AddLink(std::size_t level, Link link);
  template <typename Part>
  Status Append(std::size_t level, Part part, std::vector<Part>& few);
  Level& At(std::size_t level);

  NodeStore store_;
  std::deque<Level> levels_;
};

struct ContentTraits {
  using Item = format::ContentItem;
  using Link = format::ContentLink;
  using List = format::ContentList;
  static std::uint64_t BorderHash(const Item& item);
  static std::uint64_t BorderHash(const Link& link);
  static constexpr format::ListKind kKind = format::ListKind::kContent;
  // Errors: kInvalidArgument when it is not sound or does not come behind what `sum` links to.
  static Status Check(const Link& sum, const Item& item);
  static Status Check(const Link& sum, const Link& link);
  // Makes `sum` the link to a node that holds one more.
  static void Count(Link& sum, const Item& item);
  static void Count(Link& sum, const Link& link);
};
struct TreeTraits {
  using Item = format::Entry;
  using Link = format::TreeLink;
  using List = format::TreeList;
  static std::uint64_t BorderHash(const Item& item);
  static std::uint64_t BorderHash(const Link& link);
  static constexpr format::ListKind kKind = format::ListKind::kTree;
  // Errors: kInvalidArgument when it is not sound or does not come behind what `sum` links to.
  static Status Check(const Link& sum, const Item& item);
  static Status Check(const Link& sum, const Link& link);
  // Makes `sum` the link to a node that holds one more.
  static void Count(Link& sum, const Item& item);
  static void Count(Link& sum, const Link& link);
};
using ContentListWriter = ListWriter<ContentTraits>;
using TreeListWriter = ListWriter<TreeTraits>;

extern template class ListWriter<ContentTraits>;
extern template class ListWriter<TreeTraits>;

}  // namespace fenchi
