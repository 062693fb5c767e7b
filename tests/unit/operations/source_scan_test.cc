// The scan gives the same entries in the same order however many threads it has, and ends cleanly
// wherever it is left or fails.
#include "operations/source_scan.h"

#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "unit/base/thread_limit.h"
#include "unit/filesystem/tree_fixture.h"

namespace fenchi {
namespace {

constexpr std::size_t kManyFiles = 4000;

class SourceScanTest : public filesystem::TreeTest {
 protected:
  std::vector<SourceRoot> Roots(const std::string& below) const {
    const std::string path = Path(below);
    auto roots = ResolveSources(std::span(&path, 1));
    EXPECT_TRUE(roots.ok()) << roots.status().ToString();
    return *roots;
  }
  // Folders of few and of many files, some of them deeper.
  void WriteFolders() const {
    MakeDir("srv");
    for (int folder = 0; folder < 40; ++folder) {
      const std::string path = "srv/d" + std::to_string(folder);
      MakeDir(path);
      MakeDir(path + "/m");
      WriteFile(path + "/m/inner", "x");
      for (int file = 0; file < (folder % 4 == 0 ? 150 : 3); ++file) {
        WriteFile(path + "/" + std::string(file % 2 == 0 ? "a" : "z") + std::to_string(file), "x");
      }
    }
  }
  void WriteManyFiles() const {
    MakeDir("srv");
    for (std::size_t i = 0; i < kManyFiles; ++i) WriteFile("srv/" + std::to_string(i), "");
  }
  // The file that index and file system agree on, with a content of some bytes.
  std::optional<FileRow> RowOf(const std::string& source, std::size_t content_bytes = 10) const {
    const struct stat status = filesystem::Stat(source);
    FileRow row;
    row.file.size = static_cast<std::uint64_t>(status.st_size);
    row.file.modified = {status.st_mtim.tv_sec, static_cast<std::uint32_t>(status.st_mtim.tv_nsec)};
    row.file.changed_ns = status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec;
    row.file.device = status.st_dev;
    row.file.inode = status.st_ino;
    row.content.resize(content_bytes);
    return row;
  }
  // Knows every second file; asked for files of one folder only, in order.
  SourceScan::FindFiles KnowsSome() const {
    return [this](std::span<const std::string_view> sources) {
      std::vector<std::optional<FileRow>> rows;
      for (const std::string_view source : sources) {
        EXPECT_EQ(source.substr(0, source.rfind('/')),
                  sources.front().substr(0, sources.front().rfind('/')));
        rows.push_back(source.back() % 2 == 0 ? RowOf(std::string(source)) : std::nullopt);
      }
      EXPECT_TRUE(std::ranges::is_sorted(sources));
      return Result(std::move(rows));
    };
  }
  std::string ScanAll(SourceScan::FindFiles find, const SourceScan::Exclude& exclude = {}) const {
    StageClock stages;
    SourceScan scan(Roots("srv"), std::move(find), exclude, stages);
    std::string all;
    for (;;) {
      auto entries = scan.Next();
      if (!entries.ok()) return all + entries.status().ToString();
      if (entries->empty()) return all;
      for (const ScannedEntry& entry : *entries) {
        all += entry.path + (entry.known ? " known\n" : "\n");
      }
    }
  }
};

TEST_F(SourceScanTest, GivesTheSameWithThreadsAFilterAndNoThread) {
  WriteFolders();
  const std::string all = ScanAll(KnowsSome());
  EXPECT_EQ(std::ranges::count(all, '\n'), 1 + 40 * 3 + 10 * 150 + 30 * 3);
  EXPECT_NE(all.find("srv/d0/a0 known\nsrv/d0/a10 known\n"), std::string::npos);
  EXPECT_NE(all.find("srv/d0/m\nsrv/d0/m/inner known\nsrv/d0/z1\n"), std::string::npos);
  EXPECT_EQ(ScanAll(KnowsSome(), [](std::string_view, EntryType) { return false; }), all);
  ASSERT_TRUE(::geteuid() != 0 || ::chown(scratch_.c_str(), kNobody, kNobody) == 0);
  EXPECT_EXIT(ExitWithoutThreads([&] { return ScanAll(KnowsSome()) == all; }),
              ::testing::ExitedWithCode(0), "");
  EXPECT_EXIT(ExitWithoutThreads([&] { return ScanAll({}) == all; }), ::testing::ExitedWithCode(1),
              "");  // else the line above shows nothing
}

TEST_F(SourceScanTest, GivesTheSameWithOneThread) {
  if (::geteuid() != 0) GTEST_SKIP() << "takes a user of its own, which root alone can be";
  WriteFolders();
  const std::string all = ScanAll(KnowsSome());
  ASSERT_EQ(::chmod(scratch_.c_str(), 0755), 0);
  EXPECT_EXIT(ExitWithThreads(1, [&] { return ScanAll(KnowsSome()) == all; }),
              ::testing::ExitedWithCode(0), "");
}

TEST_F(SourceScanTest, WhatTheIndexFailsWithFollowsWhatWasFoundBefore) {
  WriteManyFiles();
  for (const bool filtered : {false, true}) {
    int asked = 0;
    const auto fails = [&asked](std::span<const std::string_view> sources)
        -> Result<std::vector<std::optional<FileRow>>> {
      if (++asked == 5) return Io("the index is gone");
      return std::vector<std::optional<FileRow>>(sources.size());
    };
    const SourceScan::Exclude none = [](std::string_view, EntryType) { return false; };
    const std::string all = ScanAll(fails, filtered ? none : SourceScan::Exclude{});
    EXPECT_TRUE(all.ends_with("the index is gone")) << all.substr(all.size() - 60);
    EXPECT_TRUE(all.starts_with("srv\n"));
    EXPECT_EQ(asked, 5);
  }
}

// Lots of 18 entries with long paths (128 KiB), and as much in rows: 7 of them are 2 MiB.
TEST_F(SourceScanTest, ItWaitsForRoomAndCanBeLeftMeanwhile) {
  std::string deep = "srv";
  MakeDir(deep);
  for (int level = 0; level < 17; ++level) MakeDir(deep += "/" + std::string(200, 'd'));
  for (int i = 0; i < 2000; ++i) WriteFile(deep + "/" + std::to_string(i), "");
  for (const bool asks : {false, true}) {
    StageClock stages;
    std::atomic<std::size_t> asked = 0;
    SourceScan::FindFiles find;
    if (asks) {
      find = [&](std::span<const std::string_view> sources) {
        std::vector<std::optional<FileRow>> rows;
        for (const std::string_view source : sources) {
          rows.push_back(RowOf(std::string(source), 16'000));
        }
        asked += sources.size();
        return Result(std::move(rows));
      };
    }
    const SourceScan::Exclude none;
    SourceScan scan(Roots("srv"), std::move(find), none, stages);
    ASSERT_TRUE(scan.Next().ok());
    // Until the index has been asked for all that may wait, or for a while where it is not asked.
    for (int i = 0; i < (asks ? 10'000 : 20) && asked < 130; ++i) ::usleep(1000);
    ::usleep(20'000);  // or ask for too many
    EXPECT_EQ(asked >= 130, asks) << asked;
    EXPECT_LT(asked, 220u);
  }
}

TEST_F(SourceScanTest, RowsThatALotHasNoRoomForAreLeftForLater) {
  WriteManyFiles();
  StageClock stages;
  const SourceScan::Exclude none;
  constexpr std::size_t kRow = 16'000;
  SourceScan scan(
      Roots("srv"),
      [this](std::span<const std::string_view> sources) {
        std::vector<std::optional<FileRow>> rows;
        for (const std::string_view source : sources)
          rows.push_back(RowOf(std::string(source), kRow));
        return Result(std::move(rows));
      },
      none, stages);
  std::size_t kept = 0;
  std::size_t left = 0;
  for (;;) {
    auto entries = scan.Next();
    ASSERT_TRUE(entries.ok());
    if (entries->empty()) break;
    std::size_t bytes = 0;
    for (const ScannedEntry& entry : *entries) {
      if (!entry.known) continue;
      bytes += entry.known->content.size();
      EXPECT_EQ(entry.known->large, entry.known->content.empty());
      ++(entry.known->large ? left : kept);
    }
    EXPECT_LE(bytes, 128u * 1024);
  }
  EXPECT_EQ(kept + left, kManyFiles);
  EXPECT_GT(kept, 300u);
  EXPECT_GT(left, 1000u);
}

// Files of several names, and those that changed lately, are left for their turn.
TEST_F(SourceScanTest, LooksCloserAtFilesThatTheIndexDoesNotKnow) {
  WriteFolders();
  const bool xattrs = filesystem::SetXattr(Path("srv/d0/z1"), "user.a", "x");  // where there are
  ASSERT_EQ(::link(Path("srv/d1/z1").c_str(), Path("srv/d1/z3").c_str()), 0);
  ::usleep(3'100'000);  // until what was written has not changed lately
  WriteFile("srv/d0/new", "x");
  for (const bool asks : {false, true}) {
    StageClock stages;
    const SourceScan::Exclude none;
    SourceScan scan(Roots("srv"), asks ? KnowsSome() : SourceScan::FindFiles{}, none, stages);
    std::size_t whole = 0;
    for (;;) {
      auto entries = scan.Next();
      ASSERT_TRUE(entries.ok());
      if (entries->empty()) break;
      for (const ScannedEntry& entry : *entries) {
        const bool file = entry.node.attributes.type == EntryType::kFile;
        const bool left = entry.known || entry.node.link_count > 1 || entry.path == "srv/d0/new";
        EXPECT_EQ(entry.whole, file && !left) << entry.path;
        whole += entry.whole ? 1 : 0;
        EXPECT_EQ(!entry.node.attributes.xattrs.empty(), xattrs && entry.path == "srv/d0/z1");
      }
    }
    EXPECT_GT(whole, 500u);
  }
}

TEST_F(SourceScanTest, ASourceThatIsNotThereIsAnError) {
  MakeDir("srv");
  const std::vector<SourceRoot> roots = Roots("srv");
  ASSERT_EQ(::rmdir(Path("srv").c_str()), 0);
  StageClock stages;
  const SourceScan::Exclude none;
  SourceScan scan(roots, {}, none, stages);
  EXPECT_EQ(scan.Next().status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace fenchi
