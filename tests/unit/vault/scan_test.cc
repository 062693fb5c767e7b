// The scan runs ahead of what is saved: the same tree comes of it, and files that change meanwhile
// are saved as they are when it is their turn.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "vault_fixture.h"

namespace fenchi {
namespace {

// The scan looks closer at files that did not change within this time.
constexpr std::chrono::milliseconds kLately{3100};

class Scan : public VaultTest {
 protected:
  // Calls `then` once, when the backup has opened the file of this name and read nothing of it.
  BackupOptions WhenOpen(const std::string& name, std::function<void()> then) const {
    BackupOptions options;
    options.observer.cancelled = [path = Path(name), then = std::move(then),
                                  done = false]() mutable {
      if (!done && IsOpenForReading(path)) {
        done = true;
        then();
      }
      return false;
    };
    return options;
  }

 private:
  static bool IsOpenForReading(const std::string& path) {
    std::error_code gone;  // a number may be closed by another thread meanwhile
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      const int number = std::stoi(entry.path().filename());
      const int flags = ::fcntl(number, F_GETFL);
      if (flags >= 0 && (flags & O_PATH) == 0 &&
          std::filesystem::read_symlink(entry.path(), gone) == path) {
        return true;
      }
    }
    return false;
  }
};

TEST_F(Scan, AFileThatGrowsIsSavedAsCaughtAndReported) {
  MakeDir("srv");
  const std::string before = RandomText(100'000);
  WriteFile("srv/log", before);
  WriteFile("srv/quiet", "quiet");
  Vault vault = MakeVault();
  const auto grow = [&] { std::ofstream(Path("srv/log"), std::ios::app) << "one more line\n"; };
  const BackupReport report = Need(vault.BackupTree(Path("srv"), WhenOpen("srv/log", grow)));
  EXPECT_FALSE(report.complete());
  EXPECT_EQ(report.changed_while_read, 1u);
  EXPECT_EQ(report.unreadable, 0u);
  EXPECT_TRUE(Names(report.problems, "srv/log"));
  EXPECT_TRUE(CatText(vault, report.snapshot, "srv/log") == before);
  for (const ListedEntry& entry : ListAll(vault, report.snapshot)) {
    EXPECT_EQ(entry.changed_while_read, entry.path == "srv/log") << entry.path;
  }
  // It is read again by the next backup.
  const BackupReport next = Need(vault.BackupTree(Path("srv")));
  EXPECT_TRUE(next.complete());
  EXPECT_EQ(next.files_unchanged, 1u);
  ExpectRestores(vault, next.snapshot, Path("srv"));
}

TEST_F(Scan, AFileThatShrinksIsSavedAsCaughtAndReported) {
  MakeDir("srv");
  const std::string before = RandomText(3'000'000);
  WriteFile("srv/log", before);
  Vault vault = MakeVault();
  const auto cut = [&] { ASSERT_EQ(::truncate(Path("srv/log").c_str(), 1'500'000), 0); };
  const BackupReport report = Need(vault.BackupTree(Path("srv"), WhenOpen("srv/log", cut)));
  EXPECT_EQ(report.changed_while_read, 1u);
  EXPECT_EQ(report.bytes, 1'500'000u);
  EXPECT_TRUE(CatText(vault, report.snapshot, "srv/log") == before.substr(0, 1'500'000));
  EXPECT_TRUE(Need(vault.Verify({.depth = VerifyDepth::kData})).healthy());
}

// A file waits a moment between the scan that runs ahead and its reading.
TEST_F(Scan, AFileThatChangesBeforeItIsOpenedIsSavedAsItIsThen) {
  MakeDir("srv");
  WriteFile("srv/a", RandomText(1000));
  WriteFile("srv/b", "as the scan saw it");
  Vault vault = MakeVault();
  std::this_thread::sleep_for(kLately);
  const auto change = [&] { WriteFile("srv/b", "as it was when it was its turn"); };
  const BackupReport report = Need(vault.BackupTree(Path("srv"), WhenOpen("srv/a", change)));
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(CatText(vault, report.snapshot, "srv/b"), "as it was when it was its turn");
  ExpectRestores(vault, report.snapshot, Path("srv"));
}

TEST_F(Scan, AFileWhoseModeChangesBeforeItIsOpenedIsSavedWithItsMode) {
  MakeDir("srv");
  WriteFile("srv/a", RandomText(1000));
  WriteFile("srv/b", "the same content");
  for (const char* name : {"srv/a", "srv/b"}) ASSERT_EQ(::chmod(Path(name).c_str(), 0644), 0);
  Vault vault = MakeVault();
  std::this_thread::sleep_for(kLately);
  const auto change = [&] { ASSERT_EQ(::chmod(Path("srv/b").c_str(), 0600), 0); };
  const BackupReport report = Need(vault.BackupTree(Path("srv"), WhenOpen("srv/a", change)));
  EXPECT_TRUE(report.complete());
  for (const ListedEntry& entry : ListAll(vault, report.snapshot)) {
    EXPECT_EQ(entry.path == "srv/b", entry.attributes.mode == 0600u) << entry.path;
  }
  ExpectRestores(vault, report.snapshot, Path("srv"));
}

// As programs save a file: under another name, which then takes its place.
TEST_F(Scan, AFileThatIsReplacedBeforeItIsOpenedIsSavedAsItIsThen) {
  MakeDir("srv");
  WriteFile("srv/a", RandomText(1000));
  WriteFile("srv/b", "as the scan saw it");
  WriteFile("new", "as it was when it was its turn");
  Vault vault = MakeVault();
  std::this_thread::sleep_for(kLately);
  const auto change = [&] { std::filesystem::rename(Path("new"), Path("srv/b")); };
  const BackupReport report = Need(vault.BackupTree(Path("srv"), WhenOpen("srv/a", change)));
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(report.unreadable, 0u);
  EXPECT_EQ(CatText(vault, report.snapshot, "srv/b"), "as it was when it was its turn");
}

// As it was when it was saved last, and seen so; then another file takes long, and it changes.
TEST_F(Scan, AFileThatWasSeenUnchangedLongAgoIsLookedAtAgain) {
  MakeDir("srv");
  WriteFile("srv/a", RandomText(1000));
  WriteFile("srv/b", "as it was saved");
  Vault vault = MakeVault();
  EXPECT_TRUE(Need(vault.BackupTree(Path("srv"))).complete());
  WriteFile("srv/a", RandomText(2000));
  const auto change = [&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // "long" is a second
    WriteFile("srv/b", "as it was when it was its turn");
  };
  const BackupReport report = Need(vault.BackupTree(Path("srv"), WhenOpen("srv/a", change)));
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(report.files_unchanged, 0u);
  EXPECT_EQ(CatText(vault, report.snapshot, "srv/b"), "as it was when it was its turn");
  const BackupReport next = Need(vault.BackupTree(Path("srv")));
  EXPECT_EQ(next.files_unchanged, 2u);
}

// More than one lot of the scan, names that sort around '/', and files that come and go.
TEST_F(Scan, AScanThatRunsAheadFindsWhatOneAfterTheOtherFinds) {
  MakeDir("srv");
  for (const char* folder : {"a", "a-b", "a.b", "b", "b/a", "b/c"}) {
    MakeDir(std::string("srv/") + folder);
    for (int i = 0; i < 150; ++i) {
      WriteFile(std::string("srv/") + folder + "/" + std::to_string(i), RandomText(i % 3));
    }
  }
  Vault vault = MakeVault();
  const BackupReport first = Need(vault.BackupTree(Path("srv")));
  EXPECT_EQ(first.files, 900u);
  ExpectRestores(vault, first.snapshot, Path("srv"));
  const BackupReport same = Need(vault.BackupTree(Path("srv")));
  EXPECT_EQ(same.files_unchanged, 900u);
  EXPECT_EQ(same.packs_added, 0u) << "every node is as it was";
  std::filesystem::remove_all(Path("srv/a-b"));
  WriteFile("srv/a/77", "changed");
  WriteFile("srv/a/77b", "new");
  BackupOptions alone;  // asked, a filter keeps the scan on the caller's thread
  alone.exclude = [](std::string_view, EntryType) { return false; };
  const BackupReport ahead = Need(vault.BackupTree(Path("srv")));
  EXPECT_EQ(ahead.files, 751u);
  EXPECT_EQ(ahead.files_unchanged, 749u);
  const BackupReport step = Need(vault.BackupTree(Path("srv"), alone));
  EXPECT_EQ(step.files_unchanged, 751u);
  EXPECT_EQ(step.packs_added, 0u) << "the same nodes";
  EXPECT_EQ(Paths(vault, step.snapshot), Paths(vault, ahead.snapshot));
  ExpectRestores(vault, ahead.snapshot, Path("srv"));
}

}  // namespace
}  // namespace fenchi
