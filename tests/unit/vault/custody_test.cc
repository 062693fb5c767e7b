// Whole vaults whose keys are in several hands: made, opened, changed, and taken from people again.
#include "fenchi/custody.h"

#include "fenchi/key_sharing.h"

#include "unit/repository/custody_testing.h"
#include "vault_fixture.h"

namespace fenchi {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Custody : public VaultTest {
 protected:
  void SetUp() override {
    VaultTest::SetUp();
    WriteTree("srv");
    escrow_ = NewRecipientKey(*random_);
  }

  CustodyPlan PlanOf(const std::string& open) {
    CustodyPlan plan;
    plan.open = open;
    const AccessExpression parsed = Need(ParseAccessExpression(open));
    for (const std::string& name : parsed.names) {
      if (name == "escrow") {
        plan.recipients[name] = Need(RecipientKeyOf(escrow_));
      } else {
        plan.passphrases.emplace(name, SecretBytes::CopyOf(AsBytes("correct horse")));
      }
    }
    for (const auto& [group, most] : parsed.groups) {
      plan.custodians[group] = Holders(group, most + 2);
    }
    plan.passphrase_cost = {1, 8};
    shares_.clear();
    KeepShares(plan, shares_);
    return plan;
  }
  Result<Vault> TryMake(const CustodyPlan& plan, const Shape& shape = {}) {
    MakePlaces(shape);
    CreateOptions options;
    options.policy = shape.policy;
    options.policy.needed = shape.needed;
    options.state_directory = HostDirectory("host");
    options.environment = TestEnvironment();
    Result<Vault> vault = Vault::Create(Named(), plan, options);
    if (vault.ok()) vault_id_ = vault->id();
    return vault;
  }
  Vault Make(const std::string& open, const Shape& shape = {}) {
    return Need(TryMake(PlanOf(open), shape));
  }

  // Shares by place in what was delivered.
  Unlock WithShares(const std::vector<std::size_t>& places) const {
    Unlock unlock;
    for (const std::size_t place : places) {
      const CustodianShare& one = shares_[place];
      unlock.AddShare(one.custodian.holder, one.bytes.Clone());
    }
    return unlock;
  }
  Unlock WithEscrow() const {
    Unlock unlock;
    unlock.AddRecipientKey(escrow_.Clone());
    return unlock;
  }

  SecretBytes escrow_;
  std::vector<CustodianShare> shares_;
};

TEST_F(Custody, AVaultOpensByEachAlternativeOfItsExpressionAndByNothingElse) {
  Vault made = Make("3 of custodians AND passphrase, OR escrow");
  const SnapshotId snapshot = Need(made.BackupTree(Path("srv"))).snapshot;
  ASSERT_EQ(shares_.size(), 5u);
  for (const std::vector<std::size_t>& places :
       std::vector<std::vector<std::size_t>>{{0, 1, 2}, {4, 3, 1}, {0, 1, 2, 3, 4}}) {
    Unlock unlock = WithShares(places);
    EXPECT_EQ(CodeOf(TryOpen(unlock)), StatusCode::kWrongKey);
    unlock.AddPassphrase(SecretBytes::CopyOf(AsBytes("correct horse")));
    Vault opened = Need(TryOpen(unlock));
    EXPECT_EQ(opened.role(), Role::kRead);
    ExpectRestores(opened, snapshot, Path("srv"));
  }
  Vault by_escrow = Need(TryOpen(WithEscrow(), {1, 3}));
  ExpectRestores(by_escrow, snapshot, Path("srv"));
  EXPECT_EQ(CodeOf(TryOpen(WithEscrow(), {2})), StatusCode::kTooFewProviders);
  const Result<Vault> lacking = TryOpen(WithShares({0, 4}));
  EXPECT_THAT(lacking.status().message(),
              AllOf(HasSubstr("1 more of 3 key shares of custodians"),
                    HasSubstr("'custodians 1', 'custodians 5'"), HasSubstr("the passphrase")));
}

TEST_F(Custody, ABadShareAmongGoodOnesIsAWarning) {
  Make("2 of custodians");
  Unlock unlock = WithShares({0, 1});
  SecretBytes torn = shares_[2].bytes.Clone();
  torn.mutable_view()[100] ^= 1;
  unlock.AddShare("page C", std::move(torn));
  const Vault opened = Need(TryOpen(unlock));
  EXPECT_THAT(opened.warnings(), Contains(HasSubstr("key share 'page C' was not used: damaged")));
}

TEST_F(Custody, SharesAreHandedOutBeforeTheVaultExistsAndARefusalMakesNone) {
  CustodyPlan plan = PlanOf("2 of custodians");
  int calls = 0;
  plan.deliver = [&](std::span<const CustodianShare> shares) {
    ++calls;
    EXPECT_EQ(shares.size(), 4u);
    for (int i = 0; i < providers(); ++i) EXPECT_THAT(Objects(i), IsEmpty());
    return Status(StatusCode::kCancelled, "the printer is out of paper");
  };
  const Result<Vault> made = TryMake(plan);
  EXPECT_EQ(CodeOf(made), StatusCode::kCancelled);
  EXPECT_THAT(made.status().message(), HasSubstr("key shares were not handed out"));
  EXPECT_EQ(calls, 1);
  for (int i = 0; i < providers(); ++i) EXPECT_THAT(Objects(i), IsEmpty());
}

TEST_F(Custody, NoObjectAtAProviderHoldsAShareOfACustodian) {
  Make("2 of custodians, OR passphrase");
  for (int i = 0; i < providers(); ++i) {
    for (const auto& [name, size] : Objects(i)) {
      const Bytes bytes = Need(GetAll(inner(i), name, size));
      for (const CustodianShare& one : shares_) {
        const KeyShare share = Need(KeyShare::Parse(one.bytes.view()));
        EXPECT_TRUE(std::ranges::search(bytes, share.value.view()).empty()) << name;
      }
    }
  }
}

TEST_F(Custody, ProvidersAloneOpenWhereThePlanSaysSoAndRepairNeverCopiesTheirShares) {
  Make("2 of providers");
  EXPECT_TRUE(TryOpen(Unlock(), {0, 2}).ok());
  EXPECT_EQ(CodeOf(TryOpen(Unlock(), {3})), StatusCode::kTooFewProviders);
  Lose(1, "k/leaf");
  Vault opened = Need(TryOpen(Unlock()));
  const VerifyReport health = Need(opened.Verify({.depth = VerifyDepth::kTags}));
  EXPECT_FALSE(health.healthy());
  const RepairReport repaired = Need(opened.Repair(health));
  ASSERT_EQ(repaired.left.size(), 1u);
  EXPECT_THAT(repaired.left[0].what, HasSubstr("rotate"));
  EXPECT_THAT(Objects(1, "k/leaf"), IsEmpty());
  // Rotating gives all of them new ones.
  CustodyPlan plan = PlanOf("2 of providers");
  EXPECT_TRUE(Need(opened.Rotate(plan)).published);
  EXPECT_TRUE(TryOpen(Unlock(), {1, 2}).ok());
}

TEST_F(Custody, ThreeSlotsCanBeAddedWithoutChangingTheOthers) {
  Vault vault = Make("passphrase");
  const PolicyChange added = Need(vault.AddAccess(PlanOf("2 of board AND escrow")));
  EXPECT_TRUE(added.published);
  EXPECT_TRUE(TryOpen(Passphrase()).ok());
  Unlock unlock = WithShares({0, 3});
  EXPECT_EQ(CodeOf(TryOpen(unlock)), StatusCode::kWrongKey);
  unlock.AddRecipientKey(escrow_.Clone());
  EXPECT_TRUE(TryOpen(unlock).ok());
  EXPECT_EQ(Need(vault.DescribeCustody()).open, "passphrase, OR 2 of board AND escrow");
  EXPECT_EQ(CodeOf(vault.AddAccess(PlanOf("2 of providers"))), StatusCode::kUnsupported);
}

TEST_F(Custody, AfterRotatingOldFactorsOpenNothingAndOldDataIsReadAndNoPackIsRewritten) {
  Vault vault = Make("2 of custodians, OR passphrase");
  const SnapshotId before = Need(vault.BackupTree(Path("srv"))).snapshot;
  const std::vector<CustodianShare> old = std::move(shares_);
  const auto packs = Objects(0, "d/");
  CustodyPlan plan = PlanOf("2 of custodians, OR escrow");  // the passphrase is gone
  EXPECT_TRUE(Need(vault.Rotate(plan)).published);
  EXPECT_EQ(Objects(0, "d/"), packs);

  Unlock stale;
  for (const CustodianShare& one : old) stale.AddShare(one.custodian.holder, one.bytes.Clone());
  const Result<Vault> refused = TryOpen(stale);
  EXPECT_EQ(CodeOf(refused), StatusCode::kWrongKey);
  EXPECT_THAT(refused.status().message(), HasSubstr("it is of epoch 1, the vault is in epoch 2"));
  EXPECT_EQ(CodeOf(TryOpen(Passphrase())), StatusCode::kWrongKey);
  WriteFile("srv/later", "written in epoch 2");
  const SnapshotId after = Need(vault.BackupTree(Path("srv"))).snapshot;
  for (const Unlock& unlock : {WithEscrow(), WithShares({1, 2})}) {
    Vault opened = Need(TryOpen(unlock, {0, 3}, "other"));
    EXPECT_EQ(Need(opened.Snapshots()).snapshots.size(), 2u);
    ExpectRestores(opened, after, Path("srv"));
    EXPECT_TRUE(Need(opened.Restore(before, NewTarget())).complete());
  }
  EXPECT_TRUE(Need(vault.Verify({.depth = VerifyDepth::kData})).healthy());
  EXPECT_EQ(Need(vault.DescribeStatus()).epoch, 2u);
}

TEST_F(Custody, WhatLiesAtTheProvidersIsToldByEpoch) {
  Vault vault = Make("passphrase");
  EXPECT_THAT(Need(vault.DescribeEpochs()), ::testing::IsEmpty());
  Need(vault.BackupTree(Path("srv")));
  const auto packs = static_cast<std::uint64_t>(Need(vault.Verify()).packs);
  EXPECT_TRUE(Need(vault.Rotate(PlanOf("passphrase"))).published);
  WriteFile("srv/later", "written in epoch 2");
  Need(vault.BackupTree(Path("srv")));
  Need(vault.BackupTree(Path("srv")));
  const std::vector<EpochUse> found = Need(vault.DescribeEpochs());
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].epoch, 1u);
  EXPECT_EQ(found[0].snapshots, 1u);
  EXPECT_EQ(found[0].packs, packs);
  EXPECT_GE(found[0].bytes, packs * 12 * 65'536);
  EXPECT_EQ(found[1].epoch, 2u);
  EXPECT_EQ(found[1].snapshots, 2u);
  EXPECT_EQ(found[0].packs + found[1].packs,
            static_cast<std::uint64_t>(Need(vault.Verify()).packs));
}

TEST_F(Custody, AReadCredentialOfAnOldEpochReadsWhatItCouldAndNothingNewer) {
  Vault vault = Make("passphrase");
  const SnapshotId before = Need(vault.BackupTree(Path("srv"))).snapshot;
  const SecretBytes credential = Need(vault.ExportCredential(Role::kRead, {}));
  EXPECT_TRUE(Need(vault.Rotate(PlanOf("passphrase"))).published);
  WriteFile("srv/later", RandomText(100'000));
  const SnapshotId after = Need(vault.BackupTree(Path("srv"))).snapshot;
  Vault reader = Need(TryOpen(Unlock::WithCredential(credential.Clone()), {}, "other"));
  EXPECT_TRUE(Need(reader.Restore(before, NewTarget())).complete());
  EXPECT_EQ(CodeOf(reader.Restore(after, NewTarget())), StatusCode::kDenied);
  const Result<BackupReport> backup = reader.BackupTree(Path("srv"));
  EXPECT_EQ(CodeOf(backup), StatusCode::kDenied);
  EXPECT_THAT(backup.status().message(), HasSubstr("rotated"));
}

TEST_F(Custody, RotatingNeedsWAndLeavesTheOldEpochWhenItFails) {
  Vault vault = Make("2 of custodians");
  const std::vector<CustodianShare> old = std::move(shares_);
  CustodyPlan plan = PlanOf("2 of custodians");
  plan.deliver = [](std::span<const CustodianShare>) {
    return Status(StatusCode::kCancelled, "a custodian is ill");
  };
  EXPECT_EQ(CodeOf(vault.Rotate(plan)), StatusCode::kCancelled);
  provider(0).SetAbsent(true);
  provider(1).SetAbsent(true);
  EXPECT_EQ(CodeOf(vault.Rotate(PlanOf("2 of custodians"))), StatusCode::kTooFewProviders);
  EXPECT_TRUE(shares_.empty());
  HealAll();
  Unlock unlock;
  for (const CustodianShare& one : old) unlock.AddShare(one.custodian.holder, one.bytes.Clone());
  EXPECT_TRUE(TryOpen(unlock).ok());
  // What the failed attempts left there hinders nobody.
  EXPECT_TRUE(Need(vault.Rotate(PlanOf("2 of custodians"))).published);
  EXPECT_TRUE(TryOpen(WithShares({0, 1})).ok());
  EXPECT_EQ(CodeOf(TryOpen(unlock)), StatusCode::kWrongKey);
}

TEST_F(Custody, TheReportSaysInWordsWhoCanOpenAndWhoCouldBefore) {
  CustodyPlan plan = PlanOf("2 of board AND passphrase, OR escrow");
  plan.custodians["board"] = {{"Lin", "Wu"}, {"Chen", ""}, {"Huang", ""}};
  Vault vault = Need(TryMake(plan));
  const CustodyReport first = Need(vault.DescribeCustody());
  EXPECT_EQ(first.open, "2 of board AND passphrase, OR escrow");
  EXPECT_EQ(first.epoch, 1u);
  ASSERT_EQ(first.in_words.size(), 2u);
  EXPECT_EQ(first.in_words[0],
            "any 2 of the 3 custodians of board (Lin (deputy: Wu), Chen, Huang) together with "
            "whoever knows the passphrase, with any 2 of the providers");
  EXPECT_EQ(first.in_words[1], "whoever holds 'escrow', with any 2 of the providers");
  ASSERT_EQ(first.groups.size(), 1u);
  EXPECT_EQ(first.groups[0].threshold, 2);
  EXPECT_EQ(first.groups[0].custodians[1].holder, "Chen");
  EXPECT_EQ(first.admins.threshold, 1);
  EXPECT_THAT(first.key_domains, ElementsAre("main"));
  EXPECT_TRUE(Need(vault.Rotate(PlanOf("passphrase"))).published);
  const CustodyReport second = Need(vault.DescribeCustody());
  EXPECT_EQ(second.open, "passphrase");
  EXPECT_EQ(second.epoch, 2u);
  EXPECT_EQ(Need(vault.DescribeCustody(first.time)).open, first.open);
  EXPECT_EQ(CodeOf(vault.DescribeCustody(Timestamp{0, 0})), StatusCode::kNotFound);
}

TEST_F(Custody, AShareTellsItsHolderOfWhichVaultAndEpochItIs) {
  Vault vault = Make("2 of custodians");
  const ShareLabel first = Need(ReadShareLabel(shares_[0].bytes.view()));
  const ShareLabel second = Need(ReadShareLabel(shares_[1].bytes.view()));
  EXPECT_EQ(first.vault, vault.id());
  EXPECT_EQ(first.epoch, 1u);
  EXPECT_EQ(first.set, second.set);
  EXPECT_EQ(first.index, 1);
  EXPECT_EQ(second.index, 2);
  EXPECT_TRUE(Need(vault.Rotate(PlanOf("2 of custodians"))).published);
  const ShareLabel later = Need(ReadShareLabel(shares_[0].bytes.view()));
  EXPECT_EQ(later.epoch, 2u);
  EXPECT_NE(later.set, first.set);
}

// ---- Several admins

class Admins : public Custody {
 protected:
  void SetUp() override {
    Custody::SetUp();
    for (int i = 0; i < 3; ++i) keys_.push_back(NewAdminKey(*random_));
  }
  AdminRule Rule(int threshold) {
    AdminRule rule{threshold, {}};
    for (const SecretBytes& key : keys_) rule.keys.push_back(Need(AdminKeyOf(key)));
    return rule;
  }
  Unlock AsAdmin(std::size_t number) {
    Unlock unlock = Passphrase();
    unlock.AddAdminKey(keys_[number].Clone());
    return unlock;
  }

  std::vector<SecretBytes> keys_;
};

TEST_F(Admins, TwoOfThreeMustApproveAndTheFormerAdminCountsNoMore) {
  Vault vault = Make("passphrase");
  PolicyEdit edit;
  edit.admins = Rule(2);
  EXPECT_TRUE(Need(vault.ChangePolicy(edit)).published);
  // The key that lay in the keyring is gone from it.
  Vault reader = Need(TryOpen(Passphrase()));
  EXPECT_EQ(CodeOf(reader.Rotate(PlanOf("passphrase"))), StatusCode::kDenied);

  Vault one = Need(TryOpen(AsAdmin(0), {}, "one"));
  PolicyEdit domain;
  domain.add_key_domains = {"maps"};
  const PolicyChange change = Need(one.ChangePolicy(domain));
  EXPECT_FALSE(change.published);
  ASSERT_FALSE(change.proposal.empty());
  EXPECT_THAT(Need(one.ReviewProposal(change.proposal)), Contains(HasSubstr("'maps'")));
  // One's own key counts; another's is lacking.
  EXPECT_EQ(CodeOf(one.Publish(change.proposal, {})), StatusCode::kDenied);
  const SecretBytes stranger = NewAdminKey(*random_);
  const std::vector<Bytes> useless = {Need(ApproveProposal(change.proposal, stranger)),
                                      Need(ApproveProposal(change.proposal, keys_[0]))};
  EXPECT_EQ(CodeOf(one.Publish(change.proposal, useless)), StatusCode::kDenied);
  const std::vector<Bytes> enough = {Need(ApproveProposal(change.proposal, keys_[2]))};
  EXPECT_TRUE(Need(one.Publish(change.proposal, enough)).published);
  EXPECT_THAT(Need(TryOpen(Passphrase())).DescribeCustody()->key_domains,
              ElementsAre("main", "maps"));
  // It is void once it was used.
  EXPECT_EQ(CodeOf(one.Publish(change.proposal, enough)), StatusCode::kConflict);
}

TEST_F(Admins, AnApprovalThatWasChangedOrIsOfAnotherProposalIsRefused) {
  Vault vault = Make("passphrase");
  PolicyEdit edit;
  edit.admins = Rule(2);
  Need(vault.ChangePolicy(edit));
  Vault one = Need(TryOpen(AsAdmin(0)));
  PolicyEdit a, b;
  a.add_key_domains = {"a"};
  b.add_key_domains = {"b"};
  const Bytes first = Need(one.ChangePolicy(a)).proposal;
  const Bytes second = Need(one.ChangePolicy(b)).proposal;
  std::vector<Bytes> approvals = {Need(ApproveProposal(first, keys_[1]))};
  EXPECT_EQ(CodeOf(one.Publish(second, approvals)), StatusCode::kInvalidArgument);
  for (std::size_t at = 0; at < approvals[0].size(); at += 7) {
    std::vector<Bytes> changed = approvals;
    changed[0][at] ^= 0x20;
    EXPECT_NE(CodeOf(one.Publish(first, changed)), StatusCode::kOk) << at;
  }
  EXPECT_TRUE(Need(one.Publish(first, approvals)).published);
}

TEST_F(Admins, SeveralAdminsRotateWithSharesHandedOutBeforeTheyApprove) {
  Vault vault = Make("2 of custodians, OR passphrase");
  PolicyEdit edit;
  edit.admins = Rule(2);
  Need(vault.ChangePolicy(edit));
  Vault one = Need(TryOpen(AsAdmin(0)));
  const std::vector<CustodianShare> old = std::move(shares_);
  const PolicyChange change = Need(one.Rotate(PlanOf("2 of custodians, OR passphrase")));
  EXPECT_FALSE(change.published);
  EXPECT_EQ(shares_.size(), 4u);
  EXPECT_THAT(Need(one.ReviewProposal(change.proposal)),
              AllOf(Contains(HasSubstr("epoch 2 follows epoch 1")),
                    Contains(HasSubstr("any 2 of the 4 custodians of custodians"))));
  EXPECT_EQ(CodeOf(TryOpen(WithShares({0, 1}))), StatusCode::kWrongKey);
  const std::vector<Bytes> approvals = {Need(ApproveProposal(change.proposal, keys_[1]))};
  EXPECT_TRUE(Need(one.Publish(change.proposal, approvals)).published);
  EXPECT_TRUE(TryOpen(WithShares({0, 1})).ok());
}

TEST_F(Admins, AnAdminCredentialPublishesAndReadsNothing) {
  Vault vault = Make("passphrase");
  WriteFile("srv/secret", "x");
  Need(vault.BackupTree(Path("srv")));
  Vault admin = Need(
      TryOpen(Unlock::WithCredential(Need(vault.ExportCredential(Role::kAdmin, {}))), {}, "adm"));
  EXPECT_EQ(admin.role(), Role::kAdmin);
  EXPECT_THAT(Need(admin.Snapshots()).snapshots, IsEmpty());
  const WriterId writer = Need(admin.DescribeCustody()).writers.at(0).id;
  PolicyEdit edit;
  edit.revoke_writers = {writer};
  EXPECT_TRUE(Need(admin.ChangePolicy(edit)).published);
  EXPECT_EQ(CodeOf(vault.BackupTree(Path("srv"))), StatusCode::kDenied);
  // What takes keys that it has not is refused, and says so.
  PolicyEdit domain;
  domain.add_key_domains = {"maps"};
  EXPECT_EQ(CodeOf(admin.ChangePolicy(domain)), StatusCode::kDenied);
  EXPECT_EQ(CodeOf(admin.Rotate(PlanOf("passphrase"))), StatusCode::kDenied);
}

TEST_F(Admins, AnEditThatNamesNothingKnownIsRefused) {
  Vault vault = Make("passphrase");
  PolicyEdit unknown, twice, none, bad;
  unknown.revoke_writers = {WriterId{{7}}};
  EXPECT_EQ(CodeOf(vault.ChangePolicy(unknown)), StatusCode::kNotFound);
  twice.add_key_domains = {"main"};
  EXPECT_EQ(CodeOf(vault.ChangePolicy(twice)), StatusCode::kAlreadyExists);
  none.admins = AdminRule{1, {}};
  EXPECT_EQ(CodeOf(vault.ChangePolicy(none)), StatusCode::kInvalidArgument);
  bad.admins = AdminRule{1, {AdminKey{}}};  // a point of small order
  EXPECT_EQ(CodeOf(vault.ChangePolicy(bad)), StatusCode::kInvalidArgument);
}

TEST_F(Admins, ANewKeyDomainTakesBackupsAndAReaderOfItSeesNoOther) {
  Vault vault = Make("passphrase");
  const SnapshotId in_main = Need(vault.BackupTree(Path("srv"))).snapshot;
  PolicyEdit edit;
  edit.add_key_domains = {"maps"};
  EXPECT_TRUE(Need(vault.ChangePolicy(edit)).published);
  const SnapshotId in_maps = Need(vault.BackupTree(Path("srv"), {.key_domain = "maps"})).snapshot;
  const std::vector<std::string> maps = {"maps"};
  Vault reader = Need(
      TryOpen(Unlock::WithCredential(Need(vault.ExportCredential(Role::kRead, maps))), {}, "r"));
  ExpectRestores(reader, in_maps, Path("srv"));
  EXPECT_EQ(CodeOf(reader.Restore(in_main, NewTarget())), StatusCode::kDenied);
  ExpectRestores(vault, in_main, Path("srv"));
}

TEST_F(Custody, AShareIsHeldAgainstItsVaultWithoutAKey) {
  Vault made = Make("2 of custodians, OR escrow");
  OpenOptions alone;
  alone.state_directory = HostDirectory("custodian");
  const SecretBytes share = shares_[3].bytes.Clone();
  const ShareStanding now = Need(Vault::CheckShare(Named({0, 2}), share.view(), alone));
  EXPECT_TRUE(now.same_vault);
  EXPECT_EQ(now.label.index, 4);
  EXPECT_EQ(now.epoch, now.label.epoch);
  EXPECT_EQ(now.slot, "2 of custodians");

  ASSERT_TRUE(Need(made.Rotate(PlanOf("2 of custodians"))).published);
  const ShareStanding then = Need(Vault::CheckShare(Named(), share.view(), alone));
  EXPECT_EQ(then.epoch, then.label.epoch + 1);
  EXPECT_EQ(then.slot, "");
  SecretBytes torn = share.Clone();
  torn.mutable_view()[60] ^= 1;
  EXPECT_EQ(CodeOf(Vault::CheckShare(Named(), torn.view(), alone)), StatusCode::kDamaged);
}

TEST_F(Custody, AHostThatKnowsACardRefusesAnOlderPolicyAtItsFirstOpening) {
  Vault made = Make("escrow");
  ASSERT_TRUE(Need(made.Rotate(PlanOf("escrow"))).published);
  const VaultHead head = Need(made.DescribeStatus()).head;
  EXPECT_EQ(head.policy_version, 2u);
  for (int i = 0; i < providers(); ++i) Lose(i, "k/policy-00000002");

  OpenOptions options;
  options.vault_id = vault_id_;
  options.environment = TestEnvironment();
  options.state_directory = HostDirectory("clean");
  EXPECT_TRUE(Vault::Open(Named(), WithEscrow(), options).ok());  // nothing tells it
  options.state_directory = HostDirectory("with card");
  options.known_head = head;
  const Result<Vault> older = Vault::Open(Named(), WithEscrow(), options);
  EXPECT_EQ(CodeOf(older), StatusCode::kDamaged);
  EXPECT_THAT(older.status().message(), HasSubstr("policy 1 is the newest"));
  options.known_head.reset();  // a card with which nothing opened binds nobody
  EXPECT_TRUE(Vault::Open(Named(), WithEscrow(), options).ok());
  options.vault_id.reset();
  options.known_head = head;
  EXPECT_EQ(CodeOf(Vault::Open(Named(), WithEscrow(), options)), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fenchi
