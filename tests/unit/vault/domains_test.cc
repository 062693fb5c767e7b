// Key domains and roles: who may see what, and that checking and mending need no reading.
#include <filesystem>

#include "vault_fixture.h"

namespace fenchi {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class KeyDomains : public VaultTest {
 protected:
  void SetUp() override {
    VaultTest::SetUp();
    WriteTree("alpha");
    WriteTree("beta");
    WriteFile("beta/very-secret-name", RandomText(900'000));
    Shape shape;
    shape.policy.key_domains = {"a", "b"};
    vault_ = std::make_unique<Vault>(MakeVault(shape));
    of_a_ = Need(vault_->BackupTree(Path("alpha"), {.label = "one", .key_domain = "a"})).snapshot;
    of_b_ = Need(vault_->BackupTree(Path("beta"), {.label = "two", .key_domain = "b"})).snapshot;
  }
  Vault OpenAs(Role role, const std::vector<std::string>& domains) {
    return Need(TryOpen(Unlock::WithCredential(Need(vault_->ExportCredential(role, domains))), {},
                        "other"));
  }

  std::unique_ptr<Vault> vault_;
  SnapshotId of_a_, of_b_;
};

TEST_F(KeyDomains, ThePassphraseReadsAllOfThem) {
  const SnapshotList list = Need(vault_->Snapshots());
  ASSERT_EQ(list.snapshots.size(), 2u);
  EXPECT_EQ(list.snapshots[0].key_domain, "a");
  EXPECT_EQ(list.snapshots[1].key_domain, "b");
  EXPECT_EQ(list.other_domains, 0u);
  ExpectRestores(*vault_, of_a_, Path("alpha"));
  ExpectRestores(*vault_, of_b_, Path("beta"));
  EXPECT_TRUE(Need(vault_->Verify({.depth = VerifyDepth::kData})).healthy());
  EXPECT_EQ(CodeOf(vault_->BackupTree(Path("alpha"), {.key_domain = "c"})), StatusCode::kNotFound);
  EXPECT_THAT(Need(vault_->DescribeStatus()).key_domains, ElementsAre("a", "b"));
}

TEST_F(KeyDomains, NothingIsSharedBetweenThem) {
  // The same tree in the other domain is stored whole: equal content must not show.
  const BackupReport again = Need(vault_->BackupTree(Path("beta"), {.key_domain = "a"}));
  EXPECT_EQ(again.files_unchanged, 0u);
  EXPECT_GE(again.bytes_new, 900'000u);
}

TEST_F(KeyDomains, AReaderOfOneSeesNothingOfTheOther) {
  Vault reader = OpenAs(Role::kRead, {"a"});
  EXPECT_EQ(reader.role(), Role::kRead);
  const SnapshotList list = Need(reader.Snapshots());
  ASSERT_EQ(list.snapshots.size(), 1u);
  EXPECT_EQ(list.snapshots[0].id, of_a_);
  EXPECT_EQ(list.other_domains, 1u);
  ExpectRestores(reader, of_a_, Path("alpha"));

  EXPECT_EQ(Need(reader.FindSnapshot("latest")), of_a_);
  EXPECT_EQ(CodeOf(reader.FindSnapshot("latest:two")), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(reader.FindSnapshot(of_b_.hex())), StatusCode::kNotFound);
  int shown = 0;
  const auto show = [&](const ListedEntry&) { return ++shown > 0; };
  EXPECT_EQ(CodeOf(reader.List(of_b_, "", true, show)), StatusCode::kDenied);
  EXPECT_EQ(CodeOf(reader.Cat(of_b_, "beta/one", [&](ByteView) { return ++shown, Status::Ok(); })),
            StatusCode::kDenied);
  EXPECT_EQ(shown, 0);
  const Result<RestoreReport> restored = reader.Restore(of_b_, NewTarget());
  EXPECT_EQ(CodeOf(restored), StatusCode::kDenied);
  EXPECT_EQ(restored.status().ToString().find("secret"), std::string::npos);
  EXPECT_EQ(CodeOf(reader.Drill(of_b_, {.scratch_directory = scratch_})), StatusCode::kDenied);
}

TEST_F(KeyDomains, AReaderOfOneCannotTakeMore) {
  Vault reader = OpenAs(Role::kRead, {"a"});
  const std::vector<std::string> other = {"b"};
  EXPECT_EQ(CodeOf(reader.ExportCredential(Role::kRead, other)), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(reader.ExportCredential(Role::kVerify, {})), StatusCode::kDenied);
  EXPECT_EQ(CodeOf(reader.Verify({.depth = VerifyDepth::kTags})), StatusCode::kDenied);
  EXPECT_EQ(CodeOf(reader.Repair(VerifyReport{})), StatusCode::kDenied);
  EXPECT_EQ(CodeOf(reader.BackupTree(Path("alpha"))), StatusCode::kDenied);
  EXPECT_TRUE(Need(reader.Verify({.depth = VerifyDepth::kExists})).healthy());
  // What it may export is what it has.
  Vault second = Need(TryOpen(
      Unlock::WithCredential(Need(reader.ExportCredential(Role::kRead, {}))), {}, "second"));
  EXPECT_EQ(Need(second.Snapshots()).snapshots.size(), 1u);
}

TEST_F(KeyDomains, AReaderOfOneReadsAroundALyingProvider) {
  Vault reader = OpenAs(Role::kRead, {"a"});
  for (const auto& [name, size] : Objects(1, "d/")) {
    for (std::uint64_t at = 5000; at < size; at += 20'000) provider(1).FlipByte(name, at, 0x40);
  }
  ExpectRestores(reader, of_a_, Path("alpha"));
}

TEST_F(KeyDomains, TheVerifyRoleChecksAndMendsAllAndReadsNothing) {
  Vault verifier = OpenAs(Role::kVerify, {});
  EXPECT_EQ(verifier.role(), Role::kVerify);
  EXPECT_TRUE(Need(verifier.Verify({.depth = VerifyDepth::kTags})).healthy());
  EXPECT_EQ(CodeOf(verifier.Verify({.depth = VerifyDepth::kData})), StatusCode::kDenied);
  const SnapshotList list = Need(verifier.Snapshots());
  EXPECT_THAT(list.snapshots, IsEmpty());
  EXPECT_EQ(list.other_domains, 2u);
  for (const SnapshotId& id : {of_a_, of_b_}) {
    EXPECT_EQ(CodeOf(verifier.Restore(id, NewTarget())), StatusCode::kDenied);
    EXPECT_EQ(CodeOf(verifier.List(id, "", true, [](const ListedEntry&) { return true; })),
              StatusCode::kDenied);
  }
  EXPECT_EQ(CodeOf(verifier.BackupTree(Path("alpha"))), StatusCode::kDenied);
  EXPECT_EQ(CodeOf(verifier.ExportCredential(Role::kRead, {})), StatusCode::kDenied);

  const auto before = Objects(2);
  Lose(2, "");
  const VerifyReport health = Need(verifier.Verify({.depth = VerifyDepth::kTags}));
  EXPECT_FALSE(health.healthy());
  EXPECT_TRUE(health.repairable());
  for (const Damage& damage : health.damage) EXPECT_EQ(damage.provider, "p2");
  EXPECT_TRUE(Need(verifier.Repair(health)).complete());
  EXPECT_TRUE(Need(verifier.Verify({.depth = VerifyDepth::kTags})).healthy());
  EXPECT_EQ(Objects(2), before);
  Vault two = Need(TryOpen(Passphrase(), {2, 3}));
  ExpectRestores(two, of_b_, Path("beta"));
  ExpectRestores(two, of_a_, Path("alpha"));
}

TEST_F(KeyDomains, ACredentialOfAnotherVaultOrCutShortIsRefused) {
  const SecretBytes credential = Need(vault_->ExportCredential(Role::kRead, {}));
  const SecretBytes cut = SecretBytes::CopyOf(credential.view().first(credential.size() - 1));
  EXPECT_EQ(CodeOf(TryOpen(Unlock::WithCredential(cut.Clone()))), StatusCode::kDamaged);
  // The other vault replaces the first one's providers here.
  MakeVault();
  EXPECT_EQ(CodeOf(TryOpen(Unlock::WithCredential(credential.Clone()))), StatusCode::kWrongKey);
}

}  // namespace
}  // namespace fenchi
