// Slots that no honest vault makes: two keys for one box, costs beyond reason, unsafe points.
#include <gtest/gtest.h>

#include <ctime>
#include <limits>

#include "base/coding.h"
#include "fenchi/password.h"
#include "format/derive.h"
#include "repository/slot_keys.h"
#include "repository/slot_making.h"
#include "unit/crypto/two_key_ciphertext.h"
#include "unit/repository/vault_testing.h"

namespace fenchi {
namespace {

constexpr std::uint64_t kSeed = 20260112;

class SlotAttack : public ::testing::Test {
 protected:
  SlotAttack()
      : random_(SeededRandom(kSeed)),
        root_(SecretBytes::Random(32, *random_)),
        leaf_(SecretBytes::Random(32, *random_)) {}

  format::SlotTable Table() {
    const CustodyPlan plan = PassphrasePlan("correct horse");
    const SlotPlace place{Suite::kAes256Gcm, vault_, 1, 2, leaf_.view(), root_.view(), nullptr};
    return {vault_, 1, MakeSlots(place, plan, CheckCustodyPlan(plan, 2).value(), *random_)->slots};
  }
  Result<OpenedSlot> Open(const format::SlotTable& table, const SecretBytes& passphrase) const {
    return OpenAnySlot(table, leaf_.view(), {.passphrases = {&passphrase}});
  }
  // The key of the slot's box for a passphrase.
  SecretBytes KeyFor(const format::SlotTable& table, const SecretBytes& passphrase) const {
    const format::Slot& slot = table.slots.front();
    const Argon2Cost cost = slot.node.cost;
    const SecretBytes stretched =
        StretchPassword(passphrase.view(), slot.node.salt.view(), cost).value();
    return format::SlotKey(stretched.view(), leaf_.view(),
                           {table.vault, table.epoch, slot.id, slot.access});
  }
  StreamKeys BoxKeys(const format::SlotTable& table, Suite suite, const SecretBytes& key,
                     ByteView salt) const {
    Bytes info;
    Append(info, AsBytes("fenchi/1/seal"));
    const std::uint8_t head[] = {0, 1, static_cast<std::uint8_t>(suite),
                                 static_cast<std::uint8_t>(SealType::kSlot)};
    Append(info, head);
    Append(info, table.vault.view());
    AppendPrefixed(info, format::SlotContext(table.epoch, table.slots.front().id));
    return DeriveStreamKeys(key.view(), salt, info).value();
  }

  std::unique_ptr<Random> random_;
  VaultId vault_;
  SecretBytes root_, leaf_;
};

// Two people would open one slot with two passphrases, each to an epoch root of its own, and each
// be sure to have the vault's.
TEST_F(SlotAttack, ABoxThatTwoPassphrasesWouldOpenIsOpenedByOneAtMost) {
  const SecretBytes one = SecretOf("one"), two = SecretOf("two");
  for (const Suite suite : {Suite::kAes256Gcm, Suite::kChaCha20Poly1305}) {
    format::SlotTable table = Table();
    Bytes& box = table.slots.front().root_box;
    const Bytes salt(kSealSaltSize, 9);
    const StreamKeys a = BoxKeys(table, suite, KeyFor(table, one), salt);
    const StreamKeys b = BoxKeys(table, suite, KeyFor(table, two), salt);
    const AeadNonce nonce = SegmentNonce(0, true);
    const Bytes both = CiphertextOfTwoKeys(suite, a.key.view(), b.key.view(), nonce);
    for (const StreamKeys* keys : {&a, &b}) {  // the cipher alone opens it under both
      Bytes plain(32);
      ASSERT_TRUE(
          Aead::Create(suite, keys->key.view()).value().Decrypt(nonce, {}, both, plain).ok());
    }
    for (const StreamKeys* committed : {&a, &b}) {
      box = {1, static_cast<std::uint8_t>(suite), static_cast<std::uint8_t>(SealType::kSlot), 0};
      Append(box, salt);
      Append(box, committed->commitment.view());
      Append(box, both);
      EXPECT_EQ(Open(table, one).ok(), committed == &a);
      EXPECT_EQ(Open(table, two).ok(), committed == &b);
      EXPECT_EQ(Open(table, committed == &a ? two : one).status().code(), StatusCode::kWrongKey);
    }
  }
}

double ProcessorSeconds() {
  timespec now = {};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// 4 GiB over 20 passes would be minutes: a planted slot is refused by its numbers, in under 10 ms
// of the processor's time.
TEST_F(SlotAttack, CostsBeyondTheLimitsAreRefusedInUnderTenMilliseconds) {
  const SecretBytes passphrase = SecretOf("correct horse");
  const std::vector<Argon2Cost> beyond = {
      {kArgon2PassesMax + 1, std::uint64_t{64} << 20, 1},
      {std::numeric_limits<std::uint32_t>::max(), kArgon2MemoryBytesMax, 1},
      {4, kArgon2MemoryBytesMax + 1024, 1},
      {4, std::numeric_limits<std::uint64_t>::max() - 1023, 1},
      {4, std::uint64_t{64} << 20, 4},
  };
  for (const Argon2Cost& cost : beyond) {
    format::SlotTable table = Table();
    table.slots.front().node.cost = cost;
    const double began = ProcessorSeconds();
    EXPECT_FALSE(Open(table, passphrase).ok());
    EXPECT_EQ(format::EncodeSlots(table).status().code(), StatusCode::kInvalidArgument);
    const double took = ProcessorSeconds() - began;
    EXPECT_LT(took, 0.010) << cost.passes << " passes over " << cost.memory_bytes << " bytes";
  }
}

TEST_F(SlotAttack, ARecipientsPointOfSmallOrderGetsNoSlot) {
  CustodyPlan plan;
  plan.open = "escrow";
  plan.passphrase_cost = {1, 8};
  for (const std::uint8_t first : {0, 1}) {
    plan.recipients["escrow"] = RecipientKey{first};
    const auto terms = CheckCustodyPlan(plan, 2);
    if (!terms.ok()) {
      EXPECT_EQ(terms.status().code(), StatusCode::kInvalidArgument);
      continue;
    }
    const SlotPlace place{Suite::kAes256Gcm, vault_, 1, 2, leaf_.view(), root_.view(), nullptr};
    EXPECT_EQ(MakeSlots(place, plan, *terms, *random_).status().code(),
              StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace fenchi
