// Damaged, forged and mixed-up key shares: the key still comes back, and the item is named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fenchi/key_sharing.h"
#include "sharing/field_11b.h"
#include "unit/sharing/key_share_testing.h"

namespace fenchi {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kSeed = 20260104;
constexpr std::size_t kContextSize = 84;
constexpr std::size_t kValueAt = 10 + kContextSize;

class KeyShareDamage : public ::testing::Test {
 protected:
  KeyShareDamage()
      : random_(SeededRandom(kSeed)),
        key_(SecretBytes::Random(32, *random_)),
        signing_key_(SigningKey::Generate(*random_)),
        dealer_(signing_key_),
        unsigned_(Split(key_, {3, 5}, ContextOf(1, 7), *random_)),
        signed_(Split(key_, {3, 5}, ContextOf(1, 7), *random_, &dealer_)) {}

  std::unique_ptr<Random> random_;
  SecretBytes key_;
  SigningKey signing_key_;
  Dealer dealer_;
  Items unsigned_;
  Items signed_;
};

// With signatures, a fitting checksum helps the forger nothing: every bit is under the signature.
TEST_F(KeyShareDamage, EveryFlippedBitUnderTheSignatureIsFound) {
  const Bytes original = signed_[2];
  for (std::size_t bit = 0; bit < 8 * (original.size() - 4); ++bit) {
    Bytes flipped = original;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    FixChecksum(flipped);
    ASSERT_FALSE(KeyShare::Parse(flipped).ok()) << "bit " << bit;
  }
  ASSERT_TRUE(KeyShare::Parse(original).ok());
}

TEST_F(KeyShareDamage, TwoForgedSharesAmongFiveAreBothNamed) {
  for (std::size_t first = 0; first < 5; ++first) {
    for (std::size_t second = first + 1; second < 5; ++second) {
      Items items = unsigned_;
      for (const std::size_t forged : {first, second}) {
        random_->Fill(MutableBytes(items[forged]).subspan(kValueAt, 32));
        FixChecksum(items[forged]);
      }
      const Result<RecoveredKey> back = RecoverKey(items.Views());
      ASSERT_TRUE(back.ok()) << back.status().ToString();
      EXPECT_TRUE(back->key.Equals(key_.view()));
      ASSERT_EQ(back->faults.size(), 2u);
      EXPECT_EQ(back->faults[0].name, items.all[first].first);
      EXPECT_EQ(back->faults[1].name, items.all[second].first);
      EXPECT_EQ(back->faults[1].kind, ShareFaultKind::kForged);
    }
  }
}

TEST_F(KeyShareDamage, ThreeForgedSharesAmongFiveLeaveTooFew) {
  Items items = unsigned_;
  for (std::size_t forged = 0; forged < 3; ++forged) {
    items[forged][kValueAt] ^= 1;
    FixChecksum(items[forged]);
  }
  const Status status = RecoverKey(items.Views()).status();
  EXPECT_EQ(status.code(), StatusCode::kWrongKey);
  EXPECT_THAT(status.message(), HasSubstr("at least 3 are forged"));
}

// Forgers who hold all shares but do not re-deal cannot move the key by a polynomial of their own:
// the values still lie on one polynomial, and Shamir alone would give another key.
TEST_F(KeyShareDamage, CommonShiftOfAllSharesIsNoOtherKey) {
  Items items = unsigned_;
  for (std::size_t i = 0; i < 5; ++i) {
    items[i][kValueAt] ^= 0x21;  // the constant polynomial 0x21
    FixChecksum(items[i]);
  }
  EXPECT_EQ(RecoverKey(items.Views()).status().code(), StatusCode::kWrongKey);
}

// A polynomial that vanishes at 0 leaves the key where it was, but not the shares: whoever shifts
// threshold shares so makes Shamir alone give the right key, and recovery must still refuse them.
TEST_F(KeyShareDamage, ShiftThatKeepsTheKeyIsRefusedAsWell) {
  Items items = unsigned_;
  items.all.resize(3);
  for (std::size_t i = 0; i < 3; ++i) {
    items[i][kValueAt] ^= field_11b::Multiply(0x21, static_cast<std::uint8_t>(i + 1));
    FixChecksum(items[i]);
  }
  EXPECT_EQ(RecoverKey(items.Views()).status().code(), StatusCode::kWrongKey);
}

TEST_F(KeyShareDamage, ForgedTwinOfAGoodShareIsTheOneNamed) {
  for (const bool forged_first : {false, true}) {
    Items items;
    Bytes forged = unsigned_[1];
    forged[kValueAt + 31] ^= 0x80;
    FixChecksum(forged);
    if (forged_first) items.Add("twin", forged);
    for (std::size_t i = 0; i < 3; ++i) items.all.push_back(unsigned_.all[i]);
    if (!forged_first) items.Add("twin", forged);
    const Result<RecoveredKey> back = RecoverKey(items.Views());
    ASSERT_TRUE(back.ok()) << back.status().ToString();
    ASSERT_EQ(back->faults.size(), 1u);
    EXPECT_EQ(back->faults[0].name, "twin");
    EXPECT_EQ(back->faults[0].kind, ShareFaultKind::kForged);
  }
}

// 8 of 16 custodians with the 8 lowest indexes forged: the last of 12,870 combinations is right.
TEST_F(KeyShareDamage, TheLastOfAllCombinationsOf16CustodiansIsStillTried) {
  Items items = Split(key_, {8, 16}, ContextOf(1, 7), *random_);
  for (std::size_t i = 0; i < 8; ++i) {
    items[i][kValueAt + i] ^= 1;
    FixChecksum(items[i]);
  }
  const Result<RecoveredKey> back = RecoverKey(items.Views());
  ASSERT_TRUE(back.ok()) << back.status().ToString();
  EXPECT_TRUE(back->key.Equals(key_.view()));
  EXPECT_EQ(back->faults.size(), 8u);
  items[15][kValueAt] ^= 1;
  FixChecksum(items[15]);
  EXPECT_EQ(RecoverKey(items.Views()).status().code(), StatusCode::kWrongKey);
}

TEST_F(KeyShareDamage, TooManyCombinationsEndWithAdvice) {
  Items items = Split(key_, {20, 60}, ContextOf(1, 7), *random_);
  for (std::size_t i = 0; i < 10; ++i) {
    random_->Fill(MutableBytes(items[i]).subspan(kValueAt, 32));
    FixChecksum(items[i]);
  }
  const Status status = RecoverKey(items.Views()).status();
  EXPECT_EQ(status.code(), StatusCode::kWrongKey);
  EXPECT_THAT(status.message(), HasSubstr("12870 combinations"));
  EXPECT_FALSE(status.hint().empty());
}

TEST_F(KeyShareDamage, TruncatedExtendedAndForeignBytesAreDamagedNotACrash) {
  const Bytes whole = signed_[0];
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(KeyShare::Parse(cut).status().code(), StatusCode::kDamaged) << size;
    if (size < 4) continue;
    Bytes fixed = cut;
    FixChecksum(fixed);
    EXPECT_EQ(KeyShare::Parse(fixed).status().code(), StatusCode::kDamaged) << size;
  }
  Bytes extended = whole;
  extended.push_back(0);
  FixChecksum(extended);
  EXPECT_EQ(KeyShare::Parse(extended).status().code(), StatusCode::kDamaged);
  Bytes noise(400);
  random_->Fill(noise);
  EXPECT_EQ(KeyShare::Parse(noise).status().code(), StatusCode::kDamaged);
}

TEST_F(KeyShareDamage, UnknownSchemeIsUnsupportedNotDamaged) {
  Bytes newer = unsigned_[0];
  newer[4] = 2;
  FixChecksum(newer);
  EXPECT_EQ(KeyShare::Parse(newer).status().code(), StatusCode::kUnsupported);
}

TEST_F(KeyShareDamage, SwappedFieldsOfTwoSharesAreFound) {
  Items items = unsigned_;
  for (std::size_t b = kValueAt; b < kValueAt + 32; ++b) std::swap(items[0][b], items[1][b]);
  FixChecksum(items[0]);
  FixChecksum(items[1]);
  const Result<RecoveredKey> back = RecoverKey(items.Views());
  ASSERT_TRUE(back.ok());
  ASSERT_EQ(back->faults.size(), 2u);
  EXPECT_EQ(back->faults[0].name, "item 1");
  EXPECT_EQ(back->faults[1].name, "item 2");
}

}  // namespace
}  // namespace fenchi
