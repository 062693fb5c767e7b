#include "format/derive.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/coding.h"
#include "format/names.h"
#include "unit/format/random_objects.h"

namespace fenchi::format {
namespace {

using testing::RandomObjects;

Bytes operator+(Bytes a, ByteView b) {
  Append(a, b);
  return a;
}
Bytes Raw(std::string_view text) { return Bytes(text.begin(), text.end()); }
const Bytes kNul = {0};

PackIdentity Identity(RandomObjects& o) {
  return {o.Make<VaultId>(),   o.Make<PackId>(), Suite::kChaCha20Poly1305,
          PackType::kMetadata, 0x01020304,       72};
}

// The formulas of sections 5 to 8, written a second time.
TEST(Derive, PackKeysAreThoseOfTheFormat) {
  RandomObjects o(1);
  const PackIdentity id = Identity(o);
  const SecretBytes s = o.Secret();
  const Bytes info = Raw("fenchi/1/pack") + kNul + Bytes{1, 2, 2} + id.vault.view() +
                     Bytes{1, 2, 3, 4} + Bytes{0, 0, 0, 72};
  const SecretBytes okm = HkdfSha512(s.view(), id.pack.view(), info, 64);
  const StreamKeys keys = PackKeys(s.view(), id).value();
  EXPECT_TRUE(keys.key.Equals(okm.view().first(32)));
  EXPECT_EQ(ToHex(keys.commitment.view()), ToHex(okm.view().last(32)));
}

TEST(Derive, BlockTagsAreThoseOfTheFormat) {
  RandomObjects o(2);
  const PackIdentity id = Identity(o);
  const SecretBytes t = o.Secret();
  const Bytes info = Raw("fenchi/1/tag") + kNul + Bytes{2} + id.vault.view() + Bytes{3} +
                     Bytes{0, 0, 0, 72} + Bytes{1};
  EXPECT_TRUE(
      BlockTagKey(t.view(), id, 3).Equals(HkdfSha512(t.view(), id.pack.view(), info, 32).view()));
  const AeadNonce nonce = BlockTagNonce(0x0203, 0x0405060708);
  EXPECT_EQ(ToHex(nonce),
            "00000203"
            "0000000405060708");
}

TEST(Derive, DomainKeysAreThoseOfTheFormat) {
  RandomObjects o(3);
  const SecretBytes root = o.Secret();
  const VaultId vault = o.Make<VaultId>();
  const DomainId domain = o.Make<DomainId>();
  const IdScope scope = o.Make<IdScope>();
  const auto expect = [&](std::string_view label, Bytes rest, const SecretBytes& key) {
    const Bytes info = Raw(label) + kNul + vault.view() + domain.view() + rest;
    EXPECT_TRUE(key.Equals(HkdfSha512(root.view(), {}, info, 32).view())) << label;
  };
  expect("fenchi/1/wrap", {0, 0, 1, 2}, WrapKey(root.view(), vault, domain, 258));
  expect("fenchi/1/snapshot", {}, SnapshotKey(root.view(), vault, domain));
  const Bytes scoped(scope.bytes.begin(), scope.bytes.end());
  expect("fenchi/1/id", scoped, IdKey(root.view(), vault, domain, scope));
  expect("fenchi/1/index", scoped, IndexKey(root.view(), vault, domain, scope));
}

TEST(Derive, SlotKeysAreThoseOfTheFormat) {
  RandomObjects o(4);
  const SecretBytes a = o.Secret();
  const SecretBytes b = o.Secret();
  const SlotIdentity slot{o.Make<VaultId>(), 5, o.Make<SlotId>(), "passphrase AND recipient"};
  const Hash256 access = Sha256(AsBytes(slot.access));
  const Bytes common = Bytes(slot.vault.bytes.begin(), slot.vault.bytes.end()) + Bytes{0, 0, 0, 5} +
                       slot.slot.view() + access.view();
  const Bytes both = Bytes{0, 0, 0, 32} + a.view() + Bytes{0, 0, 0, 32} + b.view();
  const ByteView keys[] = {a.view(), b.view()};
  const Bytes path = {1, 0};
  EXPECT_TRUE(
      AndKey(keys, slot, path)
          .Equals(HkdfSha512(both, {}, Raw("fenchi/1/and") + kNul + common + path, 32).view()));
  EXPECT_TRUE(SlotKey(a.view(), b.view(), slot)
                  .Equals(HkdfSha512(both, {}, Raw("fenchi/1/slot") + kNul + common, 32).view()));
}

TEST(Derive, ShareContextsNameVaultEpochRuleSlotAndPath) {
  RandomObjects o(5);
  const SlotIdentity slot{o.Make<VaultId>(), 7, o.Make<SlotId>(), "2 of 3 custodians"};
  const Bytes path = {2};
  EXPECT_EQ(
      ToHex(SlotShareContext(slot, path)),
      slot.vault.hex() + "00000007" + Sha256(AsBytes(slot.access)).hex() + slot.slot.hex() + "02");
  EXPECT_EQ(ToHex(LeafShareContext(slot.vault, 7)),
            slot.vault.hex() + "00000007" + Sha256(AsBytes("leaf")).hex() + std::string(32, '0'));
}

TEST(Derive, NoTwoUsesAndNoTwoObjectsShareAKey) {
  RandomObjects o(6);
  const SecretBytes key = o.Secret();
  const PackIdentity base = Identity(o);
  const DomainId domain = o.Make<DomainId>();
  std::vector<PackIdentity> packs(7, base);
  packs[1].vault.bytes[31] ^= 1;
  packs[2].pack.bytes[31] ^= 1;
  packs[3].suite = Suite::kAes256Gcm;
  packs[4].type = PackType::kData;
  packs[5].epoch += 1;
  packs[6].segments = 240;
  std::set<std::string> keys;
  for (const PackIdentity& pack : packs) {
    const StreamKeys stream = PackKeys(key.view(), pack).value();
    EXPECT_TRUE(keys.insert(ToHex(stream.key.view())).second);
    EXPECT_TRUE(keys.insert(stream.commitment.hex()).second);
  }
  for (const int i : {0, 1, 2, 3, 6}) {
    EXPECT_TRUE(keys.insert(ToHex(BlockTagKey(key.view(), packs[i], 3).view())).second) << i;
  }
  EXPECT_TRUE(keys.insert(ToHex(BlockTagKey(key.view(), base, 4).view())).second);
  for (const SecretBytes& one :
       {WrapKey(key.view(), base.vault, domain, 1), WrapKey(key.view(), base.vault, domain, 2),
        SnapshotKey(key.view(), base.vault, domain), IdKey(key.view(), base.vault, domain, {}),
        IndexKey(key.view(), base.vault, domain, {})}) {
    EXPECT_TRUE(keys.insert(ToHex(one.view())).second);
  }
}

TEST(Names, FollowTheTableOfTheFormat) {
  RandomObjects o(7);
  const SecretBytes key = o.Secret();
  const ProviderId provider = o.Make<ProviderId>();
  const PackId pack = o.Make<PackId>();
  const WriterId writer = o.Make<WriterId>();
  const Hash256 object = o.Make<Hash256>();
  const auto b32 = [&](std::string_view label, Bytes rest) {
    const Bytes message = Raw(label) + kNul + provider.view() + rest;
    return ToBase32(HmacSha256(key.view(), message).view().first(20));
  };
  EXPECT_EQ(GenesisName(0), "k/genesis.0");
  EXPECT_EQ(PolicyName(1, 0), "k/policy-00000001.0");
  EXPECT_EQ(SlotsName(12, 3), "k/slots-00000012.3");
  EXPECT_EQ(KeyringName(99999999, 7), "k/keyring-99999999.7");
  EXPECT_EQ(LeafName(2, 1), "k/leaf-00000002.1");
  EXPECT_EQ(FormatDocName(0), "k/format.0.md");
  EXPECT_EQ(ReaderName(2), "k/fenchi_reader.2.py");
  EXPECT_EQ(CheckpointName(writer, 0xabc, 0),
            "k/checkpoint-" + ToBase32(writer.view()) + "-0000000000000abc.0");
  EXPECT_EQ(ShardName(key.view(), provider, pack, 3, 0),
            "d/" + b32("shard", Bytes{} + pack.view() + Bytes{3}) + ".0");
  EXPECT_EQ(RecordName(key.view(), provider, writer, 258, 1),
            "r/" + b32("record", Bytes{} + writer.view() + Bytes{0, 0, 0, 0, 0, 0, 1, 2}) + ".1");
  EXPECT_EQ(ListName(key.view(), provider, object, 2),
            "l/" + b32("list", Bytes{} + object.view()) + ".2");
  EXPECT_EQ(IndexName(key.view(), provider, object, 7),
            "x/" + b32("index", Bytes{} + object.view()) + ".7");
}

TEST(Names, CannotBeLinkedBetweenProviders) {
  RandomObjects o(8);
  const SecretBytes key = o.Secret();
  const PackId pack = o.Make<PackId>();
  std::set<std::string> names;
  for (int i = 0; i < 200; ++i) {
    names.insert(ShardName(key.view(), o.Make<ProviderId>(), pack, 3, 0));
  }
  EXPECT_EQ(names.size(), 200u);
}

TEST(Seats, HoldEachShardOnceAndKnowWhoHasIt) {
  RandomObjects o(9);
  for (int round = 0; round < 300; ++round) {
    const PackId pack = o.Make<PackId>();
    const int seats = static_cast<int>(o.From(1, 255));
    std::set<int> indexes;
    for (int seat = 0; seat < kSeatsMax; ++seat) {
      const int index = ShardIndexForSeat(pack, seat, seats);
      ASSERT_TRUE(indexes.insert(index).second) << "round " << round << " of seed 9";
      ASSERT_EQ(SeatForShardIndex(pack, index, seats), seat);
      ASSERT_EQ(index < seats, seat < seats);
      if (seat >= seats) {
        ASSERT_EQ(index, seat);
      }
    }
  }
}

TEST(Seats, AreNumberedFromTheFirstFourBytesOfThePackId) {
  PackId pack;
  pack.bytes = {0xff, 0xff, 0xff, 0xff, 0x77};
  EXPECT_EQ(ShardIndexForSeat(pack, 0, 5), static_cast<int>(0xffffffffu % 5));
  EXPECT_EQ(ShardIndexForSeat(pack, 4, 5), static_cast<int>((0xffffffffull + 4) % 5));
  EXPECT_EQ(ShardIndexForSeat(pack, 5, 5), 5);
}

TEST(Shards, HaveThreeSizesForEachCount) {
  EXPECT_EQ(BlocksPerShard(12, 5), 3);
  EXPECT_EQ(BlocksPerShard(240, 3), 80);
  EXPECT_EQ(BlocksPerShard(12, 255), 1);
  EXPECT_EQ(ShardSize(72, 3), 4096u + 24 * 65552u);
  EXPECT_EQ(BlockOffset(2), 4096u + 2 * 65552u);
  EXPECT_EQ(PackPlainSize(240), 15724800u);
}

}  // namespace
}  // namespace fenchi::format
