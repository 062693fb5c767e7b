// Each single bit of each field of each share of 3-of-5, flipped: the key comes back and the item
// is named. A binary of its own, since it is some 26,000 recoveries.
#include <gtest/gtest.h>

#include "fenchi/key_sharing.h"
#include "unit/sharing/key_share_testing.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kSeed = 20260105;
constexpr std::size_t kContextSize = 84;
constexpr std::size_t kValueAt = 10 + kContextSize;

class OneShareOfFive : public ::testing::TestWithParam<std::size_t> {
 protected:
  OneShareOfFive()
      : random_(SeededRandom(kSeed)),
        key_(SecretBytes::Random(32, *random_)),
        signing_key_(SigningKey::Generate(*random_)),
        dealer_(signing_key_),
        unsigned_(Split(key_, {3, 5}, ContextOf(1, 7), *random_)),
        signed_(Split(key_, {3, 5}, ContextOf(1, 7), *random_, &dealer_)) {}

  // The key comes back from the five items and exactly item `spoiled` is named; tells as what.
  ShareFaultKind ExpectNamed(const Items& items, std::size_t spoiled) {
    const Result<RecoveredKey> back = RecoverKey(items.Views());
    EXPECT_TRUE(back.ok()) << back.status().ToString();
    if (!back.ok()) return {};
    EXPECT_TRUE(back->key.Equals(key_.view()));
    EXPECT_EQ(back->used.size(), 4u);
    EXPECT_EQ(back->faults.size(), 1u);
    if (back->faults.size() != 1) return {};
    EXPECT_EQ(back->faults[0].name, items.all[spoiled].first);
    EXPECT_FALSE(back->faults[0].message.empty());
    return back->faults[0].kind;
  }

  std::unique_ptr<Random> random_;
  SecretBytes key_;
  SigningKey signing_key_;
  Dealer dealer_;
  Items unsigned_;
  Items signed_;
};

TEST_P(OneShareOfFive, IsNamedForEachFlippedBit) {
  const std::size_t spoiled = GetParam();
  for (std::size_t bit = 0; bit < 8 * signed_[spoiled].size(); ++bit) {
    signed_[spoiled][bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    ASSERT_EQ(ExpectNamed(signed_, spoiled), ShareFaultKind::kDamaged)
        << "share " << spoiled << " bit " << bit;
    ASSERT_FALSE(HasFailure()) << "share " << spoiled << " bit " << bit;
    signed_[spoiled][bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
  }
}

// A forger makes the checksum fit again. Without signatures the sharing itself finds him.
TEST_P(OneShareOfFive, IsNamedForEachFlippedBitUnderAFittingChecksum) {
  const std::size_t spoiled = GetParam();
  const Bytes original = unsigned_[spoiled];
  for (std::size_t bit = 0; bit < 8 * (original.size() - 4); ++bit) {
    unsigned_[spoiled][bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    FixChecksum(unsigned_[spoiled]);
    const ShareFaultKind kind = ExpectNamed(unsigned_, spoiled);
    ASSERT_FALSE(HasFailure()) << "share " << spoiled << " bit " << bit;
    const std::size_t byte = bit / 8;
    if (byte >= kValueAt && byte < kValueAt + 128) {  // value, ciphertext, check value
      ASSERT_EQ(kind, ShareFaultKind::kForged) << "share " << spoiled << " bit " << bit;
    } else if (byte >= 10 + 32 && byte < kValueAt) {  // context after the vault id
      ASSERT_EQ(kind, ShareFaultKind::kOld) << "share " << spoiled << " bit " << bit;
    } else if (byte >= 10 && byte < 10 + 32) {
      ASSERT_EQ(kind, ShareFaultKind::kForeign) << "share " << spoiled << " bit " << bit;
    }
    unsigned_[spoiled] = original;
  }
}

INSTANTIATE_TEST_SUITE_P(EachShare, OneShareOfFive, ::testing::Values(0, 1, 2, 3, 4));

}  // namespace
}  // namespace fenchi
