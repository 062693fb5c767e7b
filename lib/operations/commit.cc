#include "operations/commit.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "fenchi/hash.h"
#include "format/names.h"

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
    const PutOutcome outcome = access.seats.PutAtAll(
        [&](const Seat& seat, int generation) {
          return format::ListName(access.name_key.view(), seat.id, hash, generation);
        },
        object);
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
  return body;
}

}  // namespace

Result<std::set<PackId>> CommitSnapshot(Session& session, WriterState& writer,
                                        const CommitPlan& plan) {
  FENCHI_ASSIGN_OR_RETURN(format::CommitBody body, BodyOf(session, plan));
  // 1. COMMIT to >= W.
  FENCHI_ASSIGN_OR_RETURN(
      format::RecordRef commit,
      session.log.Append(writer, std::move(body), session.clock, session.random));
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
  FENCHI_ASSIGN_OR_RETURN(std::set<PackId> tombstoned, history.Tombstoned());
  std::set<PackId> lost;
  for (const PackMap* packs : {&plan.added, &plan.reused}) {
    for (const auto& [id, entry] : *packs) {
      if (tombstoned.contains(id)) lost.insert(id);
    }
  }
  if (!lost.empty()) {
    format::VoidBody voided;
    voided.commit = commit;
    const auto appended =
        session.log.Append(writer, std::move(voided), session.clock, session.random);
    FENCHI_RETURN_IF_ERROR(appended.status());
    return lost;
  }
  // 3. The commit point.
  FENCHI_ASSIGN_OR_RETURN(format::RecordRef seal,
                          session.log.Append(writer, format::SealBody{commit.seq, commit.hash},
                                             session.clock, session.random));
  (void)seal;
  return lost;
}

}  // namespace fenchi
