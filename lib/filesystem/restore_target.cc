#include "filesystem/restore_target.h"

#include <sys/file.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <limits>
#include <utility>

#include "base/coding.h"
#include "base/display.h"
#include "base/error.h"
#include "fenchi/random.h"
#include "filesystem/attribute_writer.h"

namespace fenchi::filesystem {

struct RestoreContext {
  RestoreTargetOptions options;
  OwnerNames owners;
};

// What MakeSymlink, MakeFifo and MakeDevice make, under a temporary name.
struct NewNode {
  mode_t type;                                  // S_IFLNK, S_IFIFO ...
  dev_t device = 0;                             // of devices
  std::function<int(const char* name)> create;  // 0, or -1 and errno
};

namespace {

constexpr std::string_view kTemporaryPrefix = ".fenchi-";
constexpr std::string_view kTemporarySuffix = ".part";
constexpr std::size_t kTemporaryRandomChars = 8;
constexpr int kAttempts = 8;  // at a name that somebody else takes or changes in the same moment

Status CheckName(const std::string& name) {
  if (IsEntryName(name)) return Status::Ok();
  return Damaged("planted name {}: it would lead out of its directory", QuoteForDisplay(name));
}

std::string TemporaryName() {
  std::array<std::uint8_t, 5> raw;  // 8 characters of base32
  SystemRandom().Fill(raw);
  return std::string(kTemporaryPrefix) + ToBase32(raw) + std::string(kTemporarySuffix);
}

bool IsTemporaryName(std::string_view name) {
  if (!name.starts_with(kTemporaryPrefix) || !name.ends_with(kTemporarySuffix)) return false;
  name.remove_prefix(kTemporaryPrefix.size());
  if (name.size() != kTemporaryRandomChars + kTemporarySuffix.size()) return false;
  name.remove_suffix(kTemporarySuffix.size());
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7'); });
}

Status Taken(const std::string& name) {
  return AlreadyExists("{} exists already", QuoteForDisplay(name));
}

Status DirectoryInTheWay(const std::string& name) {
  return AlreadyExists("a directory is in the way of {}", QuoteForDisplay(name));
}

// Whether `name` may be created: kAlreadyExists when not. Before the work it only saves that; where
// rename cannot refuse, it is also the last word.
Status CheckFree(int directory, const std::string& name, bool overwrite) {
  struct stat status;
  if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return Status::Ok();
    return ErrnoStatus(errno, "looking for " + QuoteForDisplay(name));
  }
  if (S_ISDIR(status.st_mode)) return DirectoryInTheWay(name);
  return overwrite ? Status::Ok() : Taken(name);
}

// Moves `temporary` to `name` where rename cannot refuse an existing name (some network and FUSE
// file systems).
Status PlaceWithoutRenameFlags(int directory, const std::string& temporary,
                               const std::string& name) {
  if (::linkat(directory, temporary.c_str(), directory, name.c_str(), 0) == 0) {
    (void)::unlinkat(directory, temporary.c_str(), 0);
    return Status::Ok();
  }
  if (errno == EEXIST) return Taken(name);
  // No hard links either: the best that such a file system allows.
  FENCHI_RETURN_IF_ERROR(CheckFree(directory, name, false));
  if (::renameat(directory, temporary.c_str(), directory, name.c_str()) == 0) return Status::Ok();
  return ErrnoStatus(errno, "naming " + QuoteForDisplay(name));
}

// Gives the complete node `temporary` its name. An existing link at that name is never followed.
Status Place(int directory, const std::string& temporary, const std::string& name, bool overwrite) {
  const unsigned flags = overwrite ? 0 : RENAME_NOREPLACE;
  if (::renameat2(directory, temporary.c_str(), directory, name.c_str(), flags) == 0) {
    return Status::Ok();
  }
  if (errno == EISDIR) return DirectoryInTheWay(name);
  if (errno == EEXIST) return Taken(name);
  if (!overwrite && (errno == EINVAL || errno == ENOSYS)) {
    return PlaceWithoutRenameFlags(directory, temporary, name);
  }
  return ErrnoStatus(errno, "naming " + QuoteForDisplay(name));
}

// The directory `name` for use by its owner: one that an earlier restore finished may lack the
// owner's own permissions. Invalid and errno when it cannot be opened.
Descriptor OpenForWriting(int directory, const std::string& name) {
  Descriptor opened(OpenComponent(directory, name, O_RDONLY | O_DIRECTORY));
  const bool locked_out = !opened.valid() && errno == EACCES;
  if (locked_out) opened = Descriptor(OpenComponent(directory, name, O_PATH | O_DIRECTORY));
  struct stat status;
  if (!opened.valid() || ::fstat(opened.get(), &status) != 0) return Descriptor();
  const bool ours = status.st_uid == ::geteuid() && ::geteuid() != 0;
  if (ours && (status.st_mode & S_IRWXU) != S_IRWXU) {
    const mode_t mode = (status.st_mode & 07777) | S_IRWXU;
    (void)::chmod(ProcPath(opened.get()).c_str(), mode);  // if not: the first child says so
  }
  if (!locked_out) return opened;
  return Descriptor(::openat(opened.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

// Whether a running restore still writes the temporary file `name`: then it holds its lock.
bool IsBeingWritten(int directory, const std::string& name) {
  const Descriptor file(OpenComponent(directory, name, O_RDONLY | O_NONBLOCK));
  return file.valid() && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace

// ---- RestoredFile

RestoredFile::RestoredFile(RestoredFile&& other) noexcept = default;

RestoredFile& RestoredFile::operator=(RestoredFile&& other) noexcept {
  if (this != &other) {
    Discard();
    context_ = std::move(other.context_);
    directory_ = std::move(other.directory_);
    file_ = std::move(other.file_);
    name_ = std::move(other.name_);
    temporary_name_ = std::move(other.temporary_name_);
    size_bytes_ = other.size_bytes_;
    rules_ = other.rules_;
  }
  return *this;
}

RestoredFile::~RestoredFile() { Discard(); }

void RestoredFile::Discard() {
  if (!file_.valid()) return;
  if (const Result<DirectoryLease> lease = directory_->Acquire(); lease.ok()) {
    (void)::unlinkat((*lease)->get(), temporary_name_.c_str(), 0);
  }
  file_ = Descriptor();
}

Status RestoredFile::Write(std::uint64_t offset, ByteView bytes) {
  if (offset > size_bytes_ || bytes.size() > size_bytes_ - offset) {
    return InvalidArgument("{} bytes at offset {} are beyond the {} bytes of {}", bytes.size(),
                           offset, size_bytes_, QuoteForDisplay(name_));
  }
  while (!bytes.empty()) {
    const ssize_t done =
        ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (done < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus(errno, "writing " + QuoteForDisplay(name_));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(done));
    offset += static_cast<std::uint64_t>(done);
  }
  return Status::Ok();
}

Status RestoredFile::Finish(const Attributes& attributes, Warnings& warnings) {
  if (attributes.type != EntryType::kFile || attributes.size != size_bytes_) {
    Discard();
    return InvalidArgument("{} was created as a file of {} bytes", QuoteForDisplay(name_),
                           size_bytes_);
  }
  const auto size = static_cast<off_t>(size_bytes_);
  struct stat now;
  if (::fstat(file_.get(), &now) != 0 ||
      (now.st_size != size && ::ftruncate(file_.get(), size) != 0)) {  // ends with a hole
    const int error = errno;
    Discard();
    return ErrnoStatus(error, "setting the size of " + QuoteForDisplay(name_));
  }
  WriteAttributes(file_.get(), NodeAccess::kOpen, now, attributes, rules_, warnings);
  Result<DirectoryLease> lease = directory_->Acquire();
  Status placed = lease.ok()
                      ? Place((*lease)->get(), temporary_name_, name_, context_->options.overwrite)
                      : std::move(lease).status();
  if (placed.ok()) {
    file_ = Descriptor();
  } else {
    Discard();
  }
  return placed;
}

// ---- RestoreDirectory

// In a directory that we have just made nothing is in the way but what the snapshot names twice:
// placing sees it.
Status RestoreDirectory::CheckMayCreate(int directory, const std::string& name) const {
  return is_new_ ? Status::Ok() : CheckFree(directory, name, context_->options.overwrite);
}

AttributeRules RestoreDirectory::Rules() const {
  return {.keep_setuid = context_->options.keep_setuid,
          .keep_owner = context_->options.keep_owner,
          .acl_possible = acl_possible_};
}

// Creates the node, completes it through a descriptor of its own, and gives it its name.
Status RestoreDirectory::MakeNode(const DirectoryLease& lease, const std::string& name,
                                  const NewNode& node, const Attributes& attributes,
                                  Warnings& warnings) const {
  const int directory = lease->get();
  FENCHI_RETURN_IF_ERROR(CheckMayCreate(directory, name));
  std::string temporary;
  int made = -1;
  for (int i = 0; i < kAttempts && made != 0; ++i) {
    temporary = TemporaryName();
    made = node.create(temporary.c_str());
    if (made != 0 && errno != EEXIST) break;
  }
  if (made != 0) return ErrnoStatus(errno, "making " + QuoteForDisplay(name));
  const Descriptor opened(OpenComponent(directory, temporary, O_PATH));
  struct stat status;
  if (!opened.valid() || ::fstat(opened.get(), &status) != 0) {
    const int error = errno;
    (void)::unlinkat(directory, temporary.c_str(), 0);
    return ErrnoStatus(error, "making " + QuoteForDisplay(name));
  }
  // Whoever may write here could have put another node in place: attributes go only to what is
  // certainly the new one, by type and by having no other name.
  if ((status.st_mode & S_IFMT) != node.type || status.st_nlink != 1 ||
      (node.device != 0 && status.st_rdev != node.device)) {
    return Conflict("{} was replaced while it was made", QuoteForDisplay(name));
  }
  WriteAttributes(opened.get(), NodeAccess::kPathOnly, status, attributes, Rules(), warnings);
  Status placed = Place(directory, temporary, name, context_->options.overwrite);
  if (!placed.ok()) (void)::unlinkat(directory, temporary.c_str(), 0);
  return placed;
}

Result<RestoreDirectory> RestoreDirectory::MakeDirectory(const std::string& name) const {
  FENCHI_RETURN_IF_ERROR(CheckName(name));
  FENCHI_ASSIGN_OR_RETURN(DirectoryLease lease, handle_->Acquire());
  const std::string shown = QuoteForDisplay(name);
  for (int i = 0; i < kAttempts; ++i) {
    const bool made = ::mkdirat(lease->get(), name.c_str(), 0700) == 0;
    if (!made && errno != EEXIST) return ErrnoStatus(errno, "making directory " + shown);
    Descriptor opened = OpenForWriting(lease->get(), name);
    if (opened.valid()) {
      const bool acl_possible = !made || AclPossible(opened.get());
      FENCHI_ASSIGN_OR_RETURN(auto child, DirectoryHandle::Child(handle_, name, std::move(opened)));
      return RestoreDirectory(context_, std::move(child), made, acl_possible);
    }
    if (errno == ENOENT) continue;  // removed again by somebody
    if (errno != ELOOP && errno != ENOTDIR) return ErrnoStatus(errno, "opening directory " + shown);
    if (made) return Conflict("directory {} was replaced while it was made", shown);
    if (!context_->options.overwrite) return Taken(name);
    if (::unlinkat(lease->get(), name.c_str(), 0) != 0 && errno != ENOENT && errno != EISDIR) {
      return ErrnoStatus(errno, "removing what is in the way of directory " + shown);
    }
  }
  return Conflict("directory {} keeps being replaced", shown);
}

Result<std::optional<SourceNode>> RestoreDirectory::Existing(const std::string& name) const {
  FENCHI_RETURN_IF_ERROR(CheckName(name));
  FENCHI_ASSIGN_OR_RETURN(DirectoryLease lease, handle_->Acquire());
  Result<SourceNode> node = ReadNode(lease->get(), name, NodeDetail::kAll, context_->owners);
  if (node.ok()) return std::optional(std::move(node).value());
  if (node.status().code() == StatusCode::kNotFound) return std::optional<SourceNode>();
  return std::move(node).status();
}

SourceDirectory RestoreDirectory::ForReading() const {
  return SourceDirectory(handle_, std::make_shared<OwnerNames>());
}

Result<RestoredFile> RestoreDirectory::CreateFile(const std::string& name,
                                                  std::uint64_t size_bytes) const {
  FENCHI_RETURN_IF_ERROR(CheckName(name));
  if (size_bytes > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) {
    return Damaged("{} has a size of {} bytes", QuoteForDisplay(name), size_bytes);
  }
  FENCHI_ASSIGN_OR_RETURN(DirectoryLease lease, handle_->Acquire());
  FENCHI_RETURN_IF_ERROR(CheckMayCreate(lease->get(), name));
  RestoredFile file;
  for (int i = 0; i < kAttempts && !file.file_.valid(); ++i) {
    file.temporary_name_ = TemporaryName();
    file.file_ = Descriptor(
        OpenComponent(lease->get(), file.temporary_name_, O_WRONLY | O_CREAT | O_EXCL, 0600));
    if (!file.file_.valid() && errno != EEXIST) break;
  }
  if (!file.file_.valid()) return ErrnoStatus(errno, "creating " + QuoteForDisplay(name));
  (void)::flock(file.file_.get(), LOCK_EX | LOCK_NB);  // tells RemoveLeftovers that we are alive
  file.context_ = context_;
  file.directory_ = handle_;
  file.name_ = name;
  file.size_bytes_ = size_bytes;
  file.rules_ = Rules();
  return file;
}

Status RestoreDirectory::MakeSymlink(const std::string& name, const std::string& target,
                                     const Attributes& attributes, Warnings& warnings) const {
  FENCHI_RETURN_IF_ERROR(CheckName(name));
  if (attributes.type != EntryType::kSymlink) {
    return InvalidArgument("the attributes of {} are not a link's", QuoteForDisplay(name));
  }
  if (target.empty() || target.find('\0') != std::string::npos) {
    return Damaged("link {} has the impossible target {}", QuoteForDisplay(name),
                   QuoteForDisplay(target));
  }
  FENCHI_ASSIGN_OR_RETURN(DirectoryLease lease, handle_->Acquire());
  const NewNode node = {.type = S_IFLNK, .create = [&](const char* temporary) {
                          return ::symlinkat(target.c_str(), lease->get(), temporary);
                        }};
  return MakeNode(lease, name, node, attributes, warnings);
}

Status RestoreDirectory::MakeFifo(const std::string& name, const Attributes& attributes,
                                  Warnings& warnings) const {
  FENCHI_RETURN_IF_ERROR(CheckName(name));
  if (attributes.type != EntryType::kFifo) {
    return InvalidArgument("the attributes of {} are not a FIFO's", QuoteForDisplay(name));
  }
  FENCHI_ASSIGN_OR_RETURN(DirectoryLease lease, handle_->Acquire());
  const NewNode node = {.type = S_IFIFO, .create = [&](const char* temporary) {
                          return ::mkfifoat(lease->get(), temporary, 0600);
                        }};
  return MakeNode(lease, name, node, attributes, warnings);
}

Status RestoreDirectory::MakeDevice(const std::string& name, const Attributes& attributes,
                                    Warnings& warnings) const {
  FENCHI_RETURN_IF_ERROR(CheckName(name));
  if (attributes.type != EntryType::kCharDevice && attributes.type != EntryType::kBlockDevice) {
    return InvalidArgument("the attributes of {} are not a device's", QuoteForDisplay(name));
  }
  const std::string shown = QuoteForDisplay(name);
  if (!context_->options.make_devices) {
    return Policy("device {} ({}:{}) was dropped: devices are made only when asked for", shown,
                  attributes.device_major, attributes.device_minor);
  }
  FENCHI_ASSIGN_OR_RETURN(DirectoryLease lease, handle_->Acquire());
  const mode_t type = attributes.type == EntryType::kCharDevice ? S_IFCHR : S_IFBLK;
  const dev_t device = makedev(attributes.device_major, attributes.device_minor);
  const NewNode node = {.type = type, .device = device, .create = [&](const char* temporary) {
                          return ::mknodat(lease->get(), temporary, type | 0600, device);
                        }};
  return MakeNode(lease, name, node, attributes, warnings);
}

Status RestoreDirectory::MakeHardLink(const std::string& name, const RestoreDirectory& from,
                                      const std::string& from_name) const {
  FENCHI_RETURN_IF_ERROR(CheckName(name));
  FENCHI_RETURN_IF_ERROR(CheckName(from_name));
  FENCHI_ASSIGN_OR_RETURN(DirectoryLease source, from.handle_->Acquire());
  FENCHI_ASSIGN_OR_RETURN(DirectoryLease lease, handle_->Acquire());
  struct stat wanted;
  struct stat there;
  if (::fstatat(source->get(), from_name.c_str(), &wanted, AT_SYMLINK_NOFOLLOW) != 0) {
    return ErrnoStatus(errno, "looking for " + QuoteForDisplay(from_name));
  }
  if (S_ISDIR(wanted.st_mode)) {
    return InvalidArgument("{} is a directory and cannot be hard-linked",
                           QuoteForDisplay(from_name));
  }
  if (::fstatat(lease->get(), name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
      SameInode(wanted, there)) {
    return Status::Ok();
  }
  FENCHI_RETURN_IF_ERROR(CheckMayCreate(lease->get(), name));
  const std::string temporary = TemporaryName();
  if (::linkat(source->get(), from_name.c_str(), lease->get(), temporary.c_str(), 0) != 0) {
    const int error = errno;
    const std::string what = "linking " + QuoteForDisplay(name);
    if (error == EXDEV || error == EMLINK || error == EPERM || error == EOPNOTSUPP) {
      return Unsupported("{}", ErrnoStatus(error, what).message());
    }
    return ErrnoStatus(error, what);
  }
  Status placed = Place(lease->get(), temporary, name, context_->options.overwrite);
  // Renaming over another name of the same file leaves both names: take the temporary one away.
  (void)::unlinkat(lease->get(), temporary.c_str(), 0);
  return placed;
}

Status RestoreDirectory::SetAttributes(const Attributes& attributes, Warnings& warnings) const {
  if (attributes.type != EntryType::kDirectory) {
    return InvalidArgument("the attributes are not a directory's");
  }
  FENCHI_ASSIGN_OR_RETURN(DirectoryLease lease, handle_->Acquire());
  struct stat now;
  if (::fstat(lease->get(), &now) != 0) return ErrnoStatus(errno, "examining a directory");
  WriteAttributes(lease->get(), NodeAccess::kOpen, now, attributes, Rules(), warnings);
  return Status::Ok();
}

Result<std::size_t> RestoreDirectory::RemoveLeftovers() const {
  FENCHI_ASSIGN_OR_RETURN(DirectoryLease lease, handle_->Acquire());
  FENCHI_ASSIGN_OR_RETURN(std::vector<std::string> names, ListEntryNames(lease->get()));
  std::size_t removed = 0;
  for (const std::string& name : names) {
    struct stat status;
    if (!IsTemporaryName(name) ||
        ::fstatat(lease->get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        S_ISDIR(status.st_mode) ||
        (S_ISREG(status.st_mode) && IsBeingWritten(lease->get(), name))) {
      continue;
    }
    if (::unlinkat(lease->get(), name.c_str(), 0) != 0) {
      return ErrnoStatus(errno, "removing " + QuoteForDisplay(name));
    }
    ++removed;
  }
  return removed;
}

// ---- RestoreTarget

Result<RestoreTarget> RestoreTarget::Open(const std::string& path,
                                          const RestoreTargetOptions& options) {
  const std::string shown = QuoteForDisplay(path);
  if (path.empty() || path.find('\0') != std::string::npos) {
    return InvalidArgument("{} is no path to restore to", shown);
  }
  const bool made = ::mkdir(path.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return ErrnoStatus(errno, "making restore target " + shown);
  // One that was just made is certainly no link, unless somebody swapped one in.
  const int no_link = made && path.back() != '/' ? O_NOFOLLOW : 0;
  Descriptor root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | no_link));
  if (!root.valid()) {
    if (errno == ENOTDIR) return InvalidArgument("restore target {} is not a directory", shown);
    return ErrnoStatus(errno, "opening restore target " + shown);
  }
  FENCHI_ASSIGN_OR_RETURN(auto handle,
                          DirectoryHandle::Root(std::move(root), options.open_directories_max));
  auto context = std::make_shared<RestoreContext>();
  context->options = options;
  return RestoreTarget(RestoreDirectory(std::move(context), std::move(handle)));
}

Status RestoreTarget::Sync() const {
  FENCHI_ASSIGN_OR_RETURN(DirectoryLease lease, root_.handle_->Acquire());
  if (::syncfs(lease->get()) == 0) return Status::Ok();
  return ErrnoStatus(errno, "flushing the restore target");
}

}  // namespace fenchi::filesystem
