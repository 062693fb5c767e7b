// The directory of one SFTP provider: paths, what the server can do there, and what its answers
// mean.
//
// Whether the directory is still the one that was opened is told by a marker: an empty file
// ".place-<32 hexadecimal digits>" in it. Where the marker is gone (a disk that was unmounted, a
// directory that was moved), every call answers kUnavailable, and no object is reported as absent.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "fenchi/provider.h"
#include "storage/sftp_pool.h"

namespace fenchi {

// Found out when the place is opened, see sftp_probe.cc.
struct SftpAbilities {
  bool hard_link = false;       // gives an object its name, and fails when it is taken
  bool rename_refuses = false;  // so does a plain rename: seen once, which proves no atomicity
  bool sync_files = false;
  bool sync_folders = false;
  bool can_write = false;
  bool can_delete = false;
};

class SftpPlace {
 public:
  // Errors: as OpenSftpProvider.
  static Result<std::unique_ptr<SftpPlace>> Open(const SftpOptions& options);

  const std::string& location() const { return location_; }
  const SftpAbilities& abilities() const { return abilities_; }
  int sessions_max() const { return options_.sessions_max; }
  Result<SftpPool::Lease> Acquire() { return pool_->Acquire(); }

  // The path on the server of something relative to the root; "" is the root itself.
  std::string Path(std::string_view relative) const;

  // What lies at a path; nullopt when nothing does. Links are not followed.
  Result<std::optional<SftpAttributes>> Look(SftpSession& session, std::string_view relative) const;

  // Errors: kUnavailable when the marker is gone.
  Status CheckPresent(SftpSession& session) const;

  // What to tell the caller when `action` ("write", "read"...) failed on `name` with `reply`.
  // Looks at the marker and at the free space where the answer leaves open what it means.
  Status Failure(SftpSession& session, const SftpReply& reply, std::string_view action,
                 std::string_view name) const;

  // Free bytes for us. Errors: kUnsupported when the server does not tell.
  Result<std::uint64_t> FreeSpace(SftpSession& session) const;

  // Makes the folder's entries durable, where the server can.
  Status SyncFolder(SftpSession& session, std::string_view folder) const;
  Status SyncOpenFolder(SftpSession& session, const SftpHandle& handle,
                        std::string_view folder) const;
  // Makes the folder's own entry durable, and those of the folders above it, once for each:
  // another process may have made them and not synced them yet.
  Status SyncAbove(SftpSession& session, const std::string& folder);
  // Creates the folder and those above it.
  Status MakeFolder(SftpSession& session, std::string_view folder) const;

 private:
  explicit SftpPlace(const SftpOptions& options);
  // sftp_probe.cc
  Status OpenRoot(SftpSession& session);
  Status FindMarker(SftpSession& session);
  Status CreateMarker(SftpSession& session);
  Status Probe(SftpSession& session);
  Status SyncAboveRoot(SftpSession& session) const;
  Status ProbeNaming(SftpSession& session, const std::string& first);
  void RemoveLeftovers(SftpSession& session, std::uint32_t now_seconds);

  SftpOptions options_;
  std::string location_;
  std::unique_ptr<SftpPool> pool_;
  std::string marker_;  // "" when none could be made
  SftpAbilities abilities_;
  bool created_root_ = false;  // by this opening
  std::mutex mutex_;
  std::set<std::string, std::less<>> durable_folders_;
};

// Everything in a folder of the server, but "." and "..". A name told twice is there once.
// `missing` is set instead of an error when there is no such folder.
// `cut`: the folders asked for together were too much for memory: ask for this one alone.
struct SftpFolderRead {
  std::vector<SftpName> names = {};
  bool missing = false;
  bool cut = false;
};
// Several folders at once, so that their latencies do not add up. One answer for each; all of them
// take 16 MiB at most. Errors: kUnavailable when a folder that is asked for alone holds more, and
// when it only repeats itself.
Result<std::vector<SftpFolderRead>> ReadFolders(const SftpPlace& place, SftpSession& session,
                                                std::span<const std::string> relative);

}  // namespace fenchi
