#include "repository/seats.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "repository/away_seats.h"

namespace fenchi {
namespace {

// Names are fixed by FORMAT.md, and those under `k/` take no key: who may write can take them.
constexpr const char* kFreeNames =
    "they are damaged, or somebody who may write there put them: delete these objects with a "
    "credential that may delete, or replace the provider by a new, empty place under its name, "
    "which `fenchi repair` fills; then run the same command again";

}  // namespace

bool TellsOfPlace(const Status& status) {
  return !status.ok() && status.code() != StatusCode::kNotFound &&
         status.code() != StatusCode::kDamaged;
}

Seats::Seats(std::vector<Seat> seats, std::shared_ptr<Executor> executor)
    : seats_(std::move(seats)), executor_(std::move(executor)) {
  for (Seat& seat : seats_) {
    if (!seat.provider || seat.lane) continue;
    seat.lane = std::make_shared<TransferLane>(seat.provider->capability().parallel_calls_max);
  }
}

const Seat* Seats::FindById(const ProviderId& id) const {
  const auto found =
      std::find_if(seats_.begin(), seats_.end(), [&](const Seat& seat) { return seat.id == id; });
  return found == seats_.end() ? nullptr : &*found;
}

const Seat* Seats::FindByName(std::string_view name) const {
  const auto found = std::find_if(seats_.begin(), seats_.end(),
                                  [&](const Seat& seat) { return seat.name == name; });
  return found == seats_.end() ? nullptr : &*found;
}

std::vector<int> Seats::present() const {
  std::vector<int> out;
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    if (seats_[i].provider) out.push_back(static_cast<int>(i));
  }
  return out;
}

Result<Seats> Seats::Without(const std::vector<std::string>& names) const {
  std::vector<Seat> rest = seats_;
  for (const std::string& name : names) {
    const auto found =
        std::find_if(rest.begin(), rest.end(), [&](const Seat& seat) { return seat.name == name; });
    if (found == rest.end()) {
      return InvalidArgument("no provider is called '{}'", name)
          .WithHint("`fenchi status` lists the providers");
    }
    found->provider = nullptr;
    found->absent_reason = "left out on request";
  }
  return Seats(std::move(rest), executor_);
}

Status Seats::PutAt(std::size_t position, const NameAt& name, ByteView bytes) const {
  const Seat& seat = seats_[position];
  if (!seat.provider) return Unavailable("provider {}: {}", seat.name, seat.absent_reason);
  for (int generation = 0; generation < kGenerations; ++generation) {
    const std::string object = name(seat, generation);
    MemorySource source(bytes);
    const Status put = seat.provider->Put(object, source, {.retain_until = retain_until_});
    if (put.ok()) return put;
    if (put.code() != StatusCode::kAlreadyExists) {
      return put.At("provider " + seat.name + ", object " + object);
    }
    Result<Bytes> there = GetAll(*seat.provider, object, bytes.size());
    if (there.ok() && std::ranges::equal(*there, bytes)) {
      if (!retain_until_ || !seat.provider->capability().retention) return Status::Ok();
      return seat.provider->ExtendRetention(object, *retain_until_);
    }
    // Something else has the name: never overwritten; the next generation holds the right bytes.
    if (!there.ok() && there.status().code() != StatusCode::kDamaged) return there.status();
  }
  return NamesTaken(seat, name).At("provider " + seat.name);
}

PutOutcome Seats::PutAtAll(const NameAt& name, ByteView bytes) const {
  std::vector<Status> results(seats_.size());
  executor_->ForEach(seats_.size(), [&](std::size_t i) { results[i] = PutAt(i, name, bytes); });
  PutOutcome outcome;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i].ok()) {
      outcome.stored.push_back(static_cast<int>(i));
    } else {
      outcome.failed.emplace_back(static_cast<int>(i), results[i]);
    }
  }
  return outcome;
}

Result<ObjectAt> Seats::GetAt(std::size_t position, const NameAt& name, std::uint64_t size_max,
                              const CheckBytes& check) const {
  const Seat& seat = seats_[position];
  if (!seat.provider) return Unavailable("provider {}: {}", seat.name, seat.absent_reason);
  Status worst = NotFound("provider {} has no {}", seat.name, name(seat, 0));
  for (int generation = 0; generation < kGenerations; ++generation) {
    const std::string object = name(seat, generation);
    Result<Bytes> bytes = GetAll(*seat.provider, object, size_max);
    if (!bytes.ok()) {
      const Status failure = bytes.status().At("provider " + seat.name + ", object " + object);
      if (failure.code() == StatusCode::kNotFound) return worst;  // no later generation either
      if (failure.code() != StatusCode::kDamaged) return failure;
      worst = failure;
      continue;
    }
    const Status checked = check(*bytes);
    if (checked.ok()) return ObjectAt{static_cast<int>(position), generation, std::move(*bytes)};
    const Status bad = checked.At("provider " + seat.name + ", object " + object);
    worst = Status(StatusCode::kDamaged, bad.message(), bad.hint());  // it speaks of the object
  }
  return worst;
}

Result<ObjectAt> Seats::GetAny(const NameAt& name, std::uint64_t size_max, const CheckBytes& check,
                               std::size_t first) const {
  AwaySeats away;
  away.AddAbsent(*this);
  Status worst = NotFound("no provider has it");
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    const std::size_t position = (first + i) % seats_.size();
    if (!seats_[position].provider) continue;
    Result<ObjectAt> found = GetAt(position, name, size_max, check);
    if (found.ok() || found.status().code() == StatusCode::kCancelled) return found;
    if (TellsOfPlace(found.status())) {
      away.Add(seats_[position], found.status());
    } else if (worst.code() == StatusCode::kNotFound) {
      worst = found.status();
    }
  }
  return away.none() ? worst : away.TooFew(worst.message());
}

Status NamesTaken(const Seat& seat, const NameAt& name) {
  return Damaged(
             "all {} names that it may have there hold other bytes, {} to {}, and nothing is "
             "ever overwritten",
             kGenerations, name(seat, 0), name(seat, kGenerations - 1))
      .WithHint(kFreeNames);
}

Status QuorumFailure(const Seats& seats, const PutOutcome& outcome, int needed,
                     std::string_view what) {
  std::string reasons;
  for (const auto& [position, status] : outcome.failed) {
    reasons += fmt::format("; {}: {}", seats.all()[position].name, status.message());
  }
  for (const auto& [position, status] : outcome.failed) {
    if (status.code() == StatusCode::kCancelled) return status;
  }
  // When the same fault, such as a full disk, is the only one, its code says more.
  StatusCode code = StatusCode::kTooFewProviders;
  std::string hint =
      "bring the named providers back and run the same command again; it goes on where it stopped";
  if (!outcome.failed.empty() && outcome.failed.front().second.code() == StatusCode::kFull) {
    code = StatusCode::kFull;
  }
  const auto taken = std::ranges::count_if(outcome.failed, [](const auto& failure) {
    return failure.second.code() == StatusCode::kDamaged;
  });
  const auto in_reach = static_cast<std::ptrdiff_t>(outcome.stored.size()) + taken;
  if (taken > 0 && in_reach >= needed) {
    code = StatusCode::kDamaged;
    hint = kFreeNames;
  } else if (taken > 0) {
    hint += fmt::format("; where names are taken: {}", kFreeNames);
  }
  return Status(code,
                fmt::format("{} is stored at {} of {} providers, {} are needed{}", what,
                            outcome.stored.size(), seats.size(), needed, reasons),
                hint);
}

}  // namespace fenchi
