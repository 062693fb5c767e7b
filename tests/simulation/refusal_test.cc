// Providers that refuse: credentials that expired, a certificate that is not trusted, one object
// that may not be read. What they hold is unknown, never damage and never lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "repository/shard_set.h"
#include "simulation/small_vault.h"

namespace fenchi {
namespace {

using testing::HasSubstr;

FaultHook Refuse(const std::string& only = {}) {
  return [only](Verb, std::string_view name, int) -> std::optional<Status> {
    if (!only.empty() && name != only) return std::nullopt;
    return Status(StatusCode::kDenied, "the credentials have expired", "renew them");
  };
}

VerifyReport VerifyRefused(SmallVault& vault, VerifyDepth depth) {
  const VerifyReport report = vault.Verify(depth);
  EXPECT_TRUE(report.repairable()) << Lines(report);
  return report;
}

class Refusal : public testing::TestWithParam<VerifyDepth> {};

TEST_P(Refusal, OfEverythingIsAProviderThatIsAwayNamedOnceWithCauseAndNextStep) {
  SmallVault vault;
  vault.fault(2).FailBefore(Refuse());
  const VerifyReport report = VerifyRefused(vault, GetParam());
  ASSERT_EQ(report.damage.size(), 1u) << Lines(report);
  EXPECT_EQ(report.damage[0].kind, DamageKind::kUnreachable);
  EXPECT_EQ(report.damage[0].provider, "p2");
  EXPECT_THAT(report.damage[0].what, HasSubstr("away, because"));
  EXPECT_THAT(report.damage[0].what, HasSubstr("the credentials have expired"));
  EXPECT_THAT(report.damage[0].what, HasSubstr("renew them"));
  EXPECT_EQ(report.unreachable, std::vector<std::string>{"p2"});
  EXPECT_EQ(vault.RestoredDifference(), "");
}

TEST_P(Refusal, OfOneObjectIsNamedAsUnreadable) {
  SmallVault vault;
  for (const bool shard : {true, false}) {
    const std::vector<Stored> objects = shard ? vault.ShardsAt(1) : vault.ObjectsAt(1);
    const std::string name = objects.front().name;
    vault.fault(1).FailBefore(Refuse(name));
    const VerifyReport report = VerifyRefused(vault, GetParam());
    ASSERT_EQ(report.damage.size(), 1u) << Lines(report);
    EXPECT_EQ(report.damage[0].kind, DamageKind::kUnreadable) << objects.front().kind;
    EXPECT_EQ(report.damage[0].object, name);
    EXPECT_THAT(report.damage[0].what, HasSubstr("renew them"));
    EXPECT_TRUE(report.unreachable.empty());
    EXPECT_EQ(vault.RestoredDifference(), "");
    vault.Heal();
  }
  EXPECT_TRUE(vault.Verify(GetParam()).healthy());
}

TEST_P(Refusal, FromTheMiddleOfAVerifyOnIsOneLine) {
  SmallVault vault;
  const std::string first = vault.ShardsAt(3).front().name;
  bool expired = false;
  vault.fault(3).FailBefore([&](Verb, std::string_view name, int) -> std::optional<Status> {
    expired = expired || name == first;
    if (!expired) return std::nullopt;
    return Status(StatusCode::kDenied, "the token has expired");
  });
  const VerifyReport report = VerifyRefused(vault, GetParam());
  ASSERT_EQ(report.damage.size(), 1u) << Lines(report);
  EXPECT_EQ(report.damage[0].kind, DamageKind::kUnreachable);
  EXPECT_THAT(report.damage[0].what, HasSubstr("the token has expired"));
}

INSTANTIATE_TEST_SUITE_P(AtEveryDepth, Refusal,
                         testing::Values(VerifyDepth::kExists, VerifyDepth::kTags,
                                         VerifyDepth::kData));

// What a place says in place of an answer.
std::vector<Status> PlaceFailures() {
  return {Status(StatusCode::kDenied, "refused (403)"),
          Status(StatusCode::kDenied, "the certificate is not trusted"),
          Status(StatusCode::kInvalidArgument, "the file of certificate authorities is missing"),
          Status(StatusCode::kUnavailable, "no connection"),
          Status(StatusCode::kDeadline, "no answer within 30 s"),
          Status(StatusCode::kFull, "the byte budget of 700000 bytes is used up"),
          Status(StatusCode::kUnsupported, "unavailable for legal reasons (451)"),
          Status(StatusCode::kLocked, "the object is archived"),
          Status(StatusCode::kIo, "the disk fails"),
          Status(StatusCode::kInternal, "OperationalError: database is locked")};
}

TEST(Refusal, WithTooFewProvidersLeftIsNeverLoss) {
  SmallVault vault;
  for (const Status& failure : PlaceFailures()) {
    SCOPED_TRACE(failure.ToString());
    for (int i = 0; i < 3; ++i) {
      vault.fault(i).FailBefore(
          [&](Verb, std::string_view, int) -> std::optional<Status> { return failure; });
    }
    const PackId pack = vault.Packs().begin()->first;
    const Result<ShardSet> shards = ShardSet::Open(vault.access(), vault.access().seats, pack);
    ASSERT_TRUE(shards.ok()) << shards.status().ToString();
    Bytes block(format::kBlockSize);
    const Status decoded = shards->DecodeBlock(shards->IndexAt(0), 0, block);
    EXPECT_EQ(decoded.code(), StatusCode::kTooFewProviders) << decoded.ToString();
    EXPECT_THAT(decoded.message(), HasSubstr(failure.message()));
    vault.fault(3).FailBefore(
        [&](Verb, std::string_view, int) -> std::optional<Status> { return failure; });
    const Status found = ShardSet::Open(vault.access(), vault.access().seats, pack).status();
    EXPECT_EQ(found.code(), StatusCode::kTooFewProviders) << found.ToString();
    EXPECT_THAT(found.message(), HasSubstr("p1 is away, because " + failure.message()));
    vault.Heal();
  }
}

TEST(Refusal, BesideARealLossDoesNotHideIt) {
  SmallVault vault;
  const Stored shard = vault.ShardsAt(0).front();
  std::vector<std::string> names;
  for (int i = 0; i < 3; ++i) names.push_back(vault.ShardsAt(i).front().name);
  for (int i = 0; i < 3; ++i) vault.Delete(i, names[static_cast<std::size_t>(i)]);
  vault.fault(3).FailBefore(Refuse());
  const VerifyReport report = vault.Verify();
  // One shard is left at most, and two are needed: whatever p3 holds, it is lost.
  EXPECT_FALSE(report.repairable()) << Lines(report);
}

TEST(Refusal, LeavesARepairUnfinishedAndSaysWhere) {
  SmallVault vault;
  vault.Delete(1, vault.ShardsAt(1).front().name);
  vault.fault(2).FailBefore(Refuse());
  const RepairReport report = vault.Repair(vault.Verify());
  EXPECT_FALSE(report.complete());
  EXPECT_EQ(report.shards_written, 1u);
  for (const Damage& left : report.left) {
    EXPECT_EQ(left.provider, "p2");
    EXPECT_THAT(left.what, HasSubstr("renew them"));
    EXPECT_TRUE(left.repairable);
  }
  vault.Heal();
  EXPECT_TRUE(vault.Verify().healthy());
}

TEST(Refusal, OfOneProviderStopsNobodyFromOpeningTheVault) {
  SmallVault vault;
  vault.fault(0).FailBefore(Refuse());
  const auto again = vault.OpenAgain();
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  const Seat* const seat = (*again)->access.seats.FindByName("p0");
  ASSERT_NE(seat, nullptr);
  EXPECT_THAT(seat->provider ? "present" : seat->absent_reason,
              HasSubstr("the credentials have expired"));
}

}  // namespace
}  // namespace fenchi
