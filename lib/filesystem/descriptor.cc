#include "filesystem/descriptor.h"

#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace fenchi::filesystem {
namespace {

std::atomic<bool> openat2_missing = false;

// -1 and errno, like openat. A racing rename makes RESOLVE_BENEATH fail with EAGAIN now and then.
int Openat2(int directory, const char* name, int flags, mode_t mode) {
  constexpr int kAttempts = 16;
  open_how how = {};
  how.flags = static_cast<unsigned>(flags);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  int fd = -1;
  for (int i = 0; i < kAttempts; ++i) {
    fd = static_cast<int>(::syscall(SYS_openat2, directory, name, &how, sizeof(how)));
    // EAGAIN with O_NONBLOCK may also be another process's lease on the file: the caller's matter.
    if (fd >= 0 || (errno != EINTR && errno != EAGAIN)) return fd;
    if (errno == EAGAIN && (flags & O_NONBLOCK) != 0) return fd;
  }
  return fd;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

int OpenComponent(int directory, const std::string& name, int flags, mode_t mode) {
  flags |= O_CLOEXEC | O_NOFOLLOW;
  if (!openat2_missing.load(std::memory_order_relaxed)) {
    const int fd = Openat2(directory, name.c_str(), flags, mode);
    // Old container sandboxes answer EPERM for system calls that they do not know.
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return fd;
    if (errno == ENOSYS) openat2_missing.store(true, std::memory_order_relaxed);
  }
  int fd = -1;
  do {
    fd = ::openat(directory, name.c_str(), flags, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

int ReopenForReading(int path_only) {
  const std::string path = ProcPath(path_only);
  // EPERM: only the owner and root may read without moving the access time. EAGAIN: another process
  // (a file server) holds a lease; it is safe to wait for it, as this is known to be a regular
  // file.
  static constexpr int kFlags[] = {O_NOATIME | O_NONBLOCK, O_NONBLOCK, O_NOATIME, 0};
  int fd = -1;
  for (const int extra : kFlags) {
    fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | extra);
    if (fd >= 0 || (errno != EPERM && errno != EAGAIN && errno != EINTR)) break;
  }
  return fd;
}

std::string ProcPath(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

bool IsEntryName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

void PretendNoOpenat2ForTest(bool missing) { openat2_missing.store(missing); }

}  // namespace fenchi::filesystem
