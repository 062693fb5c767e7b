// Reads a local tree for a backup: directories, attributes, and file content with its holes.
//
// All is relative to open directories and no link is followed but those in the path that the user
// gave: a tree that others write to while it is read can give old or new content, never content
// from outside, and never hangs the reader on a FIFO or opens a device. Paths longer than 4096
// bytes and thousands of levels work; only some 64 directories are held open.
//
// Reading does not move access times where the kernel lets us (own files, or root). What cannot be
// read is a Status for that entry alone; the caller reports it and goes on.
//
//   FENCHI_ASSIGN_OR_RETURN(auto root, SourceDirectory::Open("/srv/ledger"));
//   FENCHI_ASSIGN_OR_RETURN(std::vector<std::string> names, root.ListNames());
//   FENCHI_ASSIGN_OR_RETURN(SourceNode before, root.ReadAttributes(names[0]));
//   FENCHI_ASSIGN_OR_RETURN(SourceFile file, root.OpenFile(names[0], before));
//   ... file.NextData(), file.Read() ...
//   FENCHI_ASSIGN_OR_RETURN(SourceNode after, file.Now());
//   if (!LooksUnchanged(before, after)) ...  // report: changed while it was read
//
// Threads: every method of every class here may be called from several threads at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fenchi/bytes.h"
#include "filesystem/directory_handle.h"
#include "filesystem/node.h"

namespace fenchi::filesystem {

// A range of a file that is stored; what lies between ranges reads as zeros.
struct DataExtent {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  friend bool operator==(const DataExtent&, const DataExtent&) = default;
};

// An open regular file. Movable; closes itself.
class SourceFile {
 public:
  // The regular file at `path`; links in the path are followed, as they are the user's own.
  // Errors: kInvalidArgument when it is no regular file; kNotFound, kDenied, kIo.
  static Result<SourceFile> Open(const std::string& path);

  // Fills `out` from `offset`; gives the number of bytes read, less than asked for at the file's
  // end only. An empty `out` reads nothing. Errors: kIo.
  Result<std::size_t> Read(std::uint64_t offset, MutableBytes out) const;

  // Where stored bytes lie next, at `offset` or behind it; none when only a hole or nothing is
  // left. Where the file system knows no holes, at `offset`. Errors: kIo.
  Result<std::optional<std::uint64_t>> DataFrom(std::uint64_t offset) const;
  // Where the stored range ends in which `offset` lies; `offset` itself where nothing is stored.
  // Some file systems go through the whole range for it. Errors: kIo.
  Result<std::uint64_t> DataEnd(std::uint64_t offset) const;
  // Both: the first stored range that ends after `offset`, cut to begin there at the earliest.
  Result<std::optional<DataExtent>> NextData(std::uint64_t offset) const;

  // The file's status when it was opened (NodeDetail::kStatus), to compare with LooksUnchanged().
  const SourceNode& opened() const { return opened_; }
  // The same at this moment.
  Result<SourceNode> Now() const;
  // The file's status with all attributes.
  Result<SourceNode> ReadAttributes() const;

 private:
  friend class SourceDirectory;
  SourceFile(Descriptor file, SourceNode opened, std::shared_ptr<OwnerNames> owners)
      : file_(std::move(file)), opened_(std::move(opened)), owners_(std::move(owners)) {}
  Descriptor file_;
  SourceNode opened_;
  std::shared_ptr<OwnerNames> owners_;
};

// A directory of the tree. Copies share one handle.
class SourceDirectory {
 public:
  // Links in `path` are followed, as they are the user's own.
  // Errors: kInvalidArgument when it is empty or no directory; kNotFound, kDenied, kIo.
  static Result<SourceDirectory> Open(const std::string& path,
                                      std::size_t open_directories_max = kOpenDirectoriesMax);

  // All names but "." and "..", as raw bytes, in byte order. Errors: kConflict, kDenied, kIo.
  // Cost: memory for all the names of this one directory.
  Result<std::vector<std::string>> ListNames() const;

  // The entry's status by one system call: enough to know that it did not change since an earlier
  // run. Link target, owner names and extended attributes stay empty.
  // Errors: kInvalidArgument for what is no name; kNotFound when it vanished; kDenied, kIo.
  Result<SourceNode> ReadStatus(const std::string& name) const;
  // Adds to a status the names of its owners.
  void NameOwners(SourceNode& node) const;
  // The entry with all attributes. Sockets have type kSocket; they cannot be kept. Errors: the
  // same.
  Result<SourceNode> ReadAttributes(const std::string& name) const;
  // This directory itself, with all attributes.
  Result<SourceNode> ReadOwnAttributes() const;

  // Errors: kConflict when it is no directory (any more), or another one than `seen` if given;
  // kInvalidArgument for what is no name; kNotFound, kDenied, kIo.
  Result<SourceDirectory> OpenChild(const std::string& name,
                                    const SourceNode* seen = nullptr) const;

  // Opens the regular file that `seen` describes. Never blocks on a FIFO, never opens a device.
  // Errors: kConflict when something else has the name now; else as above.
  Result<SourceFile> OpenFile(const std::string& name, const SourceNode& seen) const;

 private:
  friend class RestoreDirectory;
  SourceDirectory(std::shared_ptr<DirectoryHandle> handle, std::shared_ptr<OwnerNames> owners)
      : handle_(std::move(handle)), owners_(std::move(owners)) {}
  Result<SourceNode> Read(const std::string& name, NodeDetail detail) const;
  std::shared_ptr<DirectoryHandle> handle_;
  std::shared_ptr<OwnerNames> owners_;
};

}  // namespace fenchi::filesystem
