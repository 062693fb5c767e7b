// What the file system tells about one node: the Attributes that a backup keeps, and what a later
// run compares to know that nothing changed.
//
// Everything is read from one inode, opened once with O_PATH and without following links: type,
// link target and extended attributes cannot stem from two different files.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "fenchi/entry.h"
#include "fenchi/status.h"

namespace fenchi::filesystem {

// Names and values of extended attributes kept of one node, in bytes together.
inline constexpr std::size_t kXattrBytesMax = 256 * 1024;

struct SourceNode {
  Attributes attributes;
  std::int64_t changed_ns = 0;  // ctime, nanoseconds since 1970: moves with content and attributes
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t link_count = 0;
  std::uint64_t blocks_bytes = 0;  // what it occupies; less than the size where there are holes
  Status warning;                  // the first attribute that could not be read, or was too large
};

// Whether `later` shows the file of `earlier`, not touched in between: same inode, size,
// modification and change time. Two changes within one tick of the file system's clock (about 4 ms
// on kernels before 6.13) can look like one.
bool LooksUnchanged(const SourceNode& earlier, const SourceNode& later);
// Waits, some milliseconds at most, until the kernel's clock for file times has gone past the
// node's last change: a change from then on shows, one within the same tick would not.
void WaitForLaterTick(const SourceNode& node);

// User and group names by number, asked of the system once each. Thread-safe.
class OwnerNames {
 public:
  std::string User(std::uint32_t uid);
  std::string Group(std::uint32_t gid);

 private:
  std::mutex mutex_;
  std::map<std::uint32_t, std::string> users_;
  std::map<std::uint32_t, std::string> groups_;
};

// How much ReadNode asks for.
enum class NodeDetail {
  kStatus,  // one fstatat: all but link target, owner names and extended attributes
  kAll,
};

// The node `name` in the open directory `directory`.
// Errors: kNotFound, kDenied, kIo. Extended attributes that fail are warnings.
Result<SourceNode> ReadNode(int directory, const std::string& name, NodeDetail detail,
                            OwnerNames& owners);
// The same for an open file or directory.
Result<SourceNode> ReadOpenNode(int fd, NodeDetail detail, OwnerNames& owners);
// Fills in the owners' names.
void ReadOwners(OwnerNames& owners, Attributes& attributes);

}  // namespace fenchi::filesystem
