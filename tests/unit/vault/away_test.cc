// What is not known is not lost: places that do not answer, whatever they call it, and what verify,
// restore and drill then say.
#include <atomic>

#include "fenchi/provider_wrappers.h"
#include "vault_fixture.h"

namespace fenchi {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Away : public VaultTest {
 protected:
  // Reads of what begins so fail at this provider, from the n-th on.
  void Refuse(int number, const std::string& prefix, StatusCode code, int from = 1) {
    auto asked = std::make_shared<std::atomic<int>>(0);
    provider(number).FailBefore(
        [=](Verb verb, std::string_view name, int) -> std::optional<Status> {
          if (verb != Verb::kGet || !name.starts_with(prefix) || ++*asked < from) return {};
          return Status(code, "the place says no");
        });
  }
  SnapshotId BackUp(Vault& vault) {
    WriteTree("srv");
    return Need(vault.BackupTree(Path("srv"))).snapshot;
  }
};

// Every code but "absent" and "damaged": also those that a place of somebody's own making raises.
std::vector<StatusCode> CodesOfPlaces() {
  std::vector<StatusCode> codes;
  for (int code = 1; code <= static_cast<int>(StatusCode::kInternal); ++code) {
    const auto status = static_cast<StatusCode>(code);
    if (status != StatusCode::kNotFound && status != StatusCode::kDamaged &&
        status != StatusCode::kCancelled) {
      codes.push_back(status);
    }
  }
  return codes;
}

void ExpectNoDamage(const Result<VerifyReport>& report, StatusCode code) {
  SCOPED_TRACE(StatusCodeName(code));
  if (!report.ok()) {
    EXPECT_EQ(CodeOf(report), StatusCode::kTooFewProviders) << report.status().ToString();
    return;
  }
  EXPECT_FALSE(report->healthy());
  for (const Damage& item : report->damage) {
    EXPECT_TRUE(item.kind == DamageKind::kUnreachable || item.kind == DamageKind::kUnreadable)
        << item.object << ": " << item.what;
    EXPECT_TRUE(item.repairable) << item.what;
  }
}

TEST_F(Away, NoFailureOfAPlaceIsReportedAsDamageByVerify) {
  Vault vault = MakeVault({.providers = 3});
  BackUp(vault);
  const std::vector<std::pair<std::string, int>> refused = {{"", 1},   {"", 9},   {"d/", 1},
                                                            {"d/", 4}, {"r/", 1}, {"k/", 3}};
  for (const StatusCode code : CodesOfPlaces()) {
    for (const auto& [prefix, from] : refused) {
      Refuse(0, prefix, code, from);
      if (prefix != "k/") Refuse(1, prefix, code, from);
      ExpectNoDamage(vault.Verify(), code);
      ExpectNoDamage(vault.Verify({.depth = VerifyDepth::kData}), code);
      HealAll();
    }
  }
  EXPECT_TRUE(Need(vault.Verify()).healthy());
}

TEST_F(Away, NoFailureOfAPlaceIsReportedAsLossByRestoreAndDrill) {
  Vault vault = MakeVault({.providers = 3});
  const SnapshotId id = BackUp(vault);
  for (const StatusCode code : CodesOfPlaces()) {
    SCOPED_TRACE(StatusCodeName(code));
    Refuse(0, "d/", code);
    const std::string target = NewTarget();
    EXPECT_TRUE(Need(vault.Restore(id, target)).complete()) << "two are enough";
    for (const int i : {1, 2}) Refuse(i, "d/", code, 2);
    const Result<RestoreReport> cut = vault.Restore(id, NewTarget());
    EXPECT_EQ(CodeOf(cut), StatusCode::kTooFewProviders) << cut.status().ToString();
    EXPECT_THAT(cut.status().hint(), HasSubstr("goes on"));
    EXPECT_EQ(CodeOf(vault.Drill(id, {.scratch_directory = scratch_})),
              StatusCode::kTooFewProviders);
    HealAll();
  }
}

TEST_F(Away, ARestoreThatUsesUpItsByteBudgetSaysSoAndGoesOnWithALargerOne) {
  MakeDir("srv");
  for (int i = 0; i < 6; ++i) WriteFile("srv/f" + std::to_string(i), RandomText(3'000'000));
  Vault vault = MakeVault({.providers = 3});
  const SnapshotId id = Need(vault.BackupTree(Path("srv"))).snapshot;
  std::vector<NamedProvider> named = Named();
  for (const int i : {0, 1, 2}) {
    const auto limit = std::make_shared<RateLimit>(RateLimitOptions{.bytes_max = 3'000'000});
    named[i].provider = OpenRateLimitedProvider(named[i].provider, limit);
  }
  OpenOptions options;
  options.vault_id = vault_id_;
  options.state_directory = HostDirectory("frugal");
  options.environment = TestEnvironment();
  Vault frugal = Need(Vault::Open(named, Passphrase(), options));
  const std::string target = NewTarget();
  const Result<RestoreReport> cut = frugal.Restore(id, target);
  ASSERT_EQ(CodeOf(cut), StatusCode::kTooFewProviders) << cut.status().ToString();
  EXPECT_THAT(cut.status().message(), HasSubstr("byte budget"));
  EXPECT_THAT(cut.status().hint(), HasSubstr("byte budget"));
  EXPECT_THAT(cut.status().hint(), HasSubstr("goes on from there"));
  ExpectNoDamage(frugal.Verify(), StatusCode::kFull);
  const RestoreReport rest = Need(vault.Restore(id, target));
  EXPECT_TRUE(rest.complete());
  EXPECT_THAT(rest.problems, IsEmpty());
  EXPECT_EQ(Describe(target + "/srv"), Describe(Path("srv")));
}

// As an archive tier: it knows its objects, answers an empty read, and gives no bytes.
class ArchivedProvider : public ProviderWrapper {
 public:
  using ProviderWrapper::ProviderWrapper;
  Status Get(std::string_view name, std::uint64_t offset, MutableBytes out) override {
    if (name.starts_with("d/") && !out.empty() && offset > 0) {
      return Status(StatusCode::kUnavailable, "the object is archived", "warm it first");
    }
    return ProviderWrapper::Get(name, offset, out);
  }
};

TEST_F(Away, WhatAPlaceHasAndDoesNotGiveNowIsNotLost) {
  Vault vault = MakeVault({.providers = 3});
  const SnapshotId id = BackUp(vault);
  std::vector<NamedProvider> named = Named();
  for (const int i : {0, 1, 2}) named[i].provider = std::make_shared<ArchivedProvider>(faults_[i]);
  OpenOptions options;
  options.vault_id = vault_id_;
  options.state_directory = HostDirectory("other");
  options.environment = TestEnvironment();
  Vault cold = Need(Vault::Open(named, Passphrase(), options));
  const Result<RestoreReport> cut = cold.Restore(id, NewTarget());
  ASSERT_EQ(CodeOf(cut), StatusCode::kTooFewProviders) << cut.status().ToString();
  EXPECT_THAT(cut.status().message(), HasSubstr("archived"));
  EXPECT_THAT(cut.status().hint(), HasSubstr("warm it first"));
}

}  // namespace
}  // namespace fenchi
