// The verbs of a vault, one after another, as its users meet them.
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "vault_fixture.h"

namespace fenchi {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Story : public VaultTest {};

TEST_F(Story, WhatWasBackedUpIsVerifiedRepairedRestoredAndDrilled) {
  WriteTree("srv");
  Vault vault = MakeVault();
  const BackupReport nightly = Need(vault.BackupTree(Path("srv"), {.label = "nightly"}));
  EXPECT_TRUE(nightly.complete());
  EXPECT_EQ(nightly.files, 5u);
  EXPECT_EQ(nightly.directories, 3u);
  EXPECT_EQ(nightly.others, 1u);
  EXPECT_EQ(nightly.bytes, 505'001u);
  EXPECT_THAT(nightly.providers_missed, IsEmpty());

  VerifyReport health = Need(vault.Verify({.depth = VerifyDepth::kData}));
  EXPECT_TRUE(health.healthy());
  EXPECT_EQ(health.snapshots_checked, 1u);
  EXPECT_GT(health.chunks_checked, 3u);

  const auto shards = Objects(1, "d/");
  Lose(1, "d/");
  health = Need(vault.Verify({.depth = VerifyDepth::kTags}));
  ASSERT_EQ(health.damage.size(), shards.size());
  for (const Damage& damage : health.damage) {
    EXPECT_EQ(damage.provider, "p1");
    EXPECT_EQ(damage.kind, DamageKind::kMissing);
    EXPECT_TRUE(shards.contains(damage.object)) << damage.object;
  }
  EXPECT_TRUE(health.repairable());
  const RepairReport repaired = Need(vault.Repair(health));
  EXPECT_TRUE(repaired.complete());
  EXPECT_EQ(repaired.shards_written, shards.size());
  EXPECT_EQ(Objects(1, "d/"), shards);
  EXPECT_TRUE(Need(vault.Verify({.depth = VerifyDepth::kData})).healthy());

  ExpectRestores(vault, nightly.snapshot, Path("srv"));
  const DrillReport drill = Need(vault.Drill(
      nightly.snapshot,
      {.absent_providers = {"p0"}, .scratch_directory = scratch_, .rpo_seconds = 1000}));
  EXPECT_TRUE(drill.passed());
  EXPECT_EQ(drill.files_compared, 5u);
  EXPECT_EQ(drill.bytes_compared, 505'001u);
}

TEST_F(Story, ADrillThatMissesItsTargetsSaysSo) {
  WriteTree("srv");
  WriteFile("srv/more", RandomText(3'000'000));  // in shards of every provider
  Vault vault = MakeVault();
  const SnapshotId snapshot = Need(vault.BackupTree(Path("srv"))).snapshot;
  const DrillReport late =
      Need(vault.Drill(snapshot, {.scratch_directory = scratch_, .rpo_seconds = 0}));
  EXPECT_FALSE(late.rpo_met());
  EXPECT_FALSE(late.passed());
  EXPECT_TRUE(late.restore.complete());
  EXPECT_EQ(CodeOf(vault.Drill(snapshot, {.absent_providers = {"nowhere"}})),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(vault.Drill(
                snapshot, {.absent_providers = {"p0", "p1", "p2"}, .scratch_directory = scratch_})),
            StatusCode::kTooFewProviders);
}

TEST_F(Story, AProviderThatIsLeftOutIsAskedForNothing) {
  WriteTree("srv");
  Vault vault = MakeVault();
  const SnapshotId id = Need(vault.BackupTree(Path("srv"))).snapshot;
  auto asked = std::make_shared<std::atomic<int>>(0);
  provider(0).FailBefore([=](Verb, std::string_view, int) -> std::optional<Status> {
    ++*asked;
    return {};
  });
  EXPECT_TRUE(Need(vault.Restore(id, NewTarget(), {.absent_providers = {"p0"}})).complete());
  EXPECT_TRUE(
      Need(vault.Drill(id, {.absent_providers = {"p0"}, .scratch_directory = scratch_})).passed());
  EXPECT_EQ(*asked, 0);
  EXPECT_EQ(CodeOf(vault.Restore(id, NewTarget(), {.absent_providers = {"p9"}})),
            StatusCode::kInvalidArgument);
  EXPECT_TRUE(Need(vault.Verify()).healthy());
  EXPECT_GT(*asked, 0) << "afterwards it is one of them again";
}

TEST_F(Story, WhatLiesBesideALostPieceIsRestored) {
  MakeDir("srv");
  for (int i = 0; i < 20; ++i) WriteFile("srv/f" + std::to_string(i), RandomText(150'000));
  Vault vault = MakeVault();
  const SnapshotId id = Need(vault.BackupTree(Path("srv"))).snapshot;
  // The last block of three of four shards of every pack: two of its twelve segments are lost. Each
  // with another error: equal ones can cancel out when two shards are combined.
  for (const int number : {0, 1, 2}) {
    for (const auto& [name, size] : Objects(number, "d/")) {
      provider(number).FlipByte(name, size - 1000, static_cast<std::uint8_t>(0x10 << number));
    }
  }
  const std::string target = NewTarget();
  const RestoreReport report = Need(vault.Restore(id, target));
  EXPECT_FALSE(report.complete());
  EXPECT_GE(report.lost.size(), 1u);
  EXPECT_LE(report.lost.size(), 15u);
  EXPECT_EQ(report.files + report.lost.size(), 20u);
  for (int i = 0; i < 20; ++i) {
    const std::string name = "srv/f" + std::to_string(i);
    EXPECT_NE(Names(report.lost, name), Exists(target + "/" + name));
    if (Names(report.lost, name)) continue;
    EXPECT_TRUE(ReadFile(target + "/" + name) == ReadFile(Path(name))) << name;
  }
}

TEST_F(Story, ANewHostReadsWhatAnotherWroteOnDisk) {
  WriteTree("srv");
  SnapshotId snapshot;
  {
    Vault vault = MakeVault({.on_disk = true});
    snapshot = Need(vault.BackupTree(Path("srv"))).snapshot;
  }
  // k = 2 of 4: any two providers will do.
  for (const std::vector<int>& two : {std::vector{0, 1}, {1, 3}, {2, 3}}) {
    Vault vault = Need(TryOpen(Passphrase(), two, "clean"));
    EXPECT_EQ(Need(vault.FindSnapshot("latest")), snapshot);
    ExpectRestores(vault, snapshot, Path("srv"));
  }
}

TEST_F(Story, AnEmptyVaultHasNoSnapshot) {
  Vault vault = MakeVault();
  const SnapshotList list = Need(vault.Snapshots());
  EXPECT_THAT(list.snapshots, IsEmpty());
  EXPECT_EQ(list.incomplete, 0u);
  EXPECT_TRUE(list.freshness_proven);
  ExpectHelpful(vault.FindSnapshot("latest").status());
  EXPECT_EQ(CodeOf(vault.FindSnapshot("latest")), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(vault.Restore(SnapshotId{}, NewTarget())), StatusCode::kNotFound);
  EXPECT_TRUE(Need(vault.Verify({.depth = VerifyDepth::kData})).healthy());
}

TEST_F(Story, SnapshotsAreFoundByLabelAndPrefix) {
  WriteTree("srv");
  Vault vault = MakeVault();
  const SnapshotId first = Need(vault.BackupTree(Path("srv"), {.label = "nightly"})).snapshot;
  const SnapshotId second = Need(vault.BackupTree(Path("srv"), {.label = "weekly"})).snapshot;
  const SnapshotId third = Need(vault.BackupTree(Path("srv"), {.label = "nightly"})).snapshot;
  EXPECT_EQ(Need(vault.FindSnapshot("latest")), third);
  EXPECT_EQ(Need(vault.FindSnapshot("latest:weekly")), second);
  EXPECT_EQ(Need(vault.FindSnapshot("latest:nightly")), third);
  EXPECT_EQ(CodeOf(vault.FindSnapshot("latest:monthly")), StatusCode::kNotFound);
  EXPECT_EQ(Need(vault.FindSnapshot(first.hex())), first);
  EXPECT_EQ(Need(vault.FindSnapshot(first.hex().substr(0, 16))), first);
  EXPECT_EQ(CodeOf(vault.FindSnapshot(first.hex().substr(0, 3))), StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(vault.FindSnapshot("not hexadecimal")), StatusCode::kNotFound);
  const SnapshotList list = Need(vault.Snapshots());
  ASSERT_EQ(list.snapshots.size(), 3u);
  EXPECT_EQ(list.snapshots[0].id, first);
  EXPECT_EQ(list.snapshots[1].label, "weekly");
  EXPECT_EQ(list.snapshots[2].files, 5u);
  EXPECT_EQ(list.snapshots[2].bytes, 505'001u);
  EXPECT_THAT(list.snapshots[2].paths, ElementsAre(Path("srv")));
  EXPECT_LE(list.snapshots[0].ended, list.snapshots[1].began);
}

TEST_F(Story, ASubdirectoryIsListedAlone) {
  WriteTree("srv");
  MakeDir("srv/ledger.old");  // before "ledger/..." in byte order, behind it in path order
  WriteFile("srv/ledger.old/x", "x");
  Vault vault = MakeVault();
  const SnapshotId id = Need(vault.BackupTree(Path("srv"))).snapshot;
  EXPECT_THAT(Paths(vault, id, "", false), ElementsAre("srv"));
  EXPECT_THAT(Paths(vault, id, "srv", false),
              ElementsAre("srv", "srv/empty", "srv/ledger", "srv/ledger.old", "srv/link", "srv/one",
                          "srv/text"));
  EXPECT_THAT(Paths(vault, id, "srv/ledger", false),
              ElementsAre("srv/ledger", "srv/ledger/2026", "srv/ledger/book.db"));
  EXPECT_THAT(Paths(vault, id, "srv/ledger", true),
              ElementsAre("srv/ledger", "srv/ledger/2026", "srv/ledger/2026/november",
                          "srv/ledger/book.db"));
  EXPECT_THAT(Paths(vault, id, "srv/one", false), ElementsAre("srv/one"));
  EXPECT_EQ(Paths(vault, id).size(), 11u);
  const auto nothing = [](const ListedEntry&) { return true; };
  EXPECT_EQ(CodeOf(vault.List(id, "srv/ledge", true, nothing)), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(vault.List(id, "srv/zzz", true, nothing)), StatusCode::kNotFound);
  int seen = 0;
  EXPECT_TRUE(vault.List(id, "", true, [&](const ListedEntry&) { return ++seen < 2; }).ok());
  EXPECT_EQ(seen, 2);
}

TEST_F(Story, OneFileIsWrittenWithItsHolesAsZeros) {
  MakeDir("srv");
  std::string content(3'000'000, '\0');
  const std::string middle = RandomText(100'000);
  content.replace(1'048'576, middle.size(), middle);
  {
    std::ofstream file(Path("srv/holes"), std::ios::binary);
    file.seekp(1'048'576);
    file << middle;
  }
  ASSERT_EQ(::truncate(Path("srv/holes").c_str(), 3'000'000), 0);
  Vault vault = MakeVault();
  const SnapshotId id = Need(vault.BackupTree(Path("srv"))).snapshot;
  EXPECT_TRUE(CatText(vault, id, "srv/holes") == content);
  const auto ignore = [](ByteView) { return Status::Ok(); };
  EXPECT_EQ(CodeOf(vault.Cat(id, "srv", ignore)), StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(vault.Cat(id, "srv/none", ignore)), StatusCode::kNotFound);
  const Status stopped =
      vault.Cat(id, "srv/holes", [](ByteView) { return Status(StatusCode::kIo, "pipe closed"); });
  EXPECT_EQ(stopped.code(), StatusCode::kIo);
}

TEST_F(Story, APartIsRestoredWithItsDirectoriesAndNothingElse) {
  WriteTree("srv");
  Vault vault = MakeVault();
  const SnapshotId id = Need(vault.BackupTree(Path("srv"))).snapshot;
  const std::string target = NewTarget();
  const RestoreReport report =
      Need(vault.Restore(id, target, {.include = [](std::string_view path, EntryType) {
                           return path == "srv/ledger/2026" || path == "srv/one";
                         }}));
  EXPECT_EQ(report.files, 2u);
  EXPECT_EQ(ReadFile(target + "/srv/ledger/2026/november"),
            ReadFile(Path("srv/ledger/2026/november")));
  EXPECT_EQ(ReadFile(target + "/srv/one"), "1");
  EXPECT_FALSE(Exists(target + "/srv/ledger/book.db"));
  EXPECT_FALSE(Exists(target + "/srv/text"));
  EXPECT_EQ(Stat(target + "/srv/ledger").st_mode & 07777u, 0750u);
}

TEST_F(Story, AnInterruptedRestoreGoesOnWhereItStopped) {
  MakeDir("srv");
  for (int i = 0; i < 20; ++i) WriteFile("srv/f" + std::to_string(i), RandomText(50'000));
  Vault vault = MakeVault();
  const SnapshotId id = Need(vault.BackupTree(Path("srv"))).snapshot;
  const std::string target = NewTarget();
  int asked = 0;
  RestoreOptions stopping;
  stopping.observer.cancelled = [&] { return ++asked > 20; };
  EXPECT_EQ(CodeOf(vault.Restore(id, target, stopping)), StatusCode::kCancelled);
  const RestoreReport rest = Need(vault.Restore(id, target));
  EXPECT_GT(rest.files_resumed, 0u);
  EXPECT_GT(rest.files, rest.files_resumed);
  EXPECT_EQ(rest.files, 20u);
  EXPECT_TRUE(rest.complete());
  EXPECT_THAT(rest.problems, IsEmpty());
  EXPECT_EQ(Describe(target + "/srv"), Describe(Path("srv")));
}

TEST_F(Story, WhatIsThereAlreadyIsNotReplacedUnlessAsked) {
  WriteTree("srv");
  Vault vault = MakeVault();
  const SnapshotId id = Need(vault.BackupTree(Path("srv"))).snapshot;
  MakeDir("target");
  MakeDir("target/srv");
  WriteFile("target/srv/one", "mine");
  const RestoreReport refused = Need(vault.Restore(id, Path("target")));
  EXPECT_EQ(ReadFile(Path("target/srv/one")), "mine");
  ASSERT_EQ(refused.problems.size(), 1u);
  EXPECT_EQ(refused.problems[0].path, "srv/one");
  EXPECT_EQ(refused.problems[0].status.code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(ReadFile(Path("target/srv/ledger/book.db")), ReadFile(Path("srv/ledger/book.db")));
  const RestoreReport replaced = Need(vault.Restore(id, Path("target"), {.overwrite = true}));
  EXPECT_THAT(replaced.problems, IsEmpty());
  EXPECT_EQ(Describe(Path("target/srv")), Describe(Path("srv")));
}

// "Restored" is said only of what was compared: a file that merely has the right size and time may
// be a damaged one.
TEST_F(Story, AFileOfTheRightSizeAndTimeButOtherBytesIsNotTakenForRestored) {
  WriteTree("srv");
  Vault vault = MakeVault();
  const SnapshotId id = Need(vault.BackupTree(Path("srv"))).snapshot;
  const std::string target = NewTarget();
  Need(vault.Restore(id, target));
  const std::string book = target + "/srv/ledger/book.db";
  std::string bytes = ReadFile(book);
  bytes[150'000] = static_cast<char>(bytes[150'000] ^ 1);
  const struct stat before = Stat(book);
  std::ofstream(book, std::ios::binary) << bytes;
  const struct timespec times[2] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, book.c_str(), times, 0), 0);

  const RestoreReport again = Need(vault.Restore(id, target));
  EXPECT_TRUE(Names(again.problems, "srv/ledger/book.db"));
  EXPECT_EQ(again.files_resumed, 5u);  // four files and the link
  const RestoreReport replaced = Need(vault.Restore(id, target, {.overwrite = true}));
  EXPECT_THAT(replaced.problems, IsEmpty());
  EXPECT_EQ(Describe(target + "/srv"), Describe(Path("srv")));
}

TEST_F(Story, ARestoreDoesNotFollowALinkOutOfItsTarget) {
  WriteTree("srv");
  Vault vault = MakeVault();
  const SnapshotId id = Need(vault.BackupTree(Path("srv"))).snapshot;
  MakeDir("outside");
  MakeDir("target");
  MakeDir("target/srv");
  ASSERT_EQ(::symlink(Path("outside").c_str(), Path("target/srv/ledger").c_str()), 0);
  const RestoreReport report = Need(vault.Restore(id, Path("target")));
  EXPECT_TRUE(std::filesystem::is_empty(Path("outside")));
  EXPECT_TRUE(Names(report.problems, "srv/ledger"));
  EXPECT_EQ(ReadFile(Path("target/srv/one")), "1");
  const RestoreReport replaced = Need(vault.Restore(id, Path("target"), {.overwrite = true}));
  EXPECT_THAT(replaced.problems, IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(Path("outside")));
  EXPECT_EQ(Describe(Path("target/srv")), Describe(Path("srv")));
}

TEST_F(Story, AStreamOfUnknownLengthComesBackWhole) {
  Vault vault = MakeVault();
  const std::string dump = RandomText(3'333'333);
  const BackupReport report =
      Need(vault.BackupStream(ReaderOf(dump, 70'001), "dump.sql", {.label = "db"}));
  EXPECT_EQ(report.bytes, dump.size());
  EXPECT_EQ(report.files, 1u);
  EXPECT_TRUE(CatText(vault, report.snapshot, "dump.sql") == dump);
  const SnapshotList list = Need(vault.Snapshots());
  ASSERT_EQ(list.snapshots.size(), 1u);
  EXPECT_TRUE(list.snapshots[0].is_stream);
  // The same once more costs its list only.
  const BackupReport again = Need(vault.BackupStream(ReaderOf(dump, 1 << 20), "dump.sql"));
  EXPECT_EQ(again.packs_added, 0u);
  EXPECT_TRUE(CatText(vault, again.snapshot, "dump.sql") == dump);
  const BackupReport empty = Need(vault.BackupStream(ReaderOf("", 1), "nothing"));
  EXPECT_EQ(empty.bytes, 0u);
  EXPECT_EQ(CatText(vault, empty.snapshot, "nothing"), "");
}

TEST_F(Story, AStreamThatFailsCommitsNothing) {
  Vault vault = MakeVault();
  const std::string dump = RandomText(2'000'000);
  const StreamReader whole = ReaderOf(dump, 100'000);
  std::size_t given = 0;
  const StreamReader broken = [&](MutableBytes out) -> Result<std::size_t> {
    if (given > 1'000'000) return Status(StatusCode::kIo, "pg_dump died");
    FENCHI_ASSIGN_OR_RETURN(const std::size_t got, whole(out));
    given += got;
    return got;
  };
  const Result<BackupReport> failed = vault.BackupStream(broken, "dump.sql");
  EXPECT_EQ(CodeOf(failed), StatusCode::kIo);
  EXPECT_NE(failed.status().message().find("pg_dump died"), std::string::npos);
  const SnapshotList list = Need(vault.Snapshots());
  EXPECT_THAT(list.snapshots, IsEmpty());
  EXPECT_EQ(list.incomplete, 0u);
  for (const std::string name : {"", "a/b", "..", "."}) {
    EXPECT_EQ(CodeOf(vault.BackupStream(ReaderOf("x", 1), name)), StatusCode::kInvalidArgument)
        << name;
  }
}

TEST_F(Story, ACancelledBackupLeavesNothingVisible) {
  WriteTree("srv");
  Vault vault = MakeVault();
  int asked = 0;
  BackupOptions stopping;
  stopping.observer.cancelled = [&] { return ++asked > 4; };
  EXPECT_EQ(CodeOf(vault.BackupTree(Path("srv"), stopping)), StatusCode::kCancelled);
  EXPECT_THAT(Need(vault.Snapshots()).snapshots, IsEmpty());
  const SnapshotId id = Need(vault.BackupTree(Path("srv"))).snapshot;
  ExpectRestores(vault, id, Path("srv"));
}

TEST_F(Story, StatusTellsProvidersQuorumsAndSnapshots) {
  WriteTree("srv");
  Vault vault = MakeVault();
  Need(vault.BackupTree(Path("srv")));
  provider(3).SetAbsent(true);
  const VaultStatus status = Need(vault.DescribeStatus());
  EXPECT_EQ(status.vault, vault_id_);
  EXPECT_EQ(status.needed, 2);
  EXPECT_EQ(status.total, 4);
  EXPECT_EQ(status.write_quorum, 3);
  EXPECT_EQ(status.read_quorum, 3);
  EXPECT_EQ(status.snapshots, 1u);
  EXPECT_EQ(status.writers, 1u);
  EXPECT_TRUE(status.freshness_proven);
  ASSERT_EQ(status.providers.size(), 4u);
  EXPECT_TRUE(status.providers[0].holds_vault);
  EXPECT_FALSE(status.providers[3].reachable);
  EXPECT_FALSE(status.providers[3].message.empty());
  EXPECT_FALSE(status.placement_notes.empty());
}

}  // namespace
}  // namespace fenchi
