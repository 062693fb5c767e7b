// What is special about a directory: paths, links, leftovers, a root that goes away, processes.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "contract/temporary_directory.h"
#include "fenchi/random.h"
#include "storage/local_provider.h"

namespace fenchi {
namespace {

namespace fs = std::filesystem;

Status PutText(Provider& provider, std::string_view name, std::string_view text,
               bool replace = false) {
  MemorySource source(AsBytes(text));
  return provider.Put(name, source, {.replace = replace});
}

std::string Text(Provider& provider, std::string_view name) {
  const Result<Bytes> bytes = GetAll(provider, name, 1 << 24);
  return bytes.ok() ? std::string(AsText(*bytes))
                    : std::string(StatusCodeName(bytes.status().code()));
}

std::vector<std::string> Names(Provider& provider, std::string_view prefix = "",
                               std::string_view after = "") {
  std::vector<std::string> names;
  const Status listed = provider.List(prefix, after, [&](const ObjectInfo& info) {
    names.push_back(info.name);
    return true;
  });
  EXPECT_TRUE(listed.ok()) << listed.ToString();
  return names;
}

// Everything below `directory` that is not a folder.
std::vector<std::string> Files(const std::string& directory) {
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_directory() || entry.is_symlink()) {
      out.push_back(entry.path().lexically_relative(directory).string());
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

class LocalProviderTest : public testing::Test {
 protected:
  void SetUp() override { provider_ = Open(); }

  std::string root() const { return directory_.path() + "/root"; }

  std::shared_ptr<Provider> Open(const LocalLimits& limits = {}) {
    const auto opened = OpenLimitedLocalProvider(root(), {}, limits);
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    return opened.ok() ? *opened : nullptr;
  }

  TemporaryDirectory directory_;
  std::shared_ptr<Provider> provider_;
};

TEST_F(LocalProviderTest, CreatesItsDirectoryForTheOwnerOnly) {
  struct stat info {};
  ASSERT_EQ(stat(root().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  ASSERT_TRUE(PutText(*provider_, "a/b", "x").ok());
  ASSERT_EQ(stat((root() + "/a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  ASSERT_EQ(stat((root() + "/a/b").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST_F(LocalProviderTest, AsksForTheDiskWhenTheParentIsMissing) {
  const auto opened = OpenLocalProvider(directory_.path() + "/mnt/usb");
  EXPECT_EQ(opened.status().code(), StatusCode::kNotFound);
  EXPECT_NE(opened.status().hint().find("mounted"), std::string::npos);
  EXPECT_FALSE(fs::exists(directory_.path() + "/mnt"));
}

TEST_F(LocalProviderTest, RefusesAFileAsItsDirectory) {
  std::ofstream(directory_.path() + "/file") << "x";
  EXPECT_EQ(OpenLocalProvider(directory_.path() + "/file").status().code(),
            StatusCode::kUnavailable);
  EXPECT_EQ(OpenLocalProvider(directory_.path() + "/file/x").status().code(),
            StatusCode::kUnavailable);
  EXPECT_EQ(OpenLocalProvider("").status().code(), StatusCode::kInvalidArgument);
}

TEST_F(LocalProviderTest, LaysObjectsOutAsDocumented) {
  for (const char* name : {"a", "k/slot", "d/abcdef.0", "d/ab", "d/x", "d/xy/z", "d/q/r"}) {
    ASSERT_TRUE(PutText(*provider_, name, name).ok()) << name;
  }
  EXPECT_EQ(Files(root()), (std::vector<std::string>{"a", "d/ab/ab", "d/ab/abcdef.0", "d/q/r",
                                                     "d/x", "d/xy/xy/z", "k/slot"}));
}

TEST_F(LocalProviderTest, ListsRandomNamesLikeASortedSet) {
  constexpr std::uint64_t kSeed = 3;
  const auto random = SeededRandom(kSeed);
  constexpr std::string_view kAlphabet = "ab-.0d/_";
  std::vector<std::string> stored;
  for (int i = 0; i < 600; ++i) {
    Bytes draws(7);
    random->Fill(draws);
    std::string name = draws[0] % 2 == 0 ? "d/" : "";
    for (std::size_t j = 1; j <= 1 + draws[0] % 6u; ++j) name += kAlphabet[draws[j] % 8];
    if (!CheckObjectName(name).ok()) continue;
    const Status put = PutText(*provider_, name, name);
    if (put.ok()) stored.push_back(name);
    // "a" beside "a/b" is the one thing that folders cannot do.
    EXPECT_TRUE(put.ok() || put.code() == StatusCode::kAlreadyExists ||
                put.code() == StatusCode::kUnsupported)
        << put.ToString() << " seed " << kSeed;
  }
  std::sort(stored.begin(), stored.end());
  ASSERT_GT(stored.size(), 100u);
  for (int i = 0; i < 400; ++i) {
    Bytes draws(8);
    random->Fill(draws);
    std::string prefix = stored[(draws[0] * 256u + draws[1]) % stored.size()];
    std::string after = stored[(draws[2] * 256u + draws[3]) % stored.size()];
    prefix.resize(draws[4] % (prefix.size() + 1));
    if (draws[5] % 2 == 0) after.resize(draws[6] % (after.size() + 1));
    std::vector<std::string> expected;
    std::copy_if(stored.begin(), stored.end(), std::back_inserter(expected),
                 [&](const std::string& n) { return n.starts_with(prefix) && n > after; });
    EXPECT_EQ(Names(*provider_, prefix, after), expected)
        << "prefix " << prefix << " after " << after << " seed " << kSeed;
  }
  for (const std::string& name : stored) EXPECT_EQ(Text(*provider_, name), name);
}

TEST_F(LocalProviderTest, RefusesANameThatIsAFolderAlready) {
  ASSERT_TRUE(PutText(*provider_, "a/b", "x").ok());
  EXPECT_EQ(PutText(*provider_, "a", "x").code(), StatusCode::kUnsupported);
  EXPECT_EQ(PutText(*provider_, "a", "x", true).code(), StatusCode::kUnsupported);
  EXPECT_EQ(PutText(*provider_, "a/b/c", "x").code(), StatusCode::kUnsupported);
  EXPECT_EQ(Text(*provider_, "a"), "not_found");
  EXPECT_EQ(Text(*provider_, "a/b/c"), "not_found");
  Bytes out(1);
  EXPECT_EQ(provider_->Get("a", 0, out).code(), StatusCode::kNotFound);
  const std::vector<std::string> names = {"a", "a/b/c"};
  const auto answers = provider_->Delete(names);
  ASSERT_TRUE(answers.ok());
  EXPECT_TRUE((*answers)[0].ok() && (*answers)[1].ok());
  EXPECT_EQ(Text(*provider_, "a/b"), "x");
}

TEST_F(LocalProviderTest, KeepsTheFolderOfItsLastObject) {
  ASSERT_TRUE(PutText(*provider_, "a/b", "x").ok());
  const std::vector<std::string> names = {"a/b"};
  ASSERT_TRUE(provider_->Delete(names).ok());
  EXPECT_TRUE(fs::is_directory(root() + "/a"));
  EXPECT_TRUE(Names(*provider_).empty());
}

TEST_F(LocalProviderTest, NeverFollowsALinkedFolder) {
  fs::create_directory(directory_.path() + "/outside");
  std::ofstream(directory_.path() + "/outside/x") << "secret";
  fs::create_directory_symlink(directory_.path() + "/outside", root() + "/a");
  fs::create_directory(root() + "/d");
  fs::create_directory_symlink(directory_.path() + "/outside", root() + "/d/ab");
  const std::vector<std::string> names = {"a/x"};
  Bytes out(1);
  EXPECT_EQ(PutText(*provider_, "a/y", "x").code(), StatusCode::kDenied);
  EXPECT_EQ(PutText(*provider_, "a/y", "x", true).code(), StatusCode::kDenied);
  EXPECT_EQ(PutText(*provider_, "d/abc", "x").code(), StatusCode::kDenied);
  EXPECT_EQ(provider_->Get("a/x", 0, out).code(), StatusCode::kDenied);
  EXPECT_EQ(provider_->Stat(names).status().code(), StatusCode::kDenied);
  const auto deleted = provider_->Delete(names);
  EXPECT_FALSE(deleted.ok() && deleted->front().ok());
  EXPECT_EQ(Files(directory_.path() + "/outside"), std::vector<std::string>{"x"});
  const std::vector<std::string> listed = Names(*provider_);
  EXPECT_EQ(std::count(listed.begin(), listed.end(), "a/x"), 0);
}

TEST_F(LocalProviderTest, NeverFollowsALinkedTemporaryFolder) {
  fs::create_directory(directory_.path() + "/outside");
  fs::create_directory_symlink(directory_.path() + "/outside", root() + "/.tmp");
  EXPECT_EQ(PutText(*provider_, "a", "x", true).code(), StatusCode::kDenied);
  EXPECT_TRUE(Files(directory_.path() + "/outside").empty());
}

TEST_F(LocalProviderTest, TreatsALinkedObjectAsDamageInItsWay) {
  std::ofstream(directory_.path() + "/outside") << "secret";
  fs::create_symlink(directory_.path() + "/outside", root() + "/a");
  Bytes out(1);
  EXPECT_EQ(provider_->Get("a", 0, out).code(), StatusCode::kDamaged);
  EXPECT_EQ(PutText(*provider_, "a", "x").code(), StatusCode::kAlreadyExists);
  const std::vector<std::string> names = {"a"};
  const auto infos = provider_->Stat(names);
  ASSERT_TRUE(infos.ok());
  EXPECT_EQ(infos->front(), (ObjectInfo{"a", 0}));
  ASSERT_TRUE(PutText(*provider_, "a", "mine", true).ok());
  EXPECT_EQ(Text(*provider_, "a"), "mine");
  std::string outside;
  std::ifstream(directory_.path() + "/outside") >> outside;
  EXPECT_EQ(outside, "secret");
}

TEST_F(LocalProviderTest, DoesNotWaitForAPlantedFifo) {
  ASSERT_EQ(mkfifo((root() + "/a").c_str(), 0600), 0);
  Bytes out(1);
  EXPECT_EQ(provider_->Get("a", 0, out).code(), StatusCode::kDamaged);
}

TEST_F(LocalProviderTest, PassesOverFilesThatAreNotObjects) {
  ASSERT_TRUE(PutText(*provider_, "d/abc", "x").ok());
  for (const char* name : {"lost+found", "Thumbs.db", ".hidden", "d/foreign", "d/ab/zzz"}) {
    std::ofstream(root() + "/" + name) << "x";
  }
  EXPECT_EQ(Names(*provider_), std::vector<std::string>{"d/abc"});
}

TEST_F(LocalProviderTest, ReportsATruncatedFileAsDamage) {
  ASSERT_TRUE(PutText(*provider_, "a", "0123456789").ok());
  ASSERT_EQ(truncate((root() + "/a").c_str(), 5), 0);
  Bytes out(10);
  EXPECT_EQ(provider_->Get("a", 0, out).code(), StatusCode::kDamaged);
  EXPECT_EQ(Text(*provider_, "a"), "01234");
}

TEST_F(LocalProviderTest, IsUnavailableWhenItsRootIsDeleted) {
  ASSERT_TRUE(PutText(*provider_, "a", "x").ok());
  fs::remove_all(root());
  const std::vector<std::string> names = {"a"};
  const auto nothing = [](const ObjectInfo&) { return true; };
  Bytes out(1);
  const Status put = PutText(*provider_, "b", "x");
  EXPECT_EQ(put.code(), StatusCode::kUnavailable);
  EXPECT_NE(put.message().find(provider_->location()), std::string::npos);
  EXPECT_EQ(provider_->Get("a", 0, out).code(), StatusCode::kUnavailable);
  EXPECT_EQ(provider_->Stat(names).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(provider_->List("", "", nothing).code(), StatusCode::kUnavailable);
  EXPECT_EQ(provider_->Delete(names).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(provider_->FreeSpaceBytes().status().code(), StatusCode::kUnavailable);
}

TEST_F(LocalProviderTest, IsUnavailableWhenAnotherDirectoryTakesItsPlace) {
  ASSERT_TRUE(PutText(*provider_, "a", "x").ok());
  fs::rename(root(), root() + "-moved");
  fs::create_directory(root());
  const std::vector<std::string> names = {"a"};
  EXPECT_EQ(provider_->Stat(names).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(PutText(*provider_, "b", "x").code(), StatusCode::kUnavailable);
  EXPECT_TRUE(Files(root()).empty());
  fs::remove(root());
  fs::rename(root() + "-moved", root());
  EXPECT_EQ(Text(*provider_, "a"), "x");
}

// Deletes the root when it is read for the second time.
class RootDeletingSource final : public Source {
 public:
  explicit RootDeletingSource(std::string root) : root_(std::move(root)) {}
  std::uint64_t size() const override { return 1 << 20; }
  Status Read(std::uint64_t offset, MutableBytes out) override {
    if (offset > 0) fs::remove_all(root_);
    std::fill(out.begin(), out.end(), std::uint8_t{1});
    return Status::Ok();
  }

 private:
  std::string root_;
};

TEST_F(LocalProviderTest, IsUnavailableWhenItsRootVanishesInTheMiddleOfAPut) {
  for (const LocalLimits limits : {LocalLimits{}, LocalLimits{.unnamed_files = false}}) {
    const std::shared_ptr<Provider> provider = Open(limits);
    RootDeletingSource source(root());
    const Status put = provider->Put("d/abc", source, {});
    EXPECT_EQ(put.code(), StatusCode::kUnavailable) << put.ToString();
    EXPECT_FALSE(fs::exists(root()));
  }
}

TEST_F(LocalProviderTest, IsUnavailableWhenItsRootVanishesInTheMiddleOfAList) {
  for (const char* name : {"a", "b/c", "d/abc", "d/def"}) {
    ASSERT_TRUE(PutText(*provider_, name, "x").ok());
  }
  const Status listed = provider_->List("", "", [&](const ObjectInfo&) {
    fs::remove_all(root());
    return true;
  });
  EXPECT_EQ(listed.code(), StatusCode::kUnavailable) << listed.ToString();
}

// Kills its process when it is read for the second time.
class KillingSource final : public Source {
 public:
  std::uint64_t size() const override { return 1 << 20; }
  Status Read(std::uint64_t offset, MutableBytes out) override {
    if (offset > 0) kill(getpid(), SIGKILL);
    std::fill(out.begin(), out.end(), std::uint8_t{1});
    return Status::Ok();
  }
};

void DieDuringPut(Provider& provider, bool replace) {
  const pid_t child = fork();
  if (child == 0) {
    KillingSource source;
    (void)provider.Put("d/abc", source, {.replace = replace});
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST_F(LocalProviderTest, ACrashDuringPutLeavesNoObject) {
  DieDuringPut(*provider_, false);
  EXPECT_TRUE(Names(*provider_).empty());
  EXPECT_LE(Files(root()).size(), 1u);  // none where the file system has O_TMPFILE
  EXPECT_TRUE(PutText(*provider_, "d/abc", "again").ok());
  EXPECT_EQ(Text(*provider_, "d/abc"), "again");
}

TEST_F(LocalProviderTest, ACrashDuringReplaceKeepsTheOldObject) {
  ASSERT_TRUE(PutText(*provider_, "d/abc", "old").ok());
  DieDuringPut(*provider_, true);
  EXPECT_EQ(Text(*provider_, "d/abc"), "old");
  EXPECT_EQ(Names(*provider_), std::vector<std::string>{"d/abc"});
}

void SetAge(const std::string& path, int hours) {
  timespec times[2] = {{time(nullptr) - hours * 3600, 0}, {time(nullptr) - hours * 3600, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
}

TEST_F(LocalProviderTest, OldLeftoversOfCrashesAreRemovedAtOpenAndNothingElse) {
  const std::shared_ptr<Provider> named = Open({.unnamed_files = false});
  DieDuringPut(*named, false);
  DieDuringPut(*named, false);
  const std::vector<std::string> left = Files(root());
  ASSERT_EQ(left.size(), 2u);
  ASSERT_TRUE(left[0].starts_with(".tmp/fenchi-"));
  SetAge(root() + "/" + left[0], 25);
  SetAge(root() + "/" + left[1], 23);
  const std::string foreign = ".tmp/notes.txt";
  const std::string linked = ".tmp/fenchi-00000000000000000000000000000000.tmp";
  std::ofstream(root() + "/" + foreign) << "x";
  fs::create_symlink("notes.txt", root() + "/" + linked);
  SetAge(root() + "/" + foreign, 1000);
  SetAge(root() + "/" + linked, 1000);
  ASSERT_NE(Open(), nullptr);
  std::vector<std::string> kept = {left[1], foreign, linked};
  std::sort(kept.begin(), kept.end());
  EXPECT_EQ(Files(root()), kept);
}

TEST_F(LocalProviderTest, LeavesNoTemporaryFileBehindInAnyWayOfWriting) {
  for (const LocalLimits limits : {LocalLimits{}, LocalLimits{.unnamed_files = false},
                                   LocalLimits{.unnamed_files = false, .hard_links = false}}) {
    const std::shared_ptr<Provider> provider = Open(limits);
    const std::string name =
        "n" + std::to_string(limits.unnamed_files) + std::to_string(limits.hard_links);
    EXPECT_TRUE(PutText(*provider, name, "1").ok());
    EXPECT_EQ(PutText(*provider, name, "2").code(), StatusCode::kAlreadyExists);
    EXPECT_TRUE(PutText(*provider, name, "3", true).ok());
    EXPECT_EQ(Text(*provider, name), "3");
  }
  EXPECT_EQ(Files(root()), (std::vector<std::string>{"n00", "n01", "n11"}));
}

// Forks `count` processes that each open the place and Put all names together; which of them won.
std::vector<std::string> RaceProcesses(const std::string& root, const LocalLimits& limits,
                                       int count, int names) {
  int start[2], result[2];
  EXPECT_EQ(pipe(start) + pipe(result), 0);
  for (int i = 0; i < count; ++i) {
    if (fork() != 0) continue;
    close(start[1]);
    const auto provider = OpenLimitedLocalProvider(root, {.sync = false}, limits);
    char byte = 0;
    (void)!read(start[0], &byte, 1);  // all begin when the parent closes its end
    std::string wins(static_cast<std::size_t>(names), '?');
    for (int j = 0; j < names && provider.ok(); ++j) {
      const Status put = PutText(**provider, "race/n" + std::to_string(j),
                                 std::string(5000, static_cast<char>('a' + i)));
      if (put.ok()) wins[static_cast<std::size_t>(j)] = static_cast<char>('a' + i);
      if (put.code() == StatusCode::kAlreadyExists) wins[static_cast<std::size_t>(j)] = '-';
    }
    (void)!write(result[1], wins.data(), wins.size());
    _exit(0);
  }
  for (const int fd : {start[0], start[1], result[1]}) close(fd);
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) {
    std::string wins(static_cast<std::size_t>(names), '\0');
    EXPECT_EQ(read(result[0], wins.data(), wins.size()), static_cast<ssize_t>(wins.size()));
    out.push_back(wins);
    wait(nullptr);
  }
  close(result[0]);
  return out;
}

TEST_F(LocalProviderTest, OfRacingProcessesExactlyOneStoresEachName) {
  constexpr int kProcesses = 4;
  constexpr int kNames = 60;
  int round = 0;
  for (const LocalLimits limits : {LocalLimits{}, LocalLimits{.unnamed_files = false},
                                   LocalLimits{.unnamed_files = false, .hard_links = false}}) {
    const std::string place = directory_.path() + "/race" + std::to_string(round++);
    fs::create_directory(place);
    const std::vector<std::string> wins = RaceProcesses(place, limits, kProcesses, kNames);
    const auto provider = OpenLocalProvider(place);
    ASSERT_TRUE(provider.ok());
    for (std::size_t j = 0; j < kNames; ++j) {
      std::string winners;
      for (const std::string& process : wins) {
        EXPECT_NE(process[j], '?') << "neither stored nor refused";
        if (process[j] != '-') winners += process[j];
      }
      ASSERT_EQ(winners.size(), 1u);
      EXPECT_EQ(Text(**provider, "race/n" + std::to_string(j)), std::string(5000, winners[0]));
    }
  }
}

}  // namespace
}  // namespace fenchi
