// What each epoch's keys read: packs by the epoch in which their backup began.
#include <map>
#include <optional>

#include "format/ids.h"
#include "operations/operations.h"

namespace fenchi {
namespace {

// All domains of a COMMIT began in one epoch; without a snapshot it is a heartbeat.
Result<std::optional<std::uint32_t>> EpochOf(const Commit& commit) {
  if (commit.body->snapshots.empty()) return std::optional<std::uint32_t>();
  FENCHI_ASSIGN_OR_RETURN(const format::SnapshotObject object,
                          format::DecodeSnapshotObject(commit.body->snapshots.front()));
  return std::optional(object.epoch);
}

}  // namespace

// Packs of commits that were never sealed, or whose snapshots were forgotten, lie there as well.
Result<std::vector<EpochUse>> UseByEpoch(Session& session) {
  FENCHI_RETURN_IF_ERROR(session.Refresh().status());
  FENCHI_ASSIGN_OR_RETURN(const History history, session.ReadHistory());
  std::map<std::uint32_t, EpochUse> found;
  for (const Commit& commit : history.commits()) {
    FENCHI_ASSIGN_OR_RETURN(const std::optional<std::uint32_t> epoch, EpochOf(commit));
    if (!epoch) continue;
    FENCHI_ASSIGN_OR_RETURN(const std::vector<format::PackListEntry> packs,
                            history.Entries(commit.body->added));
    EpochUse& use = found[*epoch];
    for (const format::PackListEntry& pack : packs) {
      ++use.packs;
      use.bytes += static_cast<std::uint64_t>(pack.segments) * format::kSegmentSize;
    }
  }
  for (const StoredSnapshot& snapshot : history.snapshots()) {
    ++found[snapshot.object.epoch].snapshots;
  }
  std::vector<EpochUse> out;
  for (auto& [epoch, use] : found) {
    use.epoch = epoch;
    out.push_back(use);
  }
  return out;
}

}  // namespace fenchi
