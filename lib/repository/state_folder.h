// The folder of one vault in this host's state directory: small files replaced whole, and locks.
//
// A file is either what it was or what it shall be, also after power loss: it is written beside,
// synced, renamed over, and the folder is synced. Locks are flock()s: they end with the process, so
// that a crash leaves none behind.
//
//   FENCHI_ASSIGN_OR_RETURN(StateFolder folder, StateFolder::Open(directory, vault));
//   FENCHI_RETURN_IF_ERROR(folder.Replace("seen", bytes));
#pragma once

#include <optional>
#include <string>

#include "fenchi/bytes.h"
#include "fenchi/status.h"
#include "filesystem/descriptor.h"

namespace fenchi {

// Held as long as it lives.
using StateLock = filesystem::Descriptor;

class StateFolder {
 public:
  // "<directory>/<first 16 hex digits of the vault id>", made with mode 0700 where it is missing,
  // parents too. Empty `directory`: DefaultStateDirectory().
  // Errors: kDenied, also when another user may write into it; kIo, kFull.
  static Result<StateFolder> Open(const std::string& directory, const VaultId& vault);

  const std::string& path() const { return path_; }
  std::string PathOf(const std::string& name) const { return path_ + "/" + name; }

  // Nothing when there is no such file. Errors: kIo, kDenied; kDamaged beyond `size_max` bytes.
  Result<std::optional<Bytes>> Read(const std::string& name, std::size_t size_max) const;
  // Durable when it returns ok. The caller holds a lock that no other writer of `name` has.
  Status Replace(const std::string& name, ByteView bytes) const;
  // Renames `name` to "<name>.damaged-<n>", n the first that is free, and returns the new name.
  Result<std::string> SetAside(const std::string& name) const;

  // Absent is fine.
  Status Remove(const std::string& name) const;

  // Waits for the lock. Errors: kIo, kDenied, kFull.
  Result<StateLock> Lock(const std::string& name) const;
  // Nothing when another holds it.
  Result<std::optional<StateLock>> TryLock(const std::string& name) const;

 private:
  StateFolder(std::string path, filesystem::Descriptor fd)
      : path_(std::move(path)), fd_(std::move(fd)) {}
  Result<StateLock> OpenLockFile(const std::string& name) const;
  std::string path_;
  filesystem::Descriptor fd_;
};

}  // namespace fenchi
