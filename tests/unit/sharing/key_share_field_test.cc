// Every combination of up to p - m shares of m-of-p, p <= 9, altered in every field: the key comes
// back, and exactly the altered items are named, each with the index that it claims.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <bit>
#include <cstdlib>

#include "fenchi/key_sharing.h"
#include "unit/sharing/key_share_testing.h"

namespace fenchi {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kSeed = 20260106;
constexpr std::size_t kContextSize = 84;
constexpr std::size_t kContextEnd = 10 + kContextSize;
constexpr std::size_t kIndexAt = 6;

struct Field {
  std::string name;
  std::size_t at, size;
  ShareFaultKind forged_as;  // how it is named where its forger made the checksum fit
};

// FORMAT.md, "Key share".
const std::vector<Field> kFields = {
    {"magic", 0, 4, ShareFaultKind::kDamaged},
    {"scheme", 4, 1, ShareFaultKind::kForeign},
    {"threshold", 5, 1, ShareFaultKind::kForged},
    {"index", kIndexAt, 1, ShareFaultKind::kForged},
    {"reserved", 7, 1, ShareFaultKind::kDamaged},
    {"context length", 8, 2, ShareFaultKind::kDamaged},
    {"vault id", 10, 32, ShareFaultKind::kForeign},
    {"epoch", 42, 4, ShareFaultKind::kOld},
    {"access rule and slot", 46, 48, ShareFaultKind::kOld},
    {"value", kContextEnd, 32, ShareFaultKind::kForged},
    {"ciphertext", kContextEnd + 32, 64, ShareFaultKind::kForged},
    {"check value", kContextEnd + 96, 32, ShareFaultKind::kForged},
    {"dealer's key", kContextEnd + 128, 32, ShareFaultKind::kDamaged},
    {"signature", kContextEnd + 160, 64, ShareFaultKind::kDamaged},
    {"checksum", kContextEnd + 224, 4, ShareFaultKind::kDamaged},
};

enum class Alteration { kMisread, kForged, kForgedThoughSigned };
enum class Pattern { kOneBit, kZeros, kOnes, kNoise, kOfAnotherShare };
constexpr std::size_t kAlterations = 3, kPatterns = 5;

class AnyShares : public ::testing::TestWithParam<ShareCounts> {
 protected:
  AnyShares()
      : dice_(kSeed),
        random_(SeededRandom(kSeed)),
        key_(SecretBytes::Random(32, *random_)),
        signing_key_(SigningKey::Generate(*random_)),
        dealer_(signing_key_),
        unsigned_(Split(key_, GetParam(), ContextOf(1, 7), *random_)),
        signed_(Split(key_, GetParam(), ContextOf(1, 7), *random_, &dealer_)) {}

  // Changes at least one byte of the field, if not in this way, then in another.
  void Alter(Items& items, const Items& originals, std::size_t item, const Field& field,
             Pattern pattern) {
    const MutableBytes bytes = MutableBytes(items[item]).subspan(field.at, field.size);
    const Bytes before(bytes.begin(), bytes.end());
    const std::size_t other = (item + 1) % originals.all.size();
    switch (pattern) {
      case Pattern::kOneBit:
        break;
      case Pattern::kZeros:
        std::ranges::fill(bytes, std::uint8_t{0});
        break;
      case Pattern::kOnes:
        std::ranges::fill(bytes, std::uint8_t{0xff});
        break;
      case Pattern::kNoise:
        random_->Fill(bytes);
        break;
      case Pattern::kOfAnotherShare:
        std::ranges::copy(ByteView(originals.all[other].second).subspan(field.at, field.size),
                          bytes.begin());
        break;
    }
    if (std::ranges::equal(bytes, before)) {
      const int bit = dice_.Between(0, static_cast<int>(8 * field.size) - 1);
      bytes[static_cast<std::size_t>(bit / 8)] ^= static_cast<std::uint8_t>(1 << bit % 8);
    }
  }

  ShareFaultKind Expected(ByteView altered, const Field& field, Alteration alteration) const {
    if (alteration == Alteration::kMisread || field.name == "magic") {
      return ShareFaultKind::kDamaged;
    }
    if (field.name == "scheme") return ShareFaultKind::kForeign;
    if (altered[5] == 0 || altered[kIndexAt] == 0) return ShareFaultKind::kBadIndex;
    return alteration == Alteration::kForgedThoughSigned ? ShareFaultKind::kDamaged
                                                         : field.forged_as;
  }

  // fields: of each altered item, by its place among the set bits of `mask`.
  void ExpectNamed(unsigned mask, const std::vector<std::size_t>& fields, Alteration alteration,
                   std::size_t pattern) {
    const Items& originals = alteration == Alteration::kForged ? unsigned_ : signed_;
    Items items = originals;
    std::vector<std::pair<std::size_t, ShareFaultKind>> expected;
    for (std::size_t item = 0; item < items.all.size(); ++item) {
      if ((mask >> item & 1) == 0) continue;
      const Field& field = kFields[fields[expected.size() % fields.size()]];
      Alter(items, originals, item, field, static_cast<Pattern>(pattern++ % kPatterns));
      if (alteration != Alteration::kMisread && field.name != "checksum") FixChecksum(items[item]);
      expected.emplace_back(item, Expected(items[item], field, alteration));
    }
    const Result<RecoveredKey> back = RecoverKey(items.Views());
    ASSERT_TRUE(back.ok()) << back.status().ToString();
    EXPECT_TRUE(back->key.Equals(key_.view()));
    EXPECT_EQ(back->used.size(), items.all.size() - expected.size());
    ASSERT_EQ(back->faults.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const auto& [item, kind] = expected[i];
      const ShareFault& fault = back->faults[i];
      EXPECT_EQ(fault.name, items.all[item].first);
      EXPECT_EQ(fault.kind, kind) << ShareFaultKindName(fault.kind) << ", not "
                                  << ShareFaultKindName(kind) << ": " << fault.message;
      const bool readable = std::ranges::equal(ByteView(items[item]).first(4), AsBytes("fsh1"));
      const int claimed = readable ? items[item][kIndexAt] : 0;
      EXPECT_EQ(fault.claimed_index, claimed);
      if (claimed == 0) continue;
      if (kind == ShareFaultKind::kDamaged || kind == ShareFaultKind::kForged) {
        EXPECT_THAT(fault.message, HasSubstr(fmt::format("claims index {}", claimed)));
      }
    }
  }

  // Whether a forger who alters this field alters the share: all shares of 1-of-p have one value,
  // so that each is a good share at every index.
  bool Matters(const Field& field, Alteration alteration) const {
    return GetParam().threshold > 1 || field.name != "index" || alteration != Alteration::kForged;
  }

  Dice dice_;
  std::unique_ptr<Random> random_;
  SecretBytes key_;
  SigningKey signing_key_;
  Dealer dealer_;
  Items unsigned_;
  Items signed_;
};

TEST_P(AnyShares, ThatAreAlteredInAnyFieldAreNamedAndTheKeyComesBack) {
  SCOPED_TRACE(dice_.Seed());
  const auto [threshold, count] = GetParam();
  const unsigned step = std::getenv("FENCHI_TEST_REDUCED") == nullptr ? 1 : 7;
  std::size_t turn = 0;  // takes each field through each alteration and pattern
  for (unsigned mask = 1; mask < 1u << count; mask += step) {
    if (std::popcount(mask) > count - threshold) continue;
    for (std::size_t field = 0; field < kFields.size(); ++field, ++turn) {
      const auto alteration =
          static_cast<Alteration>((turn + turn / kFields.size()) % kAlterations);
      if (!Matters(kFields[field], alteration)) continue;
      const std::size_t pattern = turn / kAlterations + turn / (kAlterations * kFields.size());
      ExpectNamed(mask, {field}, alteration, pattern);
      ASSERT_FALSE(HasFailure()) << fmt::format("shares {:b}, field '{}', alteration {}, turn {}",
                                                mask, kFields[field].name,
                                                static_cast<int>(alteration), turn);
    }
    // Each of them in another field.
    std::vector<std::size_t> fields;
    for (std::size_t i = 0; i < 9; ++i) fields.push_back((turn * 4 + i * 7) % kFields.size());
    const auto alteration = static_cast<Alteration>(mask % 2 == 0 ? 0 : 2);
    ExpectNamed(mask, fields, alteration, mask);
    ASSERT_FALSE(HasFailure()) << fmt::format("shares {:b}, mixed fields, turn {}", mask, turn);
  }
}

std::vector<ShareCounts> UpToNine() {
  std::vector<ShareCounts> all;
  for (int count = 2; count <= 9; ++count) {
    for (int threshold = 1; threshold < count; ++threshold) all.push_back({threshold, count});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(OfNine, AnyShares, ::testing::ValuesIn(UpToNine()), [](const auto& one) {
  return fmt::format("{}of{}", one.param.threshold, one.param.count);
});

}  // namespace
}  // namespace fenchi
