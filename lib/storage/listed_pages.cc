#include "storage/listed_pages.h"

#include <utility>

#include "base/error.h"

namespace fenchi {
namespace {

constexpr int kEmptyPagesMax = 1'000;
constexpr std::size_t kCollectedMax = 1'000'000;

}  // namespace

Status ListedPages::Circles() const {
  return Unavailable("cannot list {}: the listing goes in circles", location_)
      .WithHint("try again; if it stays, the service or a proxy before it is broken");
}

// Brent's way of finding a circle with one page kept: it is compared with those after it, and
// replaced after 1, 2, 4, 8... of them.
bool ListedPages::WasSeen(const std::string& next) {
  if (next == kept_) return true;
  if (++since_kept_ >= kept_for_) {
    kept_ = next;
    kept_for_ *= 2;
    since_kept_ = 0;
  }
  return false;
}

Result<bool> ListedPages::Take(std::vector<ObjectInfo> objects, std::string next, bool unordered) {
  empty_pages_ = objects.empty() ? empty_pages_ + 1 : 0;
  if (empty_pages_ > kEmptyPagesMax) return Circles();
  if (!next.empty() && WasSeen(next)) return Circles();
  next_ = std::move(next);
  collects_ = collects_ || unordered;
  for (ObjectInfo& object : objects) {
    if (!collects_ && !last_.empty() && object.name <= last_) return Circles();
    last_ = object.name;
    if (!object.name.starts_with(folder_)) continue;
    object.name.erase(0, folder_.size());
    if (!object.name.starts_with(prefix_) || !CheckObjectName(object.name).ok()) continue;
    if (object.name <= after_) continue;
    if (collects_) {
      if (!collected_.insert(std::move(object)).second) return Circles();
      if (collected_.size() > kCollectedMax) {
        return Unavailable("cannot list {}: more than {} names, and not in order", location_,
                           kCollectedMax)
            .WithHint("an account without a hierarchical namespace lists in order");
      }
      continue;
    }
    told_ = object.name;
    if (!entry_(object)) return false;
  }
  if (!next_.empty()) return true;
  for (const ObjectInfo& object : collected_) {
    if (object.name > told_ && !entry_(object)) break;
  }
  return false;
}

}  // namespace fenchi
