// The repair verb: writes missing and bad objects again, byte for byte, with the verify role only.
//
// Order: first what makes a provider count (`k/` objects, records, lists), then shards. Nothing is
// overwritten: where a bad object is present the good one gets the next generation.
#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "format/names.h"
#include "operations/objects.h"
#include "operations/operations.h"
#include "operations/rebuild.h"
#include "repository/shard_set.h"

namespace fenchi {
namespace {

std::string WithoutGeneration(const std::string& object) {
  return object.substr(0, object.rfind('.'));
}

class Repair {
 public:
  Repair(Session& session, const RepairOptions& options, RepairReport& report)
      : session_(session),
        access_(session.access),
        seats_(session.access.seats),
        report_(report),
        meter_(options.observer, "repair") {}

  Status Run(const History& history, const VerifyReport& damage);

 private:
  Status RepairObjects(const History& history, std::size_t position);
  // The damaged shards of one pack, by position; of these, those whose tags lie.
  struct Bad {
    std::set<int> positions;
    std::set<int> lying;
  };
  Status RepairPack(const PackId& pack, const Bad& bad);
  void Left(std::size_t position, std::string object, DamageKind kind, const Status& status);

  Session& session_;
  const Access& access_;
  const Seats& seats_;
  RepairReport& report_;
  ProgressMeter meter_;
  std::set<int> away_;  // positions that were found to be away, and are named in the report
};

void Repair::Left(std::size_t position, std::string object, DamageKind kind, const Status& status) {
  const std::string next = status.hint().empty() ? "" : "; " + status.hint();
  report_.left.push_back({seats_.all()[position].name, std::move(object), kind, std::nullopt,
                          status.message() + next, status.code() != StatusCode::kDataLoss});
}

Status Repair::Run(const History& history, const VerifyReport& damage) {
  // 1. Small objects of every provider that answers.
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    if (seats_.all()[i].provider) FENCHI_RETURN_IF_ERROR(RepairObjects(history, i));
  }
  // 2. Which packs the damaged shards belong to: their names are keyed hashes of what is live.
  std::vector<Status> lost;
  FENCHI_ASSIGN_OR_RETURN(PackMap live, history.LivePacks(lost));
  for (const Status& failure : lost) {
    report_.left.push_back(
        {"", "list of packs", DamageKind::kObject, std::nullopt, failure.message(), false});
  }
  std::map<std::pair<std::string, std::string>, std::pair<PackId, int>> shards;
  for (const auto& [id, entry] : live) {
    const NameAt name = ShardNameAt(access_, id, entry.needed);
    for (std::size_t i = 0; i < seats_.size(); ++i) {
      const Seat& seat = seats_.all()[i];
      shards[{seat.name, WithoutGeneration(name(seat, 0))}] = {id, static_cast<int>(i)};
    }
  }
  std::map<PackId, Bad> packs;
  for (const Damage& item : damage.damage) {
    const auto seat = std::ranges::find(seats_.all(), item.provider, &Seat::name);
    if (item.kind == DamageKind::kUnreachable && seat != seats_.all().end() && !seat->provider) {
      report_.left.push_back(item);  // it was away when the vault was opened
    }
    const auto found = shards.find({item.provider, WithoutGeneration(item.object)});
    if (found == shards.end()) continue;
    const auto& [pack, position] = found->second;
    packs[pack].positions.insert(position);
    if (item.kind == DamageKind::kContent) packs[pack].lying.insert(position);
  }
  // 3. Rebuild.
  meter_.now().items_total = packs.size();
  for (const auto& [pack, bad] : packs) {
    FENCHI_RETURN_IF_ERROR(meter_.CheckCancelled());
    FENCHI_RETURN_IF_ERROR(RepairPack(pack, bad));
    ++meter_.now().items_done;
    meter_.now().bytes_done = report_.bytes_written;
    meter_.Tick();
  }
  meter_.Finish();
  return Status::Ok();
}

Status Repair::RepairObjects(const History& history, std::size_t position) {
  const Result<std::vector<ExpectedObject>> objects = ObjectsAt(session_, history, position);
  if (!objects.ok()) {
    Left(position, "k/", DamageKind::kObject, objects.status());
    return Status::Ok();
  }
  const Seat& seat = seats_.all()[position];
  bool any_read = false;
  std::size_t refused = 0;
  for (const ExpectedObject& object : *objects) {
    const Result<ObjectAt> there =
        seats_.GetAt(position, object.name, object.size_max, object.check);
    any_read = any_read || there.ok();
    if (there.ok()) continue;
    if (there.status().code() == StatusCode::kDenied) {
      Left(position, object.name(seat, 0), DamageKind::kUnreadable, there.status());
      if (any_read || ++refused < kRefusalsMax) continue;
      away_.insert(static_cast<int>(position));
      return Status::Ok();
    }
    if (TellsOfPlace(there.status())) {
      Left(position, "", DamageKind::kUnreachable, there.status());
      away_.insert(static_cast<int>(position));
      return Status::Ok();
    }
    Result<Bytes> bytes = object.fetch();
    const Status put = bytes.ok() ? seats_.PutAt(position, object.name, *bytes) : bytes.status();
    if (!put.ok()) {
      Left(position, object.name(seat, 0), DamageKind::kObject, put);
      continue;
    }
    ++report_.objects_written;
    report_.bytes_written += bytes->size();
  }
  return Status::Ok();
}

Status Repair::RepairPack(const PackId& pack, const Bad& bad) {
  const Result<ShardSet> shards = ShardSet::OpenAgreed(access_, seats_, pack);
  for (const int position : bad.positions) {
    const Seat& seat = seats_.all()[position];
    if (!seat.provider || away_.contains(position)) continue;
    const NameAt name =
        ShardNameAt(access_, pack, shards.ok() ? shards->needed() : access_.needed());
    Result<Bytes> bytes =
        shards.ok() ? RebuildShard(*shards, position, bad.lying) : shards.status();
    const Status put = bytes.ok() ? seats_.PutAt(position, name, *bytes) : bytes.status();
    if (!put.ok()) {
      Left(position, name(seat, 0), DamageKind::kBlock, put);
      continue;
    }
    ++report_.shards_written;
    report_.bytes_written += bytes->size();
  }
  return Status::Ok();
}

}  // namespace

Result<RepairReport> RepairVault(Session& session, const VerifyReport& damage,
                                 const RepairOptions& options) {
  const Stopwatch watch;
  RepairReport report;
  if (!session.access.verify) {
    return Denied("repair needs the verify role; this credential has no verify key");
  }
  FENCHI_ASSIGN_OR_RETURN(Freshness freshness, session.Refresh());
  FENCHI_ASSIGN_OR_RETURN(History history, session.ReadHistory());
  FENCHI_RETURN_IF_ERROR(Repair(session, options, report).Run(history, damage));
  report.seconds = watch.seconds();
  return report;
}

}  // namespace fenchi
