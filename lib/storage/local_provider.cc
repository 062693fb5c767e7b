#include "storage/local_provider.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/error.h"
#include "storage/folder_layout.h"
#include "storage/local_list.h"
#include "storage/local_put.h"

namespace fenchi {
namespace {

Status CheckNames(std::span<const std::string> names) {
  for (const std::string& name : names) FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
  return Status::Ok();
}

// Folders of a batch: names of one batch are often neighbours, so the last one is kept open.
class FolderCursor {
 public:
  explicit FolderCursor(LocalRoot& root) : root_(root) {}

  // The folder's descriptor, or -1 when there is none.
  Result<int> Seek(const std::string& folder) {
    if (folder_ == folder) return fd_.get();
    folder_.reset();
    Result<FileDescriptor> opened = root_.OpenFolder(folder, false);
    if (!opened.ok() && opened.status().code() != StatusCode::kNotFound) return opened.status();
    fd_ = opened.ok() ? std::move(opened).value() : FileDescriptor();
    folder_ = folder;
    return fd_.get();
  }

 private:
  LocalRoot& root_;
  std::optional<std::string> folder_;
  FileDescriptor fd_;
};

class LocalProvider final : public Provider {
 public:
  LocalProvider(std::unique_ptr<LocalRoot> root, const LocalOptions& options)
      : root_(std::move(root)), domain_(options.domain) {}

  Status Put(std::string_view name, Source& source, const PutOptions& options) override {
    FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
    return PutLocal(*root_, name, source, options.replace);
  }

  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override;
  Result<std::vector<std::optional<ObjectInfo>>> Stat(std::span<const std::string> names) override;

  Status List(std::string_view prefix, std::string_view after,
              const std::function<bool(const ObjectInfo&)>& entry) override {
    return ListLocal(*root_, prefix, after, entry);
  }

  Result<std::vector<Status>> Delete(std::span<const std::string> names) override;

  Capability capability() const override { return {.create_only = true, .durable = root_->sync()}; }
  Domain domain() const override { return domain_; }
  std::string location() const override { return root_->location(); }

  Result<std::uint64_t> FreeSpaceBytes() override {
    FENCHI_RETURN_IF_ERROR(root_->CheckPresent());
    struct statvfs info {};
    if (Retrying([&] { return fstatvfs(root_->fd(), &info); }) != 0) {
      return root_->Failure(errno, "measure the free space of", "the disk");
    }
    return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  }

 private:
  Status DeleteOne(FolderCursor& cursor, const std::string& name);

  std::unique_ptr<LocalRoot> root_;
  Domain domain_;
};

Status LocalProvider::Get(std::string_view name, std::uint64_t offset, MutableBytes out) {
  FENCHI_RETURN_IF_ERROR(CheckObjectName(name));
  FENCHI_RETURN_IF_ERROR(root_->CheckPresent());
  const ObjectPath path = LocateObject(name);
  FENCHI_ASSIGN_OR_RETURN(FileDescriptor folder, root_->OpenFolder(path.folder, false));
  // O_NONBLOCK: a FIFO planted under the name must not stop us for ever.
  const FileDescriptor file(Retrying([&] {
    return openat(folder.get(), path.file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  }));
  struct stat info {};
  if (!file.valid() && errno == ELOOP) {
    return Damaged("{} at {} is a symbolic link, not an object", name, root_->location());
  }
  if (!file.valid()) return root_->Failure(errno, "read", name);
  if (fstat(file.get(), &info) != 0) return root_->Failure(errno, "read", name);
  if (S_ISDIR(info.st_mode)) {
    return NotFound("{} at {} is a folder, not an object", name, root_->location());
  }
  if (!S_ISREG(info.st_mode)) {
    return Damaged("{} at {} is not a regular file", name, root_->location());
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  const auto too_short = [&] {
    return Damaged("{} at {} has {} bytes; {} bytes from offset {} were asked for", name,
                   root_->location(), size, out.size(), offset);
  };
  if (!out.empty() && (offset > size || out.size() > size - offset)) return too_short();
  for (std::size_t done = 0; done < out.size();) {
    const ssize_t n = Retrying([&] {
      return pread(file.get(), out.data() + done, out.size() - done,
                   static_cast<off_t>(offset + done));
    });
    if (n < 0) return root_->Failure(errno, "read", name);
    if (n == 0) return too_short();  // cut while it was read
    done += static_cast<std::size_t>(n);
  }
  return Status::Ok();
}

Result<std::vector<std::optional<ObjectInfo>>> LocalProvider::Stat(
    std::span<const std::string> names) {
  FENCHI_RETURN_IF_ERROR(CheckNames(names));
  FENCHI_RETURN_IF_ERROR(root_->CheckPresent());
  std::vector<std::optional<ObjectInfo>> out;
  out.reserve(names.size());
  FolderCursor cursor(*root_);
  for (const std::string& name : names) {
    const ObjectPath path = LocateObject(name);
    FENCHI_ASSIGN_OR_RETURN(const int folder, cursor.Seek(path.folder));
    struct stat info {};
    std::optional<ObjectInfo>& found = out.emplace_back();
    if (folder < 0) continue;
    if (fstatat(folder, path.file.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno != ENOENT) return root_->Failure(errno, "look at", name);
    } else if (!S_ISDIR(info.st_mode)) {
      const bool is_file = S_ISREG(info.st_mode);
      found = ObjectInfo{name, is_file ? static_cast<std::uint64_t>(info.st_size) : 0};
    }
  }
  // "Absent" counts only when the disk was there all the time.
  FENCHI_RETURN_IF_ERROR(root_->CheckPresent());
  return out;
}

Status LocalProvider::DeleteOne(FolderCursor& cursor, const std::string& name) {
  const ObjectPath path = LocateObject(name);
  FENCHI_ASSIGN_OR_RETURN(const int folder, cursor.Seek(path.folder));
  if (folder < 0) return Status::Ok();
  if (unlinkat(folder, path.file.c_str(), 0) == 0) return Status::Ok();
  const int error = errno;
  struct stat info {};
  if (error == ENOENT || error == EISDIR) return Status::Ok();  // a folder is no object
  if (fstatat(folder, path.file.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISDIR(info.st_mode)) {
    return Status::Ok();
  }
  return root_->Failure(error, "delete", name);
}

Result<std::vector<Status>> LocalProvider::Delete(std::span<const std::string> names) {
  FENCHI_RETURN_IF_ERROR(CheckNames(names));
  FENCHI_RETURN_IF_ERROR(root_->CheckPresent());
  std::vector<Status> out;
  out.reserve(names.size());
  FolderCursor cursor(*root_);
  std::set<std::string> touched;
  for (const std::string& name : names) {
    out.push_back(DeleteOne(cursor, name));
    touched.insert(LocateObject(name).folder);
  }
  for (const std::string& folder : touched) {
    FENCHI_ASSIGN_OR_RETURN(const int fd, cursor.Seek(folder));
    if (fd >= 0) FENCHI_RETURN_IF_ERROR(root_->SyncFolder(fd, "a deletion"));
  }
  FENCHI_RETURN_IF_ERROR(root_->CheckPresent());
  return out;
}

}  // namespace

Result<std::shared_ptr<Provider>> OpenLimitedLocalProvider(const std::string& directory,
                                                           const LocalOptions& options,
                                                           const LocalLimits& limits) {
  FENCHI_ASSIGN_OR_RETURN(std::unique_ptr<LocalRoot> root,
                          LocalRoot::Open(directory, options.sync));
  root->abilities().unnamed_files = limits.unnamed_files;
  root->abilities().hard_links = limits.hard_links;
  RemoveLeftovers(*root);
  return std::shared_ptr<Provider>(std::make_shared<LocalProvider>(std::move(root), options));
}

Result<std::shared_ptr<Provider>> OpenLocalProvider(const std::string& directory,
                                                    const LocalOptions& options) {
  return OpenLimitedLocalProvider(directory, options, {});
}

}  // namespace fenchi
