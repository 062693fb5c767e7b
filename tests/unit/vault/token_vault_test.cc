// Whole vaults that a token opens.
#include "fenchi/custody.h"

#include "base/error.h"

#include "unit/repository/custody_testing.h"
#include "unit/repository/token_testing.h"
#include "vault_fixture.h"

namespace fenchi {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TokenVault : public VaultTest {
 protected:
  void SetUp() override {
    VaultTest::SetUp();
    WriteTree("srv");
    token_ = std::make_shared<TestToken>(P256KeyPair::Generate(*random_), "the HSM");
    spare_ = std::make_shared<TestToken>(P256KeyPair::Generate(*random_), "the spare HSM");
  }

  CustodyPlan PlanOf(const std::string& open) const {
    CustodyPlan plan;
    plan.open = open;
    plan.passphrase_cost = {1, 8};
    for (const std::string& name : Need(ParseAccessExpression(open)).names) {
      if (name == "hsm") {
        plan.recipients[name] = token_->public_key();
      } else if (name == "spare") {
        plan.recipients[name] = spare_->public_key();
      } else {
        plan.passphrases.emplace(name, SecretBytes::CopyOf(AsBytes("correct horse")));
      }
    }
    return plan;
  }
  Vault Make(const std::string& open) {
    const Shape shape;
    MakePlaces(shape);
    CreateOptions options;
    options.policy = shape.policy;
    options.policy.needed = shape.needed;
    options.state_directory = HostDirectory("host");
    options.environment = TestEnvironment();
    Vault vault = Need(Vault::Create(Named(), PlanOf(open), options));
    vault_id_ = vault.id();
    return vault;
  }
  static Unlock With(const std::shared_ptr<TestToken>& token) {
    Unlock unlock;
    unlock.AddToken(token);
    return unlock;
  }

  std::shared_ptr<TestToken> token_, spare_;
};

TEST_F(TokenVault, ATokenOpensAndRestoresUntilTheVaultIsRotatedAwayFromIt) {
  Vault made = Make("hsm");
  const SnapshotId snapshot = Need(made.BackupTree(Path("srv"))).snapshot;
  EXPECT_EQ(token_->asked(), 0);  // to seal to it takes its public key only
  {
    Vault opened = Need(TryOpen(With(token_)));
    EXPECT_EQ(opened.role(), Role::kRead);
    ExpectRestores(opened, snapshot, Path("srv"));
    EXPECT_EQ(token_->asked(), 1);
    EXPECT_TRUE(Need(opened.Rotate(PlanOf("spare OR passphrase"))).published);
  }
  const Result<Vault> former = TryOpen(With(token_));
  EXPECT_EQ(CodeOf(former), StatusCode::kWrongKey);
  EXPECT_THAT(former.status().message(), HasSubstr("the token of 'spare'"));
  Vault opened = Need(TryOpen(With(spare_)));
  ExpectRestores(opened, snapshot, Path("srv"));
}

TEST_F(TokenVault, ItIsDescribedAsATokenWithItsKey) {
  Vault made = Make("hsm AND passphrase, OR spare");
  const CustodyReport report = Need(made.DescribeCustody());
  EXPECT_THAT(report.in_words,
              ElementsAre(HasSubstr("whoever can use the token of 'hsm' together with whoever "
                                    "knows the passphrase"),
                          HasSubstr("whoever can use the token of 'spare'")));
  ASSERT_EQ(report.tokens.size(), 2u);
  EXPECT_EQ(report.tokens[0].slot, "hsm AND passphrase");
  EXPECT_EQ(report.tokens[0].name, "hsm");
  EXPECT_EQ(report.tokens[0].public_key, token_->public_key());
  EXPECT_EQ(report.tokens[1].public_key, spare_->public_key());
}

TEST_F(TokenVault, ATokenThatIsRemovedWhileTheVaultOpensIsNoMissingVault) {
  Make("hsm");
  token_->AnswerWith([]() -> Result<SecretBytes> { return NotFound("no such token any more"); });
  EXPECT_EQ(CodeOf(TryOpen(With(token_))), StatusCode::kUnavailable);
  Unlock none;
  none.AddToken(nullptr);
  EXPECT_EQ(CodeOf(TryOpen(none)), StatusCode::kInvalidArgument);
}

TEST_F(TokenVault, ANewVaultIsNotMadeByATokenWithoutAPlan) {
  Make("hsm");
  Unlock both = Unlock::WithPassphrase(SecretBytes::CopyOf(AsBytes("correct horse")));
  both.AddToken(token_);
  CreateOptions options;
  options.state_directory = HostDirectory("other");
  EXPECT_EQ(CodeOf(Vault::Create(Named(), both, options)), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fenchi
