// The provider contract suite: does a place keep the promises that fenchi needs?
//
// For those who write a provider, and for `fenchi provider check URL` before data is trusted to a
// place. It writes, reads and lists objects below a fresh name under `prefix`, touches nothing
// else, and deletes what it wrote where that is allowed. It needs no test framework. It proves
// nothing about durability (only a power cut does) nor about tomorrow.
//
//   FENCHI_ASSIGN_OR_RETURN(fenchi::ContractReport report,
//                           fenchi::RunProviderContract(*provider, {}, fenchi::SystemRandom()));
//   if (!report.passed()) std::cerr << report.ToText();
//
// Threads: the suite itself calls the provider from several threads at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "fenchi/clock.h"
#include "fenchi/export.h"
#include "fenchi/provider.h"
#include "fenchi/random.h"
#include "fenchi/status.h"

namespace fenchi {

struct ContractOptions {
  std::string prefix = "contract-check";  // an object name of at most 60 characters
  bool may_delete = true;                 // false leaves about 20 MiB of objects behind
  std::uint64_t large_object_bytes = 16u << 20;
  int threads = 8;         // 2..64, for the checks of concurrency
  int list_attempts = 10;  // listing may lag: how often to look before a name counts as missing
  std::chrono::milliseconds list_wait{500};  // between two looks
  // Opt in: one object is stored under retention for this long, and must not be deletable. It stays
  // there, and nobody can remove it before. 0: not tried.
  std::chrono::seconds retain{0};
  Clock* clock = nullptr;  // for retention and the place's clock; default SystemClock()
};

struct ContractFinding {
  std::string check = {};  // a sentence: "a second Put of one name is refused"
  bool passed = false;
  bool required = true;      // false: fenchi works without it, and the message says what is lost
  std::string message = {};  // what was seen, when it did not pass
};

// What the place can do, as it was seen, not as it was declared. Stable words, for programs and for
// those who put them in their users' language:
//   overwrite_refusal   always | not_at_once (two writers at one moment may both succeed) | never
//   replace             yes | no
//   ranges              yes | whole_objects (declared: a part costs the whole) | no
//   delete              yes | refused (append-only) | no | not_tried
//   listing             at_once | lags (`detail`: how long) | incomplete
//   retention           kept | ignored | not_tried | unsupported
//   clock               right | wrong (`detail`: seconds ahead) | unknown
//   durability          declared | not_declared
struct ContractAbility {
  std::string name = {};
  std::string value = {};
  std::string detail = {};
};

struct FENCHI_EXPORT ContractReport {
  std::string location = {};
  std::vector<ContractFinding> findings = {};
  std::vector<ContractAbility> abilities = {};

  // True when every required check passed.
  bool passed() const;
  // One line for each finding and each ability.
  std::string ToText() const;
};

// Runs every check, also after some have failed.
// Errors: kInvalidArgument for options out of range; else whatever the first Put meets, when the
// place cannot be written to at all.
// Cost: about 20 MiB written and read, some 200 calls.
FENCHI_EXPORT Result<ContractReport> RunProviderContract(Provider& provider,
                                                         const ContractOptions& options,
                                                         Random& random);

// Whether a second Put of one name is refused and changes nothing: tried with 32 bytes under
// "probe/", which stay where deleting is refused. Errors: whatever the first Put or Get meets.
FENCHI_EXPORT Result<bool> RefusesToOverwrite(Provider& provider, Random& random);

// Whether two providers are one place: an object put into `a` is looked for in `b`, then deleted
// (it stays, 32 bytes under "probe/", where deleting is refused). False may be wrong for a place
// whose reads lag behind its writes; true is never wrong, unless a provider lies.
// Errors: whatever Put into `a` or Get from `b` meets.
FENCHI_EXPORT Result<bool> SamePlace(Provider& a, Provider& b, Random& random);

}  // namespace fenchi
