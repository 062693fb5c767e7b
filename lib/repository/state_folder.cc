#include "repository/state_folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/error.h"
#include "repository/local_state.h"

namespace fenchi {
namespace {

using filesystem::Descriptor;

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr int kSetAsideMax = 10000;

template <typename Call>
auto Retrying(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// An absent HOME or XDG variable and an empty one are the same.
std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// mkdir -p. A component that is there already may be anything that can be walked through.
Status MakeFolders(const std::string& path) {
  for (std::size_t end = 1; end <= path.size(); ++end) {
    if (end < path.size() && path[end] != '/') continue;
    const std::string part = path.substr(0, end);
    if (mkdir(part.c_str(), kFolderMode) != 0 && errno != EEXIST && errno != EISDIR) {
      const int error = errno;
      struct stat info {};
      // A parent on a read-only place that is there already is no failure.
      if (stat(part.c_str(), &info) != 0) {
        return ErrnoStatus(error, "make the folder " + part)
            .WithHint("set FENCHI_CACHE_DIR to a folder that this user may write");
      }
    }
  }
  return Status::Ok();
}

Status WriteAll(int fd, ByteView bytes, const std::string& what) {
  while (!bytes.empty()) {
    const ssize_t n = Retrying([&] { return write(fd, bytes.data(), bytes.size()); });
    if (n < 0) return ErrnoStatus(errno, what);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return Status::Ok();
}

}  // namespace

std::string DefaultStateDirectory() {
  if (const std::string chosen = FromEnvironment("FENCHI_CACHE_DIR"); !chosen.empty())
    return chosen;
  if (const std::string state = FromEnvironment("XDG_STATE_HOME"); !state.empty()) {
    return state + "/fenchi";
  }
  return FromEnvironment("HOME") + "/.local/state/fenchi";
}

Result<StateFolder> StateFolder::Open(const std::string& directory, const VaultId& vault) {
  const std::string parent = directory.empty() ? DefaultStateDirectory() : directory;
  std::string path = parent + "/" + ToHex(vault.view().first(8));
  FENCHI_RETURN_IF_ERROR(MakeFolders(path));
  Descriptor fd(Retrying([&] { return open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!fd.valid()) return ErrnoStatus(errno, "open the folder " + path);
  // Whoever else may write here could decide what a backup leaves out and what "newest" means.
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, "look at the folder " + path);
  if (info.st_uid != geteuid() || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Denied("the state folder {} belongs to another user, or others may write into it", path)
        .WithHint("set FENCHI_CACHE_DIR to a folder of this user's own");
  }
  return StateFolder(std::move(path), std::move(fd));
}

Result<std::optional<Bytes>> StateFolder::Read(const std::string& name,
                                               std::size_t size_max) const {
  const std::string what = "read " + PathOf(name);
  const Descriptor fd(
      Retrying([&] { return openat(fd_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW); }));
  if (!fd.valid()) {
    if (errno == ENOENT) return std::optional<Bytes>();
    return ErrnoStatus(errno, what);
  }
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, what);
  if (info.st_size < 0 || static_cast<std::uint64_t>(info.st_size) > size_max) {
    return Damaged("{} has {} bytes, at most {} are expected", PathOf(name), info.st_size,
                   size_max);
  }
  Bytes bytes(static_cast<std::size_t>(info.st_size));
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n =
        Retrying([&] { return read(fd.get(), bytes.data() + done, bytes.size() - done); });
    if (n < 0) return ErrnoStatus(errno, what);
    if (n == 0) break;  // it became shorter: what is left does not decode
    done += static_cast<std::size_t>(n);
  }
  bytes.resize(done);
  return std::optional<Bytes>(std::move(bytes));
}

Status StateFolder::Replace(const std::string& name, ByteView bytes) const {
  const std::string what = "write " + PathOf(name);
  const std::string beside = name + ".new";
  {
    const Descriptor fd(Retrying([&] {
      return openat(fd_.get(), beside.c_str(),
                    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kFileMode);
    }));
    if (!fd.valid()) return ErrnoStatus(errno, what);
    FENCHI_RETURN_IF_ERROR(WriteAll(fd.get(), bytes, what));
    if (Retrying([&] { return fsync(fd.get()); }) != 0) return ErrnoStatus(errno, what);
  }
  if (renameat(fd_.get(), beside.c_str(), fd_.get(), name.c_str()) != 0) {
    return ErrnoStatus(errno, what);
  }
  if (Retrying([&] { return fsync(fd_.get()); }) != 0) return ErrnoStatus(errno, what);
  return Status::Ok();
}

Result<std::string> StateFolder::SetAside(const std::string& name) const {
  for (int n = 1; n <= kSetAsideMax; ++n) {
    std::string aside = fmt::format("{}.damaged-{}", name, n);
    struct stat info {};
    if (fstatat(fd_.get(), aside.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) continue;
    if (renameat(fd_.get(), name.c_str(), fd_.get(), aside.c_str()) != 0) {
      return ErrnoStatus(errno, "rename " + PathOf(name));
    }
    return aside;
  }
  return Io("{} and {} damaged copies of it are there", PathOf(name), kSetAsideMax)
      .WithHint("look at them and remove the old ones");
}

Status StateFolder::Remove(const std::string& name) const {
  if (unlinkat(fd_.get(), name.c_str(), 0) == 0 || errno == ENOENT) return Status::Ok();
  return ErrnoStatus(errno, "remove " + PathOf(name));
}

Result<StateLock> StateFolder::OpenLockFile(const std::string& name) const {
  StateLock lock(Retrying([&] {
    return openat(fd_.get(), name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kFileMode);
  }));
  if (!lock.valid()) return ErrnoStatus(errno, "open " + PathOf(name));
  return lock;
}

Result<StateLock> StateFolder::Lock(const std::string& name) const {
  FENCHI_ASSIGN_OR_RETURN(StateLock lock, OpenLockFile(name));
  if (Retrying([&] { return flock(lock.get(), LOCK_EX); }) != 0) {
    return ErrnoStatus(errno, "lock " + PathOf(name));
  }
  return lock;
}

Result<std::optional<StateLock>> StateFolder::TryLock(const std::string& name) const {
  FENCHI_ASSIGN_OR_RETURN(StateLock lock, OpenLockFile(name));
  if (Retrying([&] { return flock(lock.get(), LOCK_EX | LOCK_NB); }) != 0) {
    if (errno == EWOULDBLOCK) return std::optional<StateLock>();
    return ErrnoStatus(errno, "lock " + PathOf(name));
  }
  return std::optional<StateLock>(std::move(lock));
}

}  // namespace fenchi
