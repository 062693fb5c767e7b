#include "filesystem/attribute_writer.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/display.h"
#include "base/error.h"
#include "filesystem/descriptor.h"

namespace fenchi::filesystem {
namespace {

constexpr char kAccessAcl[] = "system.posix_acl_access";
constexpr char kDefaultAcl[] = "system.posix_acl_default";

// The calls that differ between a descriptor opened for use and one opened with O_PATH.
class Node {
 public:
  Node(int fd, NodeAccess access) : fd_(fd) {
    if (access == NodeAccess::kPathOnly) path_ = ProcPath(fd);
  }
  int Chown(uid_t uid, gid_t gid) const { return ::fchownat(fd_, "", uid, gid, AT_EMPTY_PATH); }
  int Chmod(mode_t mode) const {
    return path_.empty() ? ::fchmod(fd_, mode) : ::chmod(path_.c_str(), mode);
  }
  int SetXattr(const Xattr& xattr) const {
    const char* name = xattr.name.c_str();
    return path_.empty()
               ? ::fsetxattr(fd_, name, xattr.value.data(), xattr.value.size(), 0)
               : ::setxattr(path_.c_str(), name, xattr.value.data(), xattr.value.size(), 0);
  }
  int RemoveXattr(const char* name) const {
    return path_.empty() ? ::fremovexattr(fd_, name) : ::removexattr(path_.c_str(), name);
  }
  int SetTimes(const timespec times[2]) const {
    if (path_.empty()) return ::futimens(fd_, times);
    // AT_EMPTY_PATH works for O_PATH descriptors since Linux 5.8.
    if (::utimensat(fd_, "", times, AT_EMPTY_PATH) == 0) return 0;
    return ::utimensat(AT_FDCWD, path_.c_str(), times, 0);
  }
  int Stat(struct stat& status) const { return ::fstatat(fd_, "", &status, AT_EMPTY_PATH); }

 private:
  int fd_;
  std::string path_;  // through /proc, to the inode itself; for O_PATH only
};

void Warn(std::vector<Status>& warnings, int error_number, const std::string& what) {
  warnings.push_back(ErrnoStatus(error_number, what));
}

void WriteOwner(const Node& node, const Attributes& attributes, std::vector<Status>& warnings) {
  // To chown, the largest number means "leave it as it is".
  constexpr std::uint32_t kNobodyAtAll = 0xffffffff;
  if (attributes.uid == kNobodyAtAll || attributes.gid == kNobodyAtAll) {
    warnings.push_back(Damaged("owner {}:{} is no owner", attributes.uid, attributes.gid));
    return;
  }
  if (node.Chown(attributes.uid, attributes.gid) == 0) return;
  const int error = errno;
  // The owner of a file may give it to one of his own groups.
  if (node.Chown(static_cast<uid_t>(-1), attributes.gid) == 0) {
    Warn(warnings, error, fmt::format("setting owner {}", attributes.uid));
    return;
  }
  Warn(warnings, error, fmt::format("setting owner {}:{}", attributes.uid, attributes.gid));
}

// Capabilities and trusted.* give power like setuid does.
bool GivesPower(const std::string& xattr_name) {
  return xattr_name == "security.capability" || xattr_name.starts_with("trusted.");
}

void WriteXattrs(const Node& node, const Attributes& attributes, bool keep_power, bool acl_possible,
                 std::vector<Status>& warnings) {
  bool has_access_acl = false;
  bool has_default_acl = false;
  for (const Xattr& xattr : attributes.xattrs) {
    const std::string shown = "extended attribute " + QuoteForDisplay(xattr.name);
    if (xattr.name.find('\0') != std::string::npos) {  // the kernel would see another name
      warnings.push_back(Damaged("{} holds a NUL byte and was dropped", shown));
      continue;
    }
    if (GivesPower(xattr.name) && !keep_power) {
      warnings.push_back(Policy("{} was dropped", shown));
      continue;
    }
    if (node.SetXattr(xattr) != 0) {
      Warn(warnings, errno, "setting " + shown);
      continue;  // an ACL that is there is not the one that was kept
    }
    has_access_acl |= xattr.name == kAccessAcl;
    has_default_acl |= xattr.name == kDefaultAcl;
  }
  if (!acl_possible) return;
  // A default ACL of the directory above is inherited; the node that was kept had none. Failure
  // means that there is none to remove, or that the file system has no ACLs.
  if (attributes.type != EntryType::kSymlink && !has_access_acl) (void)node.RemoveXattr(kAccessAcl);
  if (attributes.type == EntryType::kDirectory && !has_default_acl) {
    (void)node.RemoveXattr(kDefaultAcl);
  }
}

// The mode without what may not be kept; says so.
mode_t AllowedMode(const Attributes& attributes, bool keep_power, std::vector<Status>& warnings) {
  const mode_t mode = attributes.mode & 07777;
  if (keep_power || (mode & (S_ISUID | S_ISGID)) == 0) return mode;
  warnings.push_back(Policy("setuid or setgid of mode {:04o} was dropped", mode));
  return mode & ~static_cast<mode_t>(S_ISUID | S_ISGID);
}

void WriteTimes(const Node& node, Timestamp modified, std::vector<Status>& warnings) {
  if (modified.nanoseconds > 999'999'999) {
    warnings.push_back(Damaged("modification time has {} nanoseconds", modified.nanoseconds));
    return;
  }
  timespec times[2] = {};
  times[0].tv_nsec = UTIME_OMIT;  // the access time is not kept
  times[1].tv_sec = modified.seconds;
  times[1].tv_nsec = modified.nanoseconds;
  if (node.SetTimes(times) != 0) Warn(warnings, errno, "setting the modification time");
}

// File systems round times, or cut them at the years that they can hold, and the kernel clears a
// setgid bit for a group that is not ours, all without an error.
void CheckWritten(const Node& node, const Attributes& attributes, mode_t mode,
                  std::vector<Status>& warnings) {
  struct stat status;
  if (node.Stat(status) != 0) {
    Warn(warnings, errno, "checking the restored attributes");
    return;
  }
  if (attributes.type != EntryType::kSymlink && (status.st_mode & 07777) != mode) {
    warnings.push_back(
        Unsupported("mode {:04o} became {:04o} on this file system", mode, status.st_mode & 07777));
  }
  const Timestamp& wanted = attributes.modified;
  if (status.st_mtim.tv_sec != wanted.seconds || status.st_mtim.tv_nsec != wanted.nanoseconds) {
    warnings.push_back(Unsupported("modification time {}.{:09} became {}.{:09} on this file system",
                                   wanted.seconds, wanted.nanoseconds, status.st_mtim.tv_sec,
                                   status.st_mtim.tv_nsec));
  }
}

bool HasOwnerOf(const Attributes& attributes, const struct stat& now) {
  return now.st_uid == attributes.uid && now.st_gid == attributes.gid;
}

}  // namespace

void WriteAttributes(int fd, NodeAccess access, struct stat now, const Attributes& attributes,
                     const AttributeRules& rules, std::vector<Status>& warnings) {
  const Node node(fd, access);
  bool has_its_owner = HasOwnerOf(attributes, now);
  if (rules.keep_owner && !has_its_owner) {
    WriteOwner(node, attributes, warnings);
    has_its_owner = node.Stat(now) == 0 && HasOwnerOf(attributes, now);
  }
  const bool keep_power = rules.keep_setuid && has_its_owner;
  WriteXattrs(node, attributes, keep_power, rules.acl_possible, warnings);
  mode_t mode = 0777;
  if (attributes.type != EntryType::kSymlink) {  // a link's mode is always 0777
    mode = AllowedMode(attributes, keep_power, warnings);
    if (node.Chmod(mode) != 0) Warn(warnings, errno, fmt::format("setting mode {:04o}", mode));
  }
  WriteTimes(node, attributes.modified, warnings);
  CheckWritten(node, attributes, mode, warnings);
}

bool AclPossible(int directory) {
  struct stat status;
  if (::fstat(directory, &status) != 0 || status.st_uid != ::geteuid()) return true;
  for (const char* name : {kAccessAcl, kDefaultAcl}) {
    const bool has_none =
        ::fgetxattr(directory, name, nullptr, 0) < 0 && (errno == ENODATA || errno == EOPNOTSUPP);
    if (!has_none) return true;
  }
  return false;
}

}  // namespace fenchi::filesystem
