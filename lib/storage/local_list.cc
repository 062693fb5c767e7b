#include "storage/local_list.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "base/error.h"

namespace fenchi {
namespace {

// Which part of the tree a folder is, see LocateObject().
enum class Level {
  kPlain,   // names are the folder's name and the entry's
  kData,    // d/: entries of two characters are fan-out folders
  kFanned,  // d/ab/: names are "d/" and the entry's, which begins with "ab"
};

struct Item {
  std::string key;    // an object's name; a folder's key begins all names below it
  std::string entry;  // in its folder
  bool is_folder = false;
  Level level = Level::kPlain;  // of the folder
  std::string base;             // of the folder: put before its entries to make names
};

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

class Walk {
 public:
  Walk(LocalRoot& root, std::string_view prefix, std::string_view after,
       const std::function<bool(const ObjectInfo&)>& entry)
      : root_(root), prefix_(prefix), after_(after), entry_(entry) {}

  // False when the caller wants no more.
  Result<bool> Visit(FileDescriptor folder, Level level, const std::string& base,
                     std::string_view fan) {
    FENCHI_ASSIGN_OR_RETURN(std::vector<Item> items, Read(folder.get(), level, base, fan));
    for (const Item& item : items) {
      FENCHI_ASSIGN_OR_RETURN(
          bool more, item.is_folder ? Descend(folder.get(), item) : Tell(folder.get(), item));
      if (!more) return false;
    }
    return true;
  }

 private:
  // Whether a name that begins with `key` may be asked for.
  bool MayHold(std::string_view key) const {
    if (!key.starts_with(prefix_) && !prefix_.starts_with(key)) return false;
    return key > after_ || after_.starts_with(key);
  }

  bool IsAskedFor(std::string_view name) const {
    return name.starts_with(prefix_) && name > after_;
  }

  // The entries that matter, by key. A folder's key ends as its names go on ("a/"), so that "a-b"
  // comes before "a/c", as in the order of names.
  Result<std::vector<Item>> Read(int folder, Level level, const std::string& base,
                                 std::string_view fan) const {
    const int copy = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return root_.Failure(errno, "list", base);
    const std::unique_ptr<DIR, CloseFolder> stream(fdopendir(copy));
    if (stream == nullptr) {
      const int error = errno;
      FileDescriptor closes(copy);
      return root_.Failure(error, "list", base);
    }
    std::vector<Item> items;
    for (errno = 0; const dirent* entry = readdir(stream.get()); errno = 0) {
      const std::string_view name = entry->d_name;
      if (!CheckObjectName(base + entry->d_name).ok() || !name.starts_with(fan)) continue;
      Item item;
      item.key = base;
      item.entry = name;
      item.is_folder = IsFolder(folder, *entry);
      if (!Classify(level, item) || !MayHold(item.key)) continue;
      if (item.is_folder || IsAskedFor(item.key)) items.push_back(std::move(item));
    }
    if (errno != 0) return root_.Failure(errno, "list", base);
    std::sort(items.begin(), items.end(),
              [](const Item& a, const Item& b) { return a.key < b.key; });
    return items;
  }

  static bool IsFolder(int folder, const dirent& entry) {
    if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
    struct stat info {};
    return fstatat(folder, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
  }

  // Completes an item whose key is its folder's base. False: no object can be there.
  static bool Classify(Level level, Item& item) {
    const bool is_fan = level == Level::kData && item.entry.size() >= 2;
    if (is_fan && (item.entry.size() > 2 || !item.is_folder)) return false;
    item.base = item.key;
    item.key += item.entry;
    if (!item.is_folder) return true;
    if (is_fan) {
      item.level = Level::kFanned;
      return true;
    }
    item.level = item.key == "d" ? Level::kData : Level::kPlain;
    item.key += '/';
    item.base = item.key;
    return true;
  }

  Result<bool> Descend(int parent, const Item& item) {
    FileDescriptor folder(Retrying([&] {
      return openat(parent, item.entry.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }));
    if (!folder.valid()) {
      if (errno == ENOENT || errno == ENOTDIR) return true;  // gone since it was read
      return root_.Failure(errno, "list", item.key);
    }
    const std::string fan = item.level == Level::kFanned ? item.entry : std::string();
    return Visit(std::move(folder), item.level, item.base, fan);
  }

  Result<bool> Tell(int parent, const Item& item) {
    struct stat info {};
    if (fstatat(parent, item.entry.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return true;  // deleted since it was read
      return root_.Failure(errno, "look at", item.key);
    }
    const bool is_file = S_ISREG(info.st_mode);
    return entry_({item.key, is_file ? static_cast<std::uint64_t>(info.st_size) : 0});
  }

  LocalRoot& root_;
  std::string_view prefix_;
  std::string_view after_;
  const std::function<bool(const ObjectInfo&)>& entry_;
};

}  // namespace

Status ListLocal(LocalRoot& root, std::string_view prefix, std::string_view after,
                 const std::function<bool(const ObjectInfo&)>& entry) {
  FENCHI_RETURN_IF_ERROR(root.CheckPresent());
  FENCHI_ASSIGN_OR_RETURN(FileDescriptor top, root.OpenFolder("", false));
  FENCHI_RETURN_IF_ERROR(
      Walk(root, prefix, after, entry).Visit(std::move(top), Level::kPlain, "", "").status());
  // A disk that went away on the way looks like a folder that ends early.
  return root.CheckPresent();
}

}  // namespace fenchi
