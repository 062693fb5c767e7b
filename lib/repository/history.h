// What the logs mean together: which snapshots exist, which packs they need, what is under tombstone.
//
// Made from a Log after Refresh(); holds no state of its own beyond that moment.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "format/record.h"
#include "format/snapshot.h"
#include "repository/log.h"

namespace fenchi {

using PackMap = std::map<PackId, format::PackListEntry>;

struct Commit {
  format::RecordRef record;
  const format::CommitBody* body = nullptr;  // points into the log
  Timestamp time;
  bool sealed = false;                       // else incomplete: shown, resumable, no snapshot
  bool voided = false;
};

struct StoredSnapshot {
  SnapshotId id;
  format::SnapshotObject object;
  const Commit* commit = nullptr;
};

class History {
 public:
  // The log must outlive the history. Errors: kDamaged for a snapshot object that does not decode.
  static Result<History> Read(const Access& access, const Seats& seats, const Log& log);

  const std::vector<Commit>& commits() const { return commits_; }         // in log order
  const std::vector<StoredSnapshot>& snapshots() const { return snapshots_; }  // sealed, unforgotten
  const StoredSnapshot* Find(const SnapshotId& id) const;
  std::uint64_t incomplete() const;

  // packs(parent) + added + re-used - dropped. Reads list objects where they are needed.
  // Errors: kDataLoss when a list object or the parent is gone.
  Result<PackMap> PacksOf(const Commit& commit) const;
  // Of all sealed commits that still carry a snapshot.
  Result<PackMap> LivePacks() const;
  // Packs that any TOMBSTONE with enough approvals names.
  Result<std::set<PackId>> Tombstoned() const;
  // A pack list's entries, from the record or from its list objects.
  Result<std::vector<format::PackListEntry>> Entries(const format::PackList& list) const;
  // List and index objects that commits name: (hash, size), each with its name at a seat.
  struct NamedObject {
    format::ObjectRef object;
    bool is_index = false;
  };
  std::vector<NamedObject> Objects() const;

 private:
  History(const Access& access, const Seats& seats, const Log& log)
      : access_(&access), seats_(&seats), log_(&log) {}
  const Access* access_;
  const Seats* seats_;
  const Log* log_;
  std::vector<Commit> commits_;
  std::vector<StoredSnapshot> snapshots_;
};

}  // namespace fenchi
