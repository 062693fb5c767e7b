#include "operations/commit.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "fenchi/hash.h"
#include "repository/names_at.h"

namespace fenchi {

Result<format::PackList> StorePackList(Session& session, const PackMap& packs) {
  format::PackList list;
  list.count = packs.size();
  if (packs.size() <= format::kPacksInRecordListMax) {
    for (const auto& [id, entry] : packs) list.entries.push_back(entry);
    return list;
  }
  const Access& access = session.access;
  std::vector<format::PackListEntry> part;
  const auto store = [&]() -> Status {
    FENCHI_ASSIGN_OR_RETURN(
        Bytes object, format::SealListObject(access.suite(), access.vault, access.outer_key.view(),
                                             part, session.random));
    const Hash256 hash = Sha256(object);
    const PutOutcome outcome = access.seats.PutAtAll(ListNameAt(access, hash), object);
    const int quorum = access.policy.quorums.write_quorum;
    if (static_cast<int>(outcome.stored.size()) < quorum) {
      return QuorumFailure(access.seats, outcome, quorum, "a list of packs");
    }
    list.objects.push_back({hash, object.size()});
    part.clear();
    return Status::Ok();
  };
  for (const auto& [id, entry] : packs) {
    part.push_back(entry);
    if (part.size() == format::kPacksPerListObjectMax) FENCHI_RETURN_IF_ERROR(store());
  }
  if (!part.empty()) FENCHI_RETURN_IF_ERROR(store());
  return list;
}

namespace {

Result<format::CommitBody> BodyOf(Session& session, const CommitPlan& plan) {
  PackMap reused, dropped;
  for (const auto& [id, entry] : plan.reused) {
    if (!plan.parent_packs.contains(id)) reused.emplace(id, entry);
  }
  for (const auto& [id, entry] : plan.parent_packs) {
    if (!plan.reused.contains(id)) dropped.emplace(id, entry);
  }
  format::CommitBody body;
  body.policy_version = session.access.policy.version;
  body.parent = plan.parent;
  FENCHI_ASSIGN_OR_RETURN(body.added, StorePackList(session, plan.added));
  FENCHI_ASSIGN_OR_RETURN(body.reused, StorePackList(session, reused));
  FENCHI_ASSIGN_OR_RETURN(body.dropped, StorePackList(session, dropped));
  body.snapshots = plan.snapshots;
  body.indexes = plan.indexes;
  body.seats = SeatCount(session.access.policy);
  body.acknowledged = plan.acknowledged;
  body.lock_until = plan.lock_until;
  return body;
}

std::set<int> NumbersOf(const Seats& seats, const std::vector<int>& positions) {
  std::set<int> numbers;
  for (const int position : positions) {
    numbers.insert(seats.all()[static_cast<std::size_t>(position)].number);
  }
  return numbers;
}

// Packs of the plan that a tombstone of any log names.
Result<std::set<PackId>> Buried(const History& history, const CommitPlan& plan) {
  FENCHI_ASSIGN_OR_RETURN(std::set<PackId> tombstoned, history.Tombstoned());
  std::set<PackId> buried;
  for (const PackMap* packs : {&plan.added, &plan.reused}) {
    for (const auto& [id, entry] : *packs) {
      if (tombstoned.contains(id)) buried.insert(id);
    }
  }
  return buried;
}

Status Void(Session& session, WriterState& writer, const format::RecordRef& commit) {
  format::VoidBody body;
  body.commit = commit;
  return session.log.Append(writer, std::move(body), session.clock, session.random).status();
}

// This writer's COMMITs that wait for a SEAL which never comes. A failure leaves them for the next
// backup: the snapshot is committed all the same.
void VoidUnfinished(Session& session, WriterState& writer, const History& history,
                    const format::RecordRef& newest) {
  for (const Commit& commit : history.commits()) {
    if (commit.record.writer != writer.id() || commit.record == newest) continue;
    if (commit.sealed || commit.voided || commit.body->snapshots.empty()) continue;
    if (!Void(session, writer, commit.record).ok()) return;
  }
}

}  // namespace

Result<CommitOutcome> CommitSnapshot(Session& session, WriterState& writer,
                                     const CommitPlan& plan) {
  FENCHI_ASSIGN_OR_RETURN(format::CommitBody body, BodyOf(session, plan));
  // 1. COMMIT to >= W.
  FENCHI_ASSIGN_OR_RETURN(
      const format::RecordRef commit,
      session.log.Append(writer, std::move(body), session.clock, session.random));
  const std::set<int> hold_commit = NumbersOf(session.access.seats, session.log.stored_at());
  // 2. Then, and only then, the tombstones of every log from >= R.
  FENCHI_ASSIGN_OR_RETURN(Freshness freshness, session.Refresh());
  if (!freshness.proven) {
    return TooFewProviders(
               "the backup is stored but not committed: {} of {} providers answered, {} must, to "
               "rule out that a prune deletes what it needs",
               freshness.answered, session.access.seats.size(),
               session.access.policy.quorums.read_quorum)
        .WithHint("bring providers back and run the same backup again: it goes on from here");
  }
  FENCHI_ASSIGN_OR_RETURN(History history, session.ReadHistory());
  CommitOutcome outcome;
  FENCHI_ASSIGN_OR_RETURN(outcome.buried, Buried(history, plan));
  if (!outcome.buried.empty()) {
    FENCHI_RETURN_IF_ERROR(Void(session, writer, commit));
    return outcome;
  }
  // 3. The commit point.
  FENCHI_RETURN_IF_ERROR(
      session.log
          .Append(writer, format::SealBody{commit.seq, commit.hash}, session.clock, session.random)
          .status());
  std::ranges::set_intersection(hold_commit,
                                NumbersOf(session.access.seats, session.log.stored_at()),
                                std::inserter(outcome.holders, outcome.holders.end()));
  VoidUnfinished(session, writer, history, commit);
  return outcome;
}

}  // namespace fenchi
