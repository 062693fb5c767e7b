// What the logs mean together: which snapshots exist, which packs they need, what is under
// tombstone.
//
// Made from a Log after Refresh(); holds no state of its own beyond that moment. One thread at a
// time.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>
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
  bool sealed = false;  // else incomplete: shown, resumable, no snapshot
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
  History(History&&) noexcept = default;
  History& operator=(History&&) noexcept = default;

  const std::vector<Commit>& commits() const { return commits_; }  // by writer, in log order
  const std::vector<StoredSnapshot>& snapshots() const {
    return snapshots_;
  }  // sealed, unforgotten
  const StoredSnapshot* Find(const SnapshotId& id) const;
  std::uint64_t incomplete() const;  // neither sealed nor voided; heartbeats do not count

  // packs(parent) + added + re-used - dropped. Reads list objects where they are needed.
  // Errors: kDataLoss when a list object or the parent is gone; kTooFewProviders when a provider
  // that is away may have it.
  Result<PackMap> PacksOf(const Commit& commit) const;
  // Of all sealed commits that still carry a snapshot. Those whose lists cannot be read are told in
  // `lost` and left out, each with the code of PacksOf: one bad commit must not keep the others
  // from being verified and repaired. Errors: kCancelled.
  Result<PackMap> LivePacks(std::vector<Status>& lost) const;
  // Packs that any TOMBSTONE with enough approvals names.
  Result<std::set<PackId>> Tombstoned() const;
  // What read hosts attested in a key domain (a revoked one's word counts no more): the packs, and
  // the index objects that say where their chunks lie.
  struct Attested {
    PackMap packs;
    std::vector<format::ObjectRef> indexes;
  };
  Result<Attested> AttestedIn(const DomainId& domain) const;
  // A pack list's entries, from the record or from its list objects.
  Result<std::vector<format::PackListEntry>> Entries(const format::PackList& list) const;
  // List and index objects that records name, each once; not those of unapproved tombstones.
  struct NamedObject {
    format::ObjectRef object;
    bool is_index = false;
  };
  std::vector<NamedObject> Objects() const;

 private:
  History(const Access& access, const Seats& seats, const Log& log)
      : access_(&access), seats_(&seats), log_(&log) {}
  void AddCommits();
  void ApplySealsAndVoids(const WriterId& writer, const Log::Records& records);
  void ApplyForeignVoids();
  Status AddSnapshots();
  bool Approved(const format::OpenedRecord& record) const;
  Commit* FindCommit(const format::RecordRef& ref);
  const Commit* FindCommit(const format::RecordRef& ref) const;
  Status Apply(const format::CommitBody& body, PackMap& packs) const;
  void Remember(const Hash256& record, const PackMap& packs) const;

  const Access* access_;
  const Seats* seats_;
  const Log* log_;
  std::vector<Commit> commits_;
  std::vector<StoredSnapshot> snapshots_;
  std::map<std::pair<WriterId, std::uint64_t>, std::size_t> positions_;  // in commits_
  // The packs of the commits asked for last, oldest first: a chain is not walked again and again.
  mutable std::deque<std::pair<Hash256, PackMap>> recent_;
};

}  // namespace fenchi
