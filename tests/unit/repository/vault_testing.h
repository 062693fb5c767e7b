// Vaults over providers in memory, each behind a FaultProvider, for tests of the repository floor.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/executor.h"
#include "fenchi/random.h"
#include "fenchi/testing/fault_provider.h"
#include "fenchi/vault.h"
#include "repository/bootstrap.h"
#include "unit/repository/custody_testing.h"

namespace fenchi {

inline SecretBytes SecretOf(std::string_view text) { return SecretBytes::CopyOf(AsBytes(text)); }

class VaultRig {
 public:
  static constexpr std::string_view kPassphrase = "correct horse 電池";

  explicit VaultRig(int providers, std::uint64_t seed = 1)
      : executor(std::make_shared<Executor>(3)),
        random(SeededRandom(seed)),
        clock(SteppingClock({1'790'000'000, 0})) {
    const std::vector<std::string> places = {"tokyo", "oslo", "lima", "cairo", "quito"};
    for (int i = 0; i < providers; ++i) {
      const auto at = static_cast<std::size_t>(i);
      names.push_back(at < places.size() ? places[at] : "place-" + std::to_string(i));
      inner.push_back(OpenMemoryProvider());
      faults.push_back(std::make_shared<FaultProvider>(inner.back()));
    }
  }

  std::vector<NamedProvider> All() const { return Some(~0u); }
  // By the bits of `mask`, bit i for provider i.
  std::vector<NamedProvider> Some(unsigned mask) const {
    std::vector<NamedProvider> out;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (i >= 32 || (mask >> i & 1) != 0) out.push_back({names[i], faults[i]});
    }
    return out;
  }

  CreateOptions Options(int needed) const {
    CreateOptions options;
    options.policy.needed = needed;
    options.passphrase_cost = {1, 8};
    options.environment = {random.get(), clock.get(), 0};
    return options;
  }
  Result<Access> Create(const CreateOptions& options) const {
    return CreateVault(All(), PassphrasePlan(kPassphrase), options, executor);
  }
  Result<Access> Create(int needed) const { return Create(Options(needed)); }

  Result<Access> Open(const std::vector<NamedProvider>& given, std::optional<VaultId> vault,
                      const SeenState* seen = nullptr,
                      std::string_view passphrase = kPassphrase) const {
    OpenOptions options;
    options.vault_id = vault;
    return OpenVault(given, Unlock::WithPassphrase(SecretOf(passphrase)), options, executor, seen);
  }
  Result<Access> OpenWith(const SecretBytes& credential,
                          const std::vector<NamedProvider>& given) const {
    return OpenVault(given, Unlock::WithCredential(credential.Clone()), {}, executor, nullptr);
  }

  // Every object at a provider, as it truly is.
  std::map<std::string, Bytes> Objects(std::size_t provider) const {
    std::map<std::string, Bytes> out;
    const Status listed = inner[provider]->List("", "", [&](const ObjectInfo& object) {
      out[object.name] = {};
      return true;
    });
    EXPECT_TRUE(listed.ok()) << listed.ToString();
    for (auto& [name, bytes] : out) {
      Result<Bytes> read = GetAll(*inner[provider], name, 1 << 24);
      EXPECT_TRUE(read.ok()) << read.status().ToString();
      bytes = std::move(*read);
    }
    return out;
  }
  // What a provider that turned bad does.
  void Plant(std::size_t provider, const std::string& name, ByteView bytes) const {
    MemorySource source(bytes);
    const Status put = inner[provider]->Put(name, source, {.replace = true});
    EXPECT_TRUE(put.ok()) << put.ToString();
  }

  std::shared_ptr<Executor> executor;
  std::unique_ptr<Random> random;
  std::unique_ptr<Clock> clock;
  std::vector<std::string> names;
  std::vector<std::shared_ptr<Provider>> inner;
  std::vector<std::shared_ptr<FaultProvider>> faults;
};

// The keys, the policy and the seats are the same.
inline void ExpectSameVault(const Access& a, const Access& b) {
  EXPECT_EQ(a.vault, b.vault);
  EXPECT_EQ(a.policy_hash, b.policy_hash);
  EXPECT_EQ(a.policy, b.policy);
  EXPECT_EQ(a.details, b.details);
  EXPECT_EQ(a.shards_needed, b.shards_needed);
  EXPECT_TRUE(a.outer_key.Equals(b.outer_key.view()));
  EXPECT_TRUE(a.name_key.Equals(b.name_key.view()));
  ASSERT_EQ(a.domains.size(), b.domains.size());
  for (std::size_t i = 0; i < a.domains.size(); ++i) {
    EXPECT_EQ(a.domains[i].id, b.domains[i].id);
    EXPECT_EQ(a.domains[i].label, b.domains[i].label);
    EXPECT_TRUE(a.domains[i].id_root.Equals(b.domains[i].id_root.view()));
    EXPECT_TRUE(a.domains[i].index_root.Equals(b.domains[i].index_root.view()));
    EXPECT_TRUE(a.domains[i].read_keys.back().pair.secret_key.Equals(
        b.domains[i].read_keys.back().pair.secret_key.view()));
  }
  ASSERT_EQ(a.seats.size(), b.seats.size());
  for (std::size_t i = 0; i < a.seats.size(); ++i) {
    EXPECT_EQ(a.seats.all()[i].id, b.seats.all()[i].id);
    EXPECT_EQ(a.seats.all()[i].name, b.seats.all()[i].name);
  }
}

}  // namespace fenchi
