#include "repository/list_writer.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/coding.h"

namespace fenchi {
namespace {

// A node ends behind an item whose hash has 8 zero bits (256 items on average), but not before 32
// items, and at the latest after 1,024 items or 512 KiB.
constexpr std::uint64_t kBorderMask = 0xff;
constexpr std::size_t kNodeItemsMin = 32;
constexpr std::size_t kNodeItemsMax = 1024;
constexpr std::uint64_t kNodeBytesMax = 512 * 1024;
// A list of leaf items that is longer than this is not embedded: it goes into a node.
constexpr std::uint64_t kEmbeddedBytesMax = 16 * 1024;

// FNV-1a, 64 bits: borders need spread, not strength.
std::uint64_t Fnv(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3u;
  }
  return hash ^ hash >> 32;
}

std::uint64_t ItemCount(const format::ContentItem&) { return 1; }
std::uint64_t ItemCount(const format::Entry&) { return 1; }
std::uint64_t ItemCount(const format::ContentLink& link) { return link.count; }
std::uint64_t ItemCount(const format::TreeLink& link) { return link.count; }

template <typename List>
std::uint64_t LeafCount(const List& list) {
  std::uint64_t count = 0;
  for (const auto& item : list.items) count += ItemCount(item);
  for (const auto& link : list.links) count += ItemCount(link);
  return count;
}

template <typename List>
std::size_t Length(const List& list) {
  return list.items.size() + list.links.size();
}

}  // namespace

std::uint64_t ContentTraits::BorderHash(const Item& item) {
  return GetBe64(item.chunk.chunk.view());
}
std::uint64_t ContentTraits::BorderHash(const Link& link) {
  return GetBe64(link.node.chunk.view());
}
format::ContentLink ContentTraits::LinkTo(const List& node) {
  Link link;
  link.count = LeafCount(node);
  link.end = node.level == 0 ? node.items.back().offset + node.items.back().chunk.plain_size
                             : node.links.back().end;
  return link;
}

std::uint64_t TreeTraits::BorderHash(const Item& item) { return Fnv(item.path); }
std::uint64_t TreeTraits::BorderHash(const Link& link) { return Fnv(link.last_path); }
format::TreeLink TreeTraits::LinkTo(const List& node) {
  Link link;
  link.count = LeafCount(node);
  link.last_path = node.level == 0 ? node.items.back().path : node.links.back().last_path;
  return link;
}

template <typename Traits>
typename ListWriter<Traits>::Level& ListWriter<Traits>::At(std::size_t level) {
  while (levels_.size() <= level) {
    levels_.emplace_back();
    levels_.back().open.level = static_cast<int>(levels_.size()) - 1;
  }
  return levels_[level];
}

template <typename Traits>
Status ListWriter<Traits>::Add(Item item) {
  Level& level = At(0);
  const std::uint64_t hash = Traits::BorderHash(item);
  const std::uint64_t size = format::EncodeItem(item).size();
  if (!level.open.items.empty() && level.open_bytes + size > kNodeBytesMax) {
    FENCHI_RETURN_IF_ERROR(CutNode(0));
  }
  level.open.items.push_back(std::move(item));
  level.open_bytes += size;
  const std::size_t count = level.open.items.size();
  const bool border = count >= kNodeItemsMin && (hash & kBorderMask) == 0;
  if (border || count >= kNodeItemsMax) return CutNode(0);
  return Status::Ok();
}

template <typename Traits>
Status ListWriter<Traits>::AddLink(std::size_t number, Link link) {
  Level& level = At(number);
  const std::uint64_t hash = Traits::BorderHash(link);
  level.open_bytes += format::EncodeItem(link).size();
  level.open.links.push_back(std::move(link));
  const std::size_t count = level.open.links.size();
  const bool border = count >= kNodeItemsMin && (hash & kBorderMask) == 0;
  if (border || count >= kNodeItemsMax || level.open_bytes >= kNodeBytesMax) return CutNode(number);
  return Status::Ok();
}

// Turns what is open at a level into a node; its link waits for the level above.
template <typename Traits>
Status ListWriter<Traits>::CutNode(std::size_t number) {
  At(number + 1);
  Level& level = levels_[number];
  List node = std::exchange(level.open, List{});
  level.open.level = static_cast<int>(number);
  level.open_bytes = 0;
  FENCHI_ASSIGN_OR_RETURN(Bytes plain, format::EncodeNode(node));
  FENCHI_ASSIGN_OR_RETURN(TicketPtr ticket, store_.store(plain));
  levels_[number + 1].waiting.push_back({std::move(ticket), Traits::LinkTo(node)});
  return TakePlaced(number + 1);
}

// Moves links whose node has its place into the open list.
template <typename Traits>
Status ListWriter<Traits>::TakePlaced(std::size_t number) {
  while (number < levels_.size() && !levels_[number].waiting.empty() &&
         levels_[number].waiting.front().ticket->placed()) {
    WaitingLink waiting = std::move(levels_[number].waiting.front());
    levels_[number].waiting.pop_front();
    waiting.link.node = waiting.ticket->reference();
    FENCHI_RETURN_IF_ERROR(AddLink(number, std::move(waiting.link)));
  }
  return Status::Ok();
}

template <typename Traits>
Result<typename Traits::List> ListWriter<Traits>::Finish() {
  for (std::size_t number = 0;; ++number) {
    Level& level = At(number);
    if (!level.waiting.empty()) {
      FENCHI_RETURN_IF_ERROR(store_.place());
      FENCHI_RETURN_IF_ERROR(TakePlaced(number));
    }
    // The level right above may have been cut this moment, and what it held be links above it.
    bool top = true;
    for (std::size_t above = number + 1; above < levels_.size(); ++above) {
      top = top && levels_[above].waiting.empty() && levels_[above].open.links.empty();
    }
    if (top && (Length(level.open) <= format::kEmbeddedItemsMax) &&
        (number > 0 || level.open_bytes <= kEmbeddedBytesMax)) {
      List list = std::exchange(level.open, List{});
      levels_.clear();
      return list;
    }
    if (Length(level.open) > 0) FENCHI_RETURN_IF_ERROR(CutNode(number));
  }
}

template class ListWriter<ContentTraits>;
template class ListWriter<TreeTraits>;

}  // namespace fenchi
