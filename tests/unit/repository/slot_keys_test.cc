#include "repository/slot_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/repository/vault_testing.h"

namespace fenchi {
namespace {

using format::NodeKind;
using format::SlotNode;
using ::testing::HasSubstr;

constexpr std::uint64_t kSeed = 20260104;

// Makes slots of any shape, as an administrator's tool would.
class SlotKeys : public ::testing::Test {
 protected:
  SlotKeys()
      : random_(SeededRandom(kSeed)),
        root_(SecretBytes::Random(32, *random_)),
        leaf_(SecretBytes::Random(32, *random_)),
        passphrase_(SecretOf("passphrase")),
        recipient_(KeyPair::Generate(*random_)) {
    random_->Fill(vault_.mutable_view());
    random_->Fill(slot_.id.mutable_view());
    slot_.access = "test";
  }

  format::SlotIdentity identity() const { return {vault_, kEpoch, slot_.id, slot_.access}; }
  SlotFactors both() const { return {&passphrase_, &recipient_}; }

  SlotNode Passphrase() {
    SlotNode node;
    node.kind = NodeKind::kPassphrase;
    random_->Fill(node.salt.mutable_view());
    node.cost = kArgon2CheapestCost;
    return node;
  }
  SlotNode Recipient(const Bytes& path) {
    SlotNode node;
    node.kind = NodeKind::kRecipient;
    node.recipient = recipient_.public_key;
    const Bytes context = format::ChildKeyContext(slot_.id, path);
    const SecretBytes child = SecretBytes::Random(32, *random_);
    node.sealed_key = *SealToPublicKey({Suite::kAes256Gcm, format::kSealChildKey, vault_, context},
                                       node.recipient.view(), child.view(), *random_);
    return node;
  }
  SlotNode Custodians(const Bytes& path) {
    SlotNode node;
    node.kind = NodeKind::kCustodians;
    node.threshold = 2;
    node.custodians = 3;
    node.share_context = format::SlotShareContext(identity(), path);
    return node;
  }
  SlotNode And(std::vector<SlotNode> children) {
    SlotNode node;
    node.kind = NodeKind::kAnd;
    node.children = std::move(children);
    return node;
  }
  // The children stand at path | i.
  SlotNode Or(const Bytes& path, std::vector<SlotNode> children) {
    SlotNode node;
    node.kind = NodeKind::kOr;
    const SecretBytes common = SecretBytes::Random(32, *random_);
    for (std::size_t i = 0; i < children.size(); ++i) {
      Bytes below = path;
      below.push_back(static_cast<std::uint8_t>(i));
      const Result<SecretBytes> key = EvaluateNode(children[i], identity(), below, both());
      // A child that cannot be evaluated here gets a box that nobody opens.
      const SecretBytes under = key.ok() ? key->Clone() : SecretBytes::Random(32, *random_);
      const Bytes context = format::ChildKeyContext(slot_.id, below);
      node.wrapped_keys.push_back(*Seal({Suite::kAes256Gcm, format::kSealChildKey, vault_, context},
                                        under.view(), common.view(), *random_));
    }
    node.children = std::move(children);
    return node;
  }

  format::SlotTable Table(SlotNode node) {
    slot_.node = std::move(node);
    const Result<SecretBytes> child = EvaluateNode(slot_.node, identity(), {}, both());
    const SecretBytes key = child.ok() ? child->Clone() : SecretBytes::Random(32, *random_);
    EXPECT_TRUE(SealRoot(Suite::kAes256Gcm, vault_, kEpoch, key.view(), leaf_.view(), root_.view(),
                         *random_, slot_)
                    .ok());
    // What goes through the format is what a reader meets.
    const Result<Bytes> encoded = format::EncodeSlots({vault_, kEpoch, {slot_}});
    EXPECT_TRUE(encoded.ok()) << encoded.status().ToString();
    return *format::DecodeSlots(*encoded);
  }
  StatusCode CodeOf(const format::SlotTable& table, const SlotFactors& factors) {
    const Result<SecretBytes> opened = OpenAnySlot(table, leaf_.view(), factors);
    if (opened.ok()) {
      EXPECT_TRUE(opened->Equals(root_.view()));
    }
    return opened.status().code();
  }

  static constexpr std::uint32_t kEpoch = 3;
  std::unique_ptr<Random> random_;
  VaultId vault_;
  SecretBytes root_, leaf_, passphrase_;
  KeyPair recipient_;
  format::Slot slot_;
};

TEST_F(SlotKeys, APassphraseOpensItsSlotAndNoOtherPassphraseDoes) {
  const format::SlotTable table = Table(Passphrase());
  const SecretBytes wrong = SecretOf("passphrasf");
  EXPECT_EQ(CodeOf(table, {.passphrase = &passphrase_}), StatusCode::kOk);
  EXPECT_EQ(CodeOf(table, {.passphrase = &wrong}), StatusCode::kWrongKey);
  EXPECT_EQ(CodeOf(table, {}), StatusCode::kUnsupported);
}

TEST_F(SlotKeys, TheRightPassphraseOpensNothingWithAnotherLeafSecret) {
  const format::SlotTable table = Table(Passphrase());
  leaf_.mutable_view()[31] ^= 1;
  EXPECT_EQ(CodeOf(table, {.passphrase = &passphrase_}), StatusCode::kWrongKey);
}

TEST_F(SlotKeys, ARecipientOpensWithItsSecretKeyOnly) {
  const format::SlotTable table = Table(Recipient({}));
  const KeyPair stranger = KeyPair::Generate(*random_);
  EXPECT_EQ(CodeOf(table, {.recipient = &recipient_}), StatusCode::kOk);
  EXPECT_EQ(CodeOf(table, {.recipient = &stranger}), StatusCode::kWrongKey);
  EXPECT_EQ(CodeOf(table, {.passphrase = &passphrase_}), StatusCode::kUnsupported);
}

TEST_F(SlotKeys, AndNeedsAllOfItsFactors) {
  const format::SlotTable table = Table(And({Passphrase(), Recipient({1})}));
  const SecretBytes wrong = SecretOf("wrong");
  EXPECT_EQ(CodeOf(table, both()), StatusCode::kOk);
  EXPECT_NE(CodeOf(table, {.passphrase = &passphrase_}), StatusCode::kOk);
  EXPECT_NE(CodeOf(table, {.recipient = &recipient_}), StatusCode::kOk);
  EXPECT_EQ(CodeOf(table, {&wrong, &recipient_}), StatusCode::kWrongKey);
}

TEST_F(SlotKeys, OrNeedsAnyOfItsFactors) {
  const format::SlotTable table = Table(Or({}, {Passphrase(), Recipient({1})}));
  const SecretBytes wrong = SecretOf("wrong");
  EXPECT_EQ(CodeOf(table, {.passphrase = &passphrase_}), StatusCode::kOk);
  EXPECT_EQ(CodeOf(table, {.recipient = &recipient_}), StatusCode::kOk);
  EXPECT_EQ(CodeOf(table, {&wrong, &recipient_}), StatusCode::kOk);
  EXPECT_EQ(CodeOf(table, {.passphrase = &wrong}), StatusCode::kWrongKey);
}

TEST_F(SlotKeys, TreesOfThreeLevelsOpen) {
  // (passphrase AND recipient) OR custodians; the recipient stands at path 0, 1.
  const format::SlotTable table =
      Table(Or({}, {And({Passphrase(), Recipient({0, 1})}), Custodians({1})}));
  EXPECT_EQ(CodeOf(table, both()), StatusCode::kOk);
  EXPECT_EQ(CodeOf(table, {.passphrase = &passphrase_}), StatusCode::kUnsupported);
}

TEST_F(SlotKeys, ANodeMovedToAnotherPlaceOfTheTreeYieldsNothing) {
  // Sealed for path 0, used at path 1.
  const format::SlotTable table = Table(And({Passphrase(), Recipient({0})}));
  EXPECT_NE(CodeOf(table, both()), StatusCode::kOk);
}

TEST_F(SlotKeys, CustodiansAreRefusedWithAHint) {
  slot_.access = "2 of custodians";
  const format::SlotTable table = Table(Custodians({}));
  const Result<SecretBytes> opened = OpenAnySlot(table, leaf_.view(), both());
  EXPECT_EQ(opened.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(opened.status().message(), HasSubstr("2 of custodians"));
  EXPECT_THAT(opened.status().hint(), HasSubstr("passphrase"));
}

TEST_F(SlotKeys, TheFirstSlotThatOpensIsTakenAmongOthers) {
  format::SlotTable table = Table(Custodians({}));
  const Result<format::Slot> mine =
      MakePassphraseSlot(Suite::kChaCha20Poly1305, vault_, kEpoch, passphrase_, kArgon2CheapestCost,
                         leaf_.view(), root_.view(), *random_);
  const SecretBytes other = SecretOf("somebody else's");
  const Result<format::Slot> theirs =
      MakePassphraseSlot(Suite::kAes256Gcm, vault_, kEpoch, other, kArgon2CheapestCost,
                         leaf_.view(), root_.view(), *random_);
  ASSERT_TRUE(mine.ok() && theirs.ok());
  table.slots.push_back(*theirs);
  table.slots.push_back(*mine);
  EXPECT_EQ(CodeOf(table, {.passphrase = &passphrase_}), StatusCode::kOk);
  EXPECT_EQ(CodeOf(table, {.passphrase = &other}), StatusCode::kOk);
  const SecretBytes wrong = SecretOf("nobody's");
  EXPECT_EQ(CodeOf(table, {.passphrase = &wrong}), StatusCode::kWrongKey);
}

TEST_F(SlotKeys, AChangedAccessExpressionOrEpochOpensNothing) {
  format::SlotTable table = Table(Passphrase());
  table.slots[0].access = "Test";
  EXPECT_EQ(CodeOf(table, {.passphrase = &passphrase_}), StatusCode::kWrongKey);
  table.slots[0].access = "test";
  table.epoch = kEpoch + 1;
  EXPECT_EQ(CodeOf(table, {.passphrase = &passphrase_}), StatusCode::kWrongKey);
  table.epoch = kEpoch;
  EXPECT_EQ(CodeOf(table, {.passphrase = &passphrase_}), StatusCode::kOk);
}

TEST_F(SlotKeys, AFlippedBitInTheRootBoxIsRefused) {
  const format::SlotTable good = Table(Passphrase());
  for (std::size_t at = 0; at < good.slots[0].root_box.size(); ++at) {
    format::SlotTable table = good;
    table.slots[0].root_box[at] ^= 0x10;
    EXPECT_FALSE(OpenAnySlot(table, leaf_.view(), {.passphrase = &passphrase_}).ok()) << at;
  }
}

}  // namespace
}  // namespace fenchi
