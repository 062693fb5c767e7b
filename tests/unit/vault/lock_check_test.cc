// Verify asks the places again whether they keep what backups asked them to keep.
#include "locking_place.h"
#include "unit/repository/custody_testing.h"

namespace fenchi {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LockCheckTest : public LocksTest {
 protected:
  BackupReport BackUp(Vault& vault, std::optional<Timestamp> until) {
    return Need(vault.BackupTree(Path("srv"), {.lock_until = until}));
  }
  // The only one that there is.
  SnapshotLocks Checked(const VerifyReport& report) {
    EXPECT_TRUE(report.locks.has_value());
    if (!report.locks) return {};
    EXPECT_THAT(report.locks->snapshots, SizeIs(1));
    return report.locks->snapshots.front();
  }
  void SetLocks(std::size_t place, const std::string& prefix, std::optional<Timestamp> until) {
    for (const auto& [name, size] : Objects(static_cast<int>(place), prefix)) {
      places_[place]->SetLock(name, until);
    }
  }
  // Of one object, the first below the prefix.
  void TakeOff(std::size_t place, const std::string& prefix) {
    places_[place]->SetLock(Objects(static_cast<int>(place), prefix).begin()->first, std::nullopt);
  }
  void SpoilShards(std::size_t place) {
    Provider& inside = inner(static_cast<int>(place));
    for (const auto& [name, size] : Objects(static_cast<int>(place), "d/")) {
      Bytes bytes = Need(GetAll(inside, name, size));
      bytes.back() ^= 1;
      MemorySource source(bytes);
      ASSERT_TRUE(inside.Put(name, source, {.replace = true}).ok());
    }
  }
};

TEST_F(LockCheckTest, FewerThanKLockedShardsAreAnAlarmAndNoDamage) {
  Vault vault = Open();
  const BackupReport made = BackUp(vault, until_);
  const VerifyReport kept = Need(vault.Verify());
  EXPECT_TRUE(kept.locks_kept());
  EXPECT_EQ(Checked(kept).snapshot, made.snapshot);
  EXPECT_EQ(Checked(kept).until, until_);
  EXPECT_EQ(Checked(kept).packs, made.locks->packs);
  EXPECT_EQ(Checked(kept).opening, LockStanding::kLocked);
  ASSERT_THAT(kept.locks->places, SizeIs(4));
  EXPECT_EQ(kept.locks->places[0].failed, 0u);
  EXPECT_GT(kept.locks->places[0].locked, made.locks->packs);
  EXPECT_FALSE(kept.locks->places[3].can_lock);

  SetLocks(0, "d/", std::nullopt);
  const VerifyReport two = Need(vault.Verify());
  EXPECT_TRUE(two.locks_kept()) << "two places keep all of it";
  EXPECT_EQ(two.locks->places[0].failed, made.locks->packs);
  EXPECT_THAT(two.locks->places[0].message, HasSubstr("is not locked"));

  TakeOff(1, "d/");
  const VerifyReport alarm = Need(vault.Verify({.depth = VerifyDepth::kExists}));
  EXPECT_FALSE(alarm.locks_kept());
  EXPECT_EQ(Checked(alarm).packs_unlocked, 1u);
  EXPECT_EQ(Checked(alarm).packs_unknown, 0u);
  EXPECT_EQ(Checked(alarm).opening, LockStanding::kLocked);
  EXPECT_TRUE(alarm.healthy());
}

TEST_F(LockCheckTest, ALockThatEndsTooEarlyIsNone) {
  Vault vault = Open();
  BackUp(vault, until_);
  const Timestamp early{.seconds = until_.seconds - 1};
  SetLocks(0, "d/", early);
  SetLocks(2, "d/", early);
  const VerifyReport alarm = Need(vault.Verify());
  EXPECT_EQ(Checked(alarm).packs_unlocked, Checked(alarm).packs);
  EXPECT_THAT(alarm.locks->places[0].message, HasSubstr("is locked until " + ToIso8601(early)));
  SetLocks(2, "d/", Timestamp{.seconds = until_.seconds + 1});
  EXPECT_TRUE(Need(vault.Verify()).locks_kept());
}

TEST_F(LockCheckTest, EachSnapshotHasItsOwnDate) {
  Vault vault = Open();
  BackUp(vault, until_);
  const Timestamp later{.seconds = until_.seconds + 86'400};
  const BackupReport second = BackUp(vault, later);
  for (const std::size_t place : {0u, 1u}) SetLocks(place, "", until_);
  const VerifyReport report = Need(vault.Verify());
  ASSERT_THAT(report.locks->snapshots, SizeIs(2));
  EXPECT_TRUE(report.locks->snapshots[0].kept());
  const SnapshotLocks& open = report.locks->snapshots[1];
  EXPECT_EQ(open.snapshot, second.snapshot);
  EXPECT_EQ(open.packs_unlocked, open.packs);
  EXPECT_EQ(open.opening, LockStanding::kUnlocked);
}

TEST_F(LockCheckTest, ALaterBackupWithAnEarlierDateWantsNoMoreOfTheFirst) {
  Vault vault = Open();
  const Timestamp later{.seconds = until_.seconds + 86'400};
  BackUp(vault, later);
  WriteFile("srv/new", RandomText(300'000));
  BackUp(vault, until_);
  const VerifyReport report = Need(vault.Verify());
  EXPECT_TRUE(report.locks_kept());
  for (const PlaceLocks& place : report.locks->places) EXPECT_EQ(place.failed, 0u) << place.message;
}

TEST_F(LockCheckTest, ItsLogIsAskedForAsWell) {
  Vault vault = Open();
  BackUp(vault, until_);
  SetLocks(0, "r/", std::nullopt);
  EXPECT_TRUE(Need(vault.Verify()).locks_kept());
  SetLocks(2, "r/", std::nullopt);
  const VerifyReport alarm = Need(vault.Verify());
  EXPECT_FALSE(alarm.locks_kept());
  EXPECT_EQ(Checked(alarm).opening, LockStanding::kUnlocked);
  EXPECT_EQ(Checked(alarm).packs_unlocked, 0u);
}

TEST_F(LockCheckTest, OfWhatOpensTheVaultAPlaceMustKeepAll) {
  Vault vault = Open();
  BackUp(vault, until_);
  TakeOff(0, "k/genesis");
  EXPECT_TRUE(Need(vault.Verify()).locks_kept());
  TakeOff(2, "k/leaf");
  EXPECT_EQ(Checked(Need(vault.Verify())).opening, LockStanding::kUnlocked);
}

TEST_F(LockCheckTest, WhatCannotBeAskedForIsNotKnown) {
  Vault vault = Open();
  BackUp(vault, until_);
  places_[0]->ask = Status(StatusCode::kDenied, "this key may not see locks");
  EXPECT_TRUE(Need(vault.Verify()).locks_kept());
  places_[1]->ask = Status(StatusCode::kUnavailable, "it is away");
  const VerifyReport report = Need(vault.Verify());
  EXPECT_FALSE(report.locks_kept());
  EXPECT_EQ(Checked(report).packs_unknown, Checked(report).packs);
  EXPECT_EQ(Checked(report).packs_unlocked, 0u);
  EXPECT_EQ(Checked(report).opening, LockStanding::kUnknown);
  EXPECT_THAT(report.locks->places[0].message, HasSubstr("may not see locks"));
  EXPECT_THAT(report.locks->places[1].message, HasSubstr("it is away"));
  // What is known to be open is so, whatever the others keep: one of them at best.
  places_[1]->ask = Status::Ok();
  SetLocks(1, "", std::nullopt);
  SetLocks(2, "", std::nullopt);
  EXPECT_EQ(Checked(Need(vault.Verify())).packs_unlocked, Checked(report).packs);
}

TEST_F(LockCheckTest, APlaceThatRefusesOrIsAwayIsNotAskedForEverything) {
  Vault vault = Open();
  for (int i = 0; i < 20; ++i) {
    WriteFile("srv/new", RandomText(1000));
    BackUp(vault, until_);
  }
  for (const StatusCode code : {StatusCode::kDenied, StatusCode::kDeadline}) {
    places_[0]->ask = Status(code, "no");
    places_[0]->asked = 0;
    EXPECT_TRUE(Need(vault.Verify()).locks_kept());
    EXPECT_GE(places_[0]->asked, 1);
    EXPECT_LE(places_[0]->asked, 40) << "eight, and those that were on their way";
  }
}

TEST_F(LockCheckTest, AnAbsentPlaceMayKeepWhatTheOthersDoNot) {
  Vault vault = Open();
  BackUp(vault, until_);
  SetLocks(1, "", std::nullopt);
  EXPECT_TRUE(Need(vault.Verify()).locks_kept());
  provider(0).SetAbsent(true);
  const VerifyReport report = Need(vault.Verify());
  EXPECT_EQ(Checked(report).packs_unknown, Checked(report).packs);
  EXPECT_FALSE(report.healthy());
}

TEST_F(LockCheckTest, ADamagedShardIsNoneWhateverLockItHas) {
  Vault vault = Open();
  BackUp(vault, until_);
  SpoilShards(0);
  SpoilShards(1);
  const VerifyReport found = Need(vault.Verify());
  EXPECT_FALSE(found.healthy());
  EXPECT_EQ(Checked(found).packs_unlocked, Checked(found).packs);
  // Repair writes new copies, which have no lock before the next backup asks for one.
  EXPECT_TRUE(Need(vault.Repair(found)).complete());
  const VerifyReport mended = Need(vault.Verify());
  EXPECT_TRUE(mended.healthy());
  EXPECT_EQ(Checked(mended).packs_unlocked, Checked(mended).packs);
  EXPECT_TRUE(BackUp(vault, until_).complete());
  EXPECT_TRUE(Need(vault.Verify()).locks_kept());
}

TEST_F(LockCheckTest, NothingIsAskedWhereNoBackupAskedForLocksOrTheirDateHasPassed) {
  Vault vault = Open();
  BackUp(vault, std::nullopt);
  EXPECT_FALSE(Need(vault.Verify()).locks.has_value());
  const Timestamp soon{.seconds = clock_->Now().seconds + 1'000};
  BackUp(vault, soon);
  ASSERT_TRUE(Need(vault.Verify()).locks.has_value());
  while (clock_->Now() < soon) {
  }
  for (const auto& place : places_) place->asked = 0;
  EXPECT_FALSE(Need(vault.Verify()).locks.has_value());
  for (const auto& place : places_) EXPECT_EQ(place->asked, 0);
}

TEST_F(LockCheckTest, ABackupThatWasNotLockedAsAskedStaysAnAlarm) {
  for (const auto& place : places_) place->can_lock = false;
  Vault vault = Open();
  EXPECT_FALSE(BackUp(vault, until_).complete());
  const VerifyReport report = Need(vault.Verify());
  EXPECT_FALSE(report.locks_kept());
  EXPECT_EQ(Checked(report).packs_unlocked, Checked(report).packs);
  for (const PlaceLocks& place : report.locks->places) EXPECT_THAT(place.message, IsEmpty());
}

TEST_F(LockCheckTest, KeysThatWereRotatedSinceAreNotWhatTheSnapshotNeeds) {
  Vault vault = Open();
  BackUp(vault, until_);
  ASSERT_TRUE(Need(vault.Rotate(PassphrasePlan("correct horse"))).published);
  const VerifyReport report = Need(vault.Verify());
  EXPECT_TRUE(report.healthy());
  EXPECT_TRUE(report.locks_kept()) << "what opened the vault at the backup still does";
}

}  // namespace
}  // namespace fenchi
