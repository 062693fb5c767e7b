#include "storage/local_list.h"

#include <dirent.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "storage/folder_layout.h"

namespace fenchi {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

class Walk {
 public:
  Walk(LocalRoot& root, std::string_view prefix, std::string_view after,
       const std::function<bool(const ObjectInfo&)>& entry)
      : root_(root), listing_(prefix, after), entry_(entry) {}

  // False when the caller wants no more.
  Result<bool> Visit(FileDescriptor folder, const ListedFolder& listed) {
    FENCHI_ASSIGN_OR_RETURN(std::vector<ListedItem> items, Read(folder.get(), listed));
    for (const ListedItem& item : items) {
      FENCHI_ASSIGN_OR_RETURN(
          bool more, item.is_folder ? Descend(folder.get(), item) : Tell(folder.get(), item));
      if (!more) return false;
    }
    return true;
  }

 private:
  // The entries that matter, by key.
  Result<std::vector<ListedItem>> Read(int folder, const ListedFolder& listed) const {
    const int copy = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return root_.Failure(errno, "list", listed.base);
    const std::unique_ptr<DIR, CloseFolder> stream(fdopendir(copy));
    if (stream == nullptr) {
      const int error = errno;
      FileDescriptor closes(copy);
      return root_.Failure(error, "list", listed.base);
    }
    std::vector<ListedItem> items;
    for (errno = 0; const dirent* entry = readdir(stream.get()); errno = 0) {
      auto item = listing_.Classify(listed, entry->d_name, IsFolder(folder, *entry));
      if (item) items.push_back(*std::move(item));
    }
    if (errno != 0) return root_.Failure(errno, "list", listed.base);
    Listing::Sort(items);
    return items;
  }

  static bool IsFolder(int folder, const dirent& entry) {
    if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
    struct stat info {};
    return fstatat(folder, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
  }

  Result<bool> Descend(int parent, const ListedItem& item) {
    FileDescriptor folder(Retrying([&] {
      return openat(parent, item.entry.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }));
    if (!folder.valid()) {
      if (errno == ENOENT || errno == ENOTDIR) return true;  // gone since it was read
      return root_.Failure(errno, "list", item.key);
    }
    return Visit(std::move(folder), item.folder);
  }

  Result<bool> Tell(int parent, const ListedItem& item) {
    struct stat info {};
    if (fstatat(parent, item.entry.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return true;  // deleted since it was read
      return root_.Failure(errno, "look at", item.key);
    }
    const bool is_file = S_ISREG(info.st_mode);
    return entry_({item.key, is_file ? static_cast<std::uint64_t>(info.st_size) : 0});
  }

  LocalRoot& root_;
  Listing listing_;
  const std::function<bool(const ObjectInfo&)>& entry_;
};

}  // namespace

Status ListLocal(LocalRoot& root, std::string_view prefix, std::string_view after,
                 const std::function<bool(const ObjectInfo&)>& entry) {
  FENCHI_RETURN_IF_ERROR(root.CheckPresent());
  FENCHI_ASSIGN_OR_RETURN(FileDescriptor top, root.OpenFolder("", false));
  FENCHI_RETURN_IF_ERROR(Walk(root, prefix, after, entry).Visit(std::move(top), {}).status());
  // A disk that went away on the way looks like a folder that ends early.
  return root.CheckPresent();
}

}  // namespace fenchi
