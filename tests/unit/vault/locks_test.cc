// Locks: what a snapshot needs outlives somebody who may delete everything, everywhere.
#include "locking_place.h"

namespace fenchi {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class Locks : public LocksTest {};

TEST_F(Locks, ASnapshotOutlivesWhoDeletesEverythingAlsoWhereItReusesOldPacks) {
  Vault vault = Open();
  Need(vault.BackupTree(Path("srv"), {.label = "unlocked"}));
  const std::string text = RandomText(300'000);
  WriteFile("srv/new", text);
  const BackupReport report =
      Need(vault.BackupTree(Path("srv"), {.label = "locked", .lock_until = until_}));
  ASSERT_TRUE(report.locks.has_value());
  EXPECT_TRUE(report.locks->complete());
  EXPECT_TRUE(report.complete());
  EXPECT_GE(report.locks->packs, 2u);  // of both backups
  EXPECT_EQ(report.locks->until, until_);
  ASSERT_THAT(report.locks->places, SizeIs(4));
  EXPECT_FALSE(report.locks->places[3].can_lock);
  DeleteEverything();
  EXPECT_TRUE(Objects(3).empty());
  Vault after = Open();
  ExpectRestores(after, report.snapshot, Path("srv"));
  EXPECT_EQ(CatText(after, report.snapshot, "srv/new"), text);
}

TEST_F(Locks, WithoutThemNothingIsLeft) {
  Vault vault = Open();
  EXPECT_FALSE(Need(vault.BackupTree(Path("srv"))).locks.has_value());
  DeleteEverything();
  for (int i = 0; i < providers(); ++i) EXPECT_TRUE(Objects(i).empty());
}

TEST_F(Locks, AreAskedForByEachBackupAnew) {
  Vault vault = Open();
  Need(vault.BackupTree(Path("srv"), {.lock_until = until_}));
  WriteFile("srv/new", RandomText(300'000));
  const auto before = Objects(0, "d/");
  Need(vault.BackupTree(Path("srv")));
  int unlocked = 0;
  for (const auto& [name, size] : Objects(0, "d/")) {
    const bool is_locked = places_[0]->LockOf(name).has_value();
    EXPECT_EQ(is_locked, before.contains(name)) << name;
    unlocked += is_locked ? 0 : 1;
  }
  EXPECT_GE(unlocked, 1);
  // And the next one that asks locks what this one left open, until a later date.
  const Timestamp later{.seconds = until_.seconds + 86'400};
  EXPECT_TRUE(Need(vault.BackupTree(Path("srv"), {.lock_until = later})).locks->complete());
  for (const auto& [name, size] : Objects(0, "k/")) {
    EXPECT_EQ(*places_[0]->LockOf(name), later) << name;
  }
}

TEST_F(Locks, TooFewOfThemAreAnAlarmAndTheBackupIsSavedAllTheSame) {
  Vault vault = Open();
  Need(vault.BackupTree(Path("srv")));
  places_[0]->refuses = true;
  const BackupReport one = Need(vault.BackupTree(Path("srv"), {.lock_until = until_}));
  EXPECT_TRUE(one.locks->complete()) << "two of the four still lock";
  EXPECT_GE(one.locks->places[0].failed, 2u);
  EXPECT_THAT(one.locks->places[0].message, HasSubstr("may not lock"));
  places_[1]->refuses = true;
  const BackupReport two = Need(vault.BackupTree(Path("srv"), {.lock_until = until_}));
  EXPECT_FALSE(two.complete());
  EXPECT_FALSE(two.locks->complete());
  EXPECT_FALSE(two.locks->opening_locked);
  EXPECT_GE(two.locks->packs_unlocked, 1u);
  ExpectRestores(vault, two.snapshot, Path("srv"));
}

TEST_F(Locks, APlaceThatListsWithoutEndIsNamedAndNotFollowed) {
  Vault vault = Open();
  places_[0]->makes_up = places_[1]->makes_up = 200'000;
  const BackupReport report = Need(vault.BackupTree(Path("srv"), {.lock_until = until_}));
  EXPECT_LE(places_[0]->told, 16'385);
  EXPECT_GT(places_[0]->told, 16'000);
  EXPECT_FALSE(report.locks->opening_locked) << "one of four keeps what opens the vault";
  EXPECT_GE(report.locks->places[0].failed, 1u);
  ExpectRestores(vault, report.snapshot, Path("srv"));
}

TEST_F(Locks, WhatSomebodyLaidUnderNamesToComeIsNotLocked) {
  Vault vault = Open();
  const std::vector<std::string> junk = {"k/policy-00000099.0", "k/slots-00000099.0",
                                         "k/keyring-00000099.7", "k/leaf-00000099.0"};
  for (const std::string& name : junk) {
    MemorySource source(AsBytes("junk"));
    ASSERT_TRUE(places_[0]->Put(name, source, {}).ok());
  }
  const BackupReport report = Need(vault.BackupTree(Path("srv"), {.lock_until = until_}));
  EXPECT_TRUE(report.locks->complete());
  for (const std::string& name : junk) EXPECT_FALSE(places_[0]->LockOf(name)) << name;
  EXPECT_TRUE(places_[0]->LockOf("k/policy-00000001.0"));
}

TEST_F(Locks, PlacesThatCannotLockAreAnAlarmToo) {
  Vault vault = Open();
  places_[0]->can_lock = places_[1]->can_lock = false;
  const BackupReport report = Need(vault.BackupTree(Path("srv"), {.lock_until = until_}));
  EXPECT_FALSE(report.locks->complete());
  EXPECT_EQ(report.locks->packs_unlocked, report.locks->packs);
  EXPECT_THAT(report.locks->places,
              Each(AllOf(Field(&PlaceLocks::failed, 0u), Field(&PlaceLocks::message, ""))));
}

TEST_F(Locks, CannotEndInThePast) {
  Vault vault = Open();
  const auto refused = vault.BackupTree(Path("srv"), {.lock_until = Timestamp{.seconds = 1}});
  EXPECT_EQ(CodeOf(refused), StatusCode::kInvalidArgument);
  ExpectHelpful(refused.status());
}

}  // namespace
}  // namespace fenchi
