#include "repository/history.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "fenchi/hash.h"
#include "format/names.h"
#include "unit/repository/fixture.h"
#include "unit/repository/history_testing.h"

namespace fenchi {
namespace {

format::PackListEntry RandomPack(Random& random) {
  format::PackListEntry entry;
  random.Fill(entry.pack.mutable_view());
  entry.segments = format::kPackClasses[entry.pack.bytes[0] % 3];
  entry.needed = 1 + entry.pack.bytes[1] % 4;
  entry.type = entry.pack.bytes[2] % 2 == 0 ? format::PackType::kData : format::PackType::kMetadata;
  return entry;
}

format::PackList ListOf(const PackMap& packs) {
  format::PackList list;
  for (const auto& [id, entry] : packs) list.entries.push_back(entry);
  return list;
}

// The same in list objects of `part` packs, stored at all providers.
format::PackList StoreList(TestVault& vault, const PackMap& packs, std::size_t part) {
  format::PackList list;
  list.count = packs.size();
  std::vector<format::PackListEntry> all = ListOf(packs).entries;
  for (std::size_t first = 0; first < all.size(); first += part) {
    const std::size_t last = std::min(all.size(), first + part);
    const std::vector<format::PackListEntry> some(all.begin() + static_cast<std::ptrdiff_t>(first),
                                                  all.begin() + static_cast<std::ptrdiff_t>(last));
    const Bytes object =
        Need(format::SealListObject(vault.access.suite(), vault.access.vault,
                                    vault.access.outer_key.view(), some, *vault.random));
    const Hash256 hash = Sha256(object);
    const PutOutcome outcome = vault.access.seats.PutAtAll(
        [&](const Seat& seat, int generation) {
          return format::ListName(vault.access.name_key.view(), seat.id, hash, generation);
        },
        object);
    EXPECT_EQ(outcome.stored.size(), vault.access.seats.size());
    list.objects.push_back({hash, object.size()});
  }
  return list;
}

std::string ListNameAt(const TestVault& vault, int position, const Hash256& hash) {
  return format::ListName(vault.access.name_key.view(),
                          vault.access.seats.all()[static_cast<std::size_t>(position)].id, hash, 0);
}

PackMap RandomPacks(Random& random, std::size_t count) {
  PackMap packs;
  while (packs.size() < count) {
    const format::PackListEntry entry = RandomPack(random);
    packs.emplace(entry.pack, entry);
  }
  return packs;
}

// ---- COMMIT, SEAL, VOID ----

TEST(History, ACommitIsASnapshotOnceItIsSealed) {
  TestVault vault(2, 4, 1);
  Desk desk(vault);
  const Bytes object = RandomSnapshot(*vault.random);
  const format::RecordRef commit = desk.Commit({object});
  {
    const View view(vault);
    ASSERT_EQ(view.history.commits().size(), 1u);
    EXPECT_FALSE(view.history.commits()[0].sealed);
    EXPECT_TRUE(view.history.snapshots().empty());
    EXPECT_EQ(view.history.incomplete(), 1u);
  }
  desk.Seal(commit);
  const View view(vault);
  EXPECT_TRUE(view.Find(commit)->sealed);
  EXPECT_EQ(view.history.incomplete(), 0u);
  ASSERT_EQ(view.history.snapshots().size(), 1u);
  const StoredSnapshot& snapshot = view.history.snapshots()[0];
  EXPECT_EQ(snapshot.id, format::SnapshotIdOf(object));
  EXPECT_EQ(snapshot.object, Need(format::DecodeSnapshotObject(object)));
  EXPECT_EQ(snapshot.commit, view.Find(commit));
  EXPECT_EQ(view.history.Find(snapshot.id), &snapshot);
  EXPECT_EQ(view.history.Find(SnapshotId{}), nullptr);
}

TEST(History, ASealOfAnotherHashOrOfAnotherWritersCommitSealsNothing) {
  TestVault vault(2, 4, 2);
  Desk one(vault), two(vault);
  ASSERT_NE(one.id(), two.id());
  const format::RecordRef commit = one.Commit({RandomSnapshot(*vault.random)});
  one.Append(format::SealBody{commit.seq, Hash256{}});
  one.Append(format::SealBody{commit.seq + 1, commit.hash});
  two.Append(format::SealBody{commit.seq, commit.hash});
  const View view(vault);
  EXPECT_FALSE(view.Find(commit)->sealed);
  EXPECT_EQ(view.history.incomplete(), 1u);
}

TEST(History, AHeartbeatIsNotIncomplete) {
  TestVault vault(2, 4, 3);
  Desk desk(vault);
  desk.Append(EmptyCommit(vault));
  const View view(vault);
  EXPECT_EQ(view.history.commits().size(), 1u);
  EXPECT_EQ(view.history.incomplete(), 0u);
}

TEST(History, ASealAfterTheWritersOwnVoidIsInvalid) {
  TestVault vault(2, 4, 4);
  Desk desk(vault);
  const format::RecordRef commit = desk.Commit({RandomSnapshot(*vault.random)});
  desk.Append(format::VoidBody{commit, {}});
  desk.Seal(commit);
  const View view(vault);
  EXPECT_TRUE(view.Find(commit)->voided);
  EXPECT_FALSE(view.Find(commit)->sealed);
  EXPECT_TRUE(view.history.snapshots().empty());
  EXPECT_EQ(view.history.incomplete(), 0u);
}

TEST(History, AVoidAfterTheSealEndsNothing) {
  TestVault vault(2, 4, 5);
  Desk desk(vault);
  const format::RecordRef commit = desk.Commit({RandomSnapshot(*vault.random)});
  desk.Seal(commit);
  desk.Append(format::VoidBody{commit, {}});
  const View view(vault);
  EXPECT_TRUE(view.Find(commit)->sealed);
  EXPECT_EQ(view.history.snapshots().size(), 1u);
}

TEST(History, AVoidOfAnotherHashVoidsNothing) {
  TestVault vault(2, 4, 6);
  Desk desk(vault);
  const format::RecordRef commit = desk.Commit({RandomSnapshot(*vault.random)});
  format::RecordRef other = commit;
  other.hash.bytes[0] ^= 1;
  desk.Append(format::VoidBody{other, {}});
  desk.Seal(commit);
  EXPECT_TRUE(View(vault).Find(commit)->sealed);
}

TEST(History, AnothersVoidNeedsApprovalsAndARevokedWriter) {
  for (int approvals = 0; approvals <= 2; ++approvals) {
    for (const bool revoked : {false, true}) {
      SCOPED_TRACE(std::to_string(approvals) + (revoked ? " revoked" : " active"));
      TestVault vault(2, 4, 7, /*admin_threshold=*/2);
      Desk one(vault), two(vault);
      const format::RecordRef commit = one.Commit({RandomSnapshot(*vault.random)});
      two.Append(vault.Approved(format::VoidBody{commit, {}}, approvals));
      if (revoked) vault.Revoke(one.id());
      const View view(vault);
      EXPECT_EQ(view.Find(commit)->voided, approvals == 2 && revoked);
    }
  }
}

TEST(History, AnothersVoidEndsNoSealedCommit) {
  TestVault vault(2, 4, 8);
  Desk one(vault), two(vault);
  const format::RecordRef commit = one.Commit({RandomSnapshot(*vault.random)});
  two.Append(vault.Approved(format::VoidBody{commit, {}}, 1));
  one.Seal(commit);
  vault.Revoke(one.id());
  EXPECT_EQ(View(vault).history.snapshots().size(), 1u);
}

// ---- FORGET and TOMBSTONE ----

TEST(History, OnlyAForgetWithEnoughApprovalsIsHonoured) {
  for (int approvals = 0; approvals <= 3; ++approvals) {
    SCOPED_TRACE(approvals);
    TestVault vault(2, 4, 20, /*admin_threshold=*/2);
    Desk desk(vault);
    const Bytes first = RandomSnapshot(*vault.random);
    const Bytes second = RandomSnapshot(*vault.random);
    desk.Seal(desk.Commit({first}));
    desk.Seal(desk.Commit({second}));
    desk.Append(vault.Approved(format::ForgetBody{{format::SnapshotIdOf(first)}, {}}, approvals));
    const View view(vault);
    ASSERT_EQ(view.history.snapshots().size(), approvals >= 2 ? 1u : 2u);
    EXPECT_NE(view.history.Find(format::SnapshotIdOf(second)), nullptr);
  }
}

TEST(History, AnApprovalOfAnotherForgetIsNone) {
  TestVault vault(2, 4, 21);
  Desk desk(vault);
  const Bytes first = RandomSnapshot(*vault.random);
  const Bytes second = RandomSnapshot(*vault.random);
  desk.Seal(desk.Commit({first}));
  format::ForgetBody forget =
      vault.Approved(format::ForgetBody{{format::SnapshotIdOf(second)}, {}}, 1);
  forget.snapshots = {format::SnapshotIdOf(first)};
  desk.Append(forget);
  EXPECT_EQ(View(vault).history.snapshots().size(), 1u);
}

TEST(History, AnApprovalByNoAdminIsNone) {
  TestVault vault(2, 4, 22);
  Desk desk(vault);
  const Bytes object = RandomSnapshot(*vault.random);
  desk.Seal(desk.Commit({object}));
  vault.admins[0] = SigningKey::Generate(*vault.random);
  desk.Append(vault.Approved(format::ForgetBody{{format::SnapshotIdOf(object)}, {}}, 1));
  EXPECT_EQ(View(vault).history.snapshots().size(), 1u);
}

TEST(History, ACommitByAWriterThatMayNotBackUpIsNone) {
  TestVault vault(2, 4, 24);
  Desk desk(vault);
  desk.Seal(desk.Commit({RandomSnapshot(*vault.random)}));
  EXPECT_EQ(View(vault).history.snapshots().size(), 1u);
  vault.access.writers[0].rights = format::kRightPrune;
  const View view(vault);
  EXPECT_TRUE(view.history.snapshots().empty());
  EXPECT_TRUE(view.history.commits().empty());
}

TEST(History, OnlyATombstoneWithEnoughApprovalsBuriesPacks) {
  for (int approvals = 0; approvals <= 2; ++approvals) {
    SCOPED_TRACE(approvals);
    TestVault vault(2, 4, 23, /*admin_threshold=*/2);
    Desk desk(vault);
    const PackMap packs = RandomPacks(*vault.random, 30);
    const PackMap more = RandomPacks(*vault.random, 50);
    desk.Append(vault.Approved(format::TombstoneBody{ListOf(packs), {}, {}}, approvals));
    desk.Append(
        vault.Approved(format::TombstoneBody{StoreList(vault, more, 20), {}, {}}, approvals));
    std::set<PackId> expected;
    if (approvals == 2) {
      for (const auto& [id, entry] : packs) expected.insert(id);
      for (const auto& [id, entry] : more) expected.insert(id);
    }
    const View view(vault);
    EXPECT_EQ(Need(view.history.Tombstoned()), expected);
    EXPECT_EQ(view.history.Objects().size(), approvals == 2 ? 3u : 0u);
  }
}

// ---- Packs ----

TEST(History, PacksOfManyThousandsLieInListObjects) {
  TestVault vault(2, 4, 30);
  Desk desk(vault);
  PackMap expected = RandomPacks(*vault.random, 30'000);
  format::CommitBody first = EmptyCommit(vault);
  first.added = StoreList(vault, expected, format::kPacksPerListObjectMax);
  ASSERT_EQ(first.added.objects.size(), 2u);
  const format::RecordRef parent = desk.Append(first);

  PackMap dropped;
  for (const auto& [id, entry] : expected) {
    if (id.bytes[5] % 3 == 0) dropped.emplace(id, entry);
  }
  ASSERT_GT(dropped.size(), format::kPacksInRecordListMax);
  const PackMap added = RandomPacks(*vault.random, 100);
  const PackMap reused = RandomPacks(*vault.random, 10);
  format::CommitBody second = EmptyCommit(vault);
  second.parent = parent;
  second.added = ListOf(added);
  second.reused = ListOf(reused);
  second.dropped = StoreList(vault, dropped, format::kPacksPerListObjectMax);
  const format::RecordRef child = desk.Append(second);

  const View view(vault);
  EXPECT_EQ(Need(view.history.PacksOf(*view.Find(parent))), expected);
  for (const auto& [id, entry] : dropped) expected.erase(id);
  expected.insert(added.begin(), added.end());
  expected.insert(reused.begin(), reused.end());
  EXPECT_EQ(Need(view.history.PacksOf(*view.Find(child))), expected);
  // And without the parent's packs being known from before.
  const View fresh(vault);
  EXPECT_EQ(Need(fresh.history.PacksOf(*fresh.Find(child))), expected);
  EXPECT_EQ(fresh.history.Objects().size(), 3u);
}

TEST(History, AListObjectDamagedAtSomeProvidersIsReadFromAnother) {
  TestVault vault(2, 4, 31);
  Desk desk(vault);
  const PackMap packs = RandomPacks(*vault.random, 100);
  format::CommitBody body = EmptyCommit(vault);
  body.added = StoreList(vault, packs, 100);
  const format::RecordRef commit = desk.Append(body);
  const Hash256 hash = body.added.objects[0].hash;
  const View view(vault);
  for (int good = 0; good < 4; ++good) {
    vault.HealAll();
    for (int i = 0; i < 4; ++i) {
      if (i != good) vault.provider(i).FlipByte(ListNameAt(vault, i, hash), 50, 2);
    }
    EXPECT_EQ(Need(View(vault).history.PacksOf(*view.Find(commit))), packs);
  }
}

TEST(History, AListObjectThatIsNowhereIsDataLoss) {
  TestVault vault(2, 4, 32);
  Desk desk(vault);
  format::CommitBody body = EmptyCommit(vault);
  body.added = StoreList(vault, RandomPacks(*vault.random, 100), 100);
  const format::RecordRef commit = desk.Append(body);
  for (int i = 0; i < 4; ++i) {
    vault.provider(i).Hide(ListNameAt(vault, i, body.added.objects[0].hash));
  }
  const View view(vault);
  EXPECT_EQ(view.history.PacksOf(*view.Find(commit)).status().code(), StatusCode::kDataLoss);
}

TEST(History, AListObjectThatAProviderMayHaveThatIsAwayIsNotLost) {
  TestVault vault(2, 4, 36);
  Desk desk(vault);
  format::CommitBody body = EmptyCommit(vault);
  body.added = StoreList(vault, RandomPacks(*vault.random, 100), 100);
  body.snapshots.push_back(RandomSnapshot(*vault.random));
  const format::RecordRef commit = desk.Append(body);
  desk.Seal(commit);
  const Hash256 hash = body.added.objects[0].hash;
  for (int i = 0; i < 4; ++i) {
    if (i != 2) vault.provider(i).Hide(ListNameAt(vault, i, hash));
  }
  for (const StatusCode code : {StatusCode::kUnavailable, StatusCode::kFull, StatusCode::kInternal,
                                StatusCode::kUnsupported}) {
    vault.provider(2).FailBefore([&](Verb, std::string_view name, int) -> std::optional<Status> {
      if (name != ListNameAt(vault, 2, hash)) return {};
      return Status(code, "not now");
    });
    const View view(vault);
    const Status status = view.history.PacksOf(*view.Find(commit)).status();
    EXPECT_EQ(status.code(), StatusCode::kTooFewProviders) << status.ToString();
    EXPECT_NE(status.message().find("p2 is away"), std::string::npos) << status.ToString();
    std::vector<Status> unread;
    EXPECT_TRUE(Need(view.history.LivePacks(unread)).empty());
    ASSERT_EQ(unread.size(), 1u);
    EXPECT_EQ(unread[0].code(), StatusCode::kTooFewProviders);
  }
  vault.provider(2).Heal();
  const View view(vault);
  EXPECT_EQ(Need(view.history.PacksOf(*view.Find(commit))).size(), 100u);
}

TEST(History, AListWhoseCountOrOrderIsWrongIsRefused) {
  TestVault vault(2, 4, 33);
  Desk desk(vault);
  format::CommitBody body = EmptyCommit(vault);
  const format::PackList right = StoreList(vault, RandomPacks(*vault.random, 100), 50);
  body.added = right;
  body.added.count = 99;
  const format::RecordRef miscounted = desk.Append(body);
  body.added = right;
  std::swap(body.added.objects[0], body.added.objects[1]);
  const format::RecordRef swapped = desk.Append(body);
  const View view(vault);
  for (const format::RecordRef& commit : {miscounted, swapped}) {
    EXPECT_EQ(view.history.PacksOf(*view.Find(commit)).status().code(), StatusCode::kDamaged);
  }
}

TEST(History, AParentThatIsNotThereIsDataLoss) {
  TestVault vault(2, 4, 34);
  Desk desk(vault);
  format::CommitBody body = EmptyCommit(vault);
  body.parent = format::RecordRef{desk.id(), 7, Hash256{}};
  const format::RecordRef commit = desk.Append(body);
  const View view(vault);
  EXPECT_EQ(view.history.PacksOf(*view.Find(commit)).status().code(), StatusCode::kDataLoss);
  vault.provider(3).SetAbsent(true);  // it may have the record
  const View partial(vault);
  EXPECT_EQ(partial.history.PacksOf(*partial.Find(commit)).status().code(),
            StatusCode::kTooFewProviders);
}

// Two writers, random parents, against a model: packs(COMMIT) = packs(parent) + added + re-used -
// dropped, and the live packs are those of the sealed commits whose snapshot was not forgotten.
TEST(History, PackArithmeticIsThatOfTheModel) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 dice(seed);
    TestVault vault(2, 4, 400 + seed);
    Desk one(vault), two(vault);
    struct Known {
      format::RecordRef record;
      PackMap packs;
      SnapshotId snapshot;
      bool sealed = false;
      bool forgotten = false;
    };
    std::vector<Known> known;
    for (int step = 0; step < 25; ++step) {
      Desk& desk = dice() % 2 == 0 ? one : two;
      format::CommitBody body = EmptyCommit(vault);
      PackMap packs;
      if (!known.empty() && dice() % 4 != 0) {
        const Known& parent = known[dice() % known.size()];
        body.parent = parent.record;
        packs = parent.packs;
      }
      PackMap dropped;
      for (const auto& [id, entry] : packs) {
        if (dice() % 4 == 0) dropped.emplace(id, entry);
      }
      const PackMap added = RandomPacks(*vault.random, dice() % 6);
      const PackMap reused = RandomPacks(*vault.random, dice() % 3);
      body.added = dice() % 3 == 0 && !added.empty() ? StoreList(vault, added, 2) : ListOf(added);
      body.reused = ListOf(reused);
      body.dropped = ListOf(dropped);
      const Bytes object = RandomSnapshot(*vault.random);
      body.snapshots = {object};
      packs.insert(added.begin(), added.end());
      packs.insert(reused.begin(), reused.end());
      for (const auto& [id, entry] : dropped) packs.erase(id);
      Known commit{desk.Append(body), packs, format::SnapshotIdOf(object)};
      commit.sealed = dice() % 4 != 0;
      if (commit.sealed) desk.Seal(commit.record);
      known.push_back(std::move(commit));
    }
    for (Known& commit : known) {
      if (dice() % 5 != 0) continue;
      commit.forgotten = true;
      one.Append(vault.Approved(format::ForgetBody{{commit.snapshot}, {}}, 1));
    }
    const View view(vault);
    PackMap live;
    std::size_t snapshots = 0;
    for (const Known& commit : known) {
      if (!commit.sealed || commit.forgotten) continue;
      ++snapshots;
      live.insert(commit.packs.begin(), commit.packs.end());
    }
    EXPECT_EQ(view.history.snapshots().size(), snapshots);
    std::vector<Status> lost;
    EXPECT_EQ(Need(view.history.LivePacks(lost)), live);
    EXPECT_TRUE(lost.empty());
    std::shuffle(known.begin(), known.end(), dice);
    for (const Known& commit : known) {
      EXPECT_EQ(Need(view.history.PacksOf(*view.Find(commit.record))), commit.packs);
    }
  }
}

TEST(History, StaysValidWhenItMoves) {
  TestVault vault(2, 4, 50);
  Desk desk(vault);
  desk.Seal(desk.Commit({RandomSnapshot(*vault.random)}));
  View view(vault);
  const History moved = std::move(view.history);
  EXPECT_EQ(moved.snapshots()[0].commit, &moved.commits()[0]);
  EXPECT_TRUE(moved.snapshots()[0].commit->sealed);
}

}  // namespace
}  // namespace fenchi
