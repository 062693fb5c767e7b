// Writes a restored tree into a target directory, and never anywhere else.
//
// A snapshot may be planted and a target may be hostile: names are checked, every step is one
// component relative to an open directory, no link is followed (not one that was there, not one
// that is swapped in while we work), and files, links, FIFOs and devices are completed under a
// temporary name of mode 0600 before they appear under their own. Directories are 0700 until
// SetAttributes() is called, after their children: until then only the restoring user gets in.
//
// Unless asked: setuid and setgid bits, file capabilities and trusted.* attributes are dropped,
// devices refused, and nothing that exists is replaced. Attributes that cannot be set are warnings.
//
// Not promised: files are not flushed one by one; call Sync() at the end. Whoever may write into
// the target while we work can destroy what is restored there, but not direct us elsewhere.
//
//   FENCHI_ASSIGN_OR_RETURN(RestoreTarget target, RestoreTarget::Open("/restore", {}));
//   FENCHI_ASSIGN_OR_RETURN(RestoreDirectory sub, target.root().MakeDirectory("ledger"));
//   FENCHI_ASSIGN_OR_RETURN(RestoredFile file, sub.CreateFile("book.db", 3));
//   FENCHI_RETURN_IF_ERROR(file.Write(0, bytes));
//   FENCHI_RETURN_IF_ERROR(file.Finish(attributes, warnings));
//   FENCHI_RETURN_IF_ERROR(sub.SetAttributes(directory_attributes, warnings));
//
// Threads: RestoreTarget and RestoreDirectory may be used from several threads; RestoredFile::Write
// too, but Finish() only once and alone.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/entry.h"
#include "filesystem/attribute_writer.h"
#include "filesystem/directory_handle.h"
#include "filesystem/node.h"
#include "filesystem/source_tree.h"

namespace fenchi::filesystem {

struct RestoreTargetOptions {
  bool keep_setuid = false;            // also setgid, file capabilities and trusted.* attributes
  bool make_devices = false;           // character and block devices
  bool keep_owner = ::geteuid() == 0;  // numeric ids; names are information only
  bool overwrite = false;              // replace what is no directory
  std::size_t open_directories_max = kOpenDirectoriesMax;
};

// What was dropped by policy (kPolicy) or could not be set (other codes). Never a reason to stop.
using Warnings = std::vector<Status>;

struct NewNode;         // a link, FIFO or device that is about to be made
struct RestoreContext;  // options and owner names, shared by all handles of a target

// A file that is being written. Destroyed before Finish() it leaves nothing behind.
class RestoredFile {
 public:
  RestoredFile(RestoredFile&& other) noexcept;
  RestoredFile& operator=(RestoredFile&& other) noexcept;
  ~RestoredFile();

  // Writes all of `bytes` at `offset`, in any order, from any thread. What is never written is a
  // hole. Errors: kInvalidArgument beyond the size given to CreateFile; kFull, kIo.
  Status Write(std::uint64_t offset, ByteView bytes);

  // Sets the attributes and gives the file its name; after it no other call is allowed.
  // Errors: kInvalidArgument when the type is not kFile or the size not CreateFile's;
  // kAlreadyExists when the name is taken (with overwrite: by a directory); kFull, kIo, kConflict.
  // On failure nothing is left behind.
  Status Finish(const Attributes& attributes, Warnings& warnings);

 private:
  friend class RestoreDirectory;
  RestoredFile() = default;
  void Discard();
  std::shared_ptr<RestoreContext> context_;
  std::shared_ptr<DirectoryHandle> directory_;
  Descriptor file_;
  std::string name_;
  std::string temporary_name_;
  std::uint64_t size_bytes_ = 0;
  AttributeRules rules_;
};

// A directory inside the target. Copies share one handle.
class RestoreDirectory {
 public:
  // In all calls `name` is one entry's name. Errors of all: kDamaged ("planted name") when it is
  // empty, ".", "..", or holds a NUL or '/'; kConflict when this directory, or one above it, was
  // moved or replaced; kDenied, kFull, kIo.

  // A new directory, or the one that is there. Errors: kAlreadyExists when something else is there
  // (without overwrite); with overwrite that is removed first.
  Result<RestoreDirectory> MakeDirectory(const std::string& name) const;

  // Whether MakeDirectory() made it: nothing of an earlier restore is in it.
  bool is_new() const { return is_new_; }

  // What is there now: lets a restore that was interrupted skip what it has done. Never follows.
  Result<std::optional<SourceNode>> Existing(const std::string& name) const;

  // This directory as one to read from: to compare what is there with what should be.
  SourceDirectory ForReading() const;

  // A file of `size_bytes` zeros that appears under `name` when it is finished. In a new directory
  // only Finish() sees that it is taken.
  // Errors: kAlreadyExists; kDamaged when the size is above 2^63 - 1.
  Result<RestoredFile> CreateFile(const std::string& name, std::uint64_t size_bytes) const;

  // Errors: kAlreadyExists; kDamaged when `target` is empty or holds a NUL.
  Status MakeSymlink(const std::string& name, const std::string& target,
                     const Attributes& attributes, Warnings& warnings) const;
  // Errors: kAlreadyExists.
  Status MakeFifo(const std::string& name, const Attributes& attributes, Warnings& warnings) const;
  // Errors: kPolicy when make_devices is off: count it as dropped; kDenied without CAP_MKNOD;
  // kInvalidArgument when the type is no device; kAlreadyExists.
  Status MakeDevice(const std::string& name, const Attributes& attributes,
                    Warnings& warnings) const;
  // One more name for `from_name`, which is not followed if it is a link. Ok also when `name` is
  // that file already. Errors: kUnsupported when the file system cannot (another mount, too many
  // links, no hard links there): restore a copy; kNotFound; kAlreadyExists.
  Status MakeHardLink(const std::string& name, const RestoreDirectory& from,
                      const std::string& from_name) const;

  // Owner, extended attributes, mode and times of this directory itself; call it after the last
  // child. Errors: kInvalidArgument when the type is not kDirectory.
  Status SetAttributes(const Attributes& attributes, Warnings& warnings) const;

  // Removes temporary files that a killed restore left in this directory, but none that a running
  // one still writes; gives their number.
  Result<std::size_t> RemoveLeftovers() const;

 private:
  friend class RestoreTarget;
  RestoreDirectory(std::shared_ptr<RestoreContext> context, std::shared_ptr<DirectoryHandle> handle,
                   bool is_new = false, bool acl_possible = true)
      : context_(std::move(context)),
        handle_(std::move(handle)),
        is_new_(is_new),
        acl_possible_(acl_possible) {}
  Status CheckMayCreate(int directory, const std::string& name) const;
  Status MakeNode(const DirectoryLease& lease, const std::string& name, const NewNode& node,
                  const Attributes& attributes, Warnings& warnings) const;
  AttributeRules Rules() const;
  std::shared_ptr<RestoreContext> context_;
  std::shared_ptr<DirectoryHandle> handle_;
  bool is_new_ = false;
  bool acl_possible_ = true;  // on itself, or on what is made in it
};

class RestoreTarget {
 public:
  // Opens the directory `path`, or makes it (mode 0700) if its parent exists; links in the path are
  // followed, as they are the user's own. Errors: kInvalidArgument when it is empty or no
  // directory; kNotFound when the parent is missing; kDenied, kIo.
  static Result<RestoreTarget> Open(const std::string& path, const RestoreTargetOptions& options);

  const RestoreDirectory& root() const { return root_; }
  // Flushes the file system that holds the target. Errors: kFull, kIo: data may be lost.
  Status Sync() const;

 private:
  explicit RestoreTarget(RestoreDirectory root) : root_(std::move(root)) {}
  RestoreDirectory root_;
};

}  // namespace fenchi::filesystem
