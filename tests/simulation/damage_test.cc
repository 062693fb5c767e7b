// Objects that were cut, extended, zeroed, swapped or dropped; and damage to several shards at
// once.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <set>
#include <string>

#include "format/ids.h"
#include "repository/shard_set.h"
#include "simulation/small_vault.h"

namespace fenchi {
namespace {

struct Form {
  std::string name;
  std::optional<Bytes> bytes;  // nullopt: dropped
};

// What may stand in an object's place. `strange`: objects of other kinds, packs, providers, vaults.
std::vector<Form> FormsOf(const Stored& object, const std::vector<Form>& strange) {
  const Bytes& b = object.bytes;
  std::vector<Form> out = {
      {"dropped", std::nullopt},
      {"empty", Bytes()},
      {"cut by one byte", Bytes(b.begin(), b.end() - 1)},
      {"cut in half", Bytes(b.begin(), b.begin() + static_cast<std::ptrdiff_t>(b.size() / 2))},
      {"zeroed", Bytes(b.size(), 0)},
  };
  Bytes longer = b;
  longer.push_back(0);
  out.push_back({"extended by one byte", longer});
  longer.insert(longer.end(), b.begin(), b.end());
  out.push_back({"extended to twice its size", longer});
  for (const Form& form : strange) {
    if (form.bytes != b) out.push_back({"swapped for " + form.name, form.bytes});
  }
  return out;
}

void ExpectNamedAndMended(SmallVault& vault, const Stored& object, const Form& form) {
  SCOPED_TRACE(object.kind + " at p" + std::to_string(object.position) + " " + form.name);
  if (form.bytes) {
    vault.Replace(object.position, object.name, *form.bytes);
  } else {
    vault.Delete(object.position, object.name);
  }
  const VerifyReport found = vault.Verify();
  ASSERT_FALSE(found.damage.empty());
  EXPECT_TRUE(found.repairable()) << Lines(found);
  for (const Damage& damage : found.damage) {
    EXPECT_EQ(damage.provider, vault.NameOf(object.position));
    EXPECT_EQ(damage.object, object.name);
    EXPECT_EQ(damage.kind == DamageKind::kMissing, !form.bytes) << damage.what;
  }
  EXPECT_EQ(vault.RestoredDifference(), "");
  const RepairReport repaired = vault.Repair(found);
  EXPECT_TRUE(repaired.complete()) << Lines(repaired);
  const Seat& seat = vault.access().seats.all()[static_cast<std::size_t>(object.position)];
  const std::string mended = object.name_at(seat, form.bytes ? 1 : 0);
  ASSERT_TRUE(vault.Has(object.position, mended));
  EXPECT_TRUE(vault.Get(object.position, mended) == object.bytes) << "other bytes";
  EXPECT_TRUE(vault.Verify().healthy()) << Lines(vault.Verify());
  vault.Delete(object.position, mended);
  vault.Replace(object.position, object.name, object.bytes);
}

TEST(Damage, OfEveryFormToEveryKindOfObjectIsNamedAndMended) {
  SmallVault vault;
  SmallVault other({.seed = 2});
  int cases = 0;
  for (std::size_t which = 0;; ++which) {
    const int position = static_cast<int>(which % 4);
    const int next = (position + 1) % vault.providers();
    std::vector<Stored> objects = vault.ObjectsAt(position);
    std::vector<Stored> beside = vault.ObjectsAt(next);
    std::vector<Stored> strangers = other.ObjectsAt(position);
    for (auto* list : {&objects, &beside, &strangers}) {
      SmallVault& from = list == &strangers ? other : vault;
      for (Stored& shard : from.ShardsAt(list == &beside ? next : position)) {
        list->push_back(std::move(shard));
      }
    }
    if (which >= objects.size() || HasFailure()) break;
    const Stored& object = objects[which];
    const Stored& neighbour = objects[(which + 1) % objects.size()];
    std::vector<Form> strange = {{"another object of its provider", neighbour.bytes},
                                 {"the same of another provider", beside[which].bytes}};
    if (which < strangers.size()) {
      strange.push_back({"the same of another vault", strangers[which].bytes});
    }
    for (const Form& form : FormsOf(object, strange)) {
      // Documents are the same in every vault.
      if (form.bytes == object.bytes) continue;
      ExpectNamedAndMended(vault, object, form);
      if (HasFailure()) return;
      ++cases;
    }
  }
  std::cout << cases << " damaged objects named and mended" << std::endl;
  EXPECT_GT(cases, 100);
}

std::vector<Stored> ShardsOfPack(SmallVault& vault, std::size_t pack) {
  std::vector<Stored> out;
  for (int i = 0; i < vault.providers(); ++i) out.push_back(vault.ShardsAt(i)[pack]);
  return out;
}

// The pack of that type, as its place among the live packs.
std::size_t PackOf(SmallVault& vault, format::PackType type) {
  std::size_t place = 0;
  for (const auto& [id, entry] : vault.Packs()) {
    if (entry.type == type) return place;
    ++place;
  }
  ADD_FAILURE() << "no pack of that type";
  return 0;
}

// All but the one that holds the second half of the pack's segments: that alone gives nothing of
// the first half, where these small packs have their content.
std::vector<Stored> AllButTheSecondDataShard(SmallVault& vault, format::PackType type) {
  const std::size_t place = PackOf(vault, type);
  const PackMap packs = vault.Packs();
  const PackId pack = std::next(packs.begin(), static_cast<std::ptrdiff_t>(place))->first;
  const ShardSet shards = Need(ShardSet::Open(vault.access(), vault.access().seats, pack));
  std::vector<Stored> out = ShardsOfPack(vault, place);
  out.erase(out.begin() + shards.PositionOf(1));
  return out;
}

void FlipInBlock(SmallVault& vault, const Stored& shard, int block) {
  vault.fault(shard.position)
      .FlipByte(shard.name, format::BlockOffset(block) + 100 + shard.position, 0x10);
}

TEST(Damage, InTheSameBlockOfAsManyShardsAsMayBeLostIsMended) {
  SmallVault vault;
  for (const std::size_t pack : {std::size_t{0}, std::size_t{1}}) {
    for (int first = 0; first < 4; ++first) {
      for (int second = first + 1; second < 4; ++second) {
        const std::vector<Stored> shards = ShardsOfPack(vault, pack);
        for (const int i : {first, second}) FlipInBlock(vault, shards[i], 0);
        const VerifyReport found = vault.Verify();
        ASSERT_EQ(found.damage.size(), 2u) << Lines(found);
        EXPECT_TRUE(found.repairable());
        EXPECT_EQ(vault.RestoredDifference(), "");
        const RepairReport repaired = vault.Repair(found);
        EXPECT_TRUE(repaired.complete()) << Lines(repaired);
        EXPECT_EQ(repaired.shards_written, 2u);
        for (const int i : {first, second}) {
          const Seat& seat = vault.access().seats.all()[static_cast<std::size_t>(i)];
          EXPECT_TRUE(vault.Get(i, shards[i].name_at(seat, 1)) == shards[i].bytes);
          vault.Delete(i, shards[i].name_at(seat, 1));
        }
        vault.Heal();
      }
    }
  }
}

// Different blocks of all shards may be bad, as long as each block has k good ones somewhere.
TEST(Damage, InOneBlockOfEveryShardIsMendedWhereTheBlocksDiffer) {
  SmallVault vault;
  const std::vector<Stored> shards = ShardsOfPack(vault, 0);
  for (const Stored& shard : shards) FlipInBlock(vault, shard, shard.position);
  const VerifyReport found = vault.Verify();
  ASSERT_EQ(found.damage.size(), 4u) << Lines(found);
  EXPECT_TRUE(found.repairable());
  EXPECT_EQ(vault.RestoredDifference(), "");
  EXPECT_TRUE(vault.Repair(found).complete());
  EXPECT_TRUE(vault.Verify(VerifyDepth::kData).healthy());
}

TEST(Damage, BeyondRepairIsSaidSoAndEverythingElseIsRestored) {
  SmallVault vault;
  for (const Stored& shard : AllButTheSecondDataShard(vault, format::PackType::kData)) {
    FlipInBlock(vault, shard, 0);
  }
  const VerifyReport found = vault.Verify();
  ASSERT_EQ(found.damage.size(), 3u) << Lines(found);
  EXPECT_FALSE(found.repairable());
  for (const Damage& damage : found.damage) EXPECT_EQ(damage.block, 0u);
  EXPECT_FALSE(vault.Repair(found).complete());

  RestoreReport restored;
  const std::string differences = vault.RestoredDifference(&restored);
  EXPECT_FALSE(restored.complete());
  ASSERT_FALSE(restored.lost.empty());
  // What is not named as lost is there; what is lost is not there at all.
  std::set<std::string> lost;
  for (const Problem& problem : restored.lost) {
    lost.insert(problem.path);
    EXPECT_EQ(problem.status.code(), StatusCode::kDataLoss) << problem.status.ToString();
    EXPECT_FALSE(std::filesystem::exists(vault.folder() / "restored" / problem.path));
  }
  EXPECT_LT(lost.size(), 93u);
  EXPECT_GT(restored.files, 0u);
  const auto lines = std::ranges::count(differences, '\n');
  EXPECT_EQ(static_cast<std::size_t>(lines),
            2 * std::min<std::size_t>(lost.size(), 20) + (lost.size() > 20 ? 1u : 0u))
      << differences;

  const VerifyReport deep = vault.Verify(VerifyDepth::kData);
  EXPECT_FALSE(deep.repairable());
  std::set<std::string> named;
  for (const Damage& damage : deep.damage) {
    if (damage.kind == DamageKind::kContent)
      named.insert(damage.what.substr(0, damage.what.find(':')));
  }
  EXPECT_EQ(named, lost);
  std::cout << restored.files << " files restored, " << lost.size() << " named as lost\n";
}

TEST(Damage, BeyondRepairInTheListOfFilesIsSaidSo) {
  SmallVault vault;
  for (const Stored& shard : AllButTheSecondDataShard(vault, format::PackType::kMetadata)) {
    for (int block = 0; block < 6; ++block) FlipInBlock(vault, shard, block);
  }
  const VerifyReport found = vault.Verify();
  EXPECT_EQ(found.damage.size(), 18u) << Lines(found);
  EXPECT_FALSE(found.repairable());
  RestoreReport restored;
  EXPECT_NE(vault.RestoredDifference(&restored), "");
  EXPECT_FALSE(restored.complete());
  ASSERT_FALSE(restored.lost.empty());
  EXPECT_NE(restored.lost.front().status.message().find("list of files"), std::string::npos);
}

TEST(Damage, OfAllHeadersOfAPackButOneIsMended) {
  SmallVault vault;
  const std::vector<Stored> shards = ShardsOfPack(vault, 0);
  for (const int i : {0, 1, 3}) vault.fault(i).FlipByte(shards[i].name, 1000, 1);
  const VerifyReport found = vault.Verify();
  ASSERT_EQ(found.damage.size(), 3u) << Lines(found);
  EXPECT_TRUE(found.repairable());
  EXPECT_EQ(vault.RestoredDifference(), "");
  EXPECT_TRUE(vault.Repair(found).complete());
  for (const int i : {0, 1, 3}) {
    const Seat& seat = vault.access().seats.all()[static_cast<std::size_t>(i)];
    EXPECT_TRUE(vault.Get(i, shards[i].name_at(seat, 1)) == shards[i].bytes);
  }
}

}  // namespace
}  // namespace fenchi
