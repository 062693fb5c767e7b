// Fifty backups over providers of which every call fails once in twenty, before or after it is
// done. With retry around them none fails, every snapshot restores, and nothing is damaged.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "contract/temporary_directory.h"
#include "fenchi/provider_wrappers.h"
#include "fenchi/testing/fault_provider.h"
#include "fenchi/vault.h"
#include "golden/tree_manifest.h"
#include "unit/storage/fake_time.h"

namespace fenchi {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSeed = 20261128;
constexpr int kBackups = 50;

template <typename T>
T Need(Result<T> result) {
  EXPECT_TRUE(result.ok()) << result.status().ToString();
  if (!result.ok()) std::abort();
  return std::move(*result);
}

class FlakyProviders : public ::testing::Test {
 protected:
  FlakyProviders() {
    for (std::size_t i = 0; i < 3; ++i) {
      faults_.push_back(std::make_shared<FaultProvider>(OpenMemoryProvider()));
      faults_.back()->SetRandomFaults(
          RandomFaults{.seed = kSeed + i, .fail_before = 0.05, .fail_after = 0.05});
      providers_.push_back(
          {"p" + std::to_string(i),
           OpenRetryingProvider(faults_.back(), {.random = random_.get(), .clock = time_.wait()})});
    }
    fs::create_directories(source());
  }

  std::string source() const { return directory_.path() + "/source"; }
  std::string state() const { return directory_.path() + "/state"; }
  Unlock unlock() const { return Unlock::WithPassphrase(SecretBytes::CopyOf(AsBytes("flaky"))); }
  Environment environment() { return {random_.get(), &time_, 1}; }

  void Change(int round) {
    Bytes noise(20'000);
    random_->Fill(noise);
    std::ofstream(source() + "/file-" + std::to_string(round % 10), std::ios::binary)
        << AsText(noise);
  }

  TemporaryDirectory directory_;
  FakeTime time_;
  std::unique_ptr<Random> random_ = SeededRandom(kSeed);
  std::vector<std::shared_ptr<FaultProvider>> faults_;
  std::vector<NamedProvider> providers_;
};

TEST_F(FlakyProviders, NoneOfFiftyBackupsFails) {
  RecordProperty("seed", std::to_string(kSeed));
  CreateOptions options;
  options.policy.needed = 2;
  options.passphrase_cost = {1, 8};
  options.state_directory = state();
  options.environment = environment();
  const VaultId id = Need(Vault::Create(providers_, unlock(), options)).id();
  SnapshotId last;
  for (int round = 0; round < kBackups; ++round) {
    SCOPED_TRACE("backup " + std::to_string(round));
    Change(round);
    OpenOptions open{.vault_id = id, .state_directory = state(), .environment = environment()};
    Vault vault = Need(Vault::Open(providers_, unlock(), open));
    const BackupReport report = Need(vault.BackupTree(source(), {.host = "h"}));
    EXPECT_TRUE(report.complete());
    EXPECT_TRUE(report.providers_missed.empty());
    last = report.snapshot;
  }
  int calls = 0;
  for (const auto& fault : faults_) calls += fault->calls(Verb::kPut);
  EXPECT_GT(calls, 3 * 4 * kBackups);
  EXPECT_GT(time_.elapsed().count(), 0);  // it did have to wait

  for (const auto& fault : faults_) fault->Heal();
  OpenOptions open{.vault_id = id, .state_directory = state(), .environment = environment()};
  Vault vault = Need(Vault::Open(providers_, unlock(), open));
  EXPECT_EQ(Need(vault.Snapshots()).snapshots.size(), static_cast<std::size_t>(kBackups));
  const VerifyReport health = Need(vault.Verify({.depth = VerifyDepth::kData}));
  EXPECT_TRUE(health.healthy());
  Need(vault.Restore(last, directory_.path() + "/out"));
  EXPECT_EQ(Difference(ScanTree(source()), ScanTree(directory_.path() + "/out/source")), "");
}

}  // namespace
}  // namespace fenchi
