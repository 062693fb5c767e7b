// A whole vault in memory, opened as its owner, whose providers can be damaged and made to lie.
//
// Made by Vault's own verbs over FaultProviders; tests reach below them through session(). Two
// shapes: with data (a tree of 90 small files: one data pack, one metadata pack, both of the
// smallest class), and bare (an empty tree: no pack, so that a verify costs a millisecond).
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "fenchi/testing/fault_provider.h"
#include "golden/tree_manifest.h"
#include "operations/objects.h"
#include "operations/operations.h"
#include "operations/session.h"

namespace fenchi {

template <typename T>
T Need(Result<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.status().ToString();
    std::abort();
  }
  return std::move(*result);
}

struct SmallShape {
  int needed = 2;
  int providers = 4;
  Suite suite = Suite::kAes256Gcm;
  bool data = true;
  std::uint64_t seed = 1;
};

// Where one stored object is.
struct Stored {
  std::string kind;  // "genesis", "record 1 of writer ...", "shard"
  int position = 0;
  std::string name;
  NameAt name_at;
  Bytes bytes;
};

class SmallVault {
 public:
  explicit SmallVault(const SmallShape& shape = {});
  ~SmallVault();
  SmallVault(const SmallVault&) = delete;
  SmallVault& operator=(const SmallVault&) = delete;

  Session& session() { return *session_; }
  const Access& access() const { return session_->access; }
  const SnapshotId& snapshot() const { return snapshot_; }
  int providers() const { return static_cast<int>(faults_.size()); }
  FaultProvider& fault(int position) { return *faults_[static_cast<std::size_t>(position)]; }
  std::string NameOf(int position) const { return "p" + std::to_string(position); }
  void Heal();

  // Another opening, on a host without state. Errors: as Vault::Open.
  Result<std::unique_ptr<Session>> OpenAgain();

  // Past every fault.
  Bytes Get(int position, const std::string& name) const;
  bool Has(int position, const std::string& name) const;
  void Replace(int position, const std::string& name, ByteView bytes);
  void Delete(int position, const std::string& name);

  // Everything that must lie at a provider, once each, with its bytes.
  std::vector<Stored> ObjectsAt(int position);
  std::vector<Stored> ShardsAt(int position);
  PackMap Packs();

  VerifyReport Verify(VerifyDepth depth = VerifyDepth::kTags);
  RepairReport Repair(const VerifyReport& report);
  // Differences between the source and what a restore gives; "" when there is none.
  std::string RestoredDifference(RestoreReport* report = nullptr);
  const std::filesystem::path& folder() const { return folder_; }

 private:
  void MakeSource(bool data);
  void MakeListAndIndex();
  std::vector<NamedProvider> Providers() const;

  std::filesystem::path folder_;
  std::vector<std::shared_ptr<Provider>> inner_;
  std::vector<std::shared_ptr<FaultProvider>> faults_;
  std::unique_ptr<Random> random_;
  std::unique_ptr<Clock> clock_;
  std::unique_ptr<Session> session_;
  SnapshotId snapshot_;
  TreeManifest source_;
};

// One line for each damage found.
std::string Lines(const VerifyReport& report);
std::string Lines(const RepairReport& report);

// How much of a sweep to do: every flip, or fewer where FENCHI_TEST_REDUCED is set.
int SweepStride(int otherwise, int reduced);

}  // namespace fenchi
