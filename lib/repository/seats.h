// Seats: the vault's providers in the order of their permanent seat numbers, and how all of them
// are asked at once.
//
// A seat without a provider (not given, or not reachable) stays in the list: its absence is data.
// Small objects lie in full at every seat under a name of their own; PutAtAll and GetChecked hide
// names and generations.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "fenchi/bytes.h"
#include "fenchi/provider.h"
#include "fenchi/status.h"
#include "format/ids.h"
#include "repository/transfer_lane.h"

namespace fenchi {

using format::kGenerations;

struct Seat {
  int number = 0;    // permanent; the shard index follows from it
  ProviderId id;     // random, from the policy
  std::string name;  // the user's word for it
  Domain domain;
  std::shared_ptr<Provider> provider;  // null: absent
  std::string absent_reason;           // why, when provider is null
  std::shared_ptr<TransferLane> lane;  // of the provider; made by Seats
};

// The name of an object at one seat in one generation.
using NameAt = std::function<std::string(const Seat& seat, int generation)>;
// Whether an answer to a reading call tells about the place and not about the object: all failures
// but "absent" and "damaged", a byte budget that is used up among them. What lies there is then
// unknown, not lost.
bool TellsOfPlace(const Status& status);
// So many refused objects in a row, before anything was read, tell of the place as well.
inline constexpr std::size_t kRefusalsMax = 8;
// Ok when the bytes are what the object must be.
using CheckBytes = std::function<Status(ByteView)>;

struct PutOutcome {
  std::vector<int> stored;                     // positions in Seats::all() that hold the object
  std::vector<std::pair<int, Status>> failed;  // and those that do not, with the reason
};

struct ObjectAt {
  int position = 0;  // in Seats::all()
  int generation = 0;
  Bytes bytes;
};

class Seats {
 public:
  Seats(std::vector<Seat> seats, std::shared_ptr<Executor> executor);

  const std::vector<Seat>& all() const { return seats_; }
  std::size_t size() const { return seats_.size(); }
  Executor& executor() const { return *executor_; }
  const std::shared_ptr<Executor>& shared_executor() const { return executor_; }
  const Seat* FindById(const ProviderId& id) const;
  const Seat* FindByName(std::string_view name) const;
  std::vector<int> present() const;  // positions with a provider

  // The same seats without the providers of these names. Errors: kInvalidArgument for a name that
  // no seat has.
  Result<Seats> Without(const std::vector<std::string>& names) const;

  // What is stored from now on is retained until then, where the place can; nullopt: no longer.
  // While no calls run.
  void RetainUntil(std::optional<Timestamp> until) { retain_until_ = until; }
  const std::optional<Timestamp>& retain_until() const { return retain_until_; }

  // Stores `bytes` at every present seat. A seat that already holds the same bytes counts as
  // stored; one that holds others under the name is tried with the next generation.
  PutOutcome PutAtAll(const NameAt& name, ByteView bytes) const;
  // The same at one seat.
  Status PutAt(std::size_t position, const NameAt& name, ByteView bytes) const;

  // The lowest generation at one seat whose bytes pass `check`.
  // Errors: kNotFound when no generation is there; kDamaged when none that is there passes,
  // whatever `check` says; what the provider answered otherwise.
  Result<ObjectAt> GetAt(std::size_t position, const NameAt& name, std::uint64_t size_max,
                         const CheckBytes& check) const;
  // The first good copy at any seat, asked one after another from `first` on.
  // Errors: kTooFewProviders when a seat that is away may have it; kNotFound when all say absent;
  // kDamaged when those that have it have other bytes.
  Result<ObjectAt> GetAny(const NameAt& name, std::uint64_t size_max, const CheckBytes& check,
                          std::size_t first = 0) const;

 private:
  std::vector<Seat> seats_;
  std::shared_ptr<Executor> executor_;
  std::optional<Timestamp> retain_until_;
};

// kDamaged, naming the objects: all names of an object at a seat hold other bytes.
Status NamesTaken(const Seat& seat, const NameAt& name);

// kTooFewProviders with the names of those that failed, and why; kDamaged where it would be enough
// if names that are taken were free; kFull where the first one is full. `what` names the object.
Status QuorumFailure(const Seats& seats, const PutOutcome& outcome, int needed,
                     std::string_view what);

}  // namespace fenchi
