// TOMBSTONE records are honoured, though no verb writes them yet: what is under one is never used
// again, also when it lands between a backup's COMMIT and its SEAL.
#include <atomic>
#include <functional>
#include <memory>

#include "format/record.h"
#include "repository/bootstrap.h"
#include "repository/history.h"
#include "repository/local_state.h"
#include "repository/log.h"
#include "repository/shard_set.h"
#include "vault_fixture.h"

namespace fenchi {
namespace {

// A pruner on a host of its own, past every fault.
class Pruner {
 public:
  Pruner(Access access, const std::string& folder, Clock& clock, Random& random)
      : access_(std::move(access)),
        clock_(clock),
        random_(random),
        writer_(Need(WriterState::Acquire(folder, access_, random))),
        log_(access_, access_.seats) {
    // Registered before the backups: one that comes later finds their COMMIT and spares its packs.
    EXPECT_TRUE(Register().ok());
  }

  History Look() {
    EXPECT_EQ(Need(RefreshPolicy(access_)), 4);
    SeenState seen;
    Need(RefreshPolicy(access_));  // writers that came after this one was opened
    EXPECT_TRUE(Need(log_.Refresh(seen)).proven);
    return Need(History::Read(access_, access_.seats, log_));
  }
  // Packs of every commit, sealed or not, or of one snapshot.
  PackMap AllPacks() {
    const History history = Look();
    PackMap packs;
    for (const Commit& commit : history.commits()) packs.merge(Need(history.PacksOf(commit)));
    return packs;
  }
  PackMap PacksOf(const SnapshotId& snapshot) {
    const History history = Look();
    return Need(history.PacksOf(*history.Find(snapshot)->commit));
  }
  // The packs that it names from now on. With too few approvals it counts for nothing.
  void Bury(const PackMap& packs, bool approved = true) {
    ASSERT_TRUE(Register().ok());
    format::TombstoneBody body;
    for (const auto& [id, entry] : packs) body.packs.entries.push_back(entry);
    if (approved) {
      const Bytes bare = Need(format::BodyWithoutApprovals(format::RecordBody(body)));
      const Bytes message =
          format::ApprovalMessage(access_.vault, format::RecordKind::kTombstone, bare);
      body.approvals.push_back({access_.admin->public_key(), access_.admin->Sign(message)});
    }
    Need(log_.Append(writer_, std::move(body), clock_, random_));
  }
  const Log& log() const { return log_; }

 private:
  Status Register() {
    return EnsureWriter(access_, writer_.id(), writer_.key().public_key(), clock_, random_,
                        format::kRightPrune);
  }

  Access access_;
  Clock& clock_;
  Random& random_;
  WriterState writer_;
  Log log_;
};

class Tombstones : public VaultTest {
 protected:
  Pruner MakePruner() { return Pruner(OpenAccess(), HostDirectory("pruner"), *clock_, *random_); }
  // Calls `then` right after the first COMMIT is everywhere, before its backup looks whose logs
  // there are: also a pruner that the policy did not list until then is heard.
  std::shared_ptr<std::atomic<bool>> AfterCommit(std::function<void()> then) {
    auto puts = std::make_shared<std::atomic<int>>(0);
    auto done = std::make_shared<std::atomic<bool>>(false);
    for (int i = 0; i < providers(); ++i) {
      provider(i).FailAfter([puts](Verb verb, std::string_view name, int) {
        if (name.starts_with("r/") && verb == Verb::kPut) puts->fetch_add(1);
        return std::optional<Status>();
      });
      provider(i).FailBefore([=, all = providers()](Verb verb, std::string_view, int) {
        if (verb != Verb::kPut && *puts == all && !done->exchange(true)) then();
        return std::optional<Status>();
      });
    }
    return done;
  }
  static bool Share(const PackMap& a, const PackMap& b) {
    return std::ranges::any_of(a, [&](const auto& pack) { return b.contains(pack.first); });
  }
};

TEST_F(Tombstones, WhatIsUnderOneIsStoredAgainUnderNewPackIds) {
  WriteTree("srv");
  Vault vault = MakeVault();
  const SnapshotId first = Need(vault.BackupTree(Path("srv"))).snapshot;
  Pruner pruner = MakePruner();
  const PackMap buried = pruner.PacksOf(first);
  ASSERT_FALSE(buried.empty());
  pruner.Bury(buried);
  const BackupReport second = Need(vault.BackupTree(Path("srv")));
  EXPECT_EQ(second.files_unchanged, 1u);  // the empty file needs no pack
  EXPECT_GT(second.packs_added, 0u);
  EXPECT_FALSE(Share(pruner.PacksOf(second.snapshot), buried));
  // And it stays so, for a host that was away too.
  const BackupReport third = Need(Reopen().BackupTree(Path("srv")));
  EXPECT_EQ(third.packs_added, 0u);
  EXPECT_FALSE(Share(pruner.PacksOf(third.snapshot), buried));
  ExpectRestores(vault, second.snapshot, Path("srv"));
  ExpectRestores(vault, first, Path("srv"));  // nothing was deleted yet
}

TEST_F(Tombstones, OneWithoutApprovalsCountsForNothing) {
  WriteTree("srv");
  Vault vault = MakeVault();
  const SnapshotId first = Need(vault.BackupTree(Path("srv"))).snapshot;
  Pruner pruner = MakePruner();
  pruner.Bury(pruner.PacksOf(first), /*approved=*/false);
  const BackupReport second = Need(vault.BackupTree(Path("srv")));
  EXPECT_EQ(second.files_unchanged, 5u);
  EXPECT_EQ(second.packs_added, 0u);
}

TEST_F(Tombstones, OneThatLandsBetweenCommitAndSealCausesVoidAndARetry) {
  WriteTree("srv");
  WriteFile("srv/more", RandomText(3'000'000));
  Vault vault = MakeVault();
  Pruner pruner = MakePruner();
  PackMap buried;
  const auto done = AfterCommit([&] { pruner.Bury(buried = pruner.AllPacks()); });
  const Result<BackupReport> report = vault.BackupTree(Path("srv"));
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  HealAll();
  ASSERT_TRUE(*done);
  ASSERT_FALSE(buried.empty());
  EXPECT_FALSE(Share(pruner.PacksOf(report->snapshot), buried));
  const History history = pruner.Look();
  ASSERT_EQ(history.commits().size(), 2u);
  EXPECT_TRUE(history.commits()[0].voided);
  EXPECT_FALSE(history.commits()[0].sealed);
  EXPECT_TRUE(history.commits()[1].sealed);
  EXPECT_EQ(history.snapshots().size(), 1u);
  const SnapshotList list = Need(vault.Snapshots());
  EXPECT_EQ(list.snapshots.size(), 1u);
  EXPECT_EQ(list.incomplete, 0u);
  // The deletion that follows takes nothing that the snapshot needs.
  for (int i = 0; i < providers(); ++i) {
    std::vector<std::string> names;
    const Access access = OpenAccess();
    for (const auto& [id, entry] : buried) {
      const Seat& seat = access.seats.all()[static_cast<std::size_t>(i)];
      names.push_back(ShardNameAt(access, id, entry.needed)(seat, 0));
    }
    Need(inner(i).Delete(names));
  }
  ExpectRestores(vault, report->snapshot, Path("srv"));
  EXPECT_TRUE(Need(vault.Verify({.depth = VerifyDepth::kData})).healthy());
}

TEST_F(Tombstones, AStreamThatMeetsOneIsNotCommittedAndSaysSo) {
  Vault vault = MakeVault();
  Pruner pruner = MakePruner();
  const auto done = AfterCommit([&] { pruner.Bury(pruner.AllPacks()); });
  const std::string dump = RandomText(1'000'000);
  const Result<BackupReport> report = vault.BackupStream(ReaderOf(dump, 1 << 16), "dump");
  EXPECT_EQ(CodeOf(report), StatusCode::kConflict);
  ExpectHelpful(report.status());
  HealAll();
  ASSERT_TRUE(*done);
  EXPECT_EQ(Need(vault.Snapshots()).snapshots.size(), 0u);
  EXPECT_EQ(Need(vault.Snapshots()).incomplete, 0u);
  const BackupReport again = Need(vault.BackupStream(ReaderOf(dump, 1 << 16), "dump"));
  EXPECT_TRUE(CatText(vault, again.snapshot, "dump") == dump);
}

}  // namespace
}  // namespace fenchi
