#include "filesystem/node.h"

#include <grp.h>
#include <pwd.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "base/display.h"
#include "base/error.h"
#include "filesystem/descriptor.h"

namespace fenchi::filesystem {
namespace {

// Linux limits the list of names and each value to 64 KiB (XATTR_LIST_MAX, XATTR_SIZE_MAX).
constexpr std::size_t kXattrListBytesMax = 65536;
constexpr std::size_t kXattrListBytesUsual = 512;
constexpr std::size_t kXattrValueBytesMax = 65536;
constexpr std::size_t kLinkTargetBytesMax = 65536;  // 4095 on Linux's own file systems

EntryType TypeOf(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return EntryType::kDirectory;
    case S_IFLNK:
      return EntryType::kSymlink;
    case S_IFIFO:
      return EntryType::kFifo;
    case S_IFCHR:
      return EntryType::kCharDevice;
    case S_IFBLK:
      return EntryType::kBlockDevice;
    case S_IFSOCK:
      return EntryType::kSocket;
    default:
      return EntryType::kFile;
  }
}

SourceNode FromStat(const struct stat& status) {
  SourceNode node;
  Attributes& attributes = node.attributes;
  attributes.type = TypeOf(status.st_mode);
  attributes.mode = status.st_mode & 07777;
  attributes.uid = status.st_uid;
  attributes.gid = status.st_gid;
  attributes.modified = {status.st_mtim.tv_sec, static_cast<std::uint32_t>(status.st_mtim.tv_nsec)};
  const auto size_bytes = static_cast<std::uint64_t>(status.st_size);
  attributes.size = attributes.type == EntryType::kFile ? size_bytes : 0;
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
    attributes.device_major = major(status.st_rdev);
    attributes.device_minor = minor(status.st_rdev);
  }
  if (!S_ISDIR(status.st_mode) && status.st_nlink > 1) {
    attributes.hard_link = HardLinkKey{status.st_dev, status.st_ino};
  }
  // Unsigned, as a broken file system may give seconds beyond the year 2262: it wraps, and is still
  // good for telling equal from different.
  node.changed_ns =
      static_cast<std::int64_t>(static_cast<std::uint64_t>(status.st_ctim.tv_sec) * 1'000'000'000u +
                                static_cast<std::uint64_t>(status.st_ctim.tv_nsec));
  node.device = status.st_dev;
  node.inode = status.st_ino;
  node.link_count = status.st_nlink;
  node.blocks_bytes = static_cast<std::uint64_t>(status.st_blocks) * 512;
  return node;
}

// The extended attributes' names, sorted. Not Ok when they cannot be listed.
Result<std::vector<std::string>> ListXattrNames(int fd) {
  std::array<char, kXattrListBytesUsual> usual;
  std::string large;
  std::span<char> list(usual);
  // The way by /proc is longer, and the only one to a node that is not open for reading.
  ssize_t size = ::flistxattr(fd, list.data(), list.size());
  const std::string path = size < 0 && errno == EBADF ? ProcPath(fd) : "";
  if (!path.empty()) size = ::listxattr(path.c_str(), list.data(), list.size());
  if (size < 0 && errno == ERANGE) {
    large.resize(kXattrListBytesMax);
    list = large;
    size = path.empty() ? ::flistxattr(fd, list.data(), list.size())
                        : ::listxattr(path.c_str(), list.data(), list.size());
  }
  if (size < 0) {
    if (errno == ENOTSUP) return std::vector<std::string>();
    if (IsProcMissing(errno)) {
      return Unsupported("extended attributes not read: /proc is not mounted");
    }
    return ErrnoStatus(errno, "listing extended attributes");
  }
  std::vector<std::string> names;
  std::string_view rest(list.data(), static_cast<std::size_t>(size));
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\0'), rest.size());
    names.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

// One says it all, and thousands of attributes may be refused.
void Warn(SourceNode& node, Status warning) {
  if (node.warning.ok()) node.warning = std::move(warning);
}

// Reads what fits into kXattrBytesMax, in order of names; the rest becomes a warning.
void ReadXattrs(int fd, SourceNode& node) {
  Result<std::vector<std::string>> names = ListXattrNames(fd);
  if (!names.ok()) {
    Warn(node, std::move(names).status());
    return;
  }
  if (names->empty()) return;
  const std::string path = ProcPath(fd);
  Bytes value(kXattrValueBytesMax);
  std::size_t total_bytes = 0;
  for (std::string& name : *names) {
    const ssize_t size = ::getxattr(path.c_str(), name.c_str(), value.data(), value.size());
    if (size < 0) {
      if (errno == ENODATA) continue;  // removed meanwhile
      Warn(node, ErrnoStatus(errno, "reading extended attribute " + QuoteForDisplay(name)));
      continue;
    }
    const std::size_t bytes = name.size() + static_cast<std::size_t>(size);
    if (bytes > kXattrBytesMax - total_bytes) {
      Warn(node, Unsupported(
                     "extended attribute {} not kept: {} bytes more than the {} kept of one entry",
                     QuoteForDisplay(name), bytes, kXattrBytesMax));
      continue;
    }
    total_bytes += bytes;
    node.attributes.xattrs.push_back({std::move(name), Bytes(value.begin(), value.begin() + size)});
  }
}

Result<std::string> ReadLinkTarget(int fd) {
  for (std::size_t capacity = 4096; capacity <= kLinkTargetBytesMax; capacity *= 4) {
    std::string target(capacity, '\0');
    const ssize_t size = ::readlinkat(fd, "", target.data(), target.size());
    if (size < 0) return ErrnoStatus(errno, "reading the link's target");
    if (static_cast<std::size_t>(size) < capacity) {
      target.resize(static_cast<std::size_t>(size));
      return target;
    }
  }
  return Unsupported("link target longer than {} bytes", kLinkTargetBytesMax);
}

// The name that `ask` (getpwuid_r, getgrgid_r) knows for `id`; empty when it knows none.
template <typename Record, typename Ask>
std::string AskForName(Ask ask, std::uint32_t id, char* Record::*field) {
  std::vector<char> buffer(1024);
  Record record;
  Record* found = nullptr;
  int error = ask(id, &record, buffer.data(), buffer.size(), &found);
  while (error == ERANGE && buffer.size() < (1u << 20)) {  // a group may have many members
    buffer.resize(buffer.size() * 4);
    error = ask(id, &record, buffer.data(), buffer.size(), &found);
  }
  return error == 0 && found != nullptr && found->*field != nullptr ? found->*field : "";
}

}  // namespace

bool LooksUnchanged(const SourceNode& earlier, const SourceNode& later) {
  return earlier.device == later.device && earlier.inode == later.inode &&
         earlier.attributes.type == later.attributes.type &&
         earlier.attributes.size == later.attributes.size &&
         earlier.attributes.modified == later.attributes.modified &&
         earlier.changed_ns == later.changed_ns;
}

void WaitForLaterTick(const SourceNode& node) {
  constexpr std::int64_t kBillion = 1'000'000'000;
  constexpr std::int64_t kTickMax = 10'000'000;  // 100 Hz, the slowest that kernels are built with
  constexpr struct timespec kPause { 0, 1'000'000 };
  struct timespec now {};
  while (::clock_gettime(CLOCK_REALTIME_COARSE, &now) == 0) {
    const std::int64_t ahead = node.changed_ns - (now.tv_sec * kBillion + now.tv_nsec);
    if (ahead < 0 || ahead > kTickMax) return;  // far ahead: a clock was set back
    ::nanosleep(&kPause, nullptr);
  }
}

std::string OwnerNames::User(std::uint32_t uid) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto [found, added] = users_.try_emplace(uid);
  if (added) found->second = AskForName(::getpwuid_r, uid, &passwd::pw_name);
  return found->second;
}

std::string OwnerNames::Group(std::uint32_t gid) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto [found, added] = groups_.try_emplace(gid);
  if (added) found->second = AskForName(::getgrgid_r, gid, &group::gr_name);
  return found->second;
}

void ReadOwners(OwnerNames& owners, Attributes& attributes) {
  attributes.user = owners.User(attributes.uid);
  attributes.group = owners.Group(attributes.gid);
}

Result<SourceNode> ReadOpenNode(int fd, NodeDetail detail, OwnerNames& owners) {
  struct stat status;
  if (::fstat(fd, &status) != 0) return ErrnoStatus(errno, "reading attributes");
  SourceNode node = FromStat(status);
  if (detail == NodeDetail::kStatus) return node;
  if (node.attributes.type == EntryType::kSymlink) {
    FENCHI_ASSIGN_OR_RETURN(node.attributes.symlink_target, ReadLinkTarget(fd));
  }
  ReadOwners(owners, node.attributes);
  ReadXattrs(fd, node);
  return node;
}

Result<SourceNode> ReadNode(int directory, const std::string& name, NodeDetail detail,
                            OwnerNames& owners) {
  if (detail == NodeDetail::kStatus) {
    struct stat status;
    if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      return ErrnoStatus(errno, "reading attributes of " + QuoteForDisplay(name));
    }
    return FromStat(status);
  }
  const Descriptor node(OpenComponent(directory, name, O_PATH));
  if (!node.valid()) return ErrnoStatus(errno, "reading attributes of " + QuoteForDisplay(name));
  Result<SourceNode> read = ReadOpenNode(node.get(), detail, owners);
  if (!read.ok()) return read.status().At(QuoteForDisplay(name));
  return read;
}

}  // namespace fenchi::filesystem
