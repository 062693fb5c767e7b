// The single checks of the provider contract suite, see fenchi/testing/provider_contract.h.
#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/testing/provider_contract.h"

namespace fenchi {

// One run of the suite: where its objects lie, and which of them must be cleaned up.
class ContractRun {
 public:
  ContractRun(Provider& provider, const ContractOptions& options, Random& random);

  Provider& provider() const { return provider_; }
  const ContractOptions& options() const { return options_; }
  const std::string& base() const { return base_; }

  // An object name of this run: base() + "/" + leaf.
  std::string Name(std::string_view leaf) const { return base_ + "/" + std::string(leaf); }
  Bytes RandomBytes(std::size_t count);

  // Stores bytes and remembers the name for the end. Thread-safe.
  Status Put(const std::string& name, ByteView bytes, bool replace = false);
  Status Put(const std::string& name, Source& source, bool replace = false);

  // "" when `name` holds exactly `expected`, else what is wrong.
  std::string Compare(const std::string& name, ByteView expected);

  // The names below base() + "/" + `leaf`. Looks again while `complete` is false: listing may lag.
  Result<std::vector<std::string>> List(
      std::string_view leaf, const std::function<bool(const std::vector<std::string>&)>& complete);

  bool may_delete() const {
    return options_.may_delete && provider_.capability().can_delete && !deleting_refused_;
  }
  void FindDeletingRefused() { deleting_refused_ = true; }
  Clock& clock() const { return options_.clock != nullptr ? *options_.clock : SystemClock(); }

  // What the place turned out to be able to do.
  void Found(std::string name, std::string value, std::string detail = {});
  std::vector<ContractAbility> abilities() const { return abilities_; }

  // A name that CleanUp leaves alone.
  void Leave(const std::string& name);
  // Deletes all that Put has touched. Ok, and nothing done, where deleting is not allowed.
  Status CleanUp();

 private:
  Provider& provider_;
  ContractOptions options_;
  Random& random_;
  std::string base_;
  std::mutex mutex_;
  std::set<std::string> touched_;
  bool deleting_refused_ = false;
  std::vector<ContractAbility> abilities_;
};

// When a check must pass. kIfDeclared: where capability().create_only promises it.
enum class Required { kAlways, kIfDeclared, kNever };

struct ContractCheck {
  std::string_view sentence;
  Required required;
  bool deletes;                      // not tried where deleting is not allowed
  std::string (*run)(ContractRun&);  // "" when it passed, else what was seen
};

// What any provider must do, and then what places differ in.
std::span<const ContractCheck> ContractChecks();
std::span<const ContractCheck> AbilityChecks();

// What must have been refused with `code`: "" when it was.
std::string ExpectCode(const Status& status, StatusCode code, std::string_view what);

}  // namespace fenchi
