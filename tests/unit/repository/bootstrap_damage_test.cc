// Opening against providers that lie: damaged, planted, old and foreign objects.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fenchi/hash.h"
#include "fenchi/password.h"
#include "format/names.h"
#include "repository/leaf_shares.h"
#include "repository/policy_chain.h"
#include "repository/policy_signing.h"
#include "repository/slot_making.h"
#include "unit/repository/vault_testing.h"

namespace fenchi {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LyingProviders : public ::testing::Test {
 protected:
  LyingProviders() : rig_(3) {
    Result<Access> made = rig_.Create(2);
    EXPECT_TRUE(made.ok()) << made.status().ToString();
    made_.emplace(std::move(*made));
  }
  Result<Access> Open(const SeenState* seen = nullptr) {
    return rig_.Open(rig_.All(), made_->vault, seen);
  }
  // A second policy, signed by the vault's admin and at all providers.
  void PublishSecondPolicy() {
    const SigningKey writer = SigningKey::Generate(*rig_.random);
    const Status done =
        EnsureWriter(*made_, WriterId{{1}}, writer.public_key(), *rig_.clock, *rig_.random);
    ASSERT_TRUE(done.ok()) << done.ToString();
  }

  VaultRig rig_;
  std::optional<Access> made_;
};

TEST_F(LyingProviders, NoFlippedByteOfAnyObjectAtOneProviderPreventsOrChangesOpening) {
  constexpr std::uint64_t kSeed = 20260105;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  PublishSecondPolicy();
  const std::unique_ptr<Random> dice = SeededRandom(kSeed);
  const auto draw = [&dice](std::size_t below) {
    std::uint32_t value = 0;
    dice->Fill({reinterpret_cast<std::uint8_t*>(&value), sizeof(value)});
    return value % below;
  };
  for (std::size_t liar = 0; liar < 3; ++liar) {
    for (const auto& [name, bytes] : rig_.Objects(liar)) {
      // Every byte of what is short at one provider; elsewhere samples.
      const std::size_t step = bytes.size() > 512 ? bytes.size() / 40 : liar == 0 ? 1 : 5;
      for (std::size_t at = 0; at < bytes.size(); at += step) {
        const std::size_t offset = std::min(at + draw(step), bytes.size() - 1);
        const auto mask = static_cast<std::uint8_t>(1u << draw(8));
        rig_.faults[liar]->FlipByte(name, offset, mask);
        const Result<Access> opened = Open();
        ASSERT_TRUE(opened.ok()) << name << " byte " << offset << ": "
                                 << opened.status().ToString();
        ExpectSameVault(*made_, *opened);
        EXPECT_TRUE(opened->root->Equals(made_->root->view()));
        EXPECT_EQ(opened->seats.present().size(), 3u) << name << " byte " << offset;
        rig_.faults[liar]->Heal();
      }
    }
  }
}

TEST_F(LyingProviders, ObjectsCutEmptiedPaddedSwappedOrHiddenAtOneProviderChangeNothing) {
  PublishSecondPolicy();
  const std::map<std::string, Bytes> objects = rig_.Objects(1);
  for (const auto& [name, bytes] : objects) {
    FaultProvider& liar = *rig_.faults[1];
    std::vector<std::function<void()>> lies = {
        [&] { liar.Resize(name, 0); }, [&] { liar.Resize(name, bytes.size() - 1); },
        [&] { liar.Resize(name, bytes.size() + 1); }, [&] { liar.Hide(name); }};
    for (const auto& other : objects) {
      lies.push_back([&liar, &name, &other] { liar.ReadAs(name, other.first); });
    }
    for (std::size_t i = 0; i < lies.size(); ++i) {
      lies[i]();
      const Result<Access> opened = Open();
      ASSERT_TRUE(opened.ok()) << name << " lie " << i << ": " << opened.status().ToString();
      ExpectSameVault(*made_, *opened);
      liar.Heal();
    }
  }
}

TEST_F(LyingProviders, ADamagedObjectIsReportedWithItsProvider) {
  rig_.faults[1]->FlipByte("k/leaf-00000001.0", 100, 1);
  rig_.faults[2]->FlipByte("k/policy-00000001.0", 100, 1);
  rig_.faults[0]->FlipByte("k/slots-00000001.0", 100, 1);
  const Result<Access> opened = Open();
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_THAT(opened->warnings,
              Contains(AllOf(HasSubstr("oslo"), HasSubstr("key share"), HasSubstr("damaged"))));
  EXPECT_THAT(opened->warnings, Contains(AllOf(HasSubstr("lima"), HasSubstr("policy 1"))));
  EXPECT_THAT(opened->warnings, Contains(AllOf(HasSubstr("tokyo"), HasSubstr("slots"))));
}

TEST_F(LyingProviders, TheNextGenerationOfADamagedObjectIsUsedAndNothingIsReported) {
  for (const auto& [name, bytes] : rig_.Objects(0)) {
    std::string next = name;
    next.replace(next.find(".0"), 2, ".1");
    rig_.Plant(0, next, bytes);
    rig_.faults[0]->FlipByte(name, bytes.size() / 2, 1);
  }
  // With oslo alone beside it, both key shares are needed.
  const Result<Access> opened = rig_.Open(rig_.Some(0b011), made_->vault);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(opened->warnings.size(), 1u);
  EXPECT_THAT(opened->warnings, Contains(HasSubstr("lima")));
}

TEST_F(LyingProviders, APlantedPolicyIsRefusedAndItsProviderNamed) {
  const SigningKey attacker = SigningKey::Generate(*rig_.random);
  format::Policy planted = made_->policy;
  planted.version = 2;
  planted.previous = made_->policy_hash;
  planted.needed = 1;
  planted.next_admins = {1, {attacker.public_key()}};
  const Result<SignedVersion> version =
      SignPolicy(planted, made_->details, made_->outer_key.view(), attacker, *rig_.random);
  ASSERT_TRUE(version.ok()) << version.status().ToString();
  // The attacker's key at the vault's admin's place does not help either.
  format::SignedPolicy renamed = *format::DecodeSignedPolicy(version->object);
  renamed.signatures[0].admin = made_->admin->public_key();
  for (const Bytes& object : {version->object, *format::EncodeSignedPolicy(renamed)}) {
    rig_.Plant(2, format::PolicyName(2, 0), object);
    const Result<Access> opened = Open();
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    ExpectSameVault(*made_, *opened);
    EXPECT_THAT(opened->warnings,
                Contains(AllOf(HasSubstr("lima"), HasSubstr("policy 2 was refused"))));
  }
}

TEST_F(LyingProviders, APolicyThatWasSignedForAnotherPlaceInTheChainIsRefused) {
  const auto signed_by_admin = [this](std::uint32_t version, const Hash256& previous,
                                      const VaultId& vault) {
    format::Policy policy = made_->policy;
    policy.version = version;
    policy.previous = previous;
    policy.vault = vault;
    const Result<SignedVersion> out =
        SignPolicy(policy, made_->details, made_->outer_key.view(), *made_->admin, *rig_.random);
    EXPECT_TRUE(out.ok()) << out.status().ToString();
    return out->object;
  };
  for (const Bytes& object :
       {signed_by_admin(3, made_->policy_hash, made_->vault),
        signed_by_admin(2, Hash256{{1}}, made_->vault),
        signed_by_admin(2, made_->policy_hash, VaultId{{1}}), made_->policy_objects[0]}) {
    rig_.Plant(0, format::PolicyName(2, 0), object);
    const Result<Access> opened = Open();
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    EXPECT_EQ(opened->policy.version, 1u);
  }
}

TEST_F(LyingProviders, APlantedSlotOpensNothing) {
  // Whoever knows the leaf secret and a root of his own can make a slot; its hash is not signed.
  const SecretBytes leaf = SecretBytes::Random(32, *rig_.random);
  const SecretBytes root = SecretBytes::Random(32, *rig_.random);
  const CustodyPlan plan = PassphrasePlan("evil");
  const SlotPlace place{Suite::kAes256Gcm, made_->vault, 1, 2, leaf.view(), root.view(), nullptr};
  const Result<MadeSlots> evil = MakeSlots(place, plan, *CheckCustodyPlan(plan, 2), *rig_.random);
  ASSERT_TRUE(evil.ok()) << evil.status().ToString();
  rig_.Plant(0, format::SlotsName(1, 0), *format::EncodeSlots({made_->vault, 1, evil->slots}));
  EXPECT_EQ(rig_.Open(rig_.All(), made_->vault, nullptr, "evil").status().code(),
            StatusCode::kWrongKey);
  const Result<Access> opened = Open();
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_THAT(opened->warnings, Contains(AllOf(HasSubstr("tokyo"), HasSubstr("slots"))));
}

TEST_F(LyingProviders, AnOlderPolicyThanThisHostHasSeenIsRefused) {
  PublishSecondPolicy();
  SeenState seen;
  seen.policy_version = 2;
  seen.policy_hash = made_->policy_hash;
  EXPECT_TRUE(Open(&seen).ok());
  for (int hidden = 0; hidden < 3; ++hidden) {
    rig_.faults[static_cast<std::size_t>(hidden)]->Hide(format::PolicyName(2, 0));
    const Result<Access> opened = Open(&seen);
    if (hidden < 2) {
      ASSERT_TRUE(opened.ok()) << opened.status().ToString();
      EXPECT_EQ(opened->policy.version, 2u);
    } else {
      EXPECT_EQ(opened.status().code(), StatusCode::kDamaged);
      EXPECT_THAT(opened.status().message(), HasSubstr("this host has seen 2"));
      const Result<Access> elsewhere = Open();
      ASSERT_TRUE(elsewhere.ok()) << elsewhere.status().ToString();
      EXPECT_EQ(elsewhere->policy.version, 1u);
    }
  }
}

TEST_F(LyingProviders, AnotherPolicyThanThisHostHasSeenIsRefused) {
  SeenState seen;
  seen.policy_version = 1;
  seen.policy_hash = Hash256{{7}};
  EXPECT_EQ(Open(&seen).status().code(), StatusCode::kDamaged);
}

TEST_F(LyingProviders, AnotherVaultAtOneProviderIsNotUsed) {
  VaultRig other(3, 99);
  const Result<Access> foreign = other.Create(2);
  ASSERT_TRUE(foreign.ok()) << foreign.status().ToString();
  std::vector<NamedProvider> given = rig_.All();
  given[1].provider = other.faults[1];
  for (const std::optional<VaultId>& id : {std::optional(made_->vault), std::optional<VaultId>()}) {
    const Result<Access> opened = rig_.Open(given, id);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    EXPECT_EQ(opened->vault, made_->vault);
    EXPECT_EQ(opened->seats.FindByName("oslo")->provider, nullptr);
    EXPECT_THAT(opened->warnings,
                Contains(AllOf(HasSubstr("oslo"), HasSubstr("holds another vault"))));
  }
  // Nothing but other vaults, and as many of the one as of the other.
  const Result<Access> wrong = rig_.Open(other.All(), made_->vault);
  EXPECT_EQ(wrong.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(wrong.status().message(), HasSubstr(foreign->vault.hex()));
  given.pop_back();
  EXPECT_EQ(rig_.Open(given, std::nullopt).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(LyingProviders, TwoNamesForOnePlaceAreRefused) {
  std::vector<NamedProvider> given = rig_.All();
  given[2].provider = rig_.faults[0];
  const Result<Access> opened = rig_.Open(given, made_->vault);
  EXPECT_EQ(opened.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(opened.status().message(), HasSubstr("providers tokyo and lima are the same place"));
}

TEST_F(LyingProviders, AFlippedGenesisDoesNotOutvoteTheOthersWithoutAVaultId) {
  const std::size_t size = rig_.Objects(0).at("k/genesis.0").size();
  for (std::size_t at = 0; at < size; ++at) {
    rig_.faults[0]->FlipByte("k/genesis.0", at, 0x01);
    // tokyo's against oslo's alone: only one of the two has a policy that its admins signed.
    const Result<Access> opened = rig_.Open(rig_.Some(0b011), std::nullopt);
    ASSERT_TRUE(opened.ok()) << at << ": " << opened.status().ToString();
    EXPECT_EQ(opened->vault, made_->vault);
    rig_.faults[0]->Heal();
  }
}

TEST_F(LyingProviders, AProviderThatDiesWhileItIsReadIsAbsent) {
  int gets = 0;
  for (int failing = 1; failing <= 12; ++failing) {
    const int before = rig_.faults[0]->calls(Verb::kGet);
    rig_.faults[0]->FailBefore([limit = before + failing](Verb verb, std::string_view, int call) {
      return verb == Verb::kGet && call >= limit
                 ? std::optional(Status(StatusCode::kUnavailable, "line cut"))
                 : std::nullopt;
    });
    const Result<Access> opened = Open();
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    ExpectSameVault(*made_, *opened);
    rig_.faults[0]->Heal();
    if (opened->warnings.empty()) break;
    ++gets;
    EXPECT_EQ(opened->seats.all()[0].provider, nullptr);
    EXPECT_THAT(opened->warnings, Contains(AllOf(HasSubstr("tokyo"), HasSubstr("line cut"))));
  }
  EXPECT_GT(gets, 2);
}

TEST_F(LyingProviders, ASharedObjectThatAProviderMayHaveThatIsNotThereIsNotLost) {
  for (const std::string name : {"k/slots-00000001.0", "k/keyring-00000001.0"}) {
    rig_.faults[0]->Hide(name);
    rig_.faults[1]->FlipByte(name, 100, 1);
    EXPECT_TRUE(Open().ok()) << "lima has it";
    EXPECT_EQ(rig_.Open(rig_.Some(0b011), made_->vault).status().code(),
              StatusCode::kTooFewProviders);
    rig_.faults[2]->FailBefore([&](Verb, std::string_view now, int) -> std::optional<Status> {
      if (now != name) return {};
      return Status(StatusCode::kInternal, "database is locked");
    });
    const Result<Access> failed = Open();
    EXPECT_EQ(failed.status().code(), StatusCode::kTooFewProviders) << failed.status().ToString();
    EXPECT_THAT(failed.status().message(), HasSubstr("database is locked"));
    rig_.faults[2]->Heal();
    rig_.faults[2]->Hide(name);
    EXPECT_EQ(Open().status().code(), StatusCode::kDataLoss);
    for (const auto& fault : rig_.faults) fault->Heal();
  }
}

TEST_F(LyingProviders, ALeafShareIsLostOnlyWhereNobodyThatIsAwayCanHaveTheOthers) {
  const Result<Access> access = Open();
  ASSERT_TRUE(access.ok()) << access.status().ToString();
  ASSERT_TRUE(RebuildLeafObject(*access, 0).ok());
  rig_.faults[2]->SetAbsent(true);
  const Status away = RebuildLeafObject(*access, 0).status();
  EXPECT_EQ(away.code(), StatusCode::kTooFewProviders) << away.ToString();
  EXPECT_THAT(away.message(), HasSubstr("lima is away"));
  rig_.faults[2]->Heal();
  rig_.faults[2]->Hide(format::LeafName(1, 0));
  EXPECT_EQ(RebuildLeafObject(*access, 0).status().code(), StatusCode::kDataLoss);
}

TEST_F(LyingProviders, OneThatServesAnotherVaultInEveryGenerationIsOneVoice) {
  const VaultRig other(3, 99);
  ASSERT_TRUE(other.Create(2).ok());
  const auto foreign = other.Objects(0);
  for (const auto& [name, bytes] : foreign) {
    if (name != format::GenesisName(0)) continue;
    for (int generation = 0; generation < format::kGenerations; ++generation) {
      rig_.Plant(2, format::GenesisName(generation), bytes);
    }
  }
  rig_.Plant(2, format::PolicyName(1, 1), foreign.at(format::PolicyName(1, 0)));
  const Result<Access> opened = rig_.Open(rig_.All(), std::nullopt);
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(opened->vault, made_->vault);
}

}  // namespace
}  // namespace fenchi
