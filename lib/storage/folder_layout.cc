#include "storage/folder_layout.h"

#include <algorithm>

#include "base/error.h"
#include "fenchi/provider.h"

namespace fenchi {
namespace {

constexpr std::string_view kDataFolder = "d";
constexpr std::size_t kFanSize = 2;

// Completes an item whose key is its folder's base. False: no object can be there.
bool Place(FolderLevel level, ListedItem& item) {
  const bool is_fan = level == FolderLevel::kData && item.entry.size() >= kFanSize;
  if (is_fan && (item.entry.size() > kFanSize || !item.is_folder)) return false;
  item.folder.base = item.key;
  item.key += item.entry;
  if (!item.is_folder) return true;
  if (is_fan) {
    item.folder.level = FolderLevel::kFanned;
    item.folder.fan = item.entry;
    return true;
  }
  item.folder.level = item.key == kDataFolder ? FolderLevel::kData : FolderLevel::kPlain;
  item.key += '/';
  item.folder.base = item.key;
  return true;
}

}  // namespace

ObjectPath LocateObject(std::string_view name) {
  ObjectPath path;
  std::string_view rest = name;
  constexpr std::string_view kData = "d/";
  if (name.starts_with(kData)) {
    rest = name.substr(kData.size());
    path.folder = kDataFolder;
    // A part of one character has no fan-out folder: those have exactly two, and never meet it.
    if (rest.substr(0, rest.find('/')).size() >= kFanSize) {
      path.folder += fmt::format("/{}", rest.substr(0, kFanSize));
    }
  }
  const std::size_t slash = rest.rfind('/');
  if (slash != std::string_view::npos) {
    if (!path.folder.empty()) path.folder += '/';
    path.folder += rest.substr(0, slash);
    rest = rest.substr(slash + 1);
  }
  path.file = rest;
  return path;
}

// Whether a name that begins with `key` may be asked for.
bool Listing::MayHold(std::string_view key) const {
  if (!key.starts_with(prefix_) && !std::string_view(prefix_).starts_with(key)) return false;
  return key > after_ || std::string_view(after_).starts_with(key);
}

std::optional<ListedItem> Listing::Classify(const ListedFolder& folder, std::string_view entry,
                                            bool is_folder) const {
  if (!entry.starts_with(folder.fan) || entry.find('/') != std::string_view::npos) {
    return std::nullopt;
  }
  ListedItem item{.key = folder.base, .entry = std::string(entry), .is_folder = is_folder};
  if (!CheckObjectName(item.key + item.entry).ok()) return std::nullopt;
  if (!Place(folder.level, item) || !MayHold(item.key)) return std::nullopt;
  const bool asked_for = item.key.starts_with(prefix_) && item.key > after_;
  if (!is_folder && !asked_for) return std::nullopt;
  return item;
}

void Listing::Sort(std::vector<ListedItem>& items) {
  std::sort(items.begin(), items.end(),
            [](const ListedItem& a, const ListedItem& b) { return a.key < b.key; });
}

}  // namespace fenchi
