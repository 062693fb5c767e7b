// The import verb: what a courier medium carries for a place, put there. No key of the vault
// needed.
#include <algorithm>
#include <utility>

#include "base/display.h"
#include "base/error.h"
#include "format/ids.h"
#include "format/leaf.h"
#include "operations/session.h"
#include "repository/courier_medium.h"
#include "repository/seats.h"

namespace fenchi {
namespace {

constexpr std::string_view kLeafPrefix = "k/leaf-";
// One for each rotation and repair of it.
constexpr std::size_t kLeavesMax = 4096;

Status TooManyLeaves(const Provider& place) {
  return Unavailable("{} lists more than {} leaf shares: whose place it is cannot be told",
                     place.location(), kLeavesMax)
      .WithHint(
          "nothing was stored: somebody fills the place, or it makes up names; look at it with"
          " another program and delete what is not the vault's");
}

// Which providers' leaf shares lie at a place: one, or none when it is new.
Result<std::vector<ProviderId>> OwnersOf(Provider& place, const Observer& observer) {
  std::vector<std::string> names;
  bool too_many = false;
  FENCHI_RETURN_IF_ERROR(place.List(kLeafPrefix, "", [&](const ObjectInfo& info) {
    too_many = names.size() == kLeavesMax;
    if (!too_many) names.push_back(info.name);
    return !too_many;
  }));
  if (too_many) return TooManyLeaves(place);
  ProgressMeter meter(observer, "courier");
  std::vector<ProviderId> owners;
  for (const std::string& name : names) {
    FENCHI_RETURN_IF_ERROR(meter.CheckCancelled());
    const Result<Bytes> bytes = GetAll(place, name, format::kGenesisObjectSizeMax);
    if (TellsOfPlace(bytes.status())) return bytes.status();
    const auto leaf = bytes.ok() ? format::DecodeLeaf(*bytes) : bytes.status();
    if (leaf.ok()) owners.push_back(leaf->provider);
  }
  return owners;
}

std::string ListOf(const std::vector<CourierCargo>& cargo) {
  std::string out;
  for (const CourierCargo& one : cargo) out += (out.empty() ? "" : ", ") + one.provider.hex();
  return out;
}

Result<ProviderId> Destination(const CourierReport& medium, Provider& place,
                               const CourierImportOptions& options) {
  if (medium.cargo.empty()) {
    return Damaged("nothing on the courier medium at {} is whole", QuoteForDisplay(medium.path))
        .WithHint("`fenchi provider courier check` tells what is wrong; export to a fresh medium");
  }
  FENCHI_ASSIGN_OR_RETURN(const std::vector<ProviderId> owners, OwnersOf(place, options.observer));
  const auto carried = [&](const ProviderId& id) {
    return std::ranges::find(medium.cargo, id, &CourierCargo::provider) != medium.cargo.end();
  };
  if (!owners.empty()) {
    for (const ProviderId& owner : owners) {
      if (options.destination && *options.destination != owner) continue;
      if (carried(owner)) return owner;
    }
    return InvalidArgument("the medium is for {}, and {} is the place of {}", ListOf(medium.cargo),
                           place.location(), owners.front().hex())
        .WithHint("nothing was stored: bring the medium to the place that it is for");
  }
  if (options.destination) {
    if (carried(*options.destination)) return *options.destination;
    return InvalidArgument("the medium carries nothing for {}, but for {}",
                           options.destination->hex(), ListOf(medium.cargo));
  }
  if (medium.cargo.size() == 1) return medium.cargo.front().provider;
  return InvalidArgument("{} holds no provider's share, and the medium is for {}", place.location(),
                         ListOf(medium.cargo))
      .WithHint("name the one that this place is to be");
}

class Import {
 public:
  Import(Provider& place, const ProviderId& destination, CourierImportReport& report)
      : place_(place), destination_(destination), report_(report) {}

  Status Take(const format::CourierObject& object, ByteView bytes) {
    if (object.destination != destination_) return Status::Ok();
    if (const Status named = CheckObjectName(object.name); !named.ok()) {
      Left(object.name, named);
      return Status::Ok();
    }
    MemorySource source(bytes);
    const Status put = place_.Put(object.name, source, {});
    if (put.ok()) {
      ++report_.objects_stored;
      report_.bytes_stored += bytes.size();
      return put;
    }
    // A place that is full, gone or forbidden will not take the next one either.
    if (put.code() != StatusCode::kAlreadyExists) return put;
    const Result<Bytes> there = GetAll(place_, object.name, bytes.size());
    if (there.ok() && std::ranges::equal(*there, bytes)) {
      ++report_.objects_there;
    } else if (there.ok() || there.status().code() == StatusCode::kDamaged) {
      Left(object.name, Damaged("other bytes have this name there: nothing was overwritten")
                            .WithHint("`fenchi verify` tells which is right"));
    } else if (there.status().code() == StatusCode::kDenied) {
      Left(object.name, there.status());  // the name is taken, and the next one may be free
    } else {
      return there.status();
    }
    return Status::Ok();
  }

 private:
  void Left(const std::string& object, const Status& status) {
    const std::string next = status.hint().empty() ? "" : "; " + status.hint();
    report_.left.push_back({destination_.hex(), EscapeForDisplay(object), DamageKind::kObject,
                            std::nullopt, status.message() + next, true});
  }

  Provider& place_;
  ProviderId destination_;
  CourierImportReport& report_;
};

}  // namespace

Result<CourierImportReport> ImportCourier(const std::string& path, Provider& place,
                                          const CourierImportOptions& options) {
  const Stopwatch watch;
  CourierImportReport report;
  // The whole medium is read once before anything is stored: it must be for this place.
  FENCHI_ASSIGN_OR_RETURN(report.medium, CheckCourier(path, options.observer));
  FENCHI_ASSIGN_OR_RETURN(const ProviderId destination, Destination(report.medium, place, options));
  Import import(place, destination, report);
  FENCHI_RETURN_IF_ERROR(ScanCourier(
                             path,
                             [&](const format::CourierObject& object, ByteView bytes,
                                 const CourierPlace&) { return import.Take(object, bytes); },
                             options.observer)
                             .status());
  report.seconds = watch.seconds();
  return report;
}

}  // namespace fenchi
