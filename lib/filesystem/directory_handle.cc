#include "filesystem/directory_handle.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/display.h"
#include "base/error.h"

namespace fenchi::filesystem {
namespace {

struct DirectoryStream {
  explicit DirectoryStream(DIR* opened) : stream(opened) {}
  DirectoryStream(const DirectoryStream&) = delete;
  DirectoryStream& operator=(const DirectoryStream&) = delete;
  ~DirectoryStream() {
    if (stream != nullptr) ::closedir(stream);
  }
  DIR* stream;
};

}  // namespace

Result<std::vector<std::string>> ListEntryNames(int directory) {
  // A description of its own, so that two listings do not move each other's position.
  int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOATIME);
  if (fd < 0 && errno == EPERM) {
    fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  Descriptor own(fd);
  if (!own.valid()) return ErrnoStatus(errno, "opening a directory to list it");
  const DirectoryStream listing(::fdopendir(own.get()));
  if (listing.stream == nullptr) return ErrnoStatus(errno, "listing a directory");
  (void)own.Release();  // the stream closes it
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(listing.stream);
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return ErrnoStatus(errno, "listing a directory");
  std::sort(names.begin(), names.end());
  return names;
}

std::size_t DirectoryPool::open_count() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return open_.size();
}

void DirectoryPool::Touch(DirectoryHandle& handle) {
  if (handle.pooled_) {
    open_.splice(open_.begin(), open_, handle.position_);
    return;
  }
  open_.push_front(&handle);
  handle.position_ = open_.begin();
  handle.pooled_ = true;
  while (open_.size() > open_max_) {
    DirectoryHandle& oldest = *open_.back();
    open_.pop_back();
    oldest.pooled_ = false;
    oldest.descriptor_.reset();  // a lease that somebody holds keeps it open a little longer
  }
}

Result<std::shared_ptr<DirectoryHandle>> DirectoryHandle::Root(Descriptor root,
                                                               std::size_t open_max) {
  std::shared_ptr<DirectoryHandle> handle(new DirectoryHandle());
  handle->pool_ = std::make_shared<DirectoryPool>(open_max);
  handle->descriptor_ = std::make_shared<const Descriptor>(std::move(root));
  FENCHI_RETURN_IF_ERROR(handle->Examine());
  return handle;
}

Result<std::shared_ptr<DirectoryHandle>> DirectoryHandle::Child(
    std::shared_ptr<DirectoryHandle> parent, std::string name, Descriptor opened) {
  std::shared_ptr<DirectoryHandle> handle(new DirectoryHandle());
  handle->pool_ = parent->pool_;
  handle->parent_ = std::move(parent);
  handle->name_ = std::move(name);
  handle->descriptor_ = std::make_shared<const Descriptor>(std::move(opened));
  FENCHI_RETURN_IF_ERROR(handle->Examine());
  const std::lock_guard<std::mutex> lock(handle->pool_->mutex_);
  handle->pool_->Touch(*handle);
  return handle;
}

DirectoryHandle::~DirectoryHandle() {
  if (pool_ != nullptr) {
    const std::lock_guard<std::mutex> lock(pool_->mutex_);
    if (pooled_) pool_->open_.erase(position_);
  }
  // The last handle of a deep chain frees it here, step by step: left to the shared pointers, the
  // chain would be freed by recursion, one stack frame a level.
  std::shared_ptr<DirectoryHandle> parent = std::move(parent_);
  while (parent != nullptr && parent.use_count() == 1) {
    std::shared_ptr<DirectoryHandle> next;
    {
      // Whoever dropped the other reference may have looked at parent_ a moment ago.
      const std::lock_guard<std::mutex> lock(pool_->mutex_);
      next = std::move(parent->parent_);
    }
    parent = std::move(next);
  }
}

Status DirectoryHandle::Examine() {
  struct stat status;
  if (::fstat(descriptor_->get(), &status) != 0) {
    return ErrnoStatus(errno, "examining directory " + QuoteForDisplay(name_));
  }
  device_ = status.st_dev;
  inode_ = status.st_ino;
  return Status::Ok();
}

Status DirectoryHandle::Reopen(int parent_fd) {
  Descriptor opened(OpenComponent(parent_fd, name_, O_RDONLY | O_DIRECTORY));
  if (!opened.valid() && errno != ELOOP && errno != ENOTDIR) {
    return ErrnoStatus(errno, "opening directory " + QuoteForDisplay(name_) + " again");
  }
  struct stat status;
  if (!opened.valid() || ::fstat(opened.get(), &status) != 0 || status.st_dev != device_ ||
      status.st_ino != inode_) {
    return Conflict("directory {} was moved or replaced while it was in use",
                    QuoteForDisplay(name_));
  }
  descriptor_ = std::make_shared<const Descriptor>(std::move(opened));
  return Status::Ok();
}

Result<DirectoryLease> DirectoryHandle::Acquire() {
  const std::lock_guard<std::mutex> lock(pool_->mutex_);
  // Upwards to the nearest open ancestor (the root always is), then down again. The lease keeps
  // each step open while the next one is taken, whatever the pool closes meanwhile.
  std::vector<DirectoryHandle*> closed;
  DirectoryHandle* at = this;
  for (; at->descriptor_ == nullptr; at = at->parent_.get()) closed.push_back(at);
  DirectoryLease lease = at->descriptor_;
  if (at->parent_ != nullptr) pool_->Touch(*at);
  for (std::size_t i = closed.size(); i-- > 0;) {
    FENCHI_RETURN_IF_ERROR(closed[i]->Reopen(lease->get()));
    lease = closed[i]->descriptor_;
    pool_->Touch(*closed[i]);
  }
  return lease;
}

}  // namespace fenchi::filesystem
