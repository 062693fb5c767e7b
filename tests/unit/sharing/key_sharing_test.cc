#include "fenchi/key_sharing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "unit/sharing/key_share_testing.h"

namespace fenchi {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kSeed = 20260103;

// Gives key bytes and randomness that a vector can name.
class CountingRandom final : public Random {
 public:
  explicit CountingRandom(std::uint8_t first) : next_(first) {}
  void Fill(MutableBytes out) override {
    for (std::uint8_t& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_;
};

class KeySharing : public ::testing::Test {
 protected:
  KeySharing() : random_(SeededRandom(kSeed)), key_(SecretBytes::Random(32, *random_)) {}

  Items ThreeOfFive() { return Split(key_, {3, 5}, ContextOf(1, 7), *random_); }

  std::unique_ptr<Random> random_;
  SecretBytes key_;
};

TEST_F(KeySharing, AnyThresholdOfSharesRecoversTheKey) {
  Dice dice(kSeed);
  SCOPED_TRACE(dice.Seed());
  for (int round = 0; round < 60; ++round) {
    const int count = round < 40 ? dice.Between(1, 16) : dice.Between(17, 255);
    const int threshold = dice.Between(1, count);
    const SecretBytes key = SecretBytes::Random(32, *random_);
    const Items all = Split(key, {threshold, count}, ContextOf(1, 7), *random_);
    std::vector<int> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0);
    Items some;
    for (const int i : dice.Choose(order, threshold)) {
      some.all.push_back(all.all[static_cast<std::size_t>(i)]);
    }
    const Result<RecoveredKey> back = RecoverKey(some.Views());
    ASSERT_TRUE(back.ok()) << back.status().ToString();
    EXPECT_TRUE(back->key.Equals(key.view()));
    EXPECT_EQ(back->used, some.Names());
    EXPECT_THAT(back->faults, IsEmpty());
    if (threshold == 1) continue;
    some.all.pop_back();
    EXPECT_EQ(RecoverKey(some.Views()).status().code(), StatusCode::kWrongKey);
  }
}

// Our own vectors: on disk, never change. Computed by a separate program from the description
// alone: key 00 01 .. 1f, randomness a0 a1 .. bf, context "context", 3 shares needed.
TEST_F(KeySharing, FixedInputGivesThePinnedBytes) {
  CountingRandom counting(0);
  const SecretBytes key = SecretBytes::Random(32, counting);
  CountingRandom randomness(0xa0);
  Items items = Split(key, {3, 5}, Bytes{'c', 'o', 'n', 't', 'e', 'x', 't'}, randomness);
  const std::string common =
      "b71eb1de4628971983db9022bb4c3a83357ea6ba877088c7a8c49532055a2c3f4b1e6c5e592d89820bd0f39841"
      "dddd4ab4bfd219e9ec17451c8e8d6c1c22b30a9b1dac14eb747417e8bc72015cc03209bd7a112531d3416b256a"
      "819989c79076" +
      std::string(192, '0');
  EXPECT_EQ(
      ToHex(items[0]),
      "66736831010301000007636f6e74657874932719f1ea931d08c19aa60972640e1ce1a91d7963bfbaf96a22da"
      "2da943090a" +
          common + "14bfe987");
  EXPECT_EQ(
      ToHex(items[1]),
      "66736831010302000007636f6e746578740cc7ff669e9c3295c63116b825b6d2799f373309443377fef188c2"
      "1aa21faad1" +
          common + "abc94e76");
  EXPECT_EQ(
      ToHex(items[4]),
      "66736831010305000007636f6e7465787464e16670f4f38e0f7095c933bf923783c1fed22bf2aa6f351ae166"
      "8f811f897d" +
          common + "b3a8c34b");
}

TEST_F(KeySharing, OneOfOneWithEmptyContextGivesThePinnedBytes) {
  CountingRandom counting(0);
  const SecretBytes key = SecretBytes::Random(32, counting);
  CountingRandom randomness(0xa0);
  Items items = Split(key, {1, 1}, {}, randomness);
  EXPECT_EQ(
      ToHex(items[0]),
      "6673683101010100000088ef8b9ab0d6fe10b73de320c9aa3aa261b265a29f8d3e4ab0d4bedb02f2f24517306e"
      "e0a6b76f2c1bd98bca70972ae7b99823e3ff9767940d89c1493b1de940cd6d9c024db36c5c55884ca796d5a058"
      "7cc7ad0e51869ac7f2f198970967f285cfe117a93bed35ae5c418f724ba2e0bcf899e2d207b1d2d8415c2a2c96"
      "34ffb6" +
          std::string(192, '0') + "d0648cfa");
  const Result<RecoveredKey> back = RecoverKey(items.Views());
  ASSERT_TRUE(back.ok());
  EXPECT_TRUE(back->key.Equals(key.view()));
}

TEST_F(KeySharing, ParsedShareSerializesToTheSameBytes) {
  const SigningKey signing_key = SigningKey::Generate(*random_);
  const Dealer dealer(signing_key);
  for (const ShareSigner* signer :
       {static_cast<const ShareSigner*>(nullptr), static_cast<const ShareSigner*>(&dealer)}) {
    for (const auto& [name, bytes] : Split(key_, {2, 3}, ContextOf(1, 7), *random_, signer).all) {
      const Result<KeyShare> share = KeyShare::Parse(bytes);
      ASSERT_TRUE(share.ok()) << share.status().ToString();
      EXPECT_EQ(share->is_signed(), signer != nullptr);
      EXPECT_EQ(ToBytes(*share), bytes);
    }
  }
}

TEST_F(KeySharing, SplitRefusesSizesAndCountsOutOfRange) {
  for (const ShareCounts counts :
       {ShareCounts{0, 3}, ShareCounts{4, 3}, ShareCounts{1, 0}, ShareCounts{-1, 5},
        ShareCounts{2, 256}, ShareCounts{256, 256}}) {
    EXPECT_EQ(SplitKey(key_, counts, {}, *random_).status().code(), StatusCode::kInvalidArgument)
        << counts.threshold << " of " << counts.count;
  }
  EXPECT_EQ(SplitKey(SecretBytes(31), {2, 3}, {}, *random_).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(SplitKey(key_, {2, 3}, Bytes(65536), *random_).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_TRUE(SplitKey(key_, {2, 3}, Bytes(65535), *random_).ok());
}

TEST_F(KeySharing, TooFewSharesSayHowManyAreMissingAndNameTheBadOnes) {
  Items items = ThreeOfFive();
  items.all.resize(3);
  items[1][100] ^= 1;
  const Status status = RecoverKey(items.Views()).status();
  EXPECT_EQ(status.code(), StatusCode::kWrongKey);
  EXPECT_THAT(status.message(), HasSubstr("need 3, have 2 good; item 'item 2' is damaged"));
  EXPECT_EQ(RecoverKey({}).status().code(), StatusCode::kWrongKey);
}

TEST_F(KeySharing, RepeatedShareCountsOnce) {
  Items items = ThreeOfFive();
  items.all.resize(2);
  items.Add("copy of 1", items[0]);
  EXPECT_EQ(RecoverKey(items.Views()).status().code(), StatusCode::kWrongKey);
  items.Add("item 4", ThreeOfFive()[3]);  // of another sharing: does not help
  EXPECT_EQ(RecoverKey(items.Views()).status().code(), StatusCode::kWrongKey);
}

TEST_F(KeySharing, RepeatedShareIsNamed) {
  Items items = ThreeOfFive();
  items.Add("copy of 2", items[1]);
  const Result<RecoveredKey> back = RecoverKey(items.Views());
  ASSERT_TRUE(back.ok());
  ASSERT_EQ(back->faults.size(), 1u);
  EXPECT_EQ(back->faults[0].name, "copy of 2");
  EXPECT_EQ(back->faults[0].kind, ShareFaultKind::kDuplicate);
  EXPECT_THAT(back->faults[0].message, HasSubstr("'item 2'"));
}

TEST_F(KeySharing, IndexOrThresholdZeroIsRefusedBeforeArithmetic) {
  for (const std::size_t field : {5, 6}) {
    Items items = ThreeOfFive();
    items[2][field] = 0;
    FixChecksum(items[2]);
    EXPECT_EQ(KeyShare::Parse(items[2]).status().code(), StatusCode::kDamaged);
    const Result<RecoveredKey> back = RecoverKey(items.Views());
    ASSERT_TRUE(back.ok());
    ASSERT_EQ(back->faults.size(), 1u);
    EXPECT_EQ(back->faults[0].name, "item 3");
    EXPECT_EQ(back->faults[0].kind, ShareFaultKind::kBadIndex);
  }
}

TEST_F(KeySharing, SharesOfAnOlderEpochAndOfAnotherVaultAreToldApart) {
  Items items = ThreeOfFive();
  const SecretBytes other = SecretBytes::Random(32, *random_);
  items.Add("old", Split(other, {3, 5}, ContextOf(1, 6), *random_)[0]);
  items.Add("foreign", Split(other, {3, 5}, ContextOf(2, 7), *random_)[0]);
  const Result<RecoveredKey> back = RecoverKey(items.Views());
  ASSERT_TRUE(back.ok());
  EXPECT_TRUE(back->key.Equals(key_.view()));
  ASSERT_EQ(back->faults.size(), 2u);
  EXPECT_EQ(back->faults[0].kind, ShareFaultKind::kOld);
  EXPECT_EQ(back->faults[1].kind, ShareFaultKind::kForeign);
}

TEST_F(KeySharing, TwoWholeSharingsAreRefusedUnlessOneIsMeant) {
  Items items = ThreeOfFive();
  const SecretBytes other = SecretBytes::Random(32, *random_);
  Items older = Split(other, {2, 3}, ContextOf(1, 6), *random_);
  for (std::size_t i = 0; i < 3; ++i) items.Add("old " + std::to_string(i + 1), older[i]);
  const Status refused = RecoverKey(items.Views()).status();
  EXPECT_EQ(refused.code(), StatusCode::kWrongKey);
  EXPECT_THAT(refused.message(), HasSubstr("two keys"));

  RecoverOptions by_commitment;
  by_commitment.accept = [&](ByteView key) { return other.Equals(key); };
  const Result<RecoveredKey> accepted = RecoverKey(items.Views(), by_commitment);
  ASSERT_TRUE(accepted.ok()) << accepted.status().ToString();
  EXPECT_TRUE(accepted->key.Equals(other.view()));
  EXPECT_THAT(accepted->used, ElementsAre("old 1", "old 2", "old 3"));
  EXPECT_EQ(accepted->faults.size(), 5u);

  RecoverOptions by_context;
  by_context.context = ContextOf(1, 7);
  const Result<RecoveredKey> meant = RecoverKey(items.Views(), by_context);
  ASSERT_TRUE(meant.ok()) << meant.status().ToString();
  EXPECT_TRUE(meant->key.Equals(key_.view()));
  ASSERT_EQ(meant->faults.size(), 3u);
  EXPECT_EQ(meant->faults[0].kind, ShareFaultKind::kOld);

  by_commitment.accept = [](ByteView) { return false; };
  EXPECT_EQ(RecoverKey(items.Views(), by_commitment).status().code(), StatusCode::kWrongKey);
}

// A custodian alone can deal 1-of-1 under any context: it must not displace the real key.
TEST_F(KeySharing, PlantedSharingDoesNotWinAgainstTheCommitment) {
  Items items = ThreeOfFive();
  const SecretBytes planted = SecretBytes::Random(32, *random_);
  items.Add("planted", Split(planted, {1, 1}, ContextOf(1, 7), *random_)[0]);
  EXPECT_EQ(RecoverKey(items.Views()).status().code(), StatusCode::kWrongKey);
  RecoverOptions options;
  options.accept = [&](ByteView key) { return key_.Equals(key); };
  const Result<RecoveredKey> back = RecoverKey(items.Views(), options);
  ASSERT_TRUE(back.ok());
  EXPECT_TRUE(back->key.Equals(key_.view()));
  ASSERT_EQ(back->faults.size(), 1u);
  EXPECT_EQ(back->faults[0].name, "planted");
  EXPECT_EQ(back->faults[0].kind, ShareFaultKind::kForeign);
}

TEST_F(KeySharing, OnlySharesOfThePinnedDealerAreUsed) {
  const SigningKey right = SigningKey::Generate(*random_);
  const SigningKey wrong = SigningKey::Generate(*random_);
  const Dealer right_dealer(right);
  const Dealer wrong_dealer(wrong);
  Items items = Split(key_, {2, 3}, ContextOf(1, 7), *random_, &right_dealer);
  const SecretBytes other = SecretBytes::Random(32, *random_);
  Items fakes = Split(other, {2, 2}, ContextOf(1, 7), *random_, &wrong_dealer);
  items.Add("fake 1", fakes[0]);
  items.Add("fake 2", fakes[1]);
  items.Add("bare", Split(other, {1, 1}, ContextOf(1, 7), *random_)[0]);
  RecoverOptions options;
  options.dealer_public_key = right.public_key().bytes;
  const Result<RecoveredKey> back = RecoverKey(items.Views(), options);
  ASSERT_TRUE(back.ok()) << back.status().ToString();
  EXPECT_TRUE(back->key.Equals(key_.view()));
  ASSERT_EQ(back->faults.size(), 3u);
  for (const ShareFault& fault : back->faults) EXPECT_EQ(fault.kind, ShareFaultKind::kForeign);
}

TEST_F(KeySharing, RebuiltShareHasTheSameBytes) {
  Items all = ThreeOfFive();
  for (std::size_t lost = 0; lost < 5; ++lost) {
    Items rest;
    for (std::size_t i = 1; i <= 3; ++i) rest.all.push_back(all.all[(lost + i) % 5]);
    const Result<KeyShare> rebuilt = RebuildShare(rest.Views(), static_cast<int>(lost) + 1);
    ASSERT_TRUE(rebuilt.ok()) << rebuilt.status().ToString();
    EXPECT_EQ(ToBytes(*rebuilt), all[lost]);
  }
  EXPECT_EQ(RebuildShare(all.Views(), 0).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(RebuildShare(all.Views(), 256).status().code(), StatusCode::kInvalidArgument);
  all.all.resize(2);
  EXPECT_EQ(RebuildShare(all.Views(), 3).status().code(), StatusCode::kWrongKey);
}

TEST_F(KeySharing, SignedShareIsRebuiltByItsDealerOnly) {
  const SigningKey signing_key = SigningKey::Generate(*random_);
  const Dealer dealer(signing_key);
  const Items items = Split(key_, {2, 3}, ContextOf(1, 7), *random_, &dealer);
  EXPECT_EQ(RebuildShare(items.Views(), 3).status().code(), StatusCode::kInvalidArgument);
}

// The dealer may live on a token that is not plugged in.
TEST_F(KeySharing, DealerThatCannotSignFailsTheSplit) {
  class Absent final : public ShareSigner {
   public:
    std::array<std::uint8_t, 32> PublicKey() const override { return {1}; }
    Result<std::array<std::uint8_t, 64>> Sign(ByteView) const override {
      return Status(StatusCode::kUnavailable, "token is not plugged in");
    }
  };
  EXPECT_EQ(SplitKey(key_, {2, 3}, {}, *random_, std::make_unique<Absent>().get()).status().code(),
            StatusCode::kUnavailable);
}

}  // namespace
}  // namespace fenchi
