// The export verb: what a provider lacks, written to a courier medium instead of to the provider.
//
// Order as in repair: first what makes a provider count (`k/` objects, records, lists), then
// shards.
#include <algorithm>
#include <utility>

#include "base/error.h"
#include "format/ids.h"
#include "operations/objects.h"
#include "operations/operations.h"
#include "operations/rebuild.h"
#include "repository/courier_medium.h"

namespace fenchi {
namespace {

class Export {
 public:
  // seats: those of the vault, with the destination seen through the medium.
  Export(Session& session, const Seats& seats, std::size_t position, CourierExportReport& report,
         const Observer& observer)
      : session_(session),
        access_(session.access),
        seats_(seats),
        position_(position),
        report_(report),
        meter_(observer, "courier") {}

  Status Run(const History& history) {
    FENCHI_ASSIGN_OR_RETURN(const std::vector<ExpectedObject> objects,
                            ObjectsAt(session_, history, position_));
    std::vector<Status> lost;
    FENCHI_ASSIGN_OR_RETURN(const PackMap packs, history.LivePacks(lost));
    for (const Status& failure : lost) Left("list of packs", failure);
    meter_.now().items_total = objects.size() + packs.size();
    for (const ExpectedObject& object : objects) FENCHI_RETURN_IF_ERROR(Add(object));
    for (const auto& [id, pack] : packs) FENCHI_RETURN_IF_ERROR(Add(pack));
    meter_.Finish();
    return answered_ ? Status::Ok() : refusal_;
  }

 private:
  const Seat& seat() const { return seats_.all()[position_]; }

  void Left(std::string object, const Status& status, DamageKind kind = DamageKind::kMissing) {
    const std::string next = status.hint().empty() ? "" : "; " + status.hint();
    report_.left.push_back({seat().name, std::move(object), kind, std::nullopt,
                            status.message() + next, status.code() != StatusCode::kDataLoss});
  }

  // What a place that does not tell holds is not known, so nothing is written for it. One that
  // refuses an object may still give others; one that refuses all ends the export.
  Status NotTold(std::string object, const Status& status) {
    if (status.code() != StatusCode::kDenied) return status;
    if (refusal_.ok()) {
      refusal_ = Status(status.code(), std::string(status.message()),
                        "give it credentials that may read, or leave the provider out, as one that"
                        " is absent: then all that belongs there is exported");
    }
    if (!answered_ && ++refused_ == kRefusalsMax) return refusal_;
    Left(std::move(object), status, DamageKind::kUnreadable);
    return Step();
  }

  Status Step() {
    ++meter_.now().items_done;
    meter_.now().bytes_done = report_.bytes_written;
    meter_.Tick();
    return meter_.CheckCancelled();
  }

  // What the medium does not take is an error; what cannot be rebuilt is left, and told.
  Status Store(const NameAt& name, const Result<Bytes>& bytes) {
    if (!bytes.ok()) {
      Left(name(seat(), 0), bytes.status());
      return Step();
    }
    FENCHI_RETURN_IF_ERROR(seats_.PutAt(position_, name, *bytes));
    ++report_.objects_written;
    report_.bytes_written += bytes->size();
    return Step();
  }

  Status Add(const ExpectedObject& object) {
    const Result<ObjectAt> there =
        seats_.GetAt(position_, object.name, object.size_max, object.check);
    if (TellsOfPlace(there.status())) return NotTold(object.name(seat(), 0), there.status());
    answered_ = true;
    if (there.ok()) {
      ++report_.objects_there;
      return Step();
    }
    return Store(object.name, object.fetch());
  }

  Status Add(const format::PackListEntry& pack) {
    const NameAt name = ShardNameAt(access_, pack.pack, pack.needed);
    const Result<bool> there = IsThere(name, pack);
    if (!there.ok()) return NotTold(name(seat(), 0), there.status());
    answered_ = true;
    if (*there) {
      ++report_.objects_there;
      return Step();
    }
    const Result<ShardSet> shards = ShardSet::OpenAgreed(access_, access_.seats, pack.pack);
    return Store(name, shards.ok() ? RebuildShard(*shards, position_) : shards.status());
  }

  // By name and size: reading every shard of a far provider is verify's business.
  Result<bool> IsThere(const NameAt& name, const format::PackListEntry& pack) const {
    const std::uint64_t wanted = format::ShardSize(pack.segments, pack.needed);
    for (int generation = 0; generation < kGenerations; ++generation) {
      const std::string names[] = {name(seat(), generation)};
      FENCHI_ASSIGN_OR_RETURN(const auto found, seat().provider->Stat(names));
      if (found.size() != 1 || !found.front()) return false;
      if (found.front()->size_bytes == wanted) return true;
    }
    return false;
  }

  Session& session_;
  const Access& access_;
  const Seats& seats_;
  const std::size_t position_;
  CourierExportReport& report_;
  ProgressMeter meter_;
  bool answered_ = false;  // for some object: it is there, or it is not
  std::size_t refused_ = 0;
  Status refusal_;  // the first
};

}  // namespace

Result<CourierExportReport> ExportToCourier(Session& session, std::string_view provider,
                                            const std::string& path, const Observer& observer) {
  const Stopwatch watch;
  CourierExportReport report;
  if (!session.access.verify) {
    return Denied("a courier needs the verify role; this credential has no verify key");
  }
  FENCHI_ASSIGN_OR_RETURN(const Freshness freshness, session.Refresh());
  FENCHI_ASSIGN_OR_RETURN(const History history, session.ReadHistory());
  std::vector<Seat> seats = session.access.seats.all();
  const auto found = std::ranges::find(seats, provider, &Seat::name);
  if (found == seats.end()) {
    return InvalidArgument("no provider is called '{}'", provider)
        .WithHint("`fenchi status` lists the providers");
  }
  const auto position = static_cast<std::size_t>(found - seats.begin());
  FENCHI_ASSIGN_OR_RETURN(std::shared_ptr<CourierWriter> medium,
                          CourierWriter::Open(path, session.random, observer));
  found->provider = ViewThroughCourier(medium, found->id, found->provider, "courier:" + path);
  const Seats through(std::move(seats), session.access.seats.shared_executor());
  const Status done = Export(session, through, position, report, observer).Run(history);
  // Also after a failure: what is written so far is whole, and may travel.
  const Status closed = medium->Close();
  FENCHI_RETURN_IF_ERROR(done);
  FENCHI_RETURN_IF_ERROR(closed);
  medium.reset();
  FENCHI_ASSIGN_OR_RETURN(report.medium, CheckCourier(path));
  report.seconds = watch.seconds();
  return report;
}

}  // namespace fenchi
