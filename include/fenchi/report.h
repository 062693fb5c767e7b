// What the vault's verbs found and did. Reports are data: damage found is never a Status.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/clock.h"
#include "fenchi/entry.h"
#include "fenchi/provider.h"
#include "fenchi/status.h"
#include "fenchi/vault_head.h"

namespace fenchi {

// A path that could not be saved or restored as it should be, and why.
struct Problem {
  std::string path;  // raw bytes; show it through EscapePath
  Status status;
};

// `path` with everything but printable text escaped as \xNN: safe for terminals and logs.
FENCHI_EXPORT std::string EscapePath(std::string_view path);

// What one stage of a verb took: seconds are summed over threads.
struct StageTime {
  std::string stage = {};
  double seconds = 0;
  std::uint64_t bytes = 0;
};
// How long uploads to one provider took, summed over those that were under way together.
struct ProviderTime {
  std::string provider = {};
  double seconds = 0;
  std::uint64_t bytes = 0;
  std::uint64_t objects = 0;
};

// What one place retains until the date that a backup asked for.
struct PlaceLocks {
  std::string provider = {};
  bool can_lock = false;
  std::uint64_t locked = 0;  // objects: shards, records, lists, and what opens the vault
  std::uint64_t failed = 0;
  std::string message = {};  // of the first that failed
};
struct LockReport {
  Timestamp until;
  std::uint64_t packs = 0;           // that the snapshot needs
  std::uint64_t packs_unlocked = 0;  // of those, with fewer than k locked shards
  bool opening_locked = false;       // k places keep the writer's log and what opens the vault
  std::vector<PlaceLocks> places;    // in the order of the policy
  // False: whoever can delete at all places can still destroy the snapshot before the date.
  bool complete() const { return packs_unlocked == 0 && opening_locked; }
};

// What became of the locks that a backup asked for.
enum class LockStanding {
  kLocked,
  kUnlocked,
  kUnknown,  // with what places that could not be asked may keep, it may be locked
};
FENCHI_EXPORT std::string_view LockStandingName(LockStanding standing);
struct SnapshotLocks {
  SnapshotId snapshot;
  Timestamp until;                   // still to come
  std::uint64_t packs = 0;           // that it needs
  std::uint64_t packs_unlocked = 0;  // of those, with fewer than k good shards locked until then
  std::uint64_t packs_unknown = 0;   // that may have k
  LockStanding opening = LockStanding::kUnknown;  // k places keep its log and what opens the vault
  std::string message = {};  // why nothing is known of its packs, where that is so
  bool kept() const {
    return packs_unlocked == 0 && packs_unknown == 0 && opening == LockStanding::kLocked &&
           message.empty();
  }
};
// As the places answered when they were asked again. In `places`, `failed` counts objects that are
// not there, not locked as long as a snapshot wants them, or could not be asked for.
struct LockCheck {
  std::vector<SnapshotLocks> snapshots;  // whose date has not passed
  std::vector<PlaceLocks> places;        // in the order of the policy
  // False: whoever can delete at all places may destroy one of them before its date.
  bool kept() const {
    for (const SnapshotLocks& one : snapshots) {
      if (!one.kept()) return false;
    }
    return true;
  }
};

struct BackupReport {
  SnapshotId snapshot;
  std::string label;
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t others = 0;           // symlinks, FIFOs, devices
  std::uint64_t files_unchanged = 0;  // not read again
  std::uint64_t bytes = 0;            // of all files
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_new = 0;       // plaintext in chunks that the vault did not have
  std::uint64_t bytes_uploaded = 0;  // to all providers together
  std::uint64_t packs_added = 0;
  std::uint64_t packs_resumed = 0;  // from an earlier run that did not finish
  std::uint64_t unreadable = 0;
  std::uint64_t changed_while_read = 0;
  double seconds = 0;
  std::vector<std::string> providers_missed;  // at least W have everything; these do not
  std::vector<Problem> problems;
  std::vector<StageTime> stages;        // where the time went
  std::vector<ProviderTime> providers;  // of packs, in the order of the policy
  std::optional<LockReport> locks;      // where BackupOptions::lock_until was given
  // False when some sources are missing from the snapshot, were caught changing, or are not locked
  // as was asked: exit code 3.
  bool complete() const {
    return unreadable == 0 && changed_while_read == 0 && (!locks || locks->complete());
  }
};

// Packs of other writers that a read host opened whole, so that its dedup hits on them count.
struct AttestReport {
  std::uint64_t packs = 0;     // attested now
  std::uint64_t chunks = 0;    // in them, each compared with its id
  std::uint64_t attested = 0;  // before: packs that were left out
  std::uint64_t bytes_read = 0;
  double seconds = 0;
  std::vector<std::string> refused;  // packs that do not hold what they say, and why
};

struct SnapshotInfo {
  SnapshotId id;
  std::string label;
  std::string key_domain;
  std::string host;
  Timestamp began;
  Timestamp ended;
  std::vector<std::string> paths;  // raw bytes
  bool is_stream = false;
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t bytes = 0;
  std::uint64_t problems = 0;
};

struct SnapshotList {
  std::vector<SnapshotInfo> snapshots;  // oldest first, by log order within a writer
  std::uint64_t incomplete = 0;         // COMMITs without SEAL
  std::uint64_t other_domains = 0;      // snapshots that this credential cannot open
  std::uint64_t unreadable = 0;         // that do not open with the right key: planted or damaged
  bool freshness_proven = true;         // false: fewer than R providers answered
};

struct ListedEntry {
  std::string path;  // raw bytes, from the snapshot's top
  Attributes attributes;
  bool changed_while_read = false;
};

struct RestoreReport {
  SnapshotId snapshot;
  std::string target;
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t others = 0;
  std::uint64_t files_resumed = 0;  // of files and others: already there, checked
  std::uint64_t bytes = 0;
  std::uint64_t chunks_checked = 0;  // decrypted and compared with their ids
  std::uint64_t bytes_fetched = 0;
  std::uint64_t shards_replaced = 0;  // missing or bad ones that others stood in for
  std::uint64_t dropped = 0;          // devices and setuid bits that were not asked for
  std::uint64_t failed = 0;           // entries that were not written; each is in `problems`
  double seconds = 0;
  std::vector<Problem> lost;      // content that k good shards no longer give
  std::vector<Problem> problems;  // what this host could not write or set, or was told to leave
  bool freshness_proven = true;
  // False when content is lost or was not written here. Attributes that could not be set count not.
  bool complete() const { return lost.empty() && failed == 0; }
};

enum class DamageKind {
  kMissing,      // not there, or a provider that does not answer
  kTruncated,    // shorter or longer than it must be
  kHeader,       // a shard's header is not what it must be
  kBlock,        // a block fails its tag
  kContent,      // all tags hold, but the content is not what it must be
  kObject,       // a record, list, index or k/ object is not what it must be
  kUnreachable,  // the provider is away or refuses everything: unknown, not damage by itself
  kUnreadable,   // the provider refuses this object while it gives others: unknown as well
};
FENCHI_EXPORT std::string_view DamageKindName(DamageKind kind);

struct Damage {
  std::string provider;
  std::string object;  // its name at that provider
  DamageKind kind = DamageKind::kMissing;
  std::optional<std::uint32_t> block;  // of shards: 65,552 bytes each, after a header of 4,096
  std::string what;                    // meaning and next step
  bool repairable = true;              // false: fewer than k good shards are left of it
};

struct VerifyReport {
  std::string depth;  // "exists", "tags" or "data"
  std::uint64_t packs = 0;
  std::uint64_t shards = 0;
  std::uint64_t objects = 0;  // other than shards
  std::uint64_t bytes_read = 0;
  std::uint64_t chunks_checked = 0;
  std::uint64_t snapshots_checked = 0;
  double seconds = 0;
  std::vector<Damage> damage;
  std::vector<std::string> unreachable;  // of providers that are away or refuse everything
  bool freshness_proven = true;
  std::optional<LockCheck> locks;  // where backups asked for locks that have not ended

  // Locks that are gone are no damage: locks_kept() tells of them.
  bool healthy() const { return damage.empty() && unreachable.empty(); }
  bool locks_kept() const { return !locks || locks->kept(); }
  bool repairable() const {
    for (const Damage& d : damage) {
      if (!d.repairable) return false;
    }
    return true;
  }
};

struct RepairReport {
  std::uint64_t shards_written = 0;
  std::uint64_t objects_written = 0;
  std::uint64_t bytes_written = 0;
  double seconds = 0;
  std::vector<Damage> left;  // what could not be repaired, and why
  bool complete() const { return left.empty(); }
};

struct DrillReport {
  RestoreReport restore;
  std::vector<std::string> absent_providers;
  std::uint64_t files_compared = 0;
  std::uint64_t bytes_compared = 0;
  std::int64_t data_age_seconds = 0;  // now minus the snapshot's begin
  std::optional<std::int64_t> rto_seconds;
  std::optional<std::int64_t> rpo_seconds;
  std::vector<Problem> mismatches;
  bool rto_met() const { return !rto_seconds || restore.seconds <= double(*rto_seconds); }
  bool rpo_met() const { return !rpo_seconds || data_age_seconds <= *rpo_seconds; }
  bool passed() const { return restore.complete() && mismatches.empty() && rto_met() && rpo_met(); }
};

struct ProviderStatus {
  std::string name;
  int seat = 0;
  std::string location;
  bool reachable = false;
  bool holds_vault = false;  // its own leaf share is there and good
  std::string message;       // what is wrong, if something is
  Domain domain;
};

struct VaultStatus {
  VaultId vault;
  std::string name;
  int needed = 0;
  int total = 0;
  int write_quorum = 0;
  int read_quorum = 0;
  int liars = 0;
  int spare_losses = 0;
  std::uint32_t policy_version = 0;
  std::uint32_t epoch = 0;
  std::vector<std::string> key_domains;
  std::vector<ProviderStatus> providers;
  std::vector<std::string> placement_notes;  // axes that nobody declares, relaxations in force
  std::uint64_t snapshots = 0;
  std::uint64_t incomplete = 0;
  std::uint64_t writers = 0;
  VaultHead head;  // as the providers at hand serve it
  bool freshness_proven = true;
};

}  // namespace fenchi
