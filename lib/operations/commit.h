// The commit protocol: COMMIT at >= W, then the tombstones of every log from >= R, then SEAL.
//
// FORMAT.md section 11, design section 7. The order is what keeps a concurrent prune from deleting
// what this snapshot needs; never change it.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "format/record.h"
#include "operations/session.h"

namespace fenchi {

// A pack list for a record; more than 8,192 packs go into list objects, which are at >= W when this
// returns. Errors: kTooFewProviders.
Result<format::PackList> StorePackList(Session& session, const PackMap& packs);

struct CommitPlan {
  PackMap added;
  PackMap reused;  // of all packs that the snapshot needs, those that commits named before
  std::optional<format::RecordRef> parent;
  PackMap parent_packs;
  std::vector<Bytes> snapshots;
  std::vector<format::DomainObjectRef> indexes;
  std::vector<int> acknowledged;  // seats
  std::optional<Timestamp> lock_until;
};

struct CommitOutcome {
  // Packs of the commit that a tombstone names: they are stored again by the caller, under new ids.
  // Empty: the snapshot is committed. Otherwise the COMMIT was voided.
  std::set<PackId> buried;
  std::set<int> holders;  // numbers of the seats that hold both COMMIT and SEAL
};

// Commits. Then the writer's earlier COMMITs that were never sealed are voided: what they stored is
// in this one as far as it is needed.
// Errors: kTooFewProviders when fewer than W or R answer: nothing is visible, run again.
Result<CommitOutcome> CommitSnapshot(Session& session, WriterState& writer, const CommitPlan& plan);

}  // namespace fenchi
