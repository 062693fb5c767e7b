// What a host keeps on its own disk between runs.
//
// Two kinds of things, in one folder for each vault:
// - must not be lost, or a new writer id and a full upload follow: the writer's signing key and the
//   place in its log, the sealed record that may not have reached W yet (`writer-N`, sealed under a
//   key from K_outer, replaced atomically and synced);
// - the newest heads and policy seen (`seen`): how a provider that serves an old state is caught.
// The rebuildable chunk index lies beside them (chunk_index.h).
// A WriterState is held by one process at a time: a second backup on the same host gets another N.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "crypto/signing.h"
#include "fenchi/random.h"
#include "format/record.h"
#include "repository/access.h"

namespace fenchi {

// $FENCHI_CACHE_DIR, else $XDG_STATE_HOME/fenchi, else ~/.local/state/fenchi.
std::string DefaultStateDirectory();

// The newest log heads and policy that this host has seen.
struct SeenState {
  std::uint32_t policy_version = 0;
  Hash256 policy_hash;
  std::map<WriterId, std::pair<std::uint64_t, Hash256>> heads;  // seq and record hash
};
// `directory`: the state directory; a folder for the vault is made in it.
Result<SeenState> LoadSeen(const std::string& directory, const VaultId& vault);
// Keeps the newer of what is there and `seen`.
Status SaveSeen(const std::string& directory, const VaultId& vault, const SeenState& seen);

// A sealed record that is durable here before its first upload.
struct PendingRecord {
  std::uint64_t seq = 0;
  Hash256 hash;
  Bytes object;
};

class WriterState {
 public:
  // Takes the first writer of this host that no other process holds, or starts a new one, which the
  // policy does not list yet. Where the credential says which writer it is, that one is taken.
  // Errors: kIo, kDenied, kFull for the folder; kConflict when that writer is at work.
  static Result<WriterState> Acquire(const std::string& directory, const Access& access,
                                     Random& random);
  WriterState(WriterState&&) noexcept;
  WriterState& operator=(WriterState&&) noexcept;
  ~WriterState();  // lets the writer go

  const WriterId& id() const;
  const SigningKey& key() const;
  std::uint64_t next_seq() const;   // of the record to come
  const Hash256& previous() const;  // hash of the record before it
  const std::optional<PendingRecord>& pending() const;
  // The chunk index of this writer: "<folder>/index-N.db".
  const std::string& index_path() const;

  // Each is on disk when it returns ok.
  Status SetPending(PendingRecord record);
  Status CompletePending();  // it is at W: next_seq and previous move on
  // Gives up this identity (its log went on elsewhere: a cloned machine) for a new one.
  // Errors: kConflict for a credential's writer, which cannot become another.
  Status Renew(Random& random);

 private:
  struct State;
  explicit WriterState(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fenchi
