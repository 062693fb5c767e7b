// A credential that is made with a proposal, in the hands of its host before the admins approve.
#include "fenchi/custody.h"
#include "format/credential_wait.h"
#include "vault_fixture.h"

namespace fenchi {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class WaitingCredential : public VaultTest {
 protected:
  void SetUp() override {
    VaultTest::SetUp();
    WriteTree("srv");
    Vault vault = MakeVault();
    PolicyEdit edit;
    edit.admins = AdminRule{3, {}};
    for (int i = 0; i < 4; ++i) {
      keys_.push_back(NewAdminKey(*random_));
      edit.admins->keys.push_back(Need(AdminKeyOf(keys_.back())));
    }
    ASSERT_TRUE(Need(vault.ChangePolicy(edit)).published);
  }
  Vault OpenAsAdmin(const SecretBytes& key, const std::string& host = "admin") {
    Unlock unlock = Passphrase();
    unlock.AddAdminKey(key.Clone());
    return Need(TryOpen(unlock, {}, host));
  }
  static PolicyChange Propose(Vault& vault, Role role) {
    PolicyEdit edit;
    edit.add_writers.push_back({role, {}, "host"});
    PolicyChange change = Need(vault.ChangePolicy(edit));
    EXPECT_FALSE(change.published);
    return change;
  }
  Result<Vault> OpenHost(const PolicyChange& change) {
    return TryOpen(Unlock::WithCredential(change.credentials.at(0).Clone()), {}, "host");
  }
  std::vector<Bytes> Approvals(const PolicyChange& change, std::initializer_list<int> admins) {
    std::vector<Bytes> out;
    for (const int one : admins) {
      out.push_back(Need(ApproveProposal(change.proposal, keys_[static_cast<std::size_t>(one)])));
    }
    return out;
  }

  std::vector<SecretBytes> keys_;
};

TEST_F(WaitingCredential, SaysHowManyApprovalsItNeedsAndCountsOnceTheyArePublished) {
  for (const Role role : {Role::kWrite, Role::kRead}) {
    SCOPED_TRACE(RoleName(role));
    Vault one = OpenAsAdmin(keys_[0]);
    const PolicyChange change = Propose(one, role);
    const std::uint32_t version = change.policy_version;
    const Result<Vault> early = OpenHost(change);
    EXPECT_EQ(CodeOf(early), StatusCode::kDenied);
    EXPECT_THAT(early.status().message(),
                AllOf(HasSubstr("not approved yet"), HasSubstr("needs 2 more approvals"),
                      HasSubstr("policy " + std::to_string(version))));
    EXPECT_THAT(early.status().hint(), HasSubstr("admin publish"));
    EXPECT_EQ(CodeOf(one.Publish(change.proposal, Approvals(change, {1}))), StatusCode::kDenied);
    EXPECT_EQ(CodeOf(OpenHost(change)), StatusCode::kDenied);
    ASSERT_TRUE(Need(one.Publish(change.proposal, Approvals(change, {1, 3}))).published);
    Vault host = Need(OpenHost(change));  // the same file
    const SnapshotId snapshot = Need(host.BackupTree(Path("srv"))).snapshot;
    ExpectRestores(one, snapshot, Path("srv"));
  }
}

TEST_F(WaitingCredential, OfOneWhoIsNoAdminNeedsAllApprovals) {
  Vault stranger = OpenAsAdmin(NewAdminKey(*random_));
  const Result<Vault> early = OpenHost(Propose(stranger, Role::kWrite));
  EXPECT_THAT(early.status().message(), HasSubstr("needs 3 more approvals"));
}

TEST_F(WaitingCredential, WhoseProposalAnotherOvertookSaysThatItNeverCounts) {
  Vault one = OpenAsAdmin(keys_[0]);
  const PolicyChange left = Propose(one, Role::kWrite);
  const PolicyChange taken = Propose(one, Role::kWrite);
  ASSERT_TRUE(Need(one.Publish(taken.proposal, Approvals(taken, {1, 2}))).published);
  EXPECT_TRUE(OpenHost(taken).ok());
  const Result<Vault> never = OpenHost(left);
  EXPECT_EQ(CodeOf(never), StatusCode::kDenied);
  EXPECT_THAT(never.status().message(), HasSubstr("never approved"));
  EXPECT_THAT(never.status().hint(), HasSubstr("new credential"));
}

// Of one admin, who signs at once, there is nothing to wait for.
TEST_F(WaitingCredential, IsNoneWhereOneAdminPublishesAtOnce) {
  Vault vault = MakeVault();
  PolicyEdit edit;
  edit.add_writers.push_back({Role::kWrite, {}, "host"});
  const PolicyChange change = Need(vault.ChangePolicy(edit));
  ASSERT_TRUE(change.published);
  EXPECT_FALSE(Need(format::DecodeWaitingCredential(change.credentials[0].view())).wait);
}

TEST_F(WaitingCredential, EncodesToTheBytesThatItWasDecodedFromAndAnyChangedByteIsRefused) {
  Vault one = OpenAsAdmin(keys_[0]);
  const PolicyChange change = Propose(one, Role::kWrite);
  const SecretBytes& file = change.credentials[0];
  const format::WaitingCredential whole = Need(format::DecodeWaitingCredential(file.view()));
  EXPECT_EQ(whole.wait, (format::CredentialWait{change.policy_version, 2}));
  EXPECT_TRUE(
      Need(format::EncodeWaitingCredential(whole.credential, whole.wait)).Equals(file.view()));
  for (std::size_t at = 0; at < file.size(); ++at) {
    SecretBytes changed = file.Clone();
    changed.mutable_view()[at] ^= 0x40;
    EXPECT_FALSE(format::DecodeWaitingCredential(changed.view()).ok()) << at;
  }
  for (const format::CredentialWait& odd : {format::CredentialWait{0, 1}, {1, 0}, {1, 256}}) {
    EXPECT_EQ(CodeOf(format::EncodeWaitingCredential(whole.credential, odd)),
              StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace fenchi
