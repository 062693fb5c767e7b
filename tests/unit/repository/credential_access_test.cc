#include "repository/credential_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/repository/vault_testing.h"

namespace fenchi {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CredentialAccess : public ::testing::Test {
 protected:
  CredentialAccess() : rig_(3) {
    CreateOptions options = rig_.Options(2);
    options.policy.key_domains = {"ledger", "maps", "mail"};
    Result<Access> made = rig_.Create(options);
    EXPECT_TRUE(made.ok()) << made.status().ToString();
    vault_.emplace(std::move(*made));
  }
  SecretBytes Export(Role role, const std::vector<std::string>& domains = {}) {
    Result<SecretBytes> file = ExportCredentialFile(*vault_, role, domains);
    EXPECT_TRUE(file.ok()) << file.status().ToString();
    return std::move(*file);
  }

  VaultRig rig_;
  std::optional<Access> vault_;
};

TEST_F(CredentialAccess, AVerifierOpensWithoutReadKeys) {
  const Result<Access> opened = rig_.OpenWith(Export(Role::kVerify), rig_.All());
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(opened->role, Role::kVerify);
  EXPECT_EQ(opened->vault, vault_->vault);
  EXPECT_THAT(opened->domains, IsEmpty());
  EXPECT_FALSE(opened->root.has_value());
  EXPECT_FALSE(opened->admin.has_value());
  ASSERT_TRUE(opened->verify.has_value());
  EXPECT_TRUE(opened->verify->secret_key.Equals(vault_->verify->secret_key.view()));
  EXPECT_TRUE(opened->outer_key.Equals(vault_->outer_key.view()));
  EXPECT_EQ(opened->details, vault_->details);
  EXPECT_EQ(opened->seats.present().size(), 3u);
  EXPECT_THAT(opened->warnings, IsEmpty());
}

TEST_F(CredentialAccess, AReaderOfAllDomainsReadsAndVerifies) {
  const Result<Access> opened = rig_.OpenWith(Export(Role::kRead), rig_.All());
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  ExpectSameVault(*vault_, *opened);
  EXPECT_TRUE(opened->verify.has_value());
  EXPECT_FALSE(opened->admin.has_value());
  EXPECT_FALSE(opened->root.has_value());
}

TEST_F(CredentialAccess, ADomainReaderSeesItsDomainsOnly) {
  const SecretBytes file = Export(Role::kRead, {"maps", "maps"});
  for (const char* other : {"ledger", "mail"}) {
    const format::DomainKeys& keys = **vault_->FindDomain(other);
    for (const ByteView secret :
         {keys.read_keys[0].pair.secret_key.view(), keys.id_root.view(), keys.index_root.view()}) {
      EXPECT_TRUE(std::ranges::search(file.view(), secret).empty()) << other;
    }
  }
  const Result<Access> opened = rig_.OpenWith(file, rig_.All());
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  ASSERT_EQ(opened->domains.size(), 1u);
  EXPECT_EQ(opened->domains[0].label, "maps");
  EXPECT_EQ(opened->FindDomain("ledger").status().code(), StatusCode::kNotFound);
  EXPECT_FALSE(opened->verify.has_value());
}

TEST_F(CredentialAccess, NobodyExportsMoreThanHeHas) {
  const Result<Access> verifier = rig_.OpenWith(Export(Role::kVerify), rig_.All());
  ASSERT_TRUE(verifier.ok()) << verifier.status().ToString();
  EXPECT_EQ(ExportCredentialFile(*verifier, Role::kRead, {}).status().code(), StatusCode::kDenied);
  const Result<Access> reader = rig_.OpenWith(Export(Role::kRead, {"maps"}), rig_.All());
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  EXPECT_EQ(ExportCredentialFile(*reader, Role::kVerify, {}).status().code(), StatusCode::kDenied);
  const std::vector<std::string> ledger = {"ledger"};
  EXPECT_EQ(ExportCredentialFile(*reader, Role::kRead, ledger).status().code(),
            StatusCode::kNotFound);
  EXPECT_TRUE(ExportCredentialFile(*reader, Role::kRead, {}).ok());
}

TEST_F(CredentialAccess, AnAdminCredentialSignsAndReadsNothingUnlessAsked) {
  const Result<Access> admin = rig_.OpenWith(Export(Role::kAdmin), rig_.All());
  ASSERT_TRUE(admin.ok()) << admin.status().ToString();
  EXPECT_EQ(admin->role, Role::kAdmin);
  EXPECT_TRUE(admin->domains.empty());
  EXPECT_FALSE(admin->verify.has_value());
  ASSERT_TRUE(admin->admin.has_value());
  EXPECT_EQ(admin->admin->public_key(), vault_->policy.next_admins.keys[0]);
  const Result<Access> reads = rig_.OpenWith(Export(Role::kAdmin, {"maps"}), rig_.All());
  ASSERT_TRUE(reads.ok()) << reads.status().ToString();
  EXPECT_EQ(reads->domains.size(), 1u);
  const Result<Access> verifier = rig_.OpenWith(Export(Role::kVerify), rig_.All());
  EXPECT_EQ(ExportCredentialFile(*verifier, Role::kAdmin, {}).status().code(), StatusCode::kDenied);
}

TEST_F(CredentialAccess, ACredentialPinsItsVault) {
  VaultRig other(3, 2);
  ASSERT_TRUE(other.Create(2).ok());
  const SecretBytes file = Export(Role::kVerify);
  EXPECT_EQ(rig_.OpenWith(file, other.All()).status().code(), StatusCode::kNotFound);
  OpenOptions options;
  options.vault_id = VaultId{{9}};
  EXPECT_EQ(
      OpenVault(rig_.All(), Unlock::WithCredential(file.Clone()), options, rig_.executor, nullptr)
          .status()
          .code(),
      StatusCode::kWrongKey);
}

TEST_F(CredentialAccess, ACredentialOpensWithFewerProvidersAndSaysSo) {
  const Result<Access> opened = rig_.OpenWith(Export(Role::kRead), rig_.Some(0b010));
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_THAT(opened->warnings, Contains(HasSubstr("1 of 3 providers are present, 2 are needed")));
}

TEST_F(CredentialAccess, AnyFlippedOrMissingByteOfTheFileIsRefused) {
  const SecretBytes file = Export(Role::kRead);
  for (std::size_t at = 0; at < file.size(); ++at) {
    SecretBytes changed = file.Clone();
    changed.mutable_view()[at] ^= 0x40;
    EXPECT_FALSE(format::DecodeCredential(changed.view()).ok()) << at;
    EXPECT_FALSE(format::DecodeCredential(file.view().first(at)).ok()) << at;
  }
}

}  // namespace
}  // namespace fenchi
