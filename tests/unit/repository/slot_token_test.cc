// Slots that are sealed to the key in a token.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "format/derive.h"
#include "repository/slot_keys.h"
#include "repository/slot_making.h"
#include "unit/repository/custody_testing.h"
#include "unit/repository/token_testing.h"
#include "unit/repository/vault_testing.h"

namespace fenchi {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint64_t kSeed = 20261130;
constexpr int kNeeded = 2;

class SlotToken : public ::testing::Test {
 protected:
  SlotToken()
      : random_(SeededRandom(kSeed)),
        root_(SecretBytes::Random(32, *random_)),
        leaf_(SecretBytes::Random(32, *random_)),
        passphrase_(SecretOf("passphrase")),
        token_(P256KeyPair::Generate(*random_), "the HSM"),
        stranger_(P256KeyPair::Generate(*random_), "another HSM"),
        escrow_(KeyPair::Generate(*random_)) {
    random_->Fill(vault_.mutable_view());
  }

  CustodyPlan Plan(const std::string& open) const {
    CustodyPlan plan;
    plan.open = open;
    plan.passphrase_cost = {1, 8};
    const AccessExpression parsed = ParseAccessExpression(open).value();
    for (const std::string& name : parsed.names) {
      if (name == "passphrase") {
        plan.passphrases.emplace(name, passphrase_.Clone());
      } else if (name == "escrow") {
        plan.recipients[name] = escrow_.public_key.bytes;
      } else {
        plan.recipients[name] = token_.public_key();
      }
    }
    return plan;
  }
  format::SlotTable Table(const std::string& open) {
    const CustodyPlan plan = Plan(open);
    const auto terms = CheckCustodyPlan(plan, kNeeded);
    EXPECT_TRUE(terms.ok()) << terms.status().ToString();
    const SlotPlace place{Suite::kAes256Gcm, vault_,       3,      kNeeded,
                          leaf_.view(),      root_.view(), nullptr};
    const Result<MadeSlots> made = MakeSlots(place, plan, *terms, *random_);
    EXPECT_TRUE(made.ok()) << made.status().ToString();
    // What goes through the format is what a reader meets.
    return *format::DecodeSlots(*format::EncodeSlots({vault_, 3, made->slots}));
  }
  Status Try(const format::SlotTable& table, const SlotFactors& factors) {
    Result<OpenedSlot> opened = OpenAnySlot(table, leaf_.view(), factors);
    if (!opened.ok()) return opened.status();
    EXPECT_TRUE(opened->root.Equals(root_.view()));
    return Status::Ok();
  }
  Status TryToken(const format::SlotTable& table) { return Try(table, {.tokens = {&token_}}); }

  std::unique_ptr<Random> random_;
  VaultId vault_;
  SecretBytes root_, leaf_, passphrase_;
  TestToken token_, stranger_;
  KeyPair escrow_;
};

TEST_F(SlotToken, ATokenOpensWhatIsSealedToItsKeyAndNoOtherTokenDoes) {
  const format::SlotTable table = Table("hsm");
  ASSERT_EQ(table.slots[0].node.kind, format::NodeKind::kToken);
  EXPECT_TRUE(TryToken(table).ok());
  EXPECT_EQ(token_.asked(), 1);
  const Status other = Try(table, {.tokens = {&stranger_}});
  EXPECT_EQ(other.code(), StatusCode::kWrongKey);
  EXPECT_THAT(other.message(),
              HasSubstr("the token of 'hsm' (the token that was brought holds another key)"));
  EXPECT_EQ(stranger_.asked(), 0);
  EXPECT_THAT(Try(table, {}).message(), HasSubstr("the slot 'hsm' needs the token of 'hsm'"));
  EXPECT_TRUE(Try(table, {.tokens = {&stranger_, &token_}}).ok());
}

TEST_F(SlotToken, ATokenIsNotAskedWhereItsSlotLacksSomethingElse) {
  const format::SlotTable table = Table("hsm AND passphrase");
  EXPECT_THAT(TryToken(table).message(), HasSubstr("needs the passphrase"));
  EXPECT_EQ(token_.asked(), 0);
  const SecretBytes wrong = SecretOf("wrong");
  EXPECT_EQ(Try(table, {.passphrases = {&wrong}, .tokens = {&token_}}).code(),
            StatusCode::kWrongKey);
  EXPECT_TRUE(Try(table, {.passphrases = {&passphrase_}, .tokens = {&token_}}).ok());
}

TEST_F(SlotToken, ItStandsBesideAllOtherFactorsAndAtEveryDepth) {
  const format::SlotTable table = Table("(hsm OR escrow) AND passphrase, OR escrow AND hsm");
  EXPECT_TRUE(Try(table, {.passphrases = {&passphrase_}, .tokens = {&token_}}).ok());
  EXPECT_TRUE(Try(table, {.recipients = {&escrow_}, .tokens = {&token_}}).ok());
  EXPECT_TRUE(Try(table, {.passphrases = {&passphrase_}, .recipients = {&escrow_}}).ok());
  EXPECT_EQ(TryToken(table).code(), StatusCode::kWrongKey);
}

TEST_F(SlotToken, TheRightTokenOpensNothingWithAnotherLeafSecret) {
  const format::SlotTable table = Table("hsm");
  leaf_.mutable_view()[0] ^= 1;
  EXPECT_EQ(TryToken(table).code(), StatusCode::kWrongKey);
}

TEST_F(SlotToken, WhatWasSealedInOneSlotOpensNothingInAnother) {
  format::SlotTable table = Table("hsm, OR hsm AND spare");
  std::swap(table.slots[0].node.sealed_key, table.slots[1].node.children[0].sealed_key);
  const Status tried = TryToken(table);
  EXPECT_EQ(tried.code(), StatusCode::kDamaged);
  EXPECT_THAT(tried.message(), HasSubstr("the HSM has the key of the slot, but its answer does "
                                         "not open what was sealed to it"));
  table = Table("hsm AND spare");
  std::swap(table.slots[0].node.children[0], table.slots[0].node.children[1]);
  EXPECT_EQ(TryToken(table).code(), StatusCode::kDamaged);
}

TEST_F(SlotToken, APlantedPublicKeyIsNoKeyOfTheRightTokenAndOpensNothingForItsOwner) {
  format::SlotTable table = Table("hsm");
  table.slots[0].node.token.bytes = stranger_.public_key();
  EXPECT_THAT(TryToken(table).message(), HasSubstr("holds another key"));
  EXPECT_EQ(Try(table, {.tokens = {&stranger_}}).code(), StatusCode::kDamaged);
}

TEST_F(SlotToken, EveryFlippedBitOfTheNodeIsRefused) {
  const format::SlotTable good = Table("hsm");
  const std::size_t sealed_size = good.slots[0].node.sealed_key.size();
  for (std::size_t bit = 0; bit < (kP256PointSize + sealed_size) * 8; ++bit) {
    format::SlotTable table = good;
    format::SlotNode& node = table.slots[0].node;
    const auto mask = static_cast<std::uint8_t>(1 << bit % 8);
    const std::size_t at = bit / 8;
    (at < kP256PointSize ? node.token.bytes[at] : node.sealed_key[at - kP256PointSize]) ^= mask;
    EXPECT_FALSE(TryToken(table).ok()) << "bit " << bit;
  }
}

TEST_F(SlotToken, ATokenThatAnswersNonsenseIsNamed) {
  const format::SlotTable table = Table("hsm");
  const auto refused = [&](std::size_t size, std::uint8_t fill) {
    token_.AnswerWith([=] { return SecretBytes::CopyOf(Bytes(size, fill)); });
    return TryToken(table);
  };
  for (const auto& [size, fill] : {std::pair{32, 0}, {32, 7}, {31, 7}, {33, 7}, {0, 0}}) {
    const Status tried = refused(static_cast<std::size_t>(size), static_cast<std::uint8_t>(fill));
    EXPECT_EQ(tried.code(), StatusCode::kDamaged) << size;
    EXPECT_THAT(tried.message(), HasSubstr("the HSM has the key of the slot")) << size;
    EXPECT_FALSE(tried.hint().empty());
  }
}

TEST_F(SlotToken, OfTwoTokensWithOneKeyTheOneThatWorksOpens) {
  const SecretBytes secret = SecretBytes::CopyOf(Bytes(32, 9));
  TestToken broken(P256KeyPair::FromSecretKey(secret.view()).value(), "broken");
  TestToken spare(P256KeyPair::FromSecretKey(secret.view()).value(), "spare");
  CustodyPlan plan;
  plan.open = "hsm";
  plan.recipients["hsm"] = spare.public_key();
  const SlotPlace place{Suite::kAes256Gcm, vault_, 3, kNeeded, leaf_.view(), root_.view(), nullptr};
  const MadeSlots made =
      MakeSlots(place, plan, CheckCustodyPlan(plan, kNeeded).value(), *random_).value();
  const format::SlotTable table{vault_, 3, made.slots};
  broken.AnswerWith([]() -> Result<SecretBytes> { return Unavailable("broken was removed"); });
  EXPECT_TRUE(Try(table, {.tokens = {&broken, &spare}}).ok());
  EXPECT_EQ(broken.asked(), 1);
  spare.AnswerWith([]() -> Result<SecretBytes> { return NotFound("spare knows no such key"); });
  const Status neither = Try(table, {.tokens = {&broken, &spare}});
  // "Not found" would be read as: there is no vault.
  EXPECT_EQ(neither.code(), StatusCode::kUnavailable);
  EXPECT_THAT(neither.message(), HasSubstr("spare knows no such key"));
}

TEST_F(SlotToken, ATokenThatIsGoneStopsNoOtherWay) {
  token_.AnswerWith([]() -> Result<SecretBytes> { return Unavailable("it was removed"); });
  const format::SlotTable alternatives = Table("hsm, OR passphrase");
  EXPECT_TRUE(Try(alternatives, {.passphrases = {&passphrase_}, .tokens = {&token_}}).ok());
  const format::SlotTable either = Table("hsm OR passphrase");
  EXPECT_TRUE(Try(either, {.passphrases = {&passphrase_}, .tokens = {&token_}}).ok());
  EXPECT_EQ(TryToken(either).code(), StatusCode::kUnavailable);
}

TEST_F(SlotToken, APlanWithAKeyThatIsNoPointIsRefused) {
  CustodyPlan plan = Plan("hsm");
  TokenKey beside = token_.public_key();
  beside[64] ^= 1;
  plan.recipients["hsm"] = beside;
  const auto checked = CheckCustodyPlan(plan, kNeeded);
  EXPECT_EQ(checked.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(checked.status().message(),
              AllOf(HasSubstr("'hsm'"), HasSubstr("is not a point of the curve")));
}

TEST_F(SlotToken, OnlyATokenThatKeepsItsKeyAndAgreesAsItsPublicKeySaysWillDo) {
  EXPECT_TRUE(CheckToken(token_, *random_).ok());
  const TokenKey own = token_.public_key();
  token_.ShowKey(stranger_.public_key());
  EXPECT_EQ(CheckToken(token_, *random_).code(), StatusCode::kDamaged);
  TokenKey beside = own;
  beside[1] ^= 1;
  token_.ShowKey(beside);
  EXPECT_THAT(CheckToken(token_, *random_).message(), HasSubstr("no point of P-256"));
  token_.ShowKey(own);
  token_.LetSecretOut();
  const Status leaky = CheckToken(token_, *random_);
  EXPECT_EQ(leaky.code(), StatusCode::kPolicy);
  EXPECT_THAT(leaky.message(), HasSubstr("can be read out"));
  token_.AnswerWith([]() -> Result<SecretBytes> { return Unavailable("it was removed"); });
  EXPECT_EQ(CheckToken(token_, *random_).code(), StatusCode::kPolicy);
  EXPECT_THAT(Try(Table("hsm"), {.tokens = {&token_}}).message(), Not(HasSubstr("read out")));
}

}  // namespace
}  // namespace fenchi
