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

}  // namespace

std::uint64_t ContentTraits::BorderHash(const Item& item) {
  return GetBe64(item.chunk.chunk.view());
}
std::uint64_t ContentTraits::BorderHash(const Link& link) {
  return GetBe64(link.node.chunk.view());
}
Status ContentTraits::Check(const Link& sum, const Item& item) {
  FENCHI_RETURN_IF_ERROR(format::CheckReference(item.chunk));
  if (item.offset >= sum.end && item.offset <= format::kFileSizeMax - item.chunk.plain_size) {
    return Status::Ok();
  }
  return InvalidArgument("content items overlap or are not ascending");
}
Status ContentTraits::Check(const Link& sum, const Link& link) {
  FENCHI_RETURN_IF_ERROR(format::CheckReference(link.node));
  if (link.end > sum.end) return Status::Ok();
  return InvalidArgument("ends of content nodes are not ascending");
}
void ContentTraits::Count(Link& sum, const Item& item) {
  ++sum.count;
  sum.end = item.offset + item.chunk.plain_size;
}
void ContentTraits::Count(Link& sum, const Link& link) {
  sum.count += link.count;
  sum.end = link.end;
}

std::uint64_t TreeTraits::BorderHash(const Item& item) { return Fnv(item.path); }
std::uint64_t TreeTraits::BorderHash(const Link& link) { return Fnv(link.last_path); }
Status TreeTraits::Check(const Link& sum, const Item& item) {
  FENCHI_RETURN_IF_ERROR(format::CheckEntry(item));
  if (sum.count == 0 || format::ComparePaths(sum.last_path, item.path) < 0) return Status::Ok();
  return InvalidArgument("entries are not ascending by path");
}
Status TreeTraits::Check(const Link& sum, const Link& link) {
  FENCHI_RETURN_IF_ERROR(format::CheckReference(link.node));
  if (sum.count == 0 || format::ComparePaths(sum.last_path, link.last_path) < 0) {
    return Status::Ok();
  }
  return InvalidArgument("tree nodes are not ascending by path");
}
void TreeTraits::Count(Link& sum, const Item& item) {
  ++sum.count;
  sum.last_path = item.path;
}
void TreeTraits::Count(Link& sum, const Link& link) {
  sum.count += link.count;
  sum.last_path = link.last_path;
}

template <typename Traits>
typename ListWriter<Traits>::Level& ListWriter<Traits>::At(std::size_t level) {
  while (levels_.size() <= level) levels_.emplace_back();
  return levels_[level];
}

// Writes an item or link behind the others of its level, and keeps it while these are few.
template <typename Traits>
template <typename Part>
Status ListWriter<Traits>::Append(std::size_t number, Part part, std::vector<Part>& few) {
  Level& level = levels_[number];
  FENCHI_RETURN_IF_ERROR(Traits::Check(level.sum, part));
  const std::size_t begin = level.open.size();
  format::WriteItem(level.open, part);
  if (number == 0 && begin > 0 && level.open.size() > kNodeBytesMax) {
    const Bytes all = level.open.Take();
    FENCHI_RETURN_IF_ERROR(CutNode(number, ByteView(all).first(begin)));
    level.open.Raw(ByteView(all).subspan(begin));
  }
  ++level.count;
  Traits::Count(level.sum, part);
  if (level.count <= format::kEmbeddedItemsMax) {
    few.push_back(std::move(part));
  } else {
    few.clear();
  }
  return Status::Ok();
}

template <typename Traits>
Status ListWriter<Traits>::Add(Item item) {
  Level& level = At(0);
  const std::uint64_t hash = Traits::BorderHash(item);
  FENCHI_RETURN_IF_ERROR(Append(0, std::move(item), level.few.items));
  const std::size_t count = level.count;
  const bool border = count >= kNodeItemsMin && (hash & kBorderMask) == 0;
  if (border || count >= kNodeItemsMax) return CutNode(0);
  return Status::Ok();
}

template <typename Traits>
Status ListWriter<Traits>::AddLink(std::size_t number, Link link) {
  Level& level = At(number);
  const std::uint64_t hash = Traits::BorderHash(link);
  FENCHI_RETURN_IF_ERROR(Append(number, std::move(link), level.few.links));
  const std::size_t count = level.count;
  const bool border = count >= kNodeItemsMin && (hash & kBorderMask) == 0;
  if (border || count >= kNodeItemsMax || level.open.size() >= kNodeBytesMax) {
    return CutNode(number);
  }
  return Status::Ok();
}

template <typename Traits>
Status ListWriter<Traits>::CutNode(std::size_t number) {
  const Bytes items = levels_[number].open.Take();
  return CutNode(number, items);
}

// Turns what is open at a level, written as `items`, into a node; its link waits for the level
// above.
template <typename Traits>
Status ListWriter<Traits>::CutNode(std::size_t number, ByteView items) {
  At(number + 1);
  Level& level = levels_[number];
  FENCHI_ASSIGN_OR_RETURN(
      Bytes plain, format::JoinNode(Traits::kKind, static_cast<int>(number), items, level.count));
  FENCHI_ASSIGN_OR_RETURN(TicketPtr ticket, store_.store(plain));
  levels_[number + 1].waiting.push_back({std::move(ticket), std::exchange(level.sum, Link{})});
  level.count = 0;
  level.few = List{};
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
      top = top && levels_[above].waiting.empty() && levels_[above].count == 0;
    }
    if (top && level.count <= format::kEmbeddedItemsMax &&
        (number > 0 || level.open.size() <= kEmbeddedBytesMax)) {
      List list = std::move(level.few);
      list.level = static_cast<int>(number);
      levels_.clear();
      return list;
    }
    if (level.count > 0) FENCHI_RETURN_IF_ERROR(CutNode(number));
  }
}

template class ListWriter<ContentTraits>;
template class ListWriter<TreeTraits>;

}  // namespace fenchi
