// Whole vaults for tests: n providers that can misbehave, hosts with a state directory each, trees
// on disk. Deterministic: randomness comes from a seed, which a failing test prints, and time from
// a clock that steps. FENCHI_TEST_SEED=N repeats a run with another seed.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fenchi/testing/fault_provider.h"
#include "fenchi/vault.h"
#include "repository/access.h"
#include "unit/filesystem/tree_fixture.h"

namespace fenchi {

using filesystem::Describe;
using filesystem::Exists;
using filesystem::ReadFile;
using filesystem::Stat;

// The value, or the test program ends: for what a test takes for granted.
template <typename T>
T Need(Result<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.status().ToString();
    std::abort();
  }
  return std::move(result).value();
}
StatusCode CodeOf(const Status& status);
template <typename T>
StatusCode CodeOf(const Result<T>& result) {
  return result.status().code();
}

// A message that helps: what is wrong, and what to do next.
void ExpectHelpful(const Status& status);

Unlock Passphrase(const std::string& text = "correct horse");

struct Shape {
  int needed = 2;
  int providers = 4;
  bool on_disk = false;  // else in memory
  VaultPolicy policy = {};
  std::vector<Domain> domains = {};  // by provider
};

class VaultTest : public filesystem::TreeTest {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Makes the providers "p0", "p1", ... and a vault over them, as the host "host".
  Vault MakeVault(const Shape& shape = {});
  Result<Vault> TryMakeVault(const Shape& shape);
  // Empty providers of that shape, in place of those that there are.
  void MakePlaces(const Shape& shape);
  // Opens it again: from the providers of these numbers (empty: all), as a host of that name.
  Result<Vault> TryOpen(const Unlock& unlock, const std::vector<int>& providers = {},
                        const std::string& host = "host");
  Vault Reopen(const std::string& host = "host") { return Need(TryOpen(Passphrase(), {}, host)); }
  // The inner side of an opening, for what no verb does yet.
  Access OpenAccess();

  std::vector<NamedProvider> Named(const std::vector<int>& providers = {}) const;
  FaultProvider& provider(int number) { return *faults_[static_cast<std::size_t>(number)]; }
  Provider& inner(int number) { return *inner_[static_cast<std::size_t>(number)]; }
  int providers() const { return static_cast<int>(faults_.size()); }
  void HealAll();
  // Sizes by name of what a provider holds, past every fault.
  std::map<std::string, std::uint64_t> Objects(int number, const std::string& prefix = "") const;
  std::uint64_t StoredBytes() const;  // of everything, at all providers
  void Lose(int number, const std::string& prefix);
  // Calls `then` once, before the first call that `verb` and `prefix` fit, on any provider.
  void Once(Verb verb, const std::string& prefix, std::function<void()> then);
  Environment TestEnvironment() { return {random_.get(), clock_.get(), 2}; }
  std::string HostDirectory(const std::string& host) const { return Path("state-" + host); }

  std::string RandomText(std::size_t size);
  std::uint64_t RandomBelow(std::uint64_t bound);
  // A small tree with files of several sizes, an empty one, a directory below and a link.
  void WriteTree(const std::string& below);

  std::vector<ListedEntry> ListAll(Vault& vault, const SnapshotId& snapshot,
                                   const std::string& path = "", bool recursive = true);
  std::vector<std::string> Paths(Vault& vault, const SnapshotId& snapshot,
                                 const std::string& path = "", bool recursive = true);
  std::string CatText(Vault& vault, const SnapshotId& snapshot, const std::string& path);
  // Restores everything to a new place and compares it, attributes included, with `source`.
  void ExpectRestores(Vault& vault, const SnapshotId& snapshot, const std::string& source,
                      const RestoreOptions& options = {});
  std::string NewTarget() { return Path("restored-" + std::to_string(++targets_)); }

  std::uint64_t seed_ = 0;
  std::unique_ptr<Random> random_;
  std::unique_ptr<Clock> clock_;
  VaultId vault_id_;
  std::vector<std::shared_ptr<Provider>> inner_;
  std::vector<std::shared_ptr<FaultProvider>> faults_;
  int targets_ = 0;
};

// Whether some problem names this path.
bool Names(const std::vector<Problem>& problems, const std::string& path);
StreamReader ReaderOf(const std::string& text, std::size_t piece);

}  // namespace fenchi
