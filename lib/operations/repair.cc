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

constexpr std::string_view kListOfPacks = "list of packs";  // as verify calls it

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
  // The damaged shards of one pack, by position; of these, those whose tags lie.
  struct Bad {
    std::set<int> positions;
    std::set<int> lying;
  };
  // Where a shard belongs, by provider and name without generation.
  using ShardPlaces = std::map<std::pair<std::string, std::string>, std::pair<PackId, int>>;
  Status RepairObjects(const History& history, std::size_t position);
  Result<ShardPlaces> PlacesOfShards(const History& history, const VerifyReport& damage);
  void Sort(const Damage& item, const ShardPlaces& shards, std::map<PackId, Bad>& packs);
  Status RepairPack(const PackId& pack, const Bad& bad);
  void Left(std::size_t position, std::string object, DamageKind kind, const Status& status);
  void LeftAsFound(Damage item, const std::string& why);

  Session& session_;
  const Access& access_;
  const Seats& seats_;
  RepairReport& report_;
  ProgressMeter meter_;
  std::set<int> away_;  // positions that were found to be away, and are named in the report
  // Small objects by position and name without generation: good now; named in the report.
  std::set<std::pair<int, std::string>> good_;
  std::set<std::pair<int, std::string>> told_;
};

void Repair::Left(std::size_t position, std::string object, DamageKind kind, const Status& status) {
  const std::string next = status.hint().empty() ? "" : "; " + status.hint();
  told_.emplace(static_cast<int>(position), WithoutGeneration(object));
  report_.left.push_back({seats_.all()[position].name, std::move(object), kind, std::nullopt,
                          status.message() + next, status.code() != StatusCode::kDataLoss});
}

Status Repair::Run(const History& history, const VerifyReport& damage) {
  // 1. Small objects of every provider that answers.
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    if (seats_.all()[i].provider) FENCHI_RETURN_IF_ERROR(RepairObjects(history, i));
  }
  // 2. Which packs the damaged shards belong to. What is none of ours to mend is left.
  FENCHI_ASSIGN_OR_RETURN(const ShardPlaces shards, PlacesOfShards(history, damage));
  std::map<PackId, Bad> packs;
  for (const Damage& item : damage.damage) Sort(item, shards, packs);
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

// Names are keyed hashes of what is live. A list that cannot be read is told once, by whom ever.
Result<Repair::ShardPlaces> Repair::PlacesOfShards(const History& history,
                                                   const VerifyReport& damage) {
  std::vector<Status> lost;
  FENCHI_ASSIGN_OR_RETURN(const PackMap live, history.LivePacks(lost));
  const bool told =
      std::ranges::find(damage.damage, kListOfPacks, &Damage::object) != damage.damage.end();
  for (const Status& failure : lost) {
    if (told) break;
    report_.left.push_back({"", std::string(kListOfPacks), DamageKind::kObject, std::nullopt,
                            failure.message(), failure.code() != StatusCode::kDataLoss});
  }
  ShardPlaces shards;
  for (const auto& [id, entry] : live) {
    const NameAt name = ShardNameAt(access_, id, entry.needed);
    for (std::size_t i = 0; i < seats_.size(); ++i) {
      const Seat& seat = seats_.all()[i];
      shards[{seat.name, WithoutGeneration(name(seat, 0))}] = {id, static_cast<int>(i)};
    }
  }
  return shards;
}

void Repair::LeftAsFound(Damage item, const std::string& why) {
  if (!why.empty()) item.what += "; not mended: " + why;
  report_.left.push_back(std::move(item));
}

// Every item is mended, or told as left: what was found and is passed over in silence would look
// mended.
void Repair::Sort(const Damage& item, const ShardPlaces& shards, std::map<PackId, Bad>& packs) {
  const auto seat = std::ranges::find(seats_.all(), item.provider, &Seat::name);
  if (seat == seats_.all().end()) return LeftAsFound(item, "");  // of no provider: lost, or unknown
  const int position = static_cast<int>(seat - seats_.all().begin());
  const bool away = !seat->provider || away_.contains(position);
  if (item.kind == DamageKind::kUnreachable) {
    if (!seat->provider) return LeftAsFound(item, "");
    if (away) return;  // told anew, with what is the matter now
    return LeftAsFound({item.provider, "", item.kind, std::nullopt,
                        "it was away while the vault was verified and answers again: its shards "
                        "were not looked at and are unknown; run the repair again",
                        true},
                       "");
  }
  if (away) return LeftAsFound(item, "its provider is away");
  const std::string name = WithoutGeneration(item.object);
  const auto found = shards.find({item.provider, name});
  if (found != shards.end()) {
    Bad& bad = packs[found->second.first];
    bad.positions.insert(position);
    if (item.kind == DamageKind::kContent) bad.lying.insert(position);
    return;
  }
  if (good_.contains({position, name}) || told_.contains({position, name})) return;
  LeftAsFound(item, "nothing of the vault as it is now has that name; verify again");
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
    const auto key = std::pair(static_cast<int>(position), WithoutGeneration(object.name(seat, 0)));
    if (there.ok()) {
      good_.insert(key);
      continue;
    }
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
    good_.insert(key);
    ++report_.objects_written;
    report_.bytes_written += bytes->size();
  }
  return Status::Ok();
}

Status Repair::RepairPack(const PackId& pack, const Bad& bad) {
  const Result<ShardSet> shards = ShardSet::OpenAgreed(access_, seats_, pack);
  for (const int position : bad.positions) {
    const Seat& seat = seats_.all()[position];
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
