// ATTEST: packs of others count for dedup once a read host has opened them.
#include "base/executor.h"
#include "fenchi/hash.h"
#include "format/snapshot.h"
#include "operations/commit.h"
#include "repository/bootstrap.h"
#include "repository/pack_writer.h"
#include "repository/run_keys.h"
#include "vault_fixture.h"

namespace fenchi {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Attesting : public VaultTest {
 protected:
  void SetUp() override {
    VaultTest::SetUp();
    WriteTree("srv");
    vault_ = std::make_unique<Vault>(MakeVault());
    PolicyEdit edit;
    edit.add_writers.push_back({Role::kWrite, {}, "blind"});
    credential_ = std::move(Need(vault_->ChangePolicy(edit)).credentials.at(0));
  }
  Vault Blind() {
    return Need(TryOpen(Unlock::WithCredential(credential_.Clone()), {}, "blind host"));
  }

  std::unique_ptr<Vault> vault_;
  SecretBytes credential_;
};

TEST_F(Attesting, WithoutItAReadHostStoresAgainWhatAWriteOnlyOneSaysItHas) {
  Need(Blind().BackupTree(Path("srv")));
  EXPECT_GE(Need(vault_->BackupTree(Path("srv"))).bytes_new, 500'000u);
}

TEST_F(Attesting, AReadHostDedupsAgainstAWriteOnlyOneOnceItsPacksWereAttested) {
  const SnapshotId blind = Need(Blind().BackupTree(Path("srv"))).snapshot;
  const AttestReport report = Need(vault_->Attest());
  EXPECT_GE(report.packs, 1u);
  EXPECT_GE(report.chunks, 4u);
  EXPECT_THAT(report.refused, IsEmpty());
  Vault after = Reopen("after");
  const BackupReport second = Need(after.BackupTree(Path("srv"), {.label = "after"}));
  EXPECT_LT(second.bytes_new, 20'000u);  // nodes of its own at most
  ExpectRestores(after, second.snapshot, Path("srv"));
  ExpectRestores(*vault_, second.snapshot, Path("srv"));
  ExpectRestores(*vault_, blind, Path("srv"));
  EXPECT_TRUE(Need(vault_->Verify({.depth = VerifyDepth::kData})).healthy());
  // With the original snapshot's providers reduced to k, too.
  Vault two = Need(TryOpen(Passphrase(), {1, 3}, "two"));
  ExpectRestores(two, second.snapshot, Path("srv"));
}

TEST_F(Attesting, ManySmallFilesTakeLessThanFortyBytesEachInAnIndexObject) {
  MakeDir("many");
  for (int i = 0; i < 3400; ++i) WriteFile("many/" + std::to_string(i), RandomText(60));
  Need(Blind().BackupTree(Path("many")));
  const auto own = Objects(0, "x/");
  ASSERT_THAT(own, SizeIs(1));
  EXPECT_EQ(own.begin()->second, 131'072u);
  // As long as that where chunks come sorted by id and not as they lie.
  Need(vault_->Attest());
  const auto both = Objects(0, "x/");
  ASSERT_THAT(both, SizeIs(2));
  for (const auto& [name, size] : both) EXPECT_EQ(size, 131'072u);
}

TEST_F(Attesting, DoneTwiceItDoesNothingAndNewPacksAreTakenLater) {
  Vault blind = Blind();
  Need(blind.BackupTree(Path("srv")));
  const AttestReport first = Need(vault_->Attest());
  const AttestReport second = Need(vault_->Attest());
  EXPECT_EQ(second.packs, 0u);
  EXPECT_EQ(second.attested, first.packs);
  WriteFile("srv/more", RandomText(200'000));
  Need(blind.BackupTree(Path("srv"), {.rescan = true}));
  const AttestReport third = Need(vault_->Attest());
  EXPECT_GE(third.packs, 1u);
  EXPECT_LE(third.packs, 2u);
}

TEST_F(Attesting, AWriteOnlyHostIgnoresWhatIsAttested) {
  Need(vault_->BackupTree(Path("srv")));
  Need(Reopen("other").Attest());
  EXPECT_GE(Need(Blind().BackupTree(Path("srv"))).bytes_new, 500'000u);
}

TEST_F(Attesting, ReadHostsDedupAgainstEachOtherOnceAttested) {
  Need(vault_->BackupTree(Path("srv")));
  Vault other = Reopen("other");
  EXPECT_GE(Need(other.Attest()).packs, 1u);
  const BackupReport report = Need(other.BackupTree(Path("srv")));
  EXPECT_EQ(report.bytes_new, 0u);
  ExpectRestores(other, report.snapshot, Path("srv"));
}

TEST_F(Attesting, TheWordOfARevokedAttesterCountsNoMore) {
  Need(Blind().BackupTree(Path("srv")));
  Vault attester = Reopen("attester");
  Need(attester.Attest());
  Vault user = Reopen("user");
  EXPECT_LT(Need(user.BackupTree(Path("srv"))).bytes_new, 20'000u);
  PolicyEdit edit;
  // Writers in the order of registration: the blind one, the attester, the user.
  edit.revoke_writers = {Need(vault_->DescribeCustody()).writers.at(1).id};
  Need(vault_->ChangePolicy(edit));
  const BackupReport again = Need(Reopen("user").BackupTree(Path("srv"), {.rescan = true}));
  EXPECT_GE(again.bytes_new, 500'000u);
  ExpectRestores(*vault_, again.snapshot, Path("srv"));
}

// A stolen write-only host that claims chunks which it never stored, by the ids that it can make.
TEST_F(Attesting, APackWhoseChunksAreNotWhatTheyAreCalledIsRefused) {
  const auto access = [&] {
    OpenOptions options;
    options.vault_id = vault_id_;
    return Need(OpenVault(Named(), Unlock::WithCredential(credential_.Clone()), options,
                          std::make_shared<Executor>(2), nullptr));
  };
  Session session(access(), HostDirectory("stolen"), *random_, *clock_);
  WriterState writer =
      Need(WriterState::Acquire(HostDirectory("stolen"), session.access, *random_));
  Need(session.Refresh());
  const WriteKeys domain = Need(WriteKeysFor(session.access, ""));
  const RunKeys keys = Need(NewRunKeys(session.access, domain, writer.id(), *random_));
  PackWriter packs(session.access, keys, format::PackType::kData, *random_, session.stages);
  const std::string victim = RandomText(100'000);
  WriteFile("srv/victim", victim);
  ChunkId claimed;
  claimed.bytes = Need(KeyedHash::Create(domain.id_key.view()))(AsBytes(victim)).bytes;
  Bytes lie(victim.size() + 1, 0);  // method 0, and zeros instead of the file
  const auto ticket = std::make_shared<ChunkTicket>();
  ASSERT_TRUE(packs.Add(claimed, victim.size(), OwnChunk(std::move(lie)), ticket).ok());
  ASSERT_TRUE(packs.PlaceAll().ok());
  ASSERT_TRUE(packs.Wait().ok());
  CommitPlan plan;
  for (const StoredPack& pack : packs.TakeStored()) plan.added.emplace(pack.entry.pack, pack.entry);
  format::SnapshotObject object;
  object.domain = domain.id;
  object.run = keys.run;
  object.epoch = keys.epoch;
  object.wrapped_data_key = keys.wrapped_data_key;
  format::SnapshotContent content;
  content.kind = format::SnapshotKind::kTree;
  ASSERT_TRUE(format::SealSnapshot(session.access.suite(), session.access.vault,
                                   keys.data_key.view(), content, *random_, object)
                  .ok());
  plan.snapshots.push_back(Need(format::EncodeSnapshotObject(object)));
  Need(CommitSnapshot(session, writer, plan));

  const AttestReport report = Need(vault_->Attest());
  EXPECT_EQ(report.packs, 0u);
  ASSERT_THAT(report.refused, SizeIs(1));
  EXPECT_THAT(report.refused[0], HasSubstr("another chunk's"));
  const BackupReport honest = Need(vault_->BackupTree(Path("srv")));
  EXPECT_GE(honest.bytes_new, 600'000u);
  ExpectRestores(*vault_, honest.snapshot, Path("srv"));
}

}  // namespace
}  // namespace fenchi
