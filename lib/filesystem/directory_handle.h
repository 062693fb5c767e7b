// Handles of directories, any number of them over a bounded number of descriptors.
//
// A walk down a tree of 5,000 levels would need 5,000 descriptors. A DirectoryHandle remembers its
// parent, its name and its inode instead; the pool keeps the handles used last open and closes
// others. A closed one is opened again on its next use, from its nearest open ancestor downwards,
// one component at a time, following no link; each directory on the way must be the same inode as
// before, else the use fails with kConflict. The process's descriptor limit is left alone.
//
// Thread-safe. A lease keeps a descriptor open for as long as the caller holds it.
//
//   FENCHI_ASSIGN_OR_RETURN(DirectoryLease lease, handle->Acquire());
//   ::fstatat(lease->get(), ...);
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fenchi/status.h"
#include "filesystem/descriptor.h"

namespace fenchi::filesystem {

using DirectoryLease = std::shared_ptr<const Descriptor>;

class DirectoryHandle;

// How many directories of one tree stay open, besides the root and those in use at this moment.
inline constexpr std::size_t kOpenDirectoriesMax = 64;

// The descriptors that the handles of one tree share.
class DirectoryPool {
 public:
  explicit DirectoryPool(std::size_t open_max) : open_max_(open_max < 1 ? 1 : open_max) {}
  std::size_t open_count() const;

 private:
  friend class DirectoryHandle;
  void Touch(DirectoryHandle& handle);  // the mutex is held
  mutable std::mutex mutex_;
  std::size_t open_max_;
  std::list<DirectoryHandle*> open_;  // used last in front; each has a descriptor
};

// The names in the open directory `directory` but "." and "..", as raw bytes, in byte order.
// Errors: kDenied, kIo.
Result<std::vector<std::string>> ListEntryNames(int directory);

class DirectoryHandle {
 public:
  // `root` is an open directory; it stays open as long as any handle of its tree lives.
  // Errors: kIo when it cannot be examined.
  static Result<std::shared_ptr<DirectoryHandle>> Root(Descriptor root,
                                                       std::size_t open_max = kOpenDirectoriesMax);
  // `opened` is the directory `name` of `parent`. Errors: kIo when it cannot be examined.
  static Result<std::shared_ptr<DirectoryHandle>> Child(std::shared_ptr<DirectoryHandle> parent,
                                                        std::string name, Descriptor opened);
  ~DirectoryHandle();
  DirectoryHandle(const DirectoryHandle&) = delete;
  DirectoryHandle& operator=(const DirectoryHandle&) = delete;

  // The open directory. Errors: kConflict when it, or a directory above it, was moved or replaced
  // since it was opened first; kNotFound, kDenied, kIo when it cannot be opened again.
  Result<DirectoryLease> Acquire();
  const DirectoryPool& pool() const { return *pool_; }

 private:
  friend class DirectoryPool;
  DirectoryHandle() = default;
  Status Examine();
  Status Reopen(int parent_fd);  // the pool's mutex is held

  std::shared_ptr<DirectoryPool> pool_;
  std::shared_ptr<DirectoryHandle> parent_;  // null for the root
  std::string name_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  DirectoryLease descriptor_;  // null while closed
  bool pooled_ = false;        // listed in the pool: open, and not the root
  std::list<DirectoryHandle*>::iterator position_ = {};  // valid while pooled_
};

}  // namespace fenchi::filesystem
