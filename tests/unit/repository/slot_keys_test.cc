#include "repository/slot_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "repository/slot_making.h"
#include "unit/repository/custody_testing.h"
#include "unit/repository/vault_testing.h"

namespace fenchi {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint64_t kSeed = 20260104;

// Makes slots from a plan and opens them with what a test brings.
class SlotKeys : public ::testing::Test {
 protected:
  SlotKeys()
      : random_(SeededRandom(kSeed)),
        root_(SecretBytes::Random(32, *random_)),
        leaf_(SecretBytes::Random(32, *random_)),
        passphrase_(SecretOf("passphrase")),
        escrow_(KeyPair::Generate(*random_)) {
    random_->Fill(vault_.mutable_view());
    plan_.passphrases.emplace("passphrase", passphrase_.Clone());
    plan_.recipients["escrow"] = escrow_.public_key.bytes;
    plan_.custodians["board"] = Holders("board", 5);
    plan_.custodians["deputies"] = Holders("deputies", 3);
    plan_.passphrase_cost = {1, 8};
    plan_.deliver = [](std::span<const CustodianShare>) { return Status::Ok(); };
  }

  // What the expression does not name is left out of the plan.
  MadeSlots MakeParts(const std::string& open, const SigningKey* dealer = nullptr) {
    const Result<AccessExpression> parsed = ParseAccessExpression(open);
    EXPECT_TRUE(parsed.ok()) << parsed.status().ToString();
    const auto named = [&](const std::string& name) {
      return std::ranges::find(parsed->names, name) != parsed->names.end();
    };
    plan_.open = open;
    std::erase_if(plan_.passphrases, [&](const auto& one) { return !named(one.first); });
    std::erase_if(plan_.recipients, [&](const auto& one) { return !named(one.first); });
    std::erase_if(plan_.custodians,
                  [&](const auto& one) { return !parsed->groups.contains(one.first); });
    const auto terms = CheckCustodyPlan(plan_, kNeeded);
    EXPECT_TRUE(terms.ok()) << terms.status().ToString();
    const SlotPlace place{Suite::kAes256Gcm, vault_,       epoch_, kNeeded,
                          leaf_.view(),      root_.view(), dealer};
    Result<MadeSlots> made = MakeSlots(place, plan_, *terms, *random_);
    EXPECT_TRUE(made.ok()) << made.status().ToString();
    return std::move(*made);
  }
  format::SlotTable Table(const std::string& open) {
    made_ = MakeParts(open);
    // What goes through the format is what a reader meets.
    const Result<Bytes> encoded = format::EncodeSlots({vault_, epoch_, made_.slots});
    EXPECT_TRUE(encoded.ok()) << encoded.status().ToString();
    return *format::DecodeSlots(*encoded);
  }

  SlotFactors With(const SecretBytes* passphrase, const KeyPair* recipient = nullptr) const {
    SlotFactors factors;
    if (passphrase != nullptr) factors.passphrases = {passphrase};
    if (recipient != nullptr) factors.recipients = {recipient};
    return factors;
  }
  // The shares of a group by a mask of places; places count over the shares of that group.
  std::vector<NamedShare> Shares(const std::string& group, unsigned mask) const {
    std::vector<NamedShare> out;
    unsigned place = 0;
    for (const CustodianShare& one : made_.shares) {
      if (one.group != group) continue;
      if ((mask >> place & 1) != 0) out.push_back({one.custodian.holder, one.bytes.view()});
      ++place;
    }
    return out;
  }
  std::vector<NamedShare> HeldBy(unsigned seats) const {
    std::vector<NamedShare> out;
    for (const std::vector<KeyShare>& node : made_.provider_held) {
      for (unsigned seat = 0; seat < 8; ++seat) {
        if ((seats >> seat & 1) == 0) continue;
        held_.push_back(node[seat].Serialize());
        out.push_back({"p" + std::to_string(seat), held_.back().view()});
      }
    }
    return out;
  }

  Status Try(const format::SlotTable& table, const SlotFactors& factors) {
    Result<OpenedSlot> opened = OpenAnySlot(table, leaf_.view(), factors);
    if (!opened.ok()) return opened.status();
    EXPECT_TRUE(opened->root.Equals(root_.view()));
    faults_ = opened->faults;
    return Status::Ok();
  }
  StatusCode CodeOf(const format::SlotTable& table, const SlotFactors& factors) {
    return Try(table, factors).code();
  }

  static constexpr int kNeeded = 2;
  std::uint32_t epoch_ = 3;
  std::unique_ptr<Random> random_;
  VaultId vault_;
  SecretBytes root_, leaf_, passphrase_;
  KeyPair escrow_;
  CustodyPlan plan_;
  MadeSlots made_;
  std::vector<ShareFault> faults_;
  mutable std::deque<SecretBytes> held_;
};

TEST_F(SlotKeys, APassphraseOpensItsSlotAndNoOtherPassphraseDoes) {
  const format::SlotTable table = Table("passphrase");
  const SecretBytes wrong = SecretOf("passphrasf");
  EXPECT_EQ(CodeOf(table, With(&passphrase_)), StatusCode::kOk);
  EXPECT_EQ(CodeOf(table, With(&wrong)), StatusCode::kWrongKey);
  EXPECT_THAT(Try(table, {}).message(), HasSubstr("the slot 'passphrase' needs the passphrase"));
}

TEST_F(SlotKeys, TheRightPassphraseOpensNothingWithAnotherLeafSecret) {
  const format::SlotTable table = Table("passphrase");
  leaf_.mutable_view()[31] ^= 1;
  EXPECT_EQ(CodeOf(table, With(&passphrase_)), StatusCode::kWrongKey);
}

TEST_F(SlotKeys, ARecipientOpensWithItsSecretKeyOnly) {
  const format::SlotTable table = Table("escrow");
  const KeyPair stranger = KeyPair::Generate(*random_);
  EXPECT_EQ(CodeOf(table, With(nullptr, &escrow_)), StatusCode::kOk);
  EXPECT_THAT(Try(table, With(nullptr, &stranger)).message(),
              HasSubstr("the secret key of 'escrow' (the key that was brought is another)"));
  EXPECT_EQ(CodeOf(table, With(&passphrase_)), StatusCode::kWrongKey);
}

TEST_F(SlotKeys, AndNeedsAllOfItsFactors) {
  const format::SlotTable table = Table("passphrase AND escrow");
  const SecretBytes wrong = SecretOf("wrong");
  EXPECT_EQ(CodeOf(table, With(&passphrase_, &escrow_)), StatusCode::kOk);
  EXPECT_THAT(Try(table, With(&passphrase_)).message(), HasSubstr("the secret key of 'escrow'"));
  EXPECT_THAT(Try(table, With(nullptr, &escrow_)).message(), HasSubstr("needs the passphrase"));
  EXPECT_EQ(CodeOf(table, With(&wrong, &escrow_)), StatusCode::kWrongKey);
}

TEST_F(SlotKeys, OrNeedsAnyOfItsFactors) {
  const format::SlotTable table = Table("passphrase OR escrow");
  ASSERT_EQ(table.slots.size(), 1u);
  const SecretBytes wrong = SecretOf("wrong");
  EXPECT_EQ(CodeOf(table, With(&passphrase_)), StatusCode::kOk);
  EXPECT_EQ(CodeOf(table, With(nullptr, &escrow_)), StatusCode::kOk);
  EXPECT_EQ(CodeOf(table, With(&wrong, &escrow_)), StatusCode::kOk);
  EXPECT_EQ(CodeOf(table, With(&wrong)), StatusCode::kWrongKey);
  EXPECT_THAT(Try(table, {}).message(), HasSubstr("either the passphrase or the secret key"));
}

TEST_F(SlotKeys, AlternativesAreSlotsAndTheFirstThatOpensIsTaken) {
  const format::SlotTable table = Table("3 of board AND passphrase, OR escrow");
  ASSERT_EQ(table.slots.size(), 2u);
  EXPECT_EQ(table.slots[0].access, "3 of board AND passphrase");
  EXPECT_EQ(table.slots[1].access, "escrow");
  EXPECT_EQ(CodeOf(table, With(nullptr, &escrow_)), StatusCode::kOk);
  SlotFactors factors = With(&passphrase_);
  factors.shares = Shares("board", 0b10101);
  EXPECT_EQ(CodeOf(table, factors), StatusCode::kOk);
}

TEST_F(SlotKeys, TreesOfThreeLevelsOpenThroughEachBranch) {
  const format::SlotTable table =
      Table("(2 of deputies OR passphrase OR escrow) AND (3 of board OR 2 of providers)");
  SlotFactors factors = With(&passphrase_);
  factors.provider_held = HeldBy(0b110);
  EXPECT_EQ(CodeOf(table, factors), StatusCode::kOk);
  factors = With(nullptr, &escrow_);
  factors.provider_held = HeldBy(0b110);
  EXPECT_EQ(CodeOf(table, factors), StatusCode::kOk);
  factors = {};
  factors.shares = Shares("deputies", 0b011);
  EXPECT_NE(CodeOf(table, factors), StatusCode::kOk);
  for (const NamedShare& one : Shares("board", 0b01011)) factors.shares.push_back(one);
  EXPECT_EQ(CodeOf(table, factors), StatusCode::kOk);
}

TEST_F(SlotKeys, EverySubsetOfTheThresholdOpensAndOneLessSaysWhatIsMissing) {
  for (const auto& [needed, count] : {std::pair{3, 5}, {5, 9}}) {
    plan_.custodians["board"] = Holders("board", count);
    const format::SlotTable table = Table(fmt::format("{} of board", needed));
    for (unsigned mask = 0; mask < 1u << count; ++mask) {
      SlotFactors factors;
      factors.shares = Shares("board", mask);
      const Status tried = Try(table, factors);
      if (std::popcount(mask) >= needed) {
        ASSERT_TRUE(tried.ok()) << mask << ": " << tried.ToString();
        ASSERT_TRUE(faults_.empty());
        continue;
      }
      ASSERT_EQ(tried.code(), StatusCode::kWrongKey) << mask;
      const std::string missing = fmt::format("needs {} more of {} key shares of board",
                                              needed - std::popcount(mask), needed);
      ASSERT_THAT(tried.message(), HasSubstr(missing)) << mask;
    }
  }
}

TEST_F(SlotKeys, WhatIsMissingIsSaidWithTheItemsThatAreThere) {
  const format::SlotTable table = Table("3 of board AND passphrase, OR escrow");
  SlotFactors factors;
  factors.shares = Shares("board", 0b00011);
  const Status tried = Try(table, factors);
  EXPECT_THAT(
      tried.message(),
      AllOf(HasSubstr("the slot '3 of board AND passphrase' needs 1 more of 3 key shares of "
                      "board (have items 'board 1', 'board 2') and the passphrase"),
            HasSubstr("the slot 'escrow' needs the secret key of 'escrow'")));
  EXPECT_FALSE(tried.hint().empty());
}

TEST_F(SlotKeys, OldForeignDamagedAndRepeatedItemsAreNamedAndTheGoodOnesGoOn) {
  epoch_ = 2;
  Table("2 of board");
  const MadeSlots old = std::move(made_);
  const VaultId mine = vault_;
  epoch_ = 3;
  random_->Fill(vault_.mutable_view());
  Table("2 of board");
  const MadeSlots foreign = std::move(made_);
  vault_ = mine;
  const format::SlotTable table = Table("2 of board");

  SecretBytes torn = made_.shares[3].bytes.Clone();
  torn.mutable_view()[50] ^= 4;
  SlotFactors factors;
  factors.shares = Shares("board", 0b00001);
  factors.shares.push_back({"page B", made_.shares[0].bytes.view()});
  factors.shares.push_back({"page C", old.shares[1].bytes.view()});
  factors.shares.push_back({"page D", foreign.shares[2].bytes.view()});
  factors.shares.push_back({"page E", torn.view()});
  const Status tried = Try(table, factors);
  EXPECT_EQ(tried.code(), StatusCode::kWrongKey);
  EXPECT_THAT(tried.message(),
              AllOf(HasSubstr("1 more of 2 key shares of board"),
                    HasSubstr("item 'page C' is old: it is of epoch 2, the vault is in epoch 3"),
                    HasSubstr("item 'page D' is foreign: it is of another vault"),
                    HasSubstr("item 'page E' is damaged")));

  factors.shares.push_back({"page F", made_.shares[4].bytes.view()});
  ASSERT_TRUE(Try(table, factors).ok());
  std::map<std::string, ShareFaultKind> named;
  for (const ShareFault& fault : faults_) named[fault.name] = fault.kind;
  EXPECT_EQ(named, (std::map<std::string, ShareFaultKind>{{"page B", ShareFaultKind::kDuplicate},
                                                          {"page C", ShareFaultKind::kOld},
                                                          {"page D", ShareFaultKind::kForeign},
                                                          {"page E", ShareFaultKind::kDamaged}}));
}

TEST_F(SlotKeys, ThreeForgersAgainstThreeHonestCustodiansNeverWin) {
  plan_.custodians["board"] = Holders("board", 6);
  const format::SlotTable table = Table("3 of board");
  // They split a key of their own for the very same slot, epoch and vault.
  const SecretBytes evil = SecretBytes::Random(32, *random_);
  const auto forged = SplitKey(evil, {3, 6}, table.slots[0].node.share_context, *random_);
  ASSERT_TRUE(forged.ok());
  std::vector<SecretBytes> bytes;
  for (int i = 3; i < 6; ++i) bytes.push_back((*forged)[static_cast<std::size_t>(i)].Serialize());
  SlotFactors factors;
  for (std::size_t i = 0; i < 3; ++i) {
    factors.shares.push_back({"forged " + std::to_string(i), bytes[i].view()});
  }
  EXPECT_EQ(CodeOf(table, factors), StatusCode::kWrongKey);
  for (const NamedShare& honest : Shares("board", 0b000111)) factors.shares.push_back(honest);
  ASSERT_TRUE(Try(table, factors).ok());  // Try compares the root
  ASSERT_EQ(faults_.size(), 3u);
  for (const ShareFault& fault : faults_) EXPECT_THAT(fault.name, HasSubstr("forged"));
}

TEST_F(SlotKeys, ForgersInsideAnAndAreToldByTheBoxAboveIt) {
  const format::SlotTable table = Table("2 of board AND passphrase");
  const SecretBytes evil = SecretBytes::Random(32, *random_);
  const format::SlotNode& node = table.slots[0].node.children[0];
  const auto forged = SplitKey(evil, {2, 5}, node.share_context, *random_);
  const SecretBytes four = (*forged)[3].Serialize(), five = (*forged)[4].Serialize();
  const SecretBytes other = SecretOf("of another vault");
  SlotFactors factors;
  factors.passphrases = {&other, &passphrase_};
  factors.shares = {{"four", four.view()}, {"five", five.view()}};
  EXPECT_EQ(CodeOf(table, factors), StatusCode::kWrongKey);
  for (const NamedShare& honest : Shares("board", 0b00110)) factors.shares.push_back(honest);
  ASSERT_TRUE(Try(table, factors).ok());
  EXPECT_EQ(faults_.size(), 2u);
}

TEST_F(SlotKeys, ASharingWithALowerThresholdIsNotTheOneThatTheSlotAsksFor) {
  const format::SlotTable table = Table("3 of board");
  const SecretBytes evil = SecretBytes::Random(32, *random_);
  const auto forged = SplitKey(evil, {1, 5}, table.slots[0].node.share_context, *random_);
  const SecretBytes alone = (*forged)[0].Serialize();
  SlotFactors factors;
  factors.shares = {{"alone", alone.view()}};
  EXPECT_THAT(Try(table, factors).message(), HasSubstr("needs 3 more of 3 key shares"));
}

TEST_F(SlotKeys, AGroupThatStandsTwiceHoldsAShareOfEachPlace) {
  const format::SlotTable table = Table("2 of board AND passphrase, OR 3 of board");
  ASSERT_EQ(made_.shares.size(), 10u);
  SlotFactors factors;
  factors.shares = Shares("board", 0b11100'00000);  // of the second slot
  EXPECT_EQ(CodeOf(table, factors), StatusCode::kOk);
  factors.shares = Shares("board", 0b00000'00011);
  EXPECT_NE(CodeOf(table, factors), StatusCode::kOk);
  factors.passphrases = {&passphrase_};
  EXPECT_EQ(CodeOf(table, factors), StatusCode::kOk);
}

TEST_F(SlotKeys, ProvidersAloneOpenWhereTheSlotSaysSo) {
  const format::SlotTable table = Table("2 of providers");
  SlotFactors factors;
  factors.provider_held = HeldBy(0b1);
  EXPECT_THAT(Try(table, factors).message(), HasSubstr("at more providers (have 'p0')"));
  factors.provider_held = HeldBy(0b101);
  EXPECT_EQ(CodeOf(table, factors), StatusCode::kOk);
}

TEST_F(SlotKeys, CustodiansSharesAreSignedByTheDealer) {
  const SigningKey admin = SigningKey::Generate(*random_);
  const MadeSlots made = MakeParts("2 of board", &admin);
  for (const CustodianShare& one : made.shares) {
    const Result<KeyShare> share = KeyShare::Parse(one.bytes.view());
    ASSERT_TRUE(share.ok());
    EXPECT_EQ(share->dealer_public_key, admin.public_key().bytes);
  }
  EXPECT_TRUE(KeyShare::Parse(MakeParts("2 of board").shares[0].bytes.view())->is_signed());
}

TEST_F(SlotKeys, AnUnknownKindOfNodeLeavesTheOtherSlotsAndBranchesUsable) {
  const format::SlotTable known = Table("passphrase, OR escrow, OR 2 of board");
  format::SlotTable table = known;
  format::SlotNode later;
  later.kind = format::NodeKind::kUnknown;
  later.received = {0xa2, 0x01, 0x08, 0x02, 0x41, 0x55};  // {1: 8, 2: h'55'}
  table.slots[0].node = later;
  format::SlotNode both;
  both.kind = format::NodeKind::kAnd;
  both.children = {later, later};
  table.slots[2].node = both;
  const Result<Bytes> encoded = format::EncodeSlots(table);
  ASSERT_TRUE(encoded.ok()) << encoded.status().ToString();
  const Result<format::SlotTable> read = format::DecodeSlots(*encoded);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, table);
  EXPECT_EQ(*format::EncodeSlots(*read), *encoded);
  EXPECT_EQ(CodeOf(*read, With(nullptr, &escrow_)), StatusCode::kOk);
  EXPECT_THAT(Try(*read, With(&passphrase_)).message(),
              HasSubstr("a kind of factor that this version does not know"));
  table.slots.erase(table.slots.begin() + 1);
  EXPECT_EQ(CodeOf(table, With(&passphrase_)), StatusCode::kUnsupported);
}

TEST_F(SlotKeys, AChangedAccessExpressionOrEpochOpensNothing) {
  format::SlotTable table = Table("passphrase");
  table.slots[0].access = "Passphrase";
  EXPECT_EQ(CodeOf(table, With(&passphrase_)), StatusCode::kWrongKey);
  table.slots[0].access = "passphrase";
  table.epoch = epoch_ + 1;
  EXPECT_EQ(CodeOf(table, With(&passphrase_)), StatusCode::kWrongKey);
  table.epoch = epoch_;
  EXPECT_EQ(CodeOf(table, With(&passphrase_)), StatusCode::kOk);
}

TEST_F(SlotKeys, AFlippedBitInTheRootBoxIsRefused) {
  const format::SlotTable good = Table("passphrase");
  for (std::size_t at = 0; at < good.slots[0].root_box.size(); ++at) {
    format::SlotTable table = good;
    table.slots[0].root_box[at] ^= 0x10;
    EXPECT_FALSE(OpenAnySlot(table, leaf_.view(), With(&passphrase_)).ok()) << at;
  }
}

TEST_F(SlotKeys, APlanWhoseNamesDoNotFitIsRefusedAndSaysWhich) {
  const auto refusal = [&](auto change) {
    CustodyPlan plan;
    plan.open = "2 of board AND passphrase";
    plan.passphrases.emplace("passphrase", passphrase_.Clone());
    plan.custodians["board"] = Holders("board", 3);
    plan.deliver = [](std::span<const CustodianShare>) { return Status::Ok(); };
    EXPECT_TRUE(CheckCustodyPlan(plan, kNeeded).ok());
    change(plan);
    const auto checked = CheckCustodyPlan(plan, kNeeded);
    EXPECT_EQ(checked.status().code(), StatusCode::kInvalidArgument);
    return checked.status().message();
  };
  EXPECT_THAT(refusal([](CustodyPlan& p) { p.open = "2 of board"; }), HasSubstr("'passphrase'"));
  EXPECT_THAT(refusal([](CustodyPlan& p) { p.passphrases.clear(); }), HasSubstr("neither"));
  EXPECT_THAT(refusal([](CustodyPlan& p) { p.recipients["passphrase"] = RecipientKey{}; }),
              HasSubstr("both"));
  EXPECT_THAT(refusal([](CustodyPlan& p) { p.custodians.clear(); }),
              HasSubstr("who the custodian"));
  EXPECT_THAT(refusal([](CustodyPlan& p) { p.custodians["board"].resize(1); }), HasSubstr("has 1"));
  EXPECT_THAT(refusal([](CustodyPlan& p) { p.custodians["board"].resize(17); }), HasSubstr("17"));
  EXPECT_THAT(refusal([](CustodyPlan& p) { p.deliver = nullptr; }), HasSubstr("where key shares"));
  EXPECT_THAT(refusal([](CustodyPlan& p) { p.open += " AND 3 of providers"; }),
              HasSubstr("must be 2"));
  EXPECT_THAT(refusal([](CustodyPlan& p) { p.passphrases["passphrase"] = SecretBytes(); }),
              HasSubstr("empty"));
}

}  // namespace
}  // namespace fenchi
