// New policy versions: writers are registered, and admins who work at the same time agree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "format/names.h"
#include "repository/policy_chain.h"
#include "repository/policy_signing.h"
#include "unit/repository/vault_testing.h"

namespace fenchi {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class PolicyUpdate : public ::testing::Test {
 protected:
  void Make(int needed, int providers, std::optional<int> write_quorum = {}) {
    rig_.emplace(providers);
    CreateOptions options = rig_->Options(needed);
    options.policy.write_quorum = write_quorum;
    Result<Access> made = rig_->Create(options);
    ASSERT_TRUE(made.ok()) << made.status().ToString();
    vault_ = made->vault;
  }
  Access Open(unsigned mask = ~0u) {
    Result<Access> opened = rig_->Open(rig_->Some(mask), vault_);
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    return std::move(*opened);
  }
  Status Register(Access& access, std::uint8_t writer) {
    return EnsureWriter(access, IdOf(writer), KeyOf(writer), *rig_->clock, *rig_->random);
  }
  static WriterId IdOf(std::uint8_t writer) { return WriterId{{writer}}; }
  static SigningPublicKey KeyOf(std::uint8_t writer) {
    return SigningKey::Generate(*SeededRandom(writer)).public_key();
  }
  static std::vector<WriterId> WritersOf(const Access& access) {
    std::vector<WriterId> out;
    for (const format::PolicyWriter& writer : access.policy.writers) out.push_back(writer.id);
    return out;
  }
  // Version 2 as another admin's host would make it, not yet put anywhere.
  SignedVersion Rival(const Access& access, std::uint8_t writer) {
    format::Policy next = access.policy;
    next.version = access.policy.version + 1;
    next.previous = access.policy_hash;
    next.writers.push_back(
        {IdOf(writer), KeyOf(writer), format::kRightBackup, format::WriterState::kActive});
    Result<SignedVersion> out = SignPolicy(std::move(next), access.details, access.outer_key.view(),
                                           *access.admin, *rig_->random);
    EXPECT_TRUE(out.ok()) << out.status().ToString();
    return std::move(*out);
  }

  std::optional<VaultRig> rig_;
  VaultId vault_;
};

TEST_F(PolicyUpdate, AWriterIsRegisteredOnceAndEveryoneSeesIt) {
  Make(2, 3);
  Access access = Open();
  ASSERT_TRUE(Register(access, 1).ok());
  EXPECT_EQ(access.policy.version, 2u);
  ASSERT_TRUE(Register(access, 1).ok());
  EXPECT_EQ(access.policy.version, 2u);
  ASSERT_TRUE(Register(access, 2).ok());
  const Access again = Open();
  ExpectSameVault(access, again);
  EXPECT_EQ(again.policy.version, 3u);
  EXPECT_THAT(WritersOf(again), ElementsAre(IdOf(1), IdOf(2)));
  EXPECT_EQ(again.policy_objects.size(), 3u);
  EXPECT_EQ(again.policy_holders, 3);
  EXPECT_EQ(again.policy.writers[0].public_key, KeyOf(1));
  EXPECT_NE(again.policy.writers[0].rights & format::kRightBackup, 0u);
  EXPECT_THAT(again.warnings, IsEmpty());
}

TEST_F(PolicyUpdate, AHostThatOpenedBeforeLearnsOfTheOthersWriter) {
  Make(2, 3);
  Access first = Open();
  Access second = Open();
  ASSERT_TRUE(Register(first, 1).ok());
  format::Policy stale = second.policy;
  const Status conflict = PublishPolicy(second, stale, *rig_->clock, *rig_->random);
  EXPECT_EQ(conflict.code(), StatusCode::kConflict) << conflict.ToString();
  EXPECT_EQ(second.policy_hash, first.policy_hash);
  ASSERT_TRUE(Register(second, 2).ok());
  EXPECT_THAT(WritersOf(Open()), ElementsAre(IdOf(1), IdOf(2)));
  EXPECT_THAT(Open().warnings, IsEmpty());
}

TEST_F(PolicyUpdate, ARevokedWriterOrAStolenIdIsDenied) {
  Make(2, 3);
  Access access = Open();
  ASSERT_TRUE(Register(access, 1).ok());
  EXPECT_EQ(EnsureWriter(access, IdOf(1), KeyOf(9), *rig_->clock, *rig_->random).code(),
            StatusCode::kDenied);
  format::Policy next = access.policy;
  next.writers[0].state = format::WriterState::kRevoked;
  ASSERT_TRUE(PublishPolicy(access, next, *rig_->clock, *rig_->random).ok());
  EXPECT_EQ(Register(access, 1).code(), StatusCode::kDenied);
}

TEST_F(PolicyUpdate, WithoutTheAdminKeyNothingIsSigned) {
  Make(2, 3);
  Access access = Open();
  access.admin.reset();
  EXPECT_EQ(Register(access, 1).code(), StatusCode::kDenied);
  access.admin = SigningKey::Generate(*rig_->random);
  EXPECT_EQ(Register(access, 1).code(), StatusCode::kDenied);
  EXPECT_EQ(Open().policy.version, 1u);
}

TEST_F(PolicyUpdate, WithFewerThanTheWriteQuorumNothingIsBegun) {
  Make(2, 3);
  Access access = Open();
  rig_->faults[1]->SetAbsent(true);
  const Status failed = Register(access, 1);
  EXPECT_EQ(failed.code(), StatusCode::kTooFewProviders) << failed.ToString();
  EXPECT_THAT(failed.message(), HasSubstr("needs 3 of 3 providers, 2 answer"));
  EXPECT_THAT(failed.message(), HasSubstr("oslo"));
  EXPECT_FALSE(rig_->Objects(0).contains(format::PolicyName(2, 0)));
}

TEST_F(PolicyUpdate, APolicyBelowTheWriteQuorumIsNotUsedAndIsCompletedLater) {
  Make(2, 3);
  Access access = Open();
  const FaultHook no_puts = [](Verb verb, std::string_view, int) {
    return verb == Verb::kPut ? std::optional(Status(StatusCode::kUnavailable, "line cut"))
                              : std::nullopt;
  };
  rig_->faults[0]->FailBefore(no_puts);
  rig_->faults[1]->FailBefore(no_puts);
  const Status failed = Register(access, 1);
  EXPECT_EQ(failed.code(), StatusCode::kTooFewProviders) << failed.ToString();
  EXPECT_THAT(failed.message(), HasSubstr("stored at 1 of 3 providers, 3 are needed"));
  EXPECT_EQ(access.policy.version, 1u);
  rig_->faults[0]->Heal();
  rig_->faults[1]->Heal();
  Access later = Open();
  EXPECT_EQ(later.policy.version, 2u);
  EXPECT_EQ(later.policy_holders, 1);
  ASSERT_TRUE(Register(later, 1).ok());
  EXPECT_EQ(later.policy.version, 2u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(rig_->Objects(i).contains(format::PolicyName(2, 0))) << rig_->names[i];
  }
}

// Who may write at n - W + 1 providers can take all names of the next version, without any key.
TEST_F(PolicyUpdate, NamesThatAreTakenAreToldWithWhatToDoAndFreedTheyAreUsed) {
  Make(2, 4);
  Access access = Open();
  ASSERT_EQ(access.policy.quorums.write_quorum, 3);
  std::vector<std::string> planted;
  for (int generation = 0; generation < format::kGenerations; ++generation) {
    planted.push_back(format::PolicyName(2, generation));
    for (const std::size_t place : {1u, 3u}) rig_->Plant(place, planted.back(), AsBytes("junk"));
  }
  const Status refused = Register(access, 1);
  EXPECT_EQ(refused.code(), StatusCode::kDamaged) << refused.ToString();
  for (const std::string& part :
       {rig_->names[1], rig_->names[3], planted.front(), planted.back()}) {
    EXPECT_THAT(refused.message(), HasSubstr(part));
  }
  EXPECT_THAT(refused.hint(), HasSubstr("delete these objects"));
  EXPECT_THAT(refused.hint(), HasSubstr("replace the provider"));
  EXPECT_THAT(refused.hint(), Not(HasSubstr("bring")));

  ASSERT_TRUE(rig_->inner[3]->Delete(planted).ok());
  const Status done = Register(access, 1);
  EXPECT_TRUE(done.ok()) << done.ToString();
  EXPECT_THAT(WritersOf(Open()), ElementsAre(IdOf(1)));
}

TEST_F(PolicyUpdate, NamesOfOtherObjectsThatAreTakenAreToldAlike) {
  Make(2, 3);
  const Access access = Open();
  const NameAt name = [](const Seat& seat, int generation) {
    return "r/" + seat.name + "." + std::to_string(generation);
  };
  for (int generation = 0; generation < format::kGenerations; ++generation) {
    rig_->Plant(2, name(access.seats.all()[2], generation), AsBytes("junk"));
  }
  const PutOutcome outcome = access.seats.PutAtAll(name, AsBytes("record"));
  ASSERT_THAT(outcome.failed, SizeIs(1));
  const Status refused = QuorumFailure(access.seats, outcome, 3, "log record 7");
  EXPECT_EQ(refused.code(), StatusCode::kDamaged);
  EXPECT_THAT(refused.message(), HasSubstr("r/lima.0 to r/lima.7"));
  EXPECT_THAT(refused.hint(), HasSubstr("delete these objects"));
}

TEST_F(PolicyUpdate, ARefreshFollowsTheOthersAndCountsWhoAnswered) {
  Make(2, 3);
  Access first = Open();
  Access second = Open();
  Result<int> answered = RefreshPolicy(second);
  ASSERT_TRUE(answered.ok()) << answered.status().ToString();
  EXPECT_EQ(*answered, 3);
  EXPECT_EQ(second.policy.version, 1u);
  ASSERT_TRUE(Register(first, 1).ok());
  ASSERT_TRUE(Register(first, 2).ok());
  rig_->faults[2]->SetAbsent(true);
  answered = RefreshPolicy(second);
  ASSERT_TRUE(answered.ok()) << answered.status().ToString();
  EXPECT_EQ(*answered, 2);
  ExpectSameVault(first, second);
}

TEST_F(PolicyUpdate, ARivalAtTheMomentOfWritingLosesToTheOneAtMoreProviders) {
  Make(2, 3);
  Access access = Open();
  const SignedVersion rival = Rival(access, 7);
  rig_->faults[0]->FailBefore([&](Verb verb, std::string_view name, int) -> std::optional<Status> {
    if (verb == Verb::kPut && name == format::PolicyName(2, 0))
      rig_->Plant(0, std::string(name), rival.object);
    return std::nullopt;
  });
  const Status done = Register(access, 1);
  EXPECT_TRUE(done.ok()) << done.ToString();
  rig_->faults[0]->Heal();
  const Access again = Open();
  ExpectSameVault(access, again);
  EXPECT_THAT(WritersOf(again), ElementsAre(IdOf(1)));
  EXPECT_EQ(again.policy_holders, 3);
  EXPECT_THAT(again.warnings, Contains(HasSubstr("2 different policies")));
}

TEST_F(PolicyUpdate, ARivalAtMoreProvidersIsAdoptedAndFollowed) {
  Make(2, 3);
  Access access = Open();
  const SignedVersion rival = Rival(access, 7);
  for (const std::size_t at : {0u, 2u}) {
    rig_->faults[at]->FailBefore(
        [&, at](Verb verb, std::string_view name, int) -> std::optional<Status> {
          if (verb == Verb::kPut && name == format::PolicyName(2, 0)) {
            rig_->Plant(at, std::string(name), rival.object);
          }
          return std::nullopt;
        });
  }
  const Status done = Register(access, 1);
  EXPECT_TRUE(done.ok()) << done.ToString();
  EXPECT_EQ(access.policy.version, 3u);
  EXPECT_THAT(WritersOf(access), ElementsAre(IdOf(7), IdOf(1)));
  for (const auto& provider : rig_->faults) provider->Heal();
  for (const unsigned mask : {0b011u, 0b101u, 0b110u, 0b111u}) {
    ExpectSameVault(access, Open(mask));
  }
}

TEST_F(PolicyUpdate, AForkIsDecidedAlikeWhateverProvidersAreAsked) {
  // Four providers, W = 3: tokyo alone has a version that its host could not complete.
  Make(2, 4);
  Access first = Open(0b0001 | 0b0010);
  rig_->Plant(0, format::PolicyName(2, 0), Rival(first, 9).object);
  Access second = Open(0b1110);
  ASSERT_TRUE(Register(second, 1).ok());
  ASSERT_TRUE(Register(second, 2).ok());
  // The longer chain wins, also where only one provider serves it beside tokyo.
  for (const unsigned mask : {0b0011u, 0b0101u, 0b1001u, 0b1111u}) {
    const Access opened = Open(mask);
    ExpectSameVault(second, opened);
    EXPECT_THAT(opened.warnings, Contains(HasSubstr("different policies")));
  }
}

TEST_F(PolicyUpdate, TwoOfOneHeightAndNumberAreDecidedByHash) {
  Make(2, 4);
  Access access = Open();
  const SignedVersion a = Rival(access, 1);
  const SignedVersion b = Rival(access, 2);
  for (const std::size_t at : {0u, 1u}) rig_->Plant(at, format::PolicyName(2, 0), a.object);
  for (const std::size_t at : {2u, 3u}) rig_->Plant(at, format::PolicyName(2, 0), b.object);
  const Access opened = Open();
  EXPECT_EQ(opened.policy_hash, std::min(a.hash, b.hash));
  // Whoever goes on completes that one first.
  Access next = Open();
  ASSERT_TRUE(Register(next, 3).ok());
  EXPECT_EQ(next.policy.previous, std::min(a.hash, b.hash));
  for (const unsigned mask : {0b0011u, 0b1100u}) ExpectSameVault(next, Open(mask));
}

TEST_F(PolicyUpdate, ManyVersionsAreReadInOrder) {
  Make(1, 2);
  Access access = Open();
  for (std::uint8_t writer = 1; writer <= 20; ++writer) {
    ASSERT_TRUE(Register(access, writer).ok());
  }
  const Access again = Open(0b10);
  EXPECT_EQ(again.policy.version, 21u);
  EXPECT_EQ(again.policy_objects.size(), 21u);
  EXPECT_THAT(again.shards_needed, ElementsAre(1));
}

}  // namespace
}  // namespace fenchi
