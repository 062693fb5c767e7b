// A place at work on many threads, for test_threads.py and a build under the thread sanitizer:
// fenchi_place_threads DIRECTORY URL URL URL...
//
// The first URL is put through the contract; over the others, each behind retry, rate limit and
// meter, goes a vault: DIRECTORY/source is backed up, verified, checked for locks, restored to
// DIRECTORY/restored and compared by what was counted. Prints what failed of the contract; exit
// code 1 at the first step that does not go as it must.

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "fenchi/provider.h"
#include "fenchi/provider_wrappers.h"
#include "fenchi/random.h"
#include "fenchi/testing/provider_contract.h"
#include "fenchi/vault.h"

namespace {

using fenchi::Result;
using fenchi::Status;

// What a vault can do without may fail: the caller knows its server, and reads the lines.
Status KeepsTheContract(const std::string& url) {
  const auto place = fenchi::OpenProvider(url);
  if (!place.ok()) return place.status();
  const auto report = fenchi::RunProviderContract(**place, {}, fenchi::SystemRandom());
  if (!report.ok()) return report.status();
  for (const fenchi::ContractFinding& one : report->findings) {
    if (one.required && !one.passed)
      std::printf("%s: %s\n", one.check.c_str(), one.message.c_str());
  }
  std::printf("checks: %zu\n", report->findings.size());
  return Status::Ok();
}

Result<std::vector<fenchi::NamedProvider>> OpenAll(const std::vector<std::string>& urls) {
  std::vector<fenchi::NamedProvider> places;
  for (const std::string& url : urls) {
    auto place = fenchi::OpenProvider(url);
    if (!place.ok()) return place.status();
    auto limit = std::make_shared<fenchi::RateLimit>(fenchi::RateLimitOptions{});
    auto limited = fenchi::OpenRateLimitedProvider(*place, std::move(limit));
    auto metered =
        fenchi::OpenMeteredProvider(std::move(limited), std::make_shared<fenchi::Meter>());
    places.push_back({"place-" + std::to_string(places.size()),
                      fenchi::OpenRetryingProvider(std::move(metered))});
  }
  return places;
}

Status Wrong(const std::string& what) { return Status(fenchi::StatusCode::kInternal, what); }

Status HoldsAVault(const std::string& directory, const std::vector<std::string>& urls) {
  const auto places = OpenAll(urls);
  if (!places.ok()) return places.status();
  const auto unlock =
      fenchi::Unlock::WithPassphrase(fenchi::SecretBytes::CopyOf(fenchi::AsBytes("correct horse")));
  auto vault = fenchi::Vault::Create(*places, unlock,
                                     {.policy = {.needed = 2},
                                      .passphrase_cost = {.passes = 1, .memory_kib = 8192},
                                      .state_directory = directory + "/state"});
  if (!vault.ok()) return vault.status();
  const fenchi::Timestamp hour{.seconds = fenchi::SystemClock().Now().seconds + 3600};
  const auto made = vault->BackupTree(directory + "/source", {.lock_until = hour});
  if (!made.ok()) return made.status();
  const auto health = vault->Verify({.depth = fenchi::VerifyDepth::kData});
  if (!health.ok()) return health.status();
  if (!health->healthy()) return Wrong("not healthy: " + health->damage.front().what);
  if (health->locks_kept() != made->locks->complete()) return Wrong("locks came or went");
  std::printf("locked: %s\n", health->locks_kept() ? "yes" : "no");
  const auto back = vault->Restore(made->snapshot, directory + "/restored");
  if (!back.ok()) return back.status();
  if (!back->complete() || back->bytes != made->bytes) return Wrong("not all came back");
  return Status::Ok();
}

}  // namespace

int main(int count, char** words) {
  if (count < 5) return 2;
  const std::vector<std::string> urls(words + 2, words + count);
  Status done = KeepsTheContract(urls.front());
  if (done.ok()) done = HoldsAVault(words[1], {urls.begin() + 1, urls.end()});
  if (!done.ok()) std::printf("WRONG %s\n", done.ToString().c_str());
  return done.ok() ? 0 : 1;
}
