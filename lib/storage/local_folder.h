// Folders of a local provider: how object names become paths below one open directory.
//
// Nothing here follows a symbolic link or leaves the root: every path is opened part by part,
// relative to a directory that is open already. The root's own path is the user's choice and may
// contain links; it is looked up again before each call, so that a disk which went away is never
// mistaken for an empty one.
#pragma once

#include <fcntl.h>
#include <sys/types.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "fenchi/provider.h"
#include "fenchi/status.h"

namespace fenchi {

// An open file or directory; closed when it goes out of scope.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor();

  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// Which ways of writing a file system is known to lack: learnt from its first refusal. Tests set
// them beforehand.
struct LocalAbilities {
  std::atomic<bool> unnamed_files = true;  // O_TMPFILE
  std::atomic<bool> hard_links = true;
};

class LocalRoot {
 public:
  // Opens `directory`, and creates it when only its last part is missing.
  static Result<std::unique_ptr<LocalRoot>> Open(const std::string& directory, bool sync);

  int fd() const { return fd_.get(); }
  bool sync() const { return sync_; }
  const std::string& location() const { return location_; }
  LocalAbilities& abilities() { return abilities_; }

  // Errors: kUnavailable when the root's path does not lead to the open directory any more.
  Status CheckPresent() const;

  // Opens a folder. With `create`, missing folders are made and, if sync(), made durable.
  // Errors: kNotFound when it, or a folder above it, does not exist; kDenied when one of them is a
  // symbolic link; kUnsupported when one that must be created is a file already.
  Result<FileDescriptor> OpenFolder(std::string_view folder, bool create);

  // Makes what was linked into the open folder `fd` durable, if sync().
  Status SyncFolder(int fd, std::string_view name) const;

  // What to tell the caller when `action` ("write", "read"...) failed on `name` with `error`.
  Status Failure(int error, std::string_view action, std::string_view name) const;

 private:
  LocalRoot() = default;
  Result<FileDescriptor> OpenPart(int parent, const std::string& part, const std::string& path,
                                  bool create);

  std::string path_;
  std::string location_;
  FileDescriptor fd_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  bool sync_ = true;
  LocalAbilities abilities_;
  std::mutex mutex_;
  std::set<std::string, std::less<>> durable_folders_;  // entry in the parent known to be on disk
};

// Repeats a system call for as long as a signal interrupts it.
template <typename Call>
auto Retrying(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

}  // namespace fenchi
