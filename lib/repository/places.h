// Places: the providers as the user gave them, before anybody knows which seat is whose.
//
// Reads `k/` objects from all of them at once. A place that does not answer is remembered and not
// asked again; one that answers nonsense stays, since it may still hold a good leaf share.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/executor.h"
#include "fenchi/bytes.h"
#include "fenchi/options.h"
#include "fenchi/status.h"

namespace fenchi {

struct Place {
  std::string name;
  std::shared_ptr<Provider> provider;
  Status failure;  // of its first call that was not answered
  bool reachable() const { return failure.ok(); }
};

// Every generation of one object at one place, lowest first.
struct Copies {
  std::vector<Bytes> objects;
  bool damaged = false;  // one was there that could not be read whole, or was too large
  bool none() const { return objects.empty() && !damaged; }
};

using NameOfGeneration = std::function<std::string(int generation)>;
// True: no later generation needs to be read.
using Enough = std::function<bool(ByteView object)>;

class Places {
 public:
  // Errors: kInvalidArgument for no provider, an empty name, a name given twice, no object behind a
  // name.
  static Result<Places> Of(const std::vector<NamedProvider>& providers,
                           std::shared_ptr<Executor> executor);

  const std::vector<Place>& all() const { return all_; }
  std::size_t size() const { return all_.size(); }
  const std::shared_ptr<Executor>& executor() const { return executor_; }
  // "tokyo: no route to host; oslo: ...", empty when all answer.
  std::string Unreachable() const;
  bool any_reachable() const;

  // One answer for each place; empty for those that are not reachable.
  std::vector<Copies> ReadAll(const NameOfGeneration& name, std::uint64_t size_max,
                              const Enough& enough = {});
  // The object with this hash, from the first place that has it. Places that hold another one under
  // its name are named in `warnings`.
  // providers: how many the vault has.
  // Errors: kTooFewProviders when those that are not given or do not answer may have it; kDataLoss
  // when all answer and none has it.
  Result<Bytes> FindByHash(const NameOfGeneration& name, std::uint64_t size_max,
                           const Hash256& hash, std::string_view what, int providers,
                           std::vector<std::string>& warnings);

 private:
  Copies Read(std::size_t place, const NameOfGeneration& name, std::uint64_t size_max,
              const Enough& enough);
  std::vector<Place> all_;
  std::shared_ptr<Executor> executor_;
};

}  // namespace fenchi
