#include "storage/local_put.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/error.h"
#include "fenchi/clock.h"
#include "storage/folder_layout.h"
#include "storage/temporary_name.h"

namespace fenchi {
namespace {

constexpr std::size_t kCopyBytes = 256 * 1024;
constexpr mode_t kFileMode = 0600;

// A file in .tmp/, removed when it goes out of scope unless it was renamed away.
class TemporaryName {
 public:
  TemporaryName(int folder, std::string name) : folder_(folder), name_(std::move(name)) {}
  TemporaryName(const TemporaryName&) = delete;
  TemporaryName& operator=(const TemporaryName&) = delete;
  ~TemporaryName() {
    if (!renamed_) unlinkat(folder_, name_.c_str(), 0);
  }
  const char* c_str() const { return name_.c_str(); }
  void set_renamed() { renamed_ = true; }

 private:
  int folder_;
  std::string name_;
  bool renamed_ = false;
};

// One Put under way.
class LocalPut {
 public:
  LocalPut(LocalRoot& root, std::string_view name, Source& source)
      : root_(root), name_(name), path_(LocateObject(name)), source_(source) {}

  Status Run(bool replace) {
    FENCHI_ASSIGN_OR_RETURN(folder_, root_.OpenFolder(path_.folder, true));
    FENCHI_RETURN_IF_ERROR(CheckTarget(replace));
    if (!replace && root_.abilities().unnamed_files) {
      const std::optional<Status> done = PutUnnamed();
      if (done.has_value()) return *done;
    }
    return PutNamed(replace);
  }

 private:
  // Spares the upload when the outcome is clear already; the link decides in the end.
  Status CheckTarget(bool replace) const {
    struct stat info {};
    if (fstatat(folder_.get(), path_.file.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return errno == ENOENT ? Status::Ok() : root_.Failure(errno, "look at", name_);
    }
    if (S_ISDIR(info.st_mode)) {
      return Unsupported("{}: {} is a folder of other objects already", root_.location(), name_);
    }
    return replace ? Status::Ok() : Taken();
  }

  Status Taken() const {
    // Whoever put it may have died before the last sync, and the caller will count on it.
    FENCHI_RETURN_IF_ERROR(root_.SyncFolder(folder_.get(), name_));
    return AlreadyExists("{} is at {} already; nothing was changed", name_, root_.location());
  }

  Status WriteAll(int fd, ByteView bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = Retrying([&] { return write(fd, bytes.data(), bytes.size()); });
      if (n < 0) return root_.Failure(errno, "write", name_);
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return Status::Ok();
  }

  Status WriteCopied(int fd) const {
    const std::uint64_t size = source_.size();
    Bytes buffer(static_cast<std::size_t>(std::min<std::uint64_t>(size, kCopyBytes)));
    for (std::uint64_t offset = 0; offset < size;) {
      const auto count =
          static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - offset));
      FENCHI_RETURN_IF_ERROR(source_.Read(offset, MutableBytes(buffer).first(count)).At(name_));
      FENCHI_RETURN_IF_ERROR(WriteAll(fd, ByteView(buffer).first(count)));
      offset += count;
    }
    return Status::Ok();
  }

  Status Write(int fd) const {
    const std::optional<ByteView> whole = source_.InMemory();
    FENCHI_RETURN_IF_ERROR(whole ? WriteAll(fd, *whole) : WriteCopied(fd));
    if (root_.sync() && Retrying([&] { return fsync(fd); }) != 0) {
      return root_.Failure(errno, "sync", name_);
    }
    return Status::Ok();
  }

  // nullopt: the file system or the surroundings cannot do it.
  std::optional<Status> PutUnnamed() {
    const FileDescriptor fd(Retrying(
        [&] { return openat(folder_.get(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, kFileMode); }));
    if (!fd.valid()) {
      const bool lacks = errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL;
      if (!lacks) return root_.Failure(errno, "create", name_);
      root_.abilities().unnamed_files = false;
      return std::nullopt;
    }
    const std::string link = fmt::format("/proc/self/fd/{}", fd.get());
    if (faccessat(AT_FDCWD, link.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0) {
      root_.abilities().unnamed_files = false;  // no /proc: the file could never get its name
      return std::nullopt;
    }
    if (Status written = Write(fd.get()); !written.ok()) return written;
    if (linkat(AT_FDCWD, link.c_str(), folder_.get(), path_.file.c_str(), AT_SYMLINK_FOLLOW) != 0) {
      if (errno == EEXIST) return Taken();
      const bool lacks = errno == EPERM || errno == EOPNOTSUPP || errno == EXDEV;
      if (!lacks) return root_.Failure(errno, "name", name_);
      root_.abilities().unnamed_files = false;
      return std::nullopt;
    }
    return root_.SyncFolder(folder_.get(), name_);
  }

  Status PutNamed(bool replace) {
    FENCHI_ASSIGN_OR_RETURN(FileDescriptor temporary_folder,
                            root_.OpenFolder(kTemporaryFolder, true));
    const std::string random_name = NewTemporaryName();
    const FileDescriptor fd(Retrying([&] {
      return openat(temporary_folder.get(), random_name.c_str(),
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode);
    }));
    if (!fd.valid()) return root_.Failure(errno, "create a temporary file for", name_);
    TemporaryName temporary(temporary_folder.get(), random_name);
    FENCHI_RETURN_IF_ERROR(Write(fd.get()));
    FENCHI_RETURN_IF_ERROR(replace ? Replace(temporary_folder.get(), temporary)
                                   : Create(temporary_folder.get(), temporary));
    return root_.SyncFolder(folder_.get(), name_);
  }

  Status Replace(int temporary_folder, TemporaryName& temporary) {
    if (renameat(temporary_folder, temporary.c_str(), folder_.get(), path_.file.c_str()) != 0) {
      return root_.Failure(errno, "replace", name_);
    }
    temporary.set_renamed();
    return Status::Ok();
  }

  Status Create(int temporary_folder, TemporaryName& temporary) {
    const char* target = path_.file.c_str();
    if (root_.abilities().hard_links) {
      if (linkat(temporary_folder, temporary.c_str(), folder_.get(), target, 0) == 0) {
        return Status::Ok();
      }
      if (errno == EEXIST) return Taken();
      const bool lacks = errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS;
      if (!lacks) return root_.Failure(errno, "name", name_);
      root_.abilities().hard_links = false;
    }
    if (renameat2(temporary_folder, temporary.c_str(), folder_.get(), target, RENAME_NOREPLACE) ==
        0) {
      temporary.set_renamed();
      return Status::Ok();
    }
    if (errno == EEXIST) return Taken();
    if (errno == EINVAL || errno == ENOSYS) {
      return Unsupported("{}: this file system cannot create a file without risk of replacing one",
                         root_.location())
          .WithHint("use a file system with hard links, such as ext4, XFS, Btrfs or NTFS");
    }
    return root_.Failure(errno, "name", name_);
  }

  LocalRoot& root_;
  std::string_view name_;
  ObjectPath path_;
  Source& source_;
  FileDescriptor folder_;
};

}  // namespace

Status PutLocal(LocalRoot& root, std::string_view name, Source& source, bool replace) {
  FENCHI_RETURN_IF_ERROR(root.CheckPresent());
  return LocalPut(root, name, source).Run(replace);
}

void RemoveLeftovers(LocalRoot& root) {
  Result<FileDescriptor> folder = root.OpenFolder(kTemporaryFolder, false);
  if (!folder.ok()) return;  // most often: no such folder
  const int fd = folder->release();
  DIR* stream = fdopendir(fd);
  if (stream == nullptr) {
    close(fd);
    return;
  }
  const std::int64_t newest = SystemClock().Now().seconds - kLeftoverAgeSeconds;
  while (const dirent* entry = readdir(stream)) {
    struct stat info {};
    if (!IsTemporaryName(entry->d_name)) continue;
    if (fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISREG(info.st_mode) && info.st_mtim.tv_sec < newest) unlinkat(fd, entry->d_name, 0);
  }
  closedir(stream);
}

}  // namespace fenchi
