// An owned file descriptor, and the few ways in which this floor opens one by name.
//
// Every name here is one component, looked up in an open directory: no path is ever put together
// for a system call, so trees deeper than PATH_MAX work and nobody can swap a parent for a link.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "fenchi/status.h"

namespace fenchi::filesystem {

// Owns one descriptor and closes it. Movable, not copyable.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }  // the caller closes it

 private:
  int fd_ = -1;
};

// Opens the one component `name` of the open directory `directory`; -1 and errno on failure.
// Never follows a link, not even one that is swapped in: openat2 with RESOLVE_BENEATH,
// RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS, or openat with O_NOFOLLOW on kernels before 5.6
// (equal for one component). O_CLOEXEC and O_NOFOLLOW are always added; with O_PATH a link itself
// is opened. The caller has checked the name.
int OpenComponent(int directory, const std::string& name, int flags, mode_t mode = 0);

// A fresh read descriptor for the regular file behind the O_PATH descriptor `path_only`: that very
// inode, whatever has its name by now. -1 and errno on failure; see IsProcMissing().
int ReopenForReading(int path_only);

// Whether a call on ProcPath() of an open descriptor failed because /proc is not mounted.
inline bool IsProcMissing(int error_number) {
  return error_number == ENOENT || error_number == ENOTDIR;
}

// "/proc/self/fd/N": how calls that know only paths reach exactly the inode behind a descriptor.
std::string ProcPath(int fd);

// False for what is no entry's name: empty, ".", "..", with a NUL or a '/'.
bool IsEntryName(std::string_view name);

// Whether a and b are the same inode.
inline bool SameInode(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// Makes OpenComponent behave as on a kernel without openat2, or as usual again. For tests.
void PretendNoOpenat2ForTest(bool missing);

}  // namespace fenchi::filesystem
