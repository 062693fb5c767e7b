// Backups that build on earlier ones, that are interrupted, and that meet others.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "vault_fixture.h"

namespace fenchi {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t kMiB = 1 << 20;

class Incremental : public VaultTest {};
class Interrupted : public VaultTest {
 protected:
  // From now on every Put of a name with this prefix fails, after `allowed` at each provider.
  void FailPuts(const std::vector<int>& numbers, const std::string& prefix, int allowed = 0) {
    for (const int number : numbers) {
      auto left = std::make_shared<std::atomic<int>>(allowed);
      provider(number).FailBefore(
          [=](Verb verb, std::string_view name, int) -> std::optional<Status> {
            if (verb != Verb::kPut || !name.starts_with(prefix) || left->fetch_sub(1) > 0) {
              return std::nullopt;
            }
            return Status(StatusCode::kUnavailable, "line cut");
          });
    }
  }
};

TEST_F(Incremental, AnUnchangedFileIsNotRead) {
  WriteTree("srv");
  Vault vault = MakeVault();
  const BackupReport first = Need(vault.BackupTree(Path("srv")));
  EXPECT_EQ(first.files_unchanged, 0u);
  EXPECT_EQ(first.bytes_read, first.bytes);
  for (int i = 0; i < 2; ++i) {
    // Also by a process that starts anew.
    Vault again = Reopen();
    const BackupReport next = Need(again.BackupTree(Path("srv")));
    EXPECT_EQ(next.files_unchanged, 5u);
    EXPECT_EQ(next.bytes_read, 0u);
    EXPECT_EQ(next.bytes_new, 0u);
    EXPECT_EQ(next.packs_added, 0u);
    EXPECT_EQ(next.bytes, first.bytes);
    ExpectRestores(again, next.snapshot, Path("srv"));
  }
}

TEST_F(Incremental, AChangedPartCostsItsChunks) {
  MakeDir("srv");
  std::string content = RandomText(20 * kMiB);
  WriteFile("srv/disk", content);
  Vault vault = MakeVault();
  Need(vault.BackupTree(Path("srv")));
  content[10 * kMiB] = static_cast<char>(content[10 * kMiB] ^ 1);
  WriteFile("srv/disk", content);
  const BackupReport changed = Need(vault.BackupTree(Path("srv")));
  EXPECT_EQ(changed.bytes_read, content.size());
  EXPECT_GT(changed.bytes_new, 0u);
  EXPECT_LE(changed.bytes_new, 9 * kMiB);  // the chunk, perhaps the next, and lists
  // Bytes that move do not cost again either.
  content.insert(5 * kMiB, "a few more bytes");
  WriteFile("srv/disk", content);
  const BackupReport moved = Need(vault.BackupTree(Path("srv")));
  EXPECT_LE(moved.bytes_new, 9 * kMiB);
  ExpectRestores(vault, moved.snapshot, Path("srv"));
}

TEST_F(Incremental, AFileElsewhereOrReadAgainIsNotStoredAgain) {
  MakeDir("srv");
  WriteFile("srv/a", RandomText(2'000'000));
  Vault vault = MakeVault();
  Need(vault.BackupTree(Path("srv")));
  const BackupReport again = Need(vault.BackupTree(Path("srv"), {.rescan = true}));
  EXPECT_EQ(again.bytes_read, 2'000'000u);
  EXPECT_EQ(again.bytes_new, 0u);
  std::filesystem::rename(Path("srv/a"), Path("srv/b"));
  std::filesystem::copy_file(Path("srv/b"), Path("srv/c"));
  const BackupReport moved = Need(vault.BackupTree(Path("srv")));
  EXPECT_EQ(moved.bytes_read, 4'000'000u);
  EXPECT_LT(moved.bytes_new, 10'000u);
  ExpectRestores(vault, moved.snapshot, Path("srv"));
}

TEST_F(Incremental, AFileChangedBehindItsTimeAndSizeIsNoticed) {
  MakeDir("srv");
  WriteFile("srv/a", "before");
  Vault vault = MakeVault();
  Need(vault.BackupTree(Path("srv")));
  const struct stat before = Stat(Path("srv/a"));
  filesystem::WaitForClockTick(scratch_);
  WriteFile("srv/a", "after!");
  const struct timespec times[2] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, Path("srv/a").c_str(), times, 0), 0);
  const BackupReport report = Need(vault.BackupTree(Path("srv")));
  EXPECT_EQ(report.files_unchanged, 0u);
  EXPECT_EQ(CatText(vault, report.snapshot, "srv/a"), "after!");
}

// The index kept the place where a chunk was first, also when too few providers held that any more:
// every later backup stored the chunk once more.
TEST_F(Incremental, AChunkStoredAgainIsKnownAtItsNewPlace) {
  MakeDir("srv");
  WriteFile("srv/a", RandomText(1'000'000));
  Vault vault = MakeVault();
  Need(vault.BackupTree(Path("srv")));
  Lose(0, "d/");
  Lose(1, "d/");
  const BackupReport stored = Need(vault.BackupTree(Path("srv"), {.rescan = true}));
  EXPECT_GE(stored.bytes_new, 1'000'000u);
  const BackupReport known = Need(vault.BackupTree(Path("srv"), {.rescan = true}));
  EXPECT_EQ(known.bytes_new, 0u);
  EXPECT_EQ(known.packs_added, 0u);
  Vault without = Need(TryOpen(Passphrase(), {0, 1}));
  ExpectRestores(without, known.snapshot, Path("srv"));
}

TEST_F(Incremental, ALostStateDirectoryCostsAFullUploadAndNothingElse) {
  WriteTree("srv");
  Vault vault = MakeVault();
  const SnapshotId first = Need(vault.BackupTree(Path("srv"))).snapshot;
  std::filesystem::remove_all(HostDirectory("host"));
  Vault again = Reopen();
  const BackupReport second = Need(again.BackupTree(Path("srv")));
  EXPECT_GT(second.bytes_new, 0u);
  EXPECT_EQ(Need(again.Snapshots()).snapshots.size(), 2u);
  ExpectRestores(again, first, Path("srv"));
  ExpectRestores(again, second.snapshot, Path("srv"));
}

TEST_F(Interrupted, ABackupResumesFromWhatItHadStored) {
  MakeDir("srv");
  for (int i = 0; i < 5; ++i) WriteFile("srv/f" + std::to_string(i), RandomText(10 * kMiB));
  Vault vault = MakeVault();
  FailPuts({0, 1, 2, 3}, "d/", 2);
  const Result<BackupReport> failed = vault.BackupTree(Path("srv"));
  EXPECT_EQ(CodeOf(failed), StatusCode::kTooFewProviders);
  ExpectHelpful(failed.status());
  const SnapshotList list = Need(vault.Snapshots());
  EXPECT_THAT(list.snapshots, IsEmpty());
  EXPECT_EQ(list.incomplete, 0u);
  HealAll();
  Vault again = Reopen();
  const BackupReport report = Need(again.BackupTree(Path("srv")));
  EXPECT_GE(report.packs_resumed, 1u);
  EXPECT_LT(report.bytes_new, 50 * kMiB);
  EXPECT_GE(report.packs_added, 1u);
  ExpectRestores(again, report.snapshot, Path("srv"));
  // A resumed pack is at W; the line may have been cut before the fourth provider had its shard.
  EXPECT_TRUE(Need(again.Repair(Need(again.Verify()))).complete());
  EXPECT_TRUE(Need(again.Verify({.depth = VerifyDepth::kData})).healthy());
}

TEST_F(Interrupted, ABackupWithoutAQuorumForItsCommitIsFinishedByTheNext) {
  WriteTree("srv");
  Vault vault = MakeVault();
  Need(vault.BackupTree(Path("srv")));
  WriteFile("srv/new", RandomText(100'000));
  FailPuts({1, 2}, "r/");
  EXPECT_EQ(CodeOf(vault.BackupTree(Path("srv"))), StatusCode::kTooFewProviders);
  EXPECT_EQ(Need(vault.Snapshots()).snapshots.size(), 1u);
  HealAll();
  Vault again = Reopen();
  const BackupReport report = Need(again.BackupTree(Path("srv")));
  EXPECT_EQ(report.bytes_new, 0u);
  EXPECT_GE(report.packs_resumed, 1u);
  ExpectRestores(again, report.snapshot, Path("srv"));
  const SnapshotList list = Need(again.Snapshots());
  EXPECT_EQ(list.snapshots.size(), 2u);
  EXPECT_EQ(list.incomplete, 0u);
  EXPECT_TRUE(Need(again.Verify({.depth = VerifyDepth::kData})).healthy());
}

TEST_F(Interrupted, ALogThatIsReadFromTooFewStopsTheCommit) {
  WriteTree("srv");
  Vault vault = MakeVault();
  // COMMIT reaches W = 3 of 4; then only two of them answer.
  auto puts = std::make_shared<std::atomic<int>>(0);
  for (const int number : {0, 1}) {
    provider(number).FailBefore([=](Verb verb, std::string_view name, int) {
      if (verb == Verb::kPut && name.starts_with("r/")) puts->fetch_add(1);
      const bool cut = verb != Verb::kPut && name.starts_with("r/") && *puts > 0;
      return cut ? std::optional(Status(StatusCode::kUnavailable, "line cut")) : std::nullopt;
    });
  }
  const Result<BackupReport> failed = vault.BackupTree(Path("srv"));
  EXPECT_EQ(CodeOf(failed), StatusCode::kTooFewProviders);
  ExpectHelpful(failed.status());
  HealAll();
  Vault again = Reopen();
  SnapshotList list = Need(again.Snapshots());
  EXPECT_THAT(list.snapshots, IsEmpty());
  EXPECT_EQ(list.incomplete, 1u);
  const BackupReport report = Need(again.BackupTree(Path("srv")));
  EXPECT_GE(report.packs_resumed, 1u);
  EXPECT_EQ(report.packs_added, 0u);
  list = Need(again.Snapshots());
  EXPECT_EQ(list.snapshots.size(), 1u);
  EXPECT_EQ(list.incomplete, 0u);
  ExpectRestores(again, report.snapshot, Path("srv"));
}

TEST_F(Interrupted, AProviderThatVanishesInTheMiddleIsNamed) {
  MakeDir("srv");
  for (int i = 0; i < 4; ++i) WriteFile("srv/f" + std::to_string(i), RandomText(8 * kMiB));
  Vault vault = MakeVault();
  FailPuts({2}, "", 1);
  const BackupReport report = Need(vault.BackupTree(Path("srv")));
  EXPECT_THAT(report.providers_missed, ElementsAre("p2"));
  HealAll();
  const VerifyReport health = Need(vault.Verify({.depth = VerifyDepth::kTags}));
  EXPECT_FALSE(health.healthy());
  EXPECT_TRUE(health.repairable());
  for (const Damage& damage : health.damage) EXPECT_EQ(damage.provider, "p2");
  EXPECT_TRUE(Need(vault.Repair(health)).complete());
  EXPECT_TRUE(Need(vault.Verify({.depth = VerifyDepth::kTags})).healthy());
  Vault two = Need(TryOpen(Passphrase(), {2, 3}));
  ExpectRestores(two, report.snapshot, Path("srv"));
}

// Nothing new to store: the provider still lacks the log records of this backup.
TEST_F(Interrupted, AnUnchangedBackupNamesTheProviderThatMissedItsCommit) {
  WriteTree("srv");
  Vault vault = MakeVault();
  Need(vault.BackupTree(Path("srv")));
  provider(1).SetAbsent(true);
  const BackupReport report = Need(vault.BackupTree(Path("srv")));
  EXPECT_EQ(report.packs_added, 0u);
  EXPECT_THAT(report.providers_missed, ElementsAre("p1"));
}

TEST_F(Interrupted, TooFewProvidersLeaveNothingVisibleAndTheRerunCommits) {
  MakeDir("srv");
  for (int i = 0; i < 4; ++i) WriteFile("srv/f" + std::to_string(i), RandomText(8 * kMiB));
  Vault vault = MakeVault();
  FailPuts({2, 3}, "d/", 1);
  const Result<BackupReport> failed = vault.BackupTree(Path("srv"));
  EXPECT_EQ(CodeOf(failed), StatusCode::kTooFewProviders);
  EXPECT_NE(failed.status().message().find("p2"), std::string::npos);
  EXPECT_NE(failed.status().message().find("p3"), std::string::npos);
  EXPECT_THAT(Need(vault.Snapshots()).snapshots, IsEmpty());
  EXPECT_TRUE(Need(vault.Verify({.depth = VerifyDepth::kTags})).healthy());
  HealAll();
  const BackupReport report = Need(vault.BackupTree(Path("srv")));
  EXPECT_GE(report.packs_resumed, 1u);
  ExpectRestores(vault, report.snapshot, Path("srv"));
}

TEST_F(Interrupted, AFullProviderIsNamedAndTwoStopTheBackup) {
  MakeDir("srv");
  WriteFile("srv/a", RandomText(6 * kMiB));
  Vault vault = MakeVault();
  provider(1).SetQuota(100'000);
  const BackupReport report = Need(vault.BackupTree(Path("srv")));
  EXPECT_THAT(report.providers_missed, ElementsAre("p1"));
  ExpectRestores(vault, report.snapshot, Path("srv"));
  provider(2).SetQuota(100'000);
  WriteFile("srv/b", RandomText(6 * kMiB));
  const Result<BackupReport> full = vault.BackupTree(Path("srv"));
  EXPECT_EQ(CodeOf(full), StatusCode::kFull);
  EXPECT_NE(full.status().message().find("p2"), std::string::npos);
  EXPECT_EQ(Need(vault.Snapshots()).snapshots.size(), 1u);
  HealAll();
  const BackupReport later = Need(vault.BackupTree(Path("srv")));
  ExpectRestores(vault, later.snapshot, Path("srv"));
}

TEST_F(Interrupted, AFullProviderDoesNotKeepTheOthersFromBeingRepaired) {
  MakeDir("srv");
  WriteFile("srv/a", RandomText(20 * kMiB));
  Vault vault = MakeVault();
  Need(vault.BackupTree(Path("srv")));
  const std::size_t shards = Objects(1, "d/").size();
  ASSERT_GE(shards, 2u);
  Lose(1, "d/");
  Lose(3, "d/");
  provider(1).SetQuota(0);
  const RepairReport report = Need(vault.Repair(Need(vault.Verify())));
  EXPECT_EQ(report.left.size(), shards);
  for (const Damage& item : report.left) {
    EXPECT_EQ(item.provider, "p1");
    EXPECT_TRUE(item.repairable);
  }
  EXPECT_EQ(report.shards_written, Objects(3, "d/").size());
  EXPECT_EQ(report.shards_written, shards);
}

TEST_F(Interrupted, ProvidersThatFailAtRandomCostRetriesButNothingElse) {
  WriteTree("srv");
  Vault vault = MakeVault({.needed = 2, .providers = 5});
  std::optional<SnapshotId> done;
  for (int attempt = 0; attempt < 40 && !done; ++attempt) {
    for (int i = 0; i < providers(); ++i) {
      provider(i).SetRandomFaults(
          RandomFaults{.seed = seed_ + static_cast<std::uint64_t>(attempt * 8 + i),
                       .fail_before = 0.05,
                       .fail_after = 0.05});
    }
    const Result<BackupReport> report = vault.BackupTree(Path("srv"));
    if (report.ok()) done = report->snapshot;
    HealAll();
    EXPECT_LE(Need(vault.Snapshots()).snapshots.size(), 2u);
  }
  ASSERT_TRUE(done.has_value());
  ExpectRestores(vault, *done, Path("srv"));
}

TEST_F(Interrupted, WithAbsentProvidersAVaultOpensAndSaysHowFresh) {
  WriteTree("srv");
  WriteFile("srv/more", RandomText(6 * kMiB));  // in shards of every provider
  Vault vault = MakeVault();
  const SnapshotId id = Need(vault.BackupTree(Path("srv"))).snapshot;
  provider(0).SetAbsent(true);
  provider(1).SetAbsent(true);
  Vault two = Reopen();
  EXPECT_FALSE(two.warnings().empty());
  const SnapshotList list = Need(two.Snapshots());
  EXPECT_EQ(list.snapshots.size(), 1u);
  EXPECT_FALSE(list.freshness_proven);
  const RestoreReport back = Need(two.Restore(id, NewTarget()));
  EXPECT_TRUE(back.complete());
  EXPECT_FALSE(back.freshness_proven);
  provider(2).SetAbsent(true);
  // Away is not lost.
  EXPECT_EQ(CodeOf(two.Restore(id, NewTarget())), StatusCode::kTooFewProviders);
  const Result<Vault> one = TryOpen(Passphrase());
  EXPECT_EQ(CodeOf(one), StatusCode::kTooFewProviders);
}

TEST_F(Interrupted, AWrongPassphraseOpensNothing) {
  MakeVault();
  const Result<Vault> wrong = TryOpen(Passphrase("incorrect horse"));
  EXPECT_EQ(CodeOf(wrong), StatusCode::kWrongKey);
  ExpectHelpful(wrong.status());
  EXPECT_EQ(wrong.status().ToString().find("incorrect horse"), std::string::npos);
  EXPECT_EQ(CodeOf(TryOpen(Passphrase(""))), StatusCode::kInvalidArgument);
  EXPECT_TRUE(TryOpen(Passphrase()).ok());
}

class SeveralHosts : public VaultTest {};

TEST_F(SeveralHosts, TwoWritersAtOnceBothCommit) {
  WriteTree("left");
  WriteTree("right");
  MakeVault();
  Vault left = Reopen("left");
  Vault right = Reopen("right");
  std::optional<Result<BackupReport>> of_left, of_right;
  std::thread other([&] { of_right = right.BackupTree(Path("right"), {.label = "right"}); });
  of_left = left.BackupTree(Path("left"), {.label = "left"});
  other.join();
  ASSERT_TRUE(of_left->ok()) << of_left->status().ToString();
  ASSERT_TRUE(of_right->ok()) << of_right->status().ToString();
  Vault third = Reopen("third");
  EXPECT_EQ(Need(third.Snapshots()).snapshots.size(), 2u);
  ExpectRestores(third, (*of_left)->snapshot, Path("left"));
  ExpectRestores(third, (*of_right)->snapshot, Path("right"));
}

TEST_F(SeveralHosts, TwoBackupsOfOneHostAtOnceBothCommit) {
  WriteTree("left");
  WriteTree("right");
  MakeVault();
  Vault one = Reopen();
  Vault two = Reopen();
  std::optional<Result<BackupReport>> of_two;
  std::thread other([&] { of_two = two.BackupTree(Path("right")); });
  const Result<BackupReport> of_one = one.BackupTree(Path("left"));
  other.join();
  ASSERT_TRUE(of_one.ok()) << of_one.status().ToString();
  ASSERT_TRUE(of_two->ok()) << of_two->status().ToString();
  EXPECT_EQ(Need(Reopen().Snapshots()).snapshots.size(), 2u);
}

// An open vault knew the writers of the policy that it had opened with, and no later ones.
TEST_F(SeveralHosts, AVaultThatStaysOpenSeesWhatANewHostCommits) {
  WriteTree("srv");
  MakeVault();
  Vault early = Reopen("early");
  EXPECT_THAT(Need(early.Snapshots()).snapshots, IsEmpty());
  Vault late = Reopen("late");
  const SnapshotId id = Need(late.BackupTree(Path("srv"))).snapshot;
  const SnapshotList list = Need(early.Snapshots());
  ASSERT_EQ(list.snapshots.size(), 1u);
  ExpectRestores(early, id, Path("srv"));
  const SnapshotId own = Need(early.BackupTree(Path("srv"))).snapshot;
  ExpectRestores(late, own, Path("srv"));
  EXPECT_EQ(Need(early.DescribeStatus()).writers, 2u);
}

TEST_F(SeveralHosts, AClonedHostGoesOnAsANewWriter) {
  WriteTree("srv");
  MakeVault();
  {
    Vault vault = Reopen();
    Need(vault.BackupTree(Path("srv")));
  }
  std::filesystem::copy(HostDirectory("host"), HostDirectory("clone"),
                        std::filesystem::copy_options::recursive);
  {
    Vault vault = Reopen();
    Need(vault.BackupTree(Path("srv")));
  }
  Vault clone = Reopen("clone");
  const Result<BackupReport> report = clone.BackupTree(Path("srv"));
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(Need(clone.Snapshots()).snapshots.size(), 3u);
  EXPECT_EQ(Need(clone.DescribeStatus()).writers, 2u);
  ExpectRestores(clone, report->snapshot, Path("srv"));
}

}  // namespace
}  // namespace fenchi
