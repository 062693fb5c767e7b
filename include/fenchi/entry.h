// What fenchi keeps about one file, directory or other node of a tree.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/clock.h"

namespace fenchi {

// On disk, never change: FORMAT.md section "Trees".
enum class EntryType : std::uint8_t {
  kFile = 1,
  kDirectory = 2,
  kSymlink = 3,
  kFifo = 4,
  kCharDevice = 5,
  kBlockDevice = 6,
  kSocket = 7,
};

struct Xattr {
  std::string name;  // with its namespace: "user.comment", "system.posix_acl_access"
  Bytes value;
  friend bool operator==(const Xattr&, const Xattr&) = default;
};

// The source's number: entries with equal keys that agree in all but their path are one file.
struct HardLinkKey {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend auto operator<=>(const HardLinkKey&, const HardLinkKey&) = default;
};

struct Attributes {
  EntryType type = EntryType::kFile;
  std::uint32_t mode = 0;  // permission bits with setuid, setgid and sticky: 0..07777
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string user;  // names as known on the source host; empty when it knew none
  std::string group;
  Timestamp modified;
  std::uint64_t size = 0;          // bytes, of files only
  std::string symlink_target;      // raw bytes, of symlinks only
  std::uint32_t device_major = 0;  // of devices only
  std::uint32_t device_minor = 0;
  std::optional<HardLinkKey> hard_link;  // of non-directories with more than one name
  std::vector<Xattr> xattrs;             // sorted by name; POSIX ACLs are among them
  friend bool operator==(const Attributes&, const Attributes&) = default;
};

}  // namespace fenchi
