// A provider that holds the verify secret, and so makes tags and headers that fit its lies.
//
// Tags prove nothing against it (docs/THREAT_MODEL.md). With the read role every lie is found and
// named, restores give the right bytes all along, and repair mends. With the verify role alone,
// repair refuses to build on shards that disagree.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "crypto/key_exchange.h"
#include "format/derive.h"
#include "format/shard_header.h"
#include "format/wrapped_key.h"
#include "repository/shard_set.h"
#include "simulation/small_vault.h"

namespace fenchi {
namespace {

// The stored shard with some bytes of a block changed and its tag made to fit.
Bytes Forged(SmallVault& vault, const PackId& pack, const Stored& shard, int block) {
  const ShardSet shards = Need(ShardSet::Open(vault.access(), vault.access().seats, pack));
  Bytes out = shard.bytes;
  const std::size_t at = format::BlockOffset(block);
  for (std::size_t i = 0; i < 100; ++i) out[at + 7 * i] ^= 0x55;
  const Bytes tag = Need(shards.TagsOf(shards.IndexAt(static_cast<std::size_t>(shard.position)),
                                       ByteView(out).subspan(at, format::kBlockSize), block));
  std::ranges::copy(tag, out.begin() + static_cast<std::ptrdiff_t>(at + format::kBlockSize));
  return out;
}

// The shard under a header that its holder changed and sealed again.
template <typename Change>
Bytes UnderAnotherHeader(SmallVault& vault, const Stored& shard, const Change& change) {
  const Access& access = vault.access();
  Bytes out = shard.bytes;
  format::ShardHeader header = Need(format::OpenShardHeader(
      access.vault, access.outer_key.view(), ByteView(out).first(format::kHeaderSize)));
  change(header);
  const Bytes sealed = Need(format::SealShardHeader(access.vault, access.outer_key.view(), header));
  std::ranges::copy(sealed, out.begin());
  return out;
}

const Seat& SeatAt(SmallVault& vault, int position) {
  return vault.access().seats.all()[static_cast<std::size_t>(position)];
}

class LyingProvider : public ::testing::TestWithParam<int> {};

TEST_P(LyingProvider, WithTagsThatFitIsNamedByItsContentAndMended) {
  SmallVault vault;
  const int position = GetParam();
  std::size_t which = 0;
  for (const auto& [pack, entry] : vault.Packs()) {
    const Stored shard = vault.ShardsAt(position)[which++];
    SCOPED_TRACE(shard.name);
    vault.Replace(position, shard.name, Forged(vault, pack, shard, 0));
    EXPECT_TRUE(vault.Verify(VerifyDepth::kTags).healthy());  // the known limit
    EXPECT_EQ(vault.RestoredDifference(), "");
    const VerifyReport found = vault.Verify(VerifyDepth::kData);
    ASSERT_EQ(found.damage.size(), 1u) << Lines(found);
    EXPECT_EQ(found.damage.front().provider, vault.NameOf(position));
    EXPECT_EQ(found.damage.front().object, shard.name);
    EXPECT_EQ(found.damage.front().kind, DamageKind::kContent);
    EXPECT_EQ(found.damage.front().block, 0u);
    EXPECT_NE(found.damage.front().what.find("verify key was misused"), std::string::npos);
    EXPECT_TRUE(found.repairable());
    EXPECT_TRUE(vault.Repair(found).complete());
    const std::string mended = shard.name_at(SeatAt(vault, position), 1);
    ASSERT_TRUE(vault.Has(position, mended));
    EXPECT_TRUE(vault.Get(position, mended) == shard.bytes);
    EXPECT_TRUE(vault.Verify(VerifyDepth::kData).healthy())
        << Lines(vault.Verify(VerifyDepth::kData));
    EXPECT_EQ(vault.RestoredDifference(), "");
  }
}

TEST_P(LyingProvider, IsNoSourceForRepairsOfOthers) {
  SmallVault vault;
  const int position = GetParam();
  const int lost = (position + 1) % 4;
  const PackId pack = vault.Packs().begin()->first;
  const Stored liar = vault.ShardsAt(position).front();
  const Stored gone = vault.ShardsAt(lost).front();
  vault.Replace(position, liar.name, Forged(vault, pack, liar, 1));
  vault.Delete(lost, gone.name);
  EXPECT_EQ(vault.RestoredDifference(), "");
  // 1. By tags alone it looks as if one shard were missing. Three are left, of which any two may be
  // right: repair refuses instead of sealing the lie.
  const VerifyReport shallow = vault.Verify(VerifyDepth::kTags);
  ASSERT_EQ(shallow.damage.size(), 1u) << Lines(shallow);
  EXPECT_EQ(shallow.damage.front().kind, DamageKind::kMissing);
  const RepairReport refused = vault.Repair(shallow);
  ASSERT_EQ(refused.left.size(), 1u) << Lines(refused);
  EXPECT_NE(refused.left.front().what.find("disagree"), std::string::npos);
  EXPECT_FALSE(vault.Has(lost, gone.name));
  // 2. With the read role both are named, and mended from the two others.
  const VerifyReport deep = vault.Verify(VerifyDepth::kData);
  EXPECT_EQ(deep.damage.size(), 2u) << Lines(deep);
  const RepairReport repaired = vault.Repair(deep);
  EXPECT_TRUE(repaired.complete()) << Lines(repaired);
  EXPECT_TRUE(vault.Get(lost, gone.name) == gone.bytes);
  EXPECT_TRUE(vault.Get(position, liar.name_at(SeatAt(vault, position), 1)) == liar.bytes);
  EXPECT_TRUE(vault.Verify(VerifyDepth::kData).healthy());
  // 3. The mended generation counts from now on, also where only tags can be seen.
  const int another = (position + 2) % 4;
  const Stored third = vault.ShardsAt(another).front();
  vault.Delete(another, third.name);
  const RepairReport again = vault.Repair(vault.Verify(VerifyDepth::kTags));
  EXPECT_TRUE(again.complete()) << Lines(again);
  EXPECT_TRUE(vault.Get(another, third.name) == third.bytes);
}

TEST_P(LyingProvider, WithAHeaderOfItsOwnIsNamedAndMended) {
  const int position = GetParam();
  SmallVault vault;
  const Access& access = vault.access();
  const Stored shard = vault.ShardsAt(position).front();
  const auto wrapped_anew = [&](format::ShardHeader& header) {
    const Bytes context = format::RunContext(header.run, header.domain);
    const SecretBytes key = SecretBytes::Random(32, vault.session().random);
    const Bytes box = Need(SealToPublicKey(
        {header.suite, SealType::kWrappedTagKey, access.vault, context},
        access.policy.verify_public_key.view(), key.view(), vault.session().random));
    header.wrapped_tag_key = Need(format::EncodeWrappedKey({format::WrapForm::kPublicKey, box}));
  };
  const std::vector<std::pair<std::string, Bytes>> lies = {
      {"commitment", UnderAnotherHeader(vault, shard, [](auto& h) { h.commitment.bytes[3] ^= 1; })},
      {"tag key", UnderAnotherHeader(vault, shard, wrapped_anew)},
      {"segments", UnderAnotherHeader(vault, shard, [](auto& h) { h.segments = 72; })},
      {"epoch", UnderAnotherHeader(vault, shard, [](auto& h) { h.epoch = 9; })},
      {"domain", UnderAnotherHeader(vault, shard, [](auto& h) { h.domain.bytes[0] ^= 1; })},
      {"run", UnderAnotherHeader(vault, shard, [](auto& h) { h.run.bytes[0] ^= 1; })},
      {"id scope",
       UnderAnotherHeader(vault, shard, [](auto& h) { h.id_scope.bytes = h.writer.bytes; })},
      {"type", UnderAnotherHeader(vault, shard,
                                  [](auto& h) {
                                    h.type = h.type == format::PackType::kData
                                                 ? format::PackType::kMetadata
                                                 : format::PackType::kData;
                                  })},
      {"suite",
       UnderAnotherHeader(vault, shard, [](auto& h) { h.suite = Suite::kChaCha20Poly1305; })},
      {"writer", UnderAnotherHeader(vault, shard, [](auto& h) { h.writer.bytes[0] ^= 1; })},
  };
  for (const auto& [name, bytes] : lies) {
    SCOPED_TRACE(name);
    vault.Replace(position, shard.name, bytes);
    EXPECT_EQ(vault.RestoredDifference(), "");
    const VerifyReport found = vault.Verify(VerifyDepth::kTags);
    ASSERT_FALSE(found.damage.empty());
    for (const Damage& damage : found.damage) {
      EXPECT_EQ(damage.provider, vault.NameOf(position)) << Lines(found);
      EXPECT_EQ(damage.object, shard.name);
      EXPECT_EQ(damage.kind, DamageKind::kHeader);
    }
    EXPECT_TRUE(vault.Repair(found).complete());
    const std::string mended = shard.name_at(SeatAt(vault, position), 1);
    ASSERT_TRUE(vault.Has(position, mended));
    EXPECT_TRUE(vault.Get(position, mended) == shard.bytes);
    EXPECT_EQ(vault.RestoredDifference(), "");
    vault.Delete(position, mended);
  }
}

INSTANTIATE_TEST_SUITE_P(AtEverySeat, LyingProvider, ::testing::Range(0, 4));

}  // namespace
}  // namespace fenchi
