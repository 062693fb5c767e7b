#include "storage/local_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "storage/url.h"

namespace fenchi {
namespace {

constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr mode_t kFolderMode = 0700;

// Without a trailing '/', so that the last part can be told from its parent.
Result<std::string> AbsolutePath(const std::string& directory) {
  if (directory.empty() || directory.find('\0') != std::string::npos) {
    return InvalidArgument("a local provider needs the path of a directory");
  }
  std::error_code error;
  std::filesystem::path path = std::filesystem::absolute(directory, error).lexically_normal();
  if (error) return Unavailable("cannot tell where {} is: {}", directory, error.message());
  if (!path.has_filename() && path.has_relative_path()) path = path.parent_path();
  return path.string();
}

// Creates the root when its parent is there, and makes its entry in the parent durable.
Status CreateRoot(const std::string& path, bool sync) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const FileDescriptor parent_fd(Retrying([&] { return open(parent.c_str(), kFolderFlags); }));
  if (!parent_fd.valid() && errno == ENOENT) {
    return NotFound("{} does not exist, so {} cannot be created there", parent, path)
        .WithHint("is the disk mounted? If the place is right, create the parent directory");
  }
  if (!parent_fd.valid()) return ErrnoStatus(errno, "cannot open " + parent);
  const std::string last = std::filesystem::path(path).filename().string();
  if (mkdirat(parent_fd.get(), last.c_str(), kFolderMode) != 0 && errno != EEXIST) {
    return ErrnoStatus(errno, "cannot create " + path);
  }
  if (sync && Retrying([&] { return fsync(parent_fd.get()); }) != 0 && errno != EINVAL) {
    return ErrnoStatus(errno, "cannot make " + path + " durable");
  }
  return Status::Ok();
}

bool IsLink(int parent, const std::string& part) {
  struct stat info {};
  return fstatat(parent, part.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode);
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) close(fd_);
}

Result<std::unique_ptr<LocalRoot>> LocalRoot::Open(const std::string& directory, bool sync) {
  FENCHI_ASSIGN_OR_RETURN(std::string path, AbsolutePath(directory));
  std::unique_ptr<LocalRoot> root(new LocalRoot);
  root->path_ = path;
  root->location_ = "file://" + EscapeUrlPath(path);
  root->sync_ = sync;
  int fd = Retrying([&] { return open(path.c_str(), kFolderFlags); });
  if (fd < 0 && errno == ENOENT) {
    FENCHI_RETURN_IF_ERROR(CreateRoot(path, sync).At(root->location_));
    fd = Retrying([&] { return open(path.c_str(), kFolderFlags); });
  }
  if (fd < 0 && errno == ENOTDIR) {
    return Unavailable("{} is not a directory", root->location_)
        .WithHint("a local provider keeps its objects in a directory of its own");
  }
  if (fd < 0) return ErrnoStatus(errno, "cannot open " + root->location_);
  root->fd_ = FileDescriptor(fd);
  struct stat info {};
  if (fstat(fd, &info) != 0) return ErrnoStatus(errno, "cannot look at " + root->location_);
  root->device_ = info.st_dev;
  root->inode_ = info.st_ino;
  return root;
}

Status LocalRoot::CheckPresent() const {
  struct stat info {};
  if (stat(path_.c_str(), &info) != 0) {
    return Unavailable("{} is gone: {}", location_, std::strerror(errno))
        .WithHint("is the disk still mounted and connected?");
  }
  if (info.st_dev != device_ || info.st_ino != inode_) {
    return Unavailable("{} is another directory than the one that was opened", location_)
        .WithHint("was the disk unmounted, or another one mounted in its place? Open it again");
  }
  return Status::Ok();
}

Result<FileDescriptor> LocalRoot::OpenPart(int parent, const std::string& part,
                                           const std::string& path, bool create) {
  bool made = false;
  if (create) {
    made = mkdirat(parent, part.c_str(), kFolderMode) == 0;
    if (!made && errno != EEXIST) return Failure(errno, "create folder", path);
  }
  FileDescriptor fd(
      Retrying([&] { return openat(parent, part.c_str(), kFolderFlags | O_NOFOLLOW); }));
  if (!fd.valid()) {
    const int error = errno;
    if (error == ELOOP || (error == ENOTDIR && IsLink(parent, part))) {
      return Denied("{}: {} is a symbolic link, which is never followed", location_, path)
          .WithHint("mount or bind-mount the other place instead");
    }
    if (error == ENOTDIR && create) {
      return Unsupported("{}: {} is an object already and cannot be a folder", location_, path);
    }
    return Failure(error, "open folder", path);
  }
  if (!create || !sync_) return fd;
  // Another process may have made the folder and not synced it yet: whoever puts the first object
  // of this process into it makes sure of it.
  {
    const std::lock_guard lock(mutex_);
    if (!made && durable_folders_.contains(path)) return fd;
  }
  FENCHI_RETURN_IF_ERROR(SyncFolder(parent, path));
  const std::lock_guard lock(mutex_);
  durable_folders_.insert(path);
  return fd;
}

Result<FileDescriptor> LocalRoot::OpenFolder(std::string_view folder, bool create) {
  FileDescriptor current(Retrying([&] { return openat(fd_.get(), ".", kFolderFlags); }));
  if (!current.valid()) return Failure(errno, "open", "its root");
  std::size_t begin = 0;
  while (begin < folder.size()) {
    std::size_t end = folder.find('/', begin);
    if (end == std::string_view::npos) end = folder.size();
    const std::string part(folder.substr(begin, end - begin));
    const std::string path(folder.substr(0, end));
    FENCHI_ASSIGN_OR_RETURN(current, OpenPart(current.get(), part, path, create));
    begin = end + 1;
  }
  return current;
}

Status LocalRoot::SyncFolder(int fd, std::string_view name) const {
  if (!sync_) return Status::Ok();
  // EINVAL: a file system whose folders cannot be synced, and which keeps no entries in memory
  // only.
  if (Retrying([&] { return fsync(fd); }) == 0 || errno == EINVAL) return Status::Ok();
  return Unavailable("{}: {} is written, but not known to be safe from a power cut: {}", location_,
                     name, std::strerror(errno));
}

Status LocalRoot::Failure(int error, std::string_view action, std::string_view name) const {
  // Whatever is missing may be missing because everything is.
  FENCHI_RETURN_IF_ERROR(CheckPresent());
  const std::string what = fmt::format("cannot {} {} at {}", action, name, location_);
  switch (error) {
    case EFBIG:
    case ENOSPC:
    case EDQUOT:
      return Full("{}: {}", what, std::strerror(error))
          .WithHint("free some space there, or replace it by a larger place");
    case ELOOP:
      return Denied("{}: it is a symbolic link, which is never followed", what);
    case EACCES:
    case EPERM:
    case EROFS:
    case ENOENT:
    case ENOTDIR:
    case EEXIST:
      return ErrnoStatus(error, what);
    default:
      return Unavailable("{}: {}", what, std::strerror(error));
  }
}

}  // namespace fenchi
