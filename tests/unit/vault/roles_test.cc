// What each role can do, and that all else is refused before anything is touched.
#include <atomic>
#include <filesystem>

#include <fmt/format.h>

#include "repository/access.h"
#include "unit/repository/custody_testing.h"
#include "vault_fixture.h"

namespace fenchi {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Roles : public VaultTest {
 protected:
  void SetUp() override {
    VaultTest::SetUp();
    WriteTree("srv");
    vault_ = std::make_unique<Vault>(MakeVault());
    snapshot_ = Need(vault_->BackupTree(Path("srv"), {.label = "first"})).snapshot;
  }
  // A reader that is a registered writer too: a credential alone cannot register its host.
  SecretBytes CredentialOf(Role role) {
    if (role != Role::kRead) return Need(vault_->ExportCredential(role, {}));
    PolicyEdit edit;
    edit.add_writers.push_back({Role::kRead, {}, "desk"});
    return std::move(Need(vault_->ChangePolicy(edit)).credentials.at(0));
  }
  Vault OpenAs(Role role, const std::string& host) {
    return Need(TryOpen(Unlock::WithCredential(CredentialOf(role)), {}, host));
  }
  // Calls that reach any provider while `run` runs.
  template <typename Run>
  int CallsDuring(Run run) {
    auto calls = std::make_shared<std::atomic<int>>(0);
    for (int i = 0; i < providers(); ++i) {
      provider(i).FailBefore([=](Verb, std::string_view, int) -> std::optional<Status> {
        ++*calls;
        return std::nullopt;
      });
    }
    run();
    HealAll();
    return *calls;
  }

  std::unique_ptr<Vault> vault_;
  SnapshotId snapshot_;
};

struct VerbCase {
  std::string name;
  std::set<Role> allowed;  // those that have what the verb needs
  Role needed;             // the role that the refusal names
  std::function<Status(Vault&)> run;
};

class EveryVerb : public Roles {
 protected:
  static constexpr Role r = Role::kRead, w = Role::kWrite, v = Role::kVerify, a = Role::kAdmin;

  std::vector<VerbCase> OnData() {
    const std::vector<std::string> source = {Path("srv")};
    const auto nothing = [](ByteView) { return Status::Ok(); };
    const auto every = [](const ListedEntry&) { return true; };
    return {
        {"BackupTrees", {r, w}, w, [=](Vault& x) { return x.BackupTrees(source).status(); }},
        {"BackupStream",
         {r, w},
         w,
         [](Vault& x) { return x.BackupStream(ReaderOf("text", 3), "s").status(); }},
        {"Snapshots", {r, w, v, a}, r, [](Vault& x) { return x.Snapshots().status(); }},
        {"FindSnapshot", {r}, r, [](Vault& x) { return x.FindSnapshot("latest:first").status(); }},
        {"List", {r}, r, [=, this](Vault& x) { return x.List(snapshot_, "", true, every); }},
        {"Cat", {r}, r, [=, this](Vault& x) { return x.Cat(snapshot_, "srv/one", nothing); }},
        {"Restore",
         {r},
         r,
         [this](Vault& x) { return x.Restore(snapshot_, NewTarget()).status(); }},
        {"Drill",
         {r},
         r,
         [this](Vault& x) { return x.Drill(snapshot_, {.scratch_directory = scratch_}).status(); }},
        {"Attest", {r}, r, [](Vault& x) { return x.Attest().status(); }},
    };
  }
  std::vector<VerbCase> OnHealth() {
    const VerifyReport health = Need(vault_->Verify());
    const auto verify = [](VerifyDepth depth) {
      return [depth](Vault& x) { return x.Verify({.depth = depth}).status(); };
    };
    return {
        {"Verify exists", {r, w, v, a}, v, verify(VerifyDepth::kExists)},
        {"Verify tags", {r, v}, v, verify(VerifyDepth::kTags)},
        {"Verify data", {r}, r, verify(VerifyDepth::kData)},
        {"Repair", {r, v}, v, [=](Vault& x) { return x.Repair(health).status(); }},
        {"DescribeStatus", {r, w, v, a}, r, [](Vault& x) { return x.DescribeStatus().status(); }},
        {"DescribeEpochs", {r, w, v, a}, r, [](Vault& x) { return x.DescribeEpochs().status(); }},
        {"DescribeCustody", {r, w, v, a}, r, [](Vault& x) { return x.DescribeCustody().status(); }},
    };
  }
  std::vector<VerbCase> OnCustody() {
    const auto exported = [](Role role) {
      return [role](Vault& x) { return x.ExportCredential(role, {}).status(); };
    };
    return {
        {"ExportCredential read", {r}, r, exported(r)},
        {"ExportCredential verify", {r, v}, v, exported(v)},
        {"ExportCredential admin", {a}, a, exported(a)},
        {"ExportCredential write", {}, a, exported(w)},
        {"ChangePolicy", {a}, a, [](Vault& x) { return x.ChangePolicy({}).status(); }},
        {"Rotate", {}, a, [](Vault& x) { return x.Rotate(PassphrasePlan("x")).status(); }},
        {"AddAccess", {}, a, [](Vault& x) { return x.AddAccess(PassphrasePlan("x")).status(); }},
        {"Publish",
         {},
         a,
         [](Vault& x) {
           return x.Publish(Bytes{1, 2}, {}).status();
         }},
    };
  }

  void Try(Vault& opened, Role role, const VerbCase& verb) {
    const std::string word(RoleName(role));
    SCOPED_TRACE(word + ": " + verb.name);
    Status answer;
    const int calls = CallsDuring([&] { answer = verb.run(opened); });
    if (verb.allowed.contains(role)) {
      EXPECT_TRUE(answer.ok()) << answer.ToString();
      return;
    }
    if (role == a && verb.needed == a) {  // an admin who lacks a slot, read keys or a proposal
      EXPECT_FALSE(answer.ok());
      return;
    }
    EXPECT_EQ(answer.code(), StatusCode::kDenied) << answer.ToString();
    EXPECT_THAT(answer.message(),
                AllOf(HasSubstr(fmt::format("needs the {} role", RoleName(verb.needed))),
                      HasSubstr(fmt::format("opened with the {} role", word))));
    EXPECT_FALSE(answer.hint().empty());
    EXPECT_EQ(calls, 0);
  }
};

TEST_F(EveryVerb, WorksWithItsRoleAndFailsBeforeTouchingAnythingWithoutIt) {
  for (const Role role : {r, w, v, a}) {
    Vault opened = OpenAs(role, "host of " + std::string(RoleName(role)));
    for (const auto& verbs : {OnData(), OnHealth(), OnCustody()}) {
      for (const VerbCase& verb : verbs) Try(opened, role, verb);
    }
  }
  EXPECT_THAT(Need(vault_->Snapshots()).snapshots, ::testing::SizeIs(5));  // r and w: two each
}

class WriteOnlyHost : public Roles {
 protected:
  void SetUp() override {
    Roles::SetUp();
    PolicyEdit edit;
    edit.add_writers.push_back({Role::kWrite, {}, "ledger host"});
    PolicyChange change = Need(vault_->ChangePolicy(edit));
    ASSERT_TRUE(change.published);
    credential_ = std::move(change.credentials.at(0));
  }
  Vault OpenHost(const std::string& host = "backup host") {
    return Need(TryOpen(Unlock::WithCredential(credential_.Clone()), {}, host));
  }

  SecretBytes credential_;
};

TEST_F(WriteOnlyHost, BacksUpAndAReaderRestoresIt) {
  Vault host = OpenHost();
  EXPECT_EQ(host.role(), Role::kWrite);
  const BackupReport report = Need(host.BackupTree(Path("srv"), {.label = "blind"}));
  EXPECT_TRUE(report.complete());
  ExpectRestores(*vault_, report.snapshot, Path("srv"));
  EXPECT_TRUE(Need(vault_->Verify({.depth = VerifyDepth::kData})).healthy());
  EXPECT_EQ(Need(vault_->FindSnapshot("latest:blind")), report.snapshot);
  const CustodyReport custody = Need(vault_->DescribeCustody());
  ASSERT_EQ(custody.writers.size(), 2u);
  EXPECT_EQ(custody.writers[1].label, "ledger host");
  EXPECT_FALSE(custody.writers[1].reads);
}

TEST_F(WriteOnlyHost, DedupsAgainstItsOwnPacksOnly) {
  // A reader stored the same tree before: a stolen host must not learn that.
  Vault host = OpenHost();
  const BackupReport first = Need(host.BackupTree(Path("srv")));
  EXPECT_GE(first.bytes_new, 500'000u);
  const BackupReport second = Need(host.BackupTree(Path("srv"), {.rescan = true}));
  EXPECT_EQ(second.bytes_new, 0u);
  Vault again = OpenHost();
  WriteFile("srv/more", RandomText(90'000));
  const BackupReport third = Need(again.BackupTree(Path("srv"), {.rescan = true}));
  EXPECT_LT(third.bytes_new, 200'000u);
  ExpectRestores(*vault_, third.snapshot, Path("srv"));
  EXPECT_EQ(Need(vault_->Snapshots()).snapshots.size(), 4u);
}

TEST_F(WriteOnlyHost, ACompleteCopyOfItReadsNoCommittedPack) {
  Vault host = OpenHost();
  const BackupReport report = Need(host.BackupTree(Path("srv")));
  // Everything that is on the host: its credential, its state directory, and what it can fetch.
  Vault stolen = OpenHost();
  EXPECT_EQ(CodeOf(stolen.Restore(report.snapshot, NewTarget())), StatusCode::kDenied);
  EXPECT_EQ(CodeOf(stolen.Verify({.depth = VerifyDepth::kData})), StatusCode::kDenied);
  EXPECT_EQ(CodeOf(stolen.ExportCredential(Role::kRead, {})), StatusCode::kDenied);
  // No key that opens a data key is in the file or in the state directory.
  const Access access = OpenAccess();
  std::vector<ByteView> secrets;
  for (const format::DomainKeys& keys : access.domains) {
    for (const format::ReadKey& key : keys.read_keys) secrets.push_back(key.pair.secret_key.view());
    secrets.push_back(keys.id_root.view());
    secrets.push_back(keys.index_root.view());
  }
  secrets.push_back(access.verify->secret_key.view());
  secrets.push_back(access.root->view());
  std::vector<Bytes> places = {Bytes(credential_.view().begin(), credential_.view().end())};
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(HostDirectory("backup host"))) {
    if (!entry.is_regular_file()) continue;
    const std::string text = ReadFile(entry.path());
    places.emplace_back(text.begin(), text.end());
  }
  ASSERT_GE(places.size(), 3u);
  for (const Bytes& place : places) {
    for (const ByteView secret : secrets) {
      EXPECT_TRUE(std::ranges::search(place, secret).empty());
    }
  }
}

TEST_F(WriteOnlyHost, GoesOnAfterARotationWithTheSameCredentialAndOnlyNewKeysRead) {
  Vault host = OpenHost();
  Need(host.BackupTree(Path("srv")));
  const SecretBytes old_reader = Need(vault_->ExportCredential(Role::kRead, {}));
  EXPECT_TRUE(Need(vault_->Rotate(PassphrasePlan("correct horse"))).published);
  WriteFile("srv/later", RandomText(100'000));
  const SnapshotId after = Need(OpenHost().BackupTree(Path("srv"))).snapshot;
  ExpectRestores(*vault_, after, Path("srv"));
  Vault old = Need(TryOpen(Unlock::WithCredential(old_reader.Clone()), {}, "old"));
  EXPECT_EQ(CodeOf(old.Restore(after, NewTarget())), StatusCode::kDenied);
}

TEST_F(WriteOnlyHost, ARevokedOneWritesNoMoreAndWhatItWroteStays) {
  Vault host = OpenHost();
  const SnapshotId snapshot = Need(host.BackupTree(Path("srv"))).snapshot;
  PolicyEdit edit;
  edit.revoke_writers = {Need(vault_->DescribeCustody()).writers.at(1).id};
  EXPECT_TRUE(Need(vault_->ChangePolicy(edit)).published);
  const Result<BackupReport> refused = OpenHost().BackupTree(Path("srv"));
  EXPECT_EQ(CodeOf(refused), StatusCode::kDenied);
  EXPECT_THAT(refused.status().message(), HasSubstr("revoked"));
  EXPECT_EQ(CodeOf(host.BackupTree(Path("srv"))), StatusCode::kDenied);
  ExpectRestores(*vault_, snapshot, Path("srv"));
}

TEST_F(WriteOnlyHost, ItsCredentialOnASecondHostIsRefusedOnceTheFirstHasWritten) {
  Need(OpenHost().BackupTree(Path("srv")));
  const Result<BackupReport> twice = OpenHost("copy").BackupTree(Path("srv"));
  EXPECT_EQ(CodeOf(twice), StatusCode::kConflict);
  EXPECT_THAT(twice.status().message(), HasSubstr("on another host"));
  EXPECT_TRUE(OpenHost().BackupTree(Path("srv")).ok());
}

TEST_F(WriteOnlyHost, OfOneKeyDomainWritesToNoOther) {
  PolicyEdit edit;
  edit.add_key_domains = {"maps"};
  edit.add_writers.push_back({Role::kWrite, {"maps"}, ""});
  PolicyChange change = Need(vault_->ChangePolicy(edit));
  Vault host = Need(TryOpen(Unlock::WithCredential(change.credentials.at(0).Clone()), {}, "maps"));
  EXPECT_EQ(CodeOf(host.BackupTree(Path("srv"), {.key_domain = "main"})), StatusCode::kNotFound);
  const SnapshotId snapshot = Need(host.BackupTree(Path("srv"))).snapshot;
  const std::vector<std::string> maps = {"maps"};
  Vault reader = Need(
      TryOpen(Unlock::WithCredential(Need(vault_->ExportCredential(Role::kRead, maps))), {}, "m"));
  ExpectRestores(reader, snapshot, Path("srv"));
}

}  // namespace
}  // namespace fenchi
