// Making vaults: what is refused before anything is written, and what a failure leaves behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/repository/vault_testing.h"

namespace fenchi {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

int CallsTo(const FaultProvider& provider) {
  int calls = 0;
  for (const Verb verb : {Verb::kPut, Verb::kGet, Verb::kStat, Verb::kList, Verb::kDelete}) {
    calls += provider.calls(verb);
  }
  return calls;
}

void ExpectUntouched(const VaultRig& rig) {
  for (std::size_t i = 0; i < rig.names.size(); ++i) {
    EXPECT_EQ(CallsTo(*rig.faults[i]), 0) << rig.names[i];
    EXPECT_THAT(rig.Objects(i), IsEmpty()) << rig.names[i];
  }
}

TEST(CreateVault, UnsafeQuorumsAreRefusedWithTheReasonBeforeAnyProviderIsAsked) {
  struct Case {
    int providers;
    int needed;
    std::optional<int> liars;
    int spare_losses;
    std::optional<int> write, read;
    const char* reason;
  };
  const Case cases[] = {
      {3, 0, {}, 0, {}, {}, "0 shards are needed"},
      {3, 4, {}, 0, {}, {}, "4 shards are needed of 3 providers"},
      {256, 2, {}, 0, {}, {}, "1 to 255 providers, not 256"},
      {3, 2, 2, 0, {}, {}, "2 needed + 2 lying + 0 lost are more than 3"},
      {3, 2, 1, 1, {}, {}, "more than 3 providers"},
      {3, 2, 1, 0, 2, {}, "data could be lost that was reported as stored"},
      {3, 2, 0, 0, 2, 1, "a look could miss a write"},
      {4, 2, 1, 0, 3, 2, "a look could miss a write"},
      {3, 2, {}, 0, 4, {}, "1 to 3 providers"},
      {3, 2, {}, 0, 0, {}, "1 to 3 providers"},
      {3, 2, -1, 0, {}, {}, "liars (-1)"},
  };
  for (const Case& one : cases) {
    VaultRig rig(one.providers);
    CreateOptions options = rig.Options(one.needed);
    options.policy.liars = one.liars;
    options.policy.spare_losses = one.spare_losses;
    options.policy.write_quorum = one.write;
    options.policy.read_quorum = one.read;
    const Result<Access> made = rig.Create(options);
    EXPECT_EQ(made.status().code(), StatusCode::kPolicy) << one.reason;
    EXPECT_THAT(made.status().message(), HasSubstr(one.reason));
    EXPECT_FALSE(made.status().hint().empty()) << one.reason;
    ExpectUntouched(rig);
  }
}

TEST(CreateVault, TheQuorumsThatWereAskedForAreInThePolicy) {
  VaultRig rig(5);
  CreateOptions options = rig.Options(2);
  options.policy.liars = 1;
  options.policy.write_quorum = 4;
  const Result<Access> made = rig.Create(options);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  EXPECT_EQ(made->policy.quorums,
            (format::Quorums{.write_quorum = 4, .read_quorum = 3, .liars = 1, .spare_losses = 0}));
}

TEST(CreateVault, BadArgumentsAreRefusedBeforeAnyProviderIsAsked) {
  const auto refused = [](auto change) {
    VaultRig rig(3);
    CreateOptions options = rig.Options(2);
    std::vector<NamedProvider> providers = rig.All();
    CustodyPlan unlock = PassphrasePlan("passphrase");
    change(options, providers, unlock);
    const Result<Access> made = CreateVault(providers, unlock, options, rig.executor);
    ExpectUntouched(rig);
    return made.status();
  };
  using Options = CreateOptions&;
  using Providers = std::vector<NamedProvider>&;
  const Status answers[] = {
      refused([](Options, Providers p, CustodyPlan&) { p.clear(); }),
      refused([](Options, Providers p, CustodyPlan&) { p[1].name = ""; }),
      refused([](Options, Providers p, CustodyPlan&) { p[1].name = "tokyo"; }),
      refused([](Options, Providers p, CustodyPlan&) { p[1].provider = nullptr; }),
      refused([](Options, Providers, CustodyPlan& u) { u = PassphrasePlan(""); }),
      refused([](Options, Providers, CustodyPlan& u) { u.open = "escrow"; }),
      refused([](Options o, Providers, CustodyPlan&) { o.policy.key_domains = {}; }),
      refused([](Options o, Providers, CustodyPlan&) {
        o.policy.key_domains = {"a", ""};
      }),
      refused([](Options o, Providers, CustodyPlan&) {
        o.policy.key_domains = {"a", "a"};
      }),
      refused([](Options o, Providers, CustodyPlan&) { o.policy.key_domains = {"\xff"}; }),
      refused([](Options o, Providers, CustodyPlan&) { o.policy.name = "\xc3"; }),
  };
  for (const Status& answer : answers) {
    EXPECT_EQ(answer.code(), StatusCode::kInvalidArgument) << answer.ToString();
  }
}

TEST(CreateVault, APlacementThatIsRefusedTouchesNoProvider) {
  VaultRig rig(0);
  for (const char* name : {"a", "b", "c"}) {
    rig.names.push_back(name);
    rig.inner.push_back(OpenMemoryProvider({.vendor = name, .vendor_home = "US"}));
    rig.faults.push_back(std::make_shared<FaultProvider>(rig.inner.back()));
  }
  CreateOptions options = rig.Options(2);
  const Result<Access> refused = rig.Create(options);
  EXPECT_EQ(refused.status().code(), StatusCode::kPolicy);
  EXPECT_THAT(refused.status().hint(), HasSubstr("axis = \"vendor_home\""));
  ExpectUntouched(rig);
  options.policy.placement.relaxations = {{"vendor_home", "no other offers yet", "the board", 0}};
  const Result<Access> made = rig.Create(options);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  EXPECT_EQ(made->details.relaxations.front().approver, "the board");
  EXPECT_EQ(made->seats.all()[1].domain.vendor, "b");
}

class Overwriting final : public ProviderWrapper {
 public:
  using ProviderWrapper::ProviderWrapper;
  Status Put(std::string_view name, Source& source, const PutOptions&) override {
    return inner().Put(name, source, {.replace = true});
  }
};

TEST(CreateVault, APlaceThatOverwritesSilentlyIsRefusedUnlessThatIsRelaxedByName) {
  const VaultRig rig(3);
  std::vector<NamedProvider> providers = rig.All();
  providers[1].provider = std::make_shared<Overwriting>(rig.faults[1]);
  const CustodyPlan custody = PassphrasePlan(VaultRig::kPassphrase);
  CreateOptions options = rig.Options(2);
  const auto make = [&] { return CreateVault(providers, custody, options, rig.executor); };
  const Status refused = make().status();
  EXPECT_EQ(refused.code(), StatusCode::kPolicy);
  EXPECT_THAT(refused.message(), AllOf(HasSubstr("oslo"), HasSubstr("overwrites")));
  EXPECT_THAT(refused.hint(), HasSubstr("axis = \"create_only\""));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_THAT(rig.Objects(i), IsEmpty());

  Relaxation relaxed{"create_only", "a NAS of 2009", "the board", 1};
  options.policy.placement.relaxations = {relaxed};
  EXPECT_EQ(make().status().code(), StatusCode::kPolicy);  // expired long ago
  relaxed.expires_seconds = 0;
  options.policy.placement.relaxations = {relaxed};
  const Result<Access> made = make();
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  EXPECT_EQ(made->details.relaxations.front().axis, "create_only");
}

TEST(CreateVault, APlaceThatCannotBeWrittenToIsNamedBeforeAnythingIsMade) {
  for (const auto& [code, expected] :
       {std::pair(StatusCode::kDenied, StatusCode::kDenied),
        std::pair(StatusCode::kFull, StatusCode::kFull),
        std::pair(StatusCode::kUnavailable, StatusCode::kTooFewProviders)}) {
    const VaultRig rig(3);
    rig.faults[2]->FailBefore([code = code](Verb verb, std::string_view, int) {
      return verb == Verb::kPut ? std::optional(Status(code, "no")) : std::nullopt;
    });
    const Status status = rig.Create(2).status();
    EXPECT_EQ(status.code(), expected) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr("lima"));
    for (std::size_t i = 0; i < 3; ++i) EXPECT_THAT(rig.Objects(i), IsEmpty());
  }
}

TEST(CreateVault, AProviderThatHoldsAVaultIsNamedAndNothingIsWritten) {
  VaultRig rig(3);
  const Bytes planted = {1, 2, 3};
  for (const char* object : {"k/genesis.0", "k/leaf-00000001.0", "k/policy-00000007.3"}) {
    rig.inner[1] = OpenMemoryProvider();
    rig.faults[1] = std::make_shared<FaultProvider>(rig.inner[1]);
    rig.Plant(1, object, planted);
    const Result<Access> made = rig.Create(2);
    EXPECT_EQ(made.status().code(), StatusCode::kAlreadyExists) << object;
    EXPECT_THAT(made.status().message(), HasSubstr("oslo"));
    EXPECT_THAT(rig.Objects(0), IsEmpty());
    EXPECT_EQ(rig.Objects(1).size(), 1u);
    EXPECT_THAT(rig.Objects(2), IsEmpty());
  }
}

TEST(CreateVault, AListingThatLagsDoesNotHideAVault) {
  VaultRig rig(3);
  ASSERT_TRUE(rig.Create(2).ok());
  class LaggingList final : public Provider {
   public:
    explicit LaggingList(std::shared_ptr<Provider> inner) : inner_(std::move(inner)) {}
    Status Put(std::string_view n, Source& s, const PutOptions& o) override {
      return inner_->Put(n, s, o);
    }
    Status Get(std::string_view n, std::uint64_t at, MutableBytes out) override {
      return inner_->Get(n, at, out);
    }
    Result<std::vector<std::optional<ObjectInfo>>> Stat(std::span<const std::string> n) override {
      return inner_->Stat(n);
    }
    Status List(std::string_view, std::string_view,
                const std::function<bool(const ObjectInfo&)>&) override {
      return Status::Ok();
    }
    Result<std::vector<Status>> Delete(std::span<const std::string> n) override {
      return inner_->Delete(n);
    }
    Capability capability() const override { return inner_->capability(); }
    std::string location() const override { return inner_->location(); }

   private:
    std::shared_ptr<Provider> inner_;
  };
  const std::vector<NamedProvider> given = {{"x", OpenMemoryProvider()},
                                            {"y", OpenMemoryProvider()},
                                            {"z", std::make_shared<LaggingList>(rig.inner[2])}};
  const Result<Access> made = CreateVault(given, PassphrasePlan("p"), rig.Options(2), rig.executor);
  EXPECT_EQ(made.status().code(), StatusCode::kAlreadyExists) << made.status().ToString();
}

TEST(CreateVault, TwoNamesForOnePlaceAreFoundOutAndNothingStays) {
  VaultRig rig(3);
  std::vector<NamedProvider> given = rig.All();
  given[2].provider = rig.faults[0];
  const Result<Access> made = CreateVault(given, PassphrasePlan("p"), rig.Options(2), rig.executor);
  EXPECT_EQ(made.status().code(), StatusCode::kInvalidArgument) << made.status().ToString();
  EXPECT_THAT(made.status().message(), HasSubstr("providers tokyo and lima are the same place"));
  EXPECT_THAT(rig.Objects(0), IsEmpty());
  EXPECT_THAT(rig.Objects(1), IsEmpty());
}

TEST(CreateVault, AnAbsentProviderIsNamedAndNothingIsWritten) {
  VaultRig rig(3);
  rig.faults[1]->SetAbsent(true);
  const Result<Access> made = rig.Create(2);
  EXPECT_EQ(made.status().code(), StatusCode::kTooFewProviders);
  EXPECT_THAT(made.status().message(), HasSubstr("oslo"));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_THAT(rig.Objects(i), IsEmpty());
}

// Each Put of one provider fails once, before or after it was done.
TEST(CreateVault, AFailureAtAnyWriteLeavesNoObjectBehind) {
  constexpr int kPuts = 9;  // two of a probe, and seven objects of the vault
  for (const bool after : {false, true}) {
    for (int failing = 1; failing <= kPuts; ++failing) {
      if (after && failing == 2) continue;  // the probe's second Put is refused, never done
      SCOPED_TRACE(testing::Message() << "Put " << failing << (after ? " done" : " not done"));
      VaultRig rig(3);
      const FaultHook hook = [failing](Verb verb, std::string_view, int call) {
        return verb == Verb::kPut && call == failing
                   ? std::optional(Status(StatusCode::kUnavailable, "line cut"))
                   : std::nullopt;
      };
      after ? rig.faults[1]->FailAfter(hook) : rig.faults[1]->FailBefore(hook);
      const Result<Access> made = rig.Create(2);
      ASSERT_FALSE(made.ok());
      EXPECT_THAT(made.status().message(), AllOf(HasSubstr("oslo"), HasSubstr("line cut")));
      for (std::size_t i = 0; i < 3; ++i) EXPECT_THAT(rig.Objects(i), IsEmpty()) << rig.names[i];
      rig.faults[1]->Heal();
      const Result<Access> again = rig.Create(2);
      EXPECT_TRUE(again.ok()) << again.status().ToString();
    }
  }
}

TEST(CreateVault, AFullProviderIsCalledFull) {
  VaultRig rig(3);
  rig.faults[2]->SetQuota(1000);
  const Result<Access> made = rig.Create(2);
  EXPECT_EQ(made.status().code(), StatusCode::kFull) << made.status().ToString();
  for (std::size_t i = 0; i < 3; ++i) EXPECT_THAT(rig.Objects(i), IsEmpty());
}

TEST(CreateVault, KeyDomainsGetKeysOfTheirOwn) {
  VaultRig rig(3);
  CreateOptions options = rig.Options(2);
  options.policy.key_domains = {"ledger", "登記簿", "maps"};
  const Result<Access> made = rig.Create(options);
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  const Result<Access> opened = rig.Open(rig.All(), made->vault);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  ExpectSameVault(*made, *opened);
  ASSERT_EQ(opened->domains.size(), 3u);
  EXPECT_EQ(opened->domains[1].label, "登記簿");
  EXPECT_NE(opened->domains[0].id, opened->domains[1].id);
  EXPECT_FALSE(opened->domains[0].id_root.Equals(opened->domains[1].id_root.view()));
}

TEST(CreateVault, TheSameSeedMakesTheSameVaultAndAnotherSeedAnother) {
  const auto vault_of = [](std::uint64_t seed) {
    VaultRig rig(3, seed);
    const Result<Access> made = rig.Create(2);
    EXPECT_TRUE(made.ok()) << made.status().ToString();
    return rig.Objects(1);
  };
  EXPECT_EQ(vault_of(7), vault_of(7));
  EXPECT_NE(vault_of(7), vault_of(8));
}

}  // namespace
}  // namespace fenchi
