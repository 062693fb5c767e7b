#include "filesystem/source_tree.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "base/display.h"
#include "base/error.h"

namespace fenchi::filesystem {
namespace {

constexpr auto kOffsetMax = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());

Status CheckName(const std::string& name) {
  if (IsEntryName(name)) return Status::Ok();
  return InvalidArgument("{} is not the name of an entry", QuoteForDisplay(name));
}

Status CheckPath(const std::string& path) {
  if (path.empty()) return InvalidArgument("the path to back up is empty");
  if (path.find('\0') != std::string::npos) {
    return InvalidArgument("path {} holds a NUL byte", QuoteForDisplay(path));
  }
  return Status::Ok();
}

// A link or another kind of node where a directory or file was seen: somebody changed the tree.
Status OpenFailure(int error_number, const std::string& name) {
  if (error_number == ELOOP || error_number == ENOTDIR) {
    return Conflict("{} was replaced while the tree was read", QuoteForDisplay(name));
  }
  return ErrnoStatus(error_number, "opening " + QuoteForDisplay(name));
}

bool KnowsNoHoles(int error_number) { return error_number == EINVAL || error_number == EOPNOTSUPP; }

}  // namespace

Result<SourceFile> SourceFile::Open(const std::string& path) {
  FENCHI_RETURN_IF_ERROR(CheckPath(path));
  const std::string shown = QuoteForDisplay(path);
  const Descriptor node(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat expected;
  if (!node.valid() || ::fstat(node.get(), &expected) != 0) {
    return ErrnoStatus(errno, "opening " + shown);
  }
  if (!S_ISREG(expected.st_mode)) return InvalidArgument("{} is not a regular file", shown);
  Descriptor file(ReopenForReading(node.get()));
  if (!file.valid() && IsProcMissing(errno)) {
    file = Descriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  }
  if (!file.valid()) return ErrnoStatus(errno, "opening " + shown);
  auto owners = std::make_shared<OwnerNames>();
  Result<SourceNode> opened = ReadOpenNode(file.get(), NodeDetail::kStatus, *owners);
  if (!opened.ok()) return opened.status().At(shown);
  if (opened->device != expected.st_dev || opened->inode != expected.st_ino) {
    return Conflict("{} was replaced while it was opened", shown);
  }
  return SourceFile(std::move(file), std::move(*opened), std::move(owners));
}

Result<std::size_t> SourceFile::Read(std::uint64_t offset, MutableBytes out) const {
  std::size_t done = 0;
  while (done < out.size() && offset <= kOffsetMax - done) {
    const ssize_t size = ::pread(file_.get(), out.data() + done, out.size() - done,
                                 static_cast<off_t>(offset + done));
    if (size < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus(errno, fmt::format("reading at offset {}", offset + done));
    }
    if (size == 0) break;
    done += static_cast<std::size_t>(size);
  }
  return done;
}

Result<std::optional<std::uint64_t>> SourceFile::DataFrom(std::uint64_t offset) const {
  const std::optional<std::uint64_t> none;
  if (offset > kOffsetMax) return none;
  const off_t start = ::lseek(file_.get(), static_cast<off_t>(offset), SEEK_DATA);
  if (start >= 0) return std::optional(static_cast<std::uint64_t>(start));
  if (errno == ENXIO) return none;
  if (!KnowsNoHoles(errno)) return ErrnoStatus(errno, "looking for data");
  FENCHI_ASSIGN_OR_RETURN(const SourceNode now, Now());
  return offset < now.attributes.size ? std::optional(offset) : none;
}

Result<std::uint64_t> SourceFile::DataEnd(std::uint64_t offset) const {
  if (offset > kOffsetMax) return offset;
  const off_t end = ::lseek(file_.get(), static_cast<off_t>(offset), SEEK_HOLE);
  if (end >= 0) return static_cast<std::uint64_t>(end);
  if (errno == ENXIO) return offset;  // behind the end: the file was cut
  if (!KnowsNoHoles(errno)) return ErrnoStatus(errno, "looking for holes");
  FENCHI_ASSIGN_OR_RETURN(const SourceNode now, Now());
  return std::max(offset, now.attributes.size);
}

Result<std::optional<DataExtent>> SourceFile::NextData(std::uint64_t offset) const {
  const std::optional<DataExtent> none;
  FENCHI_ASSIGN_OR_RETURN(const std::optional<std::uint64_t> start, DataFrom(offset));
  if (!start) return none;
  FENCHI_ASSIGN_OR_RETURN(std::uint64_t end, DataEnd(*start));
  if (end <= *start) {  // the file was cut meanwhile, or its file system contradicts itself
    FENCHI_ASSIGN_OR_RETURN(const SourceNode now, Now());
    end = now.attributes.size;
  }
  return end > *start ? std::optional(DataExtent{*start, end - *start}) : none;
}

Result<SourceNode> SourceFile::Now() const {
  return ReadOpenNode(file_.get(), NodeDetail::kStatus, *owners_);
}

Result<SourceNode> SourceFile::ReadAttributes() const {
  return ReadOpenNode(file_.get(), NodeDetail::kAll, *owners_);
}

Result<SourceDirectory> SourceDirectory::Open(const std::string& path,
                                              std::size_t open_directories_max) {
  FENCHI_RETURN_IF_ERROR(CheckPath(path));
  Descriptor root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) {
    if (errno == ENOTDIR) return InvalidArgument("{} is not a directory", QuoteForDisplay(path));
    return ErrnoStatus(errno, "opening directory " + QuoteForDisplay(path));
  }
  FENCHI_ASSIGN_OR_RETURN(auto handle,
                          DirectoryHandle::Root(std::move(root), open_directories_max));
  return SourceDirectory(std::move(handle), std::make_shared<OwnerNames>());
}

Result<std::vector<std::string>> SourceDirectory::ListNames() const {
  FENCHI_ASSIGN_OR_RETURN(DirectoryLease lease, handle_->Acquire());
  return ListEntryNames(lease->get());
}

Result<SourceNode> SourceDirectory::Read(const std::string& name, NodeDetail detail) const {
  FENCHI_RETURN_IF_ERROR(CheckName(name));
  FENCHI_ASSIGN_OR_RETURN(DirectoryLease lease, handle_->Acquire());
  return ReadNode(lease->get(), name, detail, *owners_);
}

Result<SourceNode> SourceDirectory::ReadStatus(const std::string& name) const {
  return Read(name, NodeDetail::kStatus);
}

void SourceDirectory::NameOwners(SourceNode& node) const { ReadOwners(*owners_, node.attributes); }

Result<SourceNode> SourceDirectory::ReadAttributes(const std::string& name) const {
  return Read(name, NodeDetail::kAll);
}

Result<SourceNode> SourceDirectory::ReadOwnAttributes() const {
  FENCHI_ASSIGN_OR_RETURN(DirectoryLease lease, handle_->Acquire());
  return ReadOpenNode(lease->get(), NodeDetail::kAll, *owners_);
}

Result<SourceDirectory> SourceDirectory::OpenChild(const std::string& name,
                                                   const SourceNode* seen) const {
  FENCHI_RETURN_IF_ERROR(CheckName(name));
  FENCHI_ASSIGN_OR_RETURN(DirectoryLease lease, handle_->Acquire());
  Descriptor opened(OpenComponent(lease->get(), name, O_RDONLY | O_DIRECTORY));
  if (!opened.valid()) return OpenFailure(errno, name);
  if (seen != nullptr) {
    struct stat status;
    if (::fstat(opened.get(), &status) != 0) return OpenFailure(errno, name);
    if (status.st_dev != seen->device || status.st_ino != seen->inode) {
      return OpenFailure(ENOTDIR, name);
    }
  }
  FENCHI_ASSIGN_OR_RETURN(auto handle, DirectoryHandle::Child(handle_, name, std::move(opened)));
  return SourceDirectory(std::move(handle), owners_);
}

Result<SourceFile> SourceDirectory::OpenFile(const std::string& name,
                                             const SourceNode& seen) const {
  FENCHI_RETURN_IF_ERROR(CheckName(name));
  FENCHI_ASSIGN_OR_RETURN(DirectoryLease lease, handle_->Acquire());
  // O_PATH first: opening a device to look at it can already do something (rewind a tape).
  const Descriptor node(OpenComponent(lease->get(), name, O_PATH));
  struct stat status;
  if (!node.valid() || ::fstat(node.get(), &status) != 0) return OpenFailure(errno, name);
  if (!S_ISREG(status.st_mode) || status.st_dev != seen.device || status.st_ino != seen.inode)
    return OpenFailure(ENOTDIR, name);
  Descriptor file(ReopenForReading(node.get()));
  if (!file.valid() && IsProcMissing(errno)) {
    file = Descriptor(OpenComponent(lease->get(), name, O_RDONLY | O_NONBLOCK));
  }
  if (!file.valid()) return OpenFailure(errno, name);
  Result<SourceNode> opened = ReadOpenNode(file.get(), NodeDetail::kStatus, *owners_);
  if (!opened.ok()) return opened.status().At(QuoteForDisplay(name));
  if (opened->device != seen.device || opened->inode != seen.inode) {
    return OpenFailure(ENOTDIR, name);
  }
  (void)::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);  // read ahead more
  return SourceFile(std::move(file), std::move(*opened), owners_);
}

}  // namespace fenchi::filesystem
