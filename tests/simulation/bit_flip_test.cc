// Every single-bit flip of every kind of stored object is found, named and mended.
//
// Two levels. The check of one object (its hash, seal, signature or tag) sees every bit (of the two
// documents one bit of each byte, and all with FENCHI_TEST_FULL). The whole
// way, Verify that names provider, object and block, then Repair that writes the same bytes again,
// then Verify with the damage still there, sees every fourth byte of small objects in turn over all
// providers, one bit each, and a sample of shards.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

#include "format/derive.h"
#include "format/genesis.h"
#include "format/index.h"
#include "format/names.h"
#include "format/pack_list.h"
#include "format/record.h"
#include "repository/run_keys.h"
#include "repository/shard_set.h"
#include "simulation/small_vault.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kSeed = 20261121;

// Flips each bit in turn and calls `good`; the number of flips that it did not refuse.
template <typename Good>
std::uint64_t Sweep(Bytes bytes, int stride, std::uint64_t& flips, const Good& good) {
  std::uint64_t missed = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); bit += static_cast<std::size_t>(stride)) {
    const auto mask = static_cast<std::uint8_t>(1u << bit % 8);
    bytes[bit / 8] ^= mask;
    missed += good(ByteView(bytes)) ? 1 : 0;
    bytes[bit / 8] ^= mask;
    ++flips;
  }
  return missed;
}

// The kind without what differs from vault to vault.
std::string ShortKind(const std::string& kind) { return kind.substr(0, kind.find(" of ")); }

TEST(BitFlips, EveryBitOfEverySmallObjectIsRefusedByItsCheck) {
  SmallVault vault({.data = false});
  const int stride = SweepStride(1, 61);
  const History history = Need(vault.session().ReadHistory());
  const Seat& seat = vault.access().seats.all()[0];
  std::uint64_t all = 0;
  for (const ExpectedObject& object : Need(ObjectsAt(vault.session(), history, 0))) {
    const Bytes bytes = vault.Get(0, object.name(seat, 0));
    ASSERT_TRUE(object.check(bytes).ok()) << object.what;
    std::uint64_t flips = 0;
    EXPECT_EQ(
        Sweep(bytes, stride, flips, [&](ByteView flipped) { return object.check(flipped).ok(); }),
        0u)
        << object.what;
    std::cout << ShortKind(object.what) << ": " << bytes.size() << " bytes, " << flips
              << " flips\n";
    all += flips;
  }
  std::cout << "all: " << all << " flips refused" << std::endl;
}

// The hash in the log or policy is not the only guard: what opens sealed objects refuses as well.
TEST(BitFlips, EveryBitOfEverySealedObjectIsRefusedByWhatOpensIt) {
  SmallVault vault({.data = true});
  const int stride = SweepStride(1, 61);
  const Access& access = vault.access();
  const format::DomainKeys& domain = access.domains.front();
  std::uint64_t keyrings = 0, records = 0, headers = 0, lists = 0, indexes = 0, policies = 0;
  const SecretBytes index_key =
      format::IndexKey(domain.index_root.view(), access.vault, domain.id, format::IdScope{});
  for (const Stored& object : vault.ObjectsAt(0)) {
    if (object.kind == "keyring") {
      const auto opens = [&](ByteView b) {
        return format::OpenKeyring(access.vault, access.root->view(), access.epoch(), b).ok();
      };
      ASSERT_TRUE(opens(object.bytes));
      EXPECT_EQ(Sweep(object.bytes, stride, keyrings, opens), 0u);
    } else if (object.kind == "pack list") {
      const auto opens = [&](ByteView b) {
        return format::OpenListObject(access.vault, access.outer_key.view(), b).ok();
      };
      ASSERT_TRUE(opens(object.bytes));
      EXPECT_EQ(Sweep(object.bytes, stride, lists, opens), 0u);
    } else if (object.kind == "index object") {
      const auto opens = [&](ByteView b) {
        return format::OpenIndex(access.vault, index_key.view(), domain.id, b).ok();
      };
      ASSERT_TRUE(opens(object.bytes));
      EXPECT_EQ(Sweep(object.bytes, stride, indexes, opens), 0u);
    } else if (object.kind.starts_with("policy 1")) {
      const format::AdminSet admins = Need(format::DecodeGenesis(access.genesis_object)).admins;
      const auto opens = [&](ByteView b) {
        const Result<format::SignedPolicy> policy = format::DecodeSignedPolicy(b);
        return policy.ok() && format::CheckPolicySignatures(*policy, access.vault, admins).ok();
      };
      ASSERT_TRUE(opens(object.bytes));
      EXPECT_EQ(Sweep(object.bytes, stride, policies, opens), 0u);
    }
  }
  for (const auto& [writer, log] : vault.session().log.records()) {
    for (const format::OpenedRecord& record : log) {
      const std::uint64_t seq = record.record.seq;
      const auto opens = [&](ByteView b) {
        return format::OpenRecord(access.vault, access.outer_key.view(), writer, seq, b).ok();
      };
      const std::string name =
          format::RecordName(access.name_key.view(), access.seats.all()[0].id, writer, seq, 0);
      ASSERT_TRUE(opens(vault.Get(0, name)));
      EXPECT_EQ(Sweep(vault.Get(0, name), stride, records, opens), 0u);
    }
  }
  for (const Stored& shard : vault.ShardsAt(0)) {
    const auto opens = [&](ByteView b) {
      return format::OpenShardHeader(access.vault, access.outer_key.view(), b).ok();
    };
    const Bytes header(shard.bytes.begin(), shard.bytes.begin() + format::kHeaderSize);
    ASSERT_TRUE(opens(header));
    EXPECT_EQ(Sweep(header, stride, headers, opens), 0u);
  }
  for (const std::uint64_t flips : {keyrings, records, headers, lists, indexes, policies}) {
    EXPECT_GT(flips, 0u);
  }
  std::cout << "flips refused: keyring " << keyrings << ", records " << records << ", headers "
            << headers << ", lists " << lists << ", indexes " << indexes << ", policy " << policies
            << std::endl;
}

TEST(BitFlips, EveryBitOfABlockAndOfItsTagFailsTheTag) {
  const int stride = SweepStride(1, 1009);
  std::uint64_t flips = 0;
  for (const Suite suite : {Suite::kAes256Gcm, Suite::kChaCha20Poly1305}) {
    SmallVault vault({.suite = suite});
    const PackId pack = vault.Packs().begin()->first;
    const ShardSet shards = Need(ShardSet::Open(vault.access(), vault.access().seats, pack));
    // A data shard with the first suite, a parity shard with the other.
    const int index = suite == Suite::kAes256Gcm ? 0 : 3;
    const int position = shards.PositionOf(index);
    const Bytes shard = vault.ShardsAt(position).front().bytes;
    const int block = 2;
    const ByteView stored =
        ByteView(shard).subspan(format::BlockOffset(block), format::kBlockStride);
    const auto fits = [&](ByteView bytes) {
      const Bytes tag = Need(shards.TagsOf(index, bytes.first(format::kBlockSize), block));
      return ConstantTimeEquals(tag, bytes.subspan(format::kBlockSize));
    };
    ASSERT_TRUE(fits(stored));
    EXPECT_EQ(Sweep(Bytes(stored.begin(), stored.end()), stride, flips, fits), 0u);
  }
  std::cout << "two blocks of 65,552 bytes: " << flips << " flips refused" << std::endl;
}

// What must be reported of one flip.
struct Expected {
  DamageKind kind = DamageKind::kObject;
  std::optional<std::uint32_t> block;
};

// Flips one bit of a stored object, sees it named, repaired identically, and all well with the bad
// copy still there; then takes everything back.
void ExpectNamedAndMended(SmallVault& vault, const Stored& object, std::size_t byte,
                          std::uint8_t mask, const Expected& expected, bool restore) {
  SCOPED_TRACE(object.kind + " at p" + std::to_string(object.position) + ", byte " +
               std::to_string(byte) + ", mask " + std::to_string(mask));
  vault.fault(object.position).FlipByte(object.name, byte, mask);
  const VerifyReport found = vault.Verify();
  ASSERT_EQ(found.damage.size(), 1u) << Lines(found);
  const Damage& damage = found.damage.front();
  EXPECT_EQ(damage.provider, vault.NameOf(object.position));
  EXPECT_EQ(damage.object, object.name);
  EXPECT_EQ(damage.kind, expected.kind);
  EXPECT_EQ(damage.block, expected.block);
  EXPECT_TRUE(damage.repairable);
  if (restore) {
    EXPECT_EQ(vault.RestoredDifference(), "");
  }
  const RepairReport repaired = vault.Repair(found);
  EXPECT_TRUE(repaired.complete()) << Lines(repaired);
  EXPECT_EQ(repaired.objects_written + repaired.shards_written, 1u);
  const Seat& seat = vault.access().seats.all()[static_cast<std::size_t>(object.position)];
  const std::string mended = object.name_at(seat, 1);
  ASSERT_TRUE(vault.Has(object.position, mended));
  EXPECT_TRUE(vault.Get(object.position, mended) == object.bytes) << "other bytes";
  const VerifyReport after = vault.Verify();
  EXPECT_TRUE(after.healthy()) << Lines(after);
  if (restore) {
    EXPECT_EQ(vault.RestoredDifference(), "");
  }
  vault.Delete(object.position, mended);
  vault.Heal();
}

TEST(BitFlips, AreNamedAndMendedInEverySmallObject) {
  SmallVault vault({.data = false});
  ASSERT_TRUE(vault.Verify().healthy()) << Lines(vault.Verify());
  std::mt19937_64 random(kSeed);
  std::cout << "seed " << kSeed << std::endl;
  std::uint64_t all = 0;
  std::vector<std::vector<Stored>> at;
  for (int i = 0; i < vault.providers(); ++i) at.push_back(vault.ObjectsAt(i));
  for (std::size_t which = 0; which < at[0].size(); ++which) {
    const std::size_t size = at[0][which].bytes.size();
    // Documents are long and checked by one hash: some places of them are enough here.
    const std::size_t stride = size > 8192 ? size / 200 : SweepStride(4, 401);
    for (std::size_t byte = 0; byte < size && !::testing::Test::HasFailure(); byte += stride) {
      const Stored& object = at[byte / stride % at.size()][which];
      if (byte >= object.bytes.size()) continue;
      const auto mask = static_cast<std::uint8_t>(1u << random() % 8);
      ExpectNamedAndMended(vault, object, byte, mask, {DamageKind::kObject, {}}, false);
      ++all;
    }
  }
  std::cout << at[0].size() << " kinds, " << all << " flips named and mended" << std::endl;
}

TEST(BitFlips, AreNamedAndMendedInShards) {
  SmallVault vault;
  ASSERT_TRUE(vault.Verify(VerifyDepth::kData).healthy());
  std::mt19937_64 random(kSeed);
  std::cout << "seed " << kSeed << std::endl;
  const int samples = 300 / SweepStride(1, 30);
  std::uint64_t headers = 0, blocks = 0, tags = 0;
  for (int i = 0; i < samples && !HasFailure(); ++i) {
    const int position = static_cast<int>(random() % 4);
    std::vector<Stored> shards = vault.ShardsAt(position);
    const Stored& shard = shards[random() % shards.size()];
    const auto mask = static_cast<std::uint8_t>(1u << random() % 8);
    const bool restore = i % 4 == 0;
    if (i % 3 == 0) {
      ExpectNamedAndMended(vault, shard, random() % format::kHeaderSize, mask,
                           {DamageKind::kHeader, {}}, restore);
      ++headers;
      continue;
    }
    const auto block = static_cast<std::uint32_t>(random() % 6);
    const bool in_tag = i % 3 == 1;
    const std::size_t byte = format::BlockOffset(static_cast<int>(block)) +
                             (in_tag ? format::kBlockSize + random() % format::kBlockTagSize
                                     : random() % format::kBlockSize);
    ExpectNamedAndMended(vault, shard, byte, mask, {DamageKind::kBlock, block}, restore);
    ++(in_tag ? tags : blocks);
  }
  std::cout << "flips named, mended and restored around: " << headers << " in headers, " << blocks
            << " in blocks, " << tags << " in tags" << std::endl;
}

// A clean machine meets the damage while it opens the vault.
TEST(BitFlips, InObjectsThatOpenTheVaultStopNobodyFromOpeningIt) {
  SmallVault vault({.data = false});
  std::mt19937_64 random(kSeed);
  std::cout << "seed " << kSeed << std::endl;
  int opened = 0;
  for (int position = 0; position < vault.providers(); ++position) {
    for (const Stored& object : vault.ObjectsAt(position)) {
      if (!object.name.starts_with("k/")) continue;
      for (int i = 0; i < SweepStride(12, 1) && !HasFailure(); ++i) {
        const std::size_t byte = random() % object.bytes.size();
        SCOPED_TRACE(object.name + " at p" + std::to_string(position) + ", byte " +
                     std::to_string(byte));
        vault.fault(position).FlipByte(object.name, byte,
                                       static_cast<std::uint8_t>(1u << random() % 8));
        Result<std::unique_ptr<Session>> session = vault.OpenAgain();
        ASSERT_TRUE(session.ok()) << session.status().ToString();
        const VerifyReport found = Need(VerifyVault(**session, {}));
        ASSERT_EQ(found.damage.size(), 1u) << Lines(found);
        EXPECT_EQ(found.damage.front().provider, vault.NameOf(position));
        EXPECT_EQ(found.damage.front().object, object.name);
        vault.Heal();
        ++opened;
      }
    }
  }
  std::cout << opened << " openings with one bit flipped" << std::endl;
}

}  // namespace
}  // namespace fenchi
