#include "repository/local_state.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "repository/state_folder.h"
#include "unit/repository/fixture.h"

namespace fenchi {
namespace {

namespace fs = std::filesystem;

Hash256 HashOf(std::uint8_t byte) {
  Hash256 hash;
  hash.bytes.fill(byte);
  return hash;
}
WriterId WriterOf(std::uint8_t byte) {
  WriterId id;
  id.bytes.fill(byte);
  return id;
}

fs::path FolderOf(const TestVault& vault) {
  return fs::path(vault.host.path()) / ToHex(vault.access.vault.view().first(8));
}

Bytes ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}
void WriteFile(const fs::path& path, ByteView bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
}

TEST(WriterState, IsTheSameWriterInTheNextRun) {
  TestVault vault(2, 4, 1);
  WriterId id;
  SigningPublicKey key;
  {
    const WriterState writer = vault.Writer();
    id = writer.id();
    key = writer.key().public_key();
    EXPECT_EQ(writer.next_seq(), 1u);
    EXPECT_TRUE(writer.previous().is_zero());
    EXPECT_FALSE(writer.pending());
  }
  const WriterState again = vault.Writer();
  EXPECT_EQ(again.id(), id);
  EXPECT_EQ(again.key().public_key(), key);
}

TEST(WriterState, RemembersWhatIsPendingAndWhatIsDone) {
  TestVault vault(2, 4, 2);
  const Bytes object(5000, 7);
  {
    WriterState writer = vault.Writer();
    ASSERT_TRUE(writer.SetPending({1, HashOf(1), object}).ok());
  }
  {
    WriterState writer = vault.Writer();
    ASSERT_TRUE(writer.pending());
    EXPECT_EQ(writer.pending()->seq, 1u);
    EXPECT_EQ(writer.pending()->hash, HashOf(1));
    EXPECT_EQ(writer.pending()->object, object);
    EXPECT_EQ(writer.next_seq(), 1u);
    ASSERT_TRUE(writer.CompletePending().ok());
    EXPECT_EQ(writer.next_seq(), 2u);
  }
  const WriterState writer = vault.Writer();
  EXPECT_FALSE(writer.pending());
  EXPECT_EQ(writer.next_seq(), 2u);
  EXPECT_EQ(writer.previous(), HashOf(1));
}

TEST(WriterState, RefusesASecondPendingRecordAndOneOutOfOrder) {
  TestVault vault(2, 4, 3);
  WriterState writer = vault.Writer();
  EXPECT_FALSE(writer.SetPending({2, HashOf(1), Bytes(10)}).ok());
  EXPECT_FALSE(writer.CompletePending().ok());
  ASSERT_TRUE(writer.SetPending({1, HashOf(1), Bytes(10)}).ok());
  EXPECT_FALSE(writer.SetPending({1, HashOf(2), Bytes(10)}).ok());
  EXPECT_EQ(writer.pending()->hash, HashOf(1));
}

TEST(WriterState, IsHeldByOneHolderAtATime) {
  TestVault vault(2, 4, 4);
  const WriterState first = vault.Writer();
  WriterId second_id;
  {
    const WriterState second = vault.Writer();
    second_id = second.id();
    EXPECT_NE(second_id, first.id());
    EXPECT_NE(second.index_path(), first.index_path());
  }
  EXPECT_EQ(vault.Writer().id(), second_id);
}

TEST(WriterState, TwoProcessesGetDifferentWriters) {
  TestVault vault(2, 4, 5);
  const WriterState mine = vault.Writer();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const Result<WriterState> other =
        WriterState::Acquire(vault.host.path(), vault.access, SystemRandom());
    const WriterId id = other.ok() ? other->id() : WriterId{};
    const ssize_t n = write(ends[1], id.bytes.data(), id.bytes.size());
    _exit(n == static_cast<ssize_t>(id.bytes.size()) ? 0 : 1);
  }
  WriterId theirs;
  EXPECT_EQ(read(ends[0], theirs.bytes.data(), theirs.bytes.size()), 16);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  close(ends[0]);
  close(ends[1]);
  EXPECT_FALSE(theirs.is_zero());
  EXPECT_NE(theirs, mine.id());
}

TEST(WriterState, ManyThreadsGetDifferentWriters) {
  TestVault vault(2, 4, 6);
  constexpr int kThreads = 8;
  std::vector<std::optional<WriterState>> writers(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      writers[static_cast<std::size_t>(i)] =
          Need(WriterState::Acquire(vault.host.path(), vault.access, SystemRandom()));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<WriterId> ids;
  for (const auto& writer : writers) ids.insert(writer->id());
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(kThreads));
}

TEST(WriterState, AnyDamageToTheFileMakesANewWriterAndKeepsACopy) {
  constexpr std::uint64_t kSeed = 7;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  TestVault vault(2, 4, kSeed);
  {
    WriterState writer = vault.Writer();
    ASSERT_TRUE(writer.SetPending({1, HashOf(1), Bytes(100)}).ok());
  }
  const fs::path file = FolderOf(vault) / "writer-0";
  const Bytes good = ReadFile(file);
  ASSERT_GT(good.size(), 184u);
  const WriterId known = vault.Writer().id();
  int copies = 0;
  const auto expect_new = [&](const Bytes& bad) {
    WriteFile(file, bad);
    const WriterState writer =
        Need(WriterState::Acquire(vault.host.path(), vault.access, *vault.random));
    EXPECT_NE(writer.id(), known);
    EXPECT_EQ(writer.next_seq(), 1u);
    EXPECT_FALSE(writer.pending());
    ++copies;
    EXPECT_EQ(ReadFile(FolderOf(vault) / ("writer-0.damaged-" + std::to_string(copies))), bad);
  };
  for (std::size_t i = 2; i < good.size(); i += i < 4 ? 1 : 5) {
    Bytes bad = good;
    bad[i] ^= static_cast<std::uint8_t>(1 << (i % 8));
    SCOPED_TRACE("byte " + std::to_string(i));
    expect_new(bad);
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, good.size() - 1}) {
    SCOPED_TRACE("cut to " + std::to_string(size));
    expect_new(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
  }
  Bytes longer = good;
  longer.push_back(0);
  expect_new(longer);
  // The good file, put back, is the old writer again.
  WriteFile(file, good);
  EXPECT_EQ(vault.Writer().id(), known);
}

TEST(WriterState, AFileOfANewerVersionStaysAndIsAFailure) {
  TestVault vault(2, 4, 8);
  vault.Writer();
  const fs::path file = FolderOf(vault) / "writer-0";
  Bytes newer = ReadFile(file);
  newer[0] = 2;
  WriteFile(file, newer);
  const auto writer = WriterState::Acquire(vault.host.path(), vault.access, *vault.random);
  ASSERT_FALSE(writer.ok());
  EXPECT_EQ(writer.status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(ReadFile(file), newer);
}

TEST(WriterState, AFileOfAnotherNumberIsNotTaken) {
  TestVault vault(2, 4, 9);
  const WriterId first = vault.Writer().id();
  fs::copy_file(FolderOf(vault) / "writer-0", FolderOf(vault) / "writer-1");
  const WriterState held = vault.Writer();
  EXPECT_EQ(held.id(), first);
  EXPECT_NE(vault.Writer().id(), first);
}

TEST(WriterState, AnotherOuterKeyOpensNothing) {
  TestVault vault(2, 4, 10);
  const WriterId first = vault.Writer().id();
  vault.access.outer_key = SecretBytes::Random(32, *vault.random);
  EXPECT_NE(vault.Writer().id(), first);
  EXPECT_TRUE(fs::exists(FolderOf(vault) / "writer-0.damaged-1"));
}

TEST(WriterState, RenewingGivesANewIdentityWithoutTheOldIndex) {
  TestVault vault(2, 4, 11);
  WriterId renewed;
  {
    WriterState writer = vault.Writer();
    const WriterId before = writer.id();
    ASSERT_TRUE(writer.SetPending({1, HashOf(1), Bytes(10)}).ok());
    WriteFile(writer.index_path(), Bytes(100));
    ASSERT_TRUE(writer.Renew(*vault.random).ok());
    renewed = writer.id();
    EXPECT_NE(renewed, before);
    EXPECT_EQ(writer.next_seq(), 1u);
    EXPECT_FALSE(writer.pending());
    EXPECT_FALSE(fs::exists(writer.index_path()));
  }
  EXPECT_EQ(vault.Writer().id(), renewed);
}

TEST(WriterState, FilesAreForTheOwnerOnlyAndHoldNoKeyInTheOpen) {
  TestVault vault(2, 4, 12);
  const WriterState writer = vault.Writer();
  struct stat info {};
  ASSERT_EQ(stat(FolderOf(vault).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  ASSERT_EQ(stat((FolderOf(vault) / "writer-0").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const Bytes stored = ReadFile(FolderOf(vault) / "writer-0");
  const ByteView seed = writer.key().seed();
  EXPECT_EQ(std::search(stored.begin(), stored.end(), seed.begin(), seed.end()), stored.end());
}

TEST(WriterState, AFolderThatCannotBeMadeIsNamed) {
  TestVault vault(2, 4, 13);
  const std::string file = vault.host.path() + "/file";
  WriteFile(file, Bytes(1));
  const auto writer = WriterState::Acquire(file + "/below", vault.access, *vault.random);
  ASSERT_FALSE(writer.ok());
  EXPECT_THAT(writer.status().message(), testing::HasSubstr(file));
}

TEST(DefaultStateDirectory, FollowsTheEnvironmentInOrder) {
  setenv("HOME", "/home/someone", 1);
  setenv("XDG_STATE_HOME", "/state", 1);
  setenv("FENCHI_CACHE_DIR", "/cache", 1);
  EXPECT_EQ(DefaultStateDirectory(), "/cache");
  unsetenv("FENCHI_CACHE_DIR");
  EXPECT_EQ(DefaultStateDirectory(), "/state/fenchi");
  setenv("XDG_STATE_HOME", "", 1);
  EXPECT_EQ(DefaultStateDirectory(), "/home/someone/.local/state/fenchi");
}

TEST(SeenState, KeepsTheNewestOfEachHeadAndOfThePolicy) {
  TestVault vault(2, 4, 20);
  const std::string& folder = vault.host.path();
  EXPECT_TRUE(Need(LoadSeen(folder, vault.access.vault)).heads.empty());
  SeenState one{3, HashOf(3), {{WriterOf(1), {5, HashOf(5)}}, {WriterOf(2), {1, HashOf(1)}}}};
  SeenState two{2, HashOf(2), {{WriterOf(1), {4, HashOf(4)}}, {WriterOf(3), {9, HashOf(9)}}}};
  ASSERT_TRUE(SaveSeen(folder, vault.access.vault, one).ok());
  ASSERT_TRUE(SaveSeen(folder, vault.access.vault, two).ok());
  const SeenState seen = Need(LoadSeen(folder, vault.access.vault));
  EXPECT_EQ(seen.policy_version, 3u);
  EXPECT_EQ(seen.policy_hash, HashOf(3));
  ASSERT_EQ(seen.heads.size(), 3u);
  EXPECT_EQ(seen.heads.at(WriterOf(1)), std::pair(std::uint64_t{5}, HashOf(5)));
  EXPECT_EQ(seen.heads.at(WriterOf(3)), std::pair(std::uint64_t{9}, HashOf(9)));
}

TEST(SeenState, ADamagedFileIsSetAsideAndCountsAsLost) {
  TestVault vault(2, 4, 21);
  const std::string& folder = vault.host.path();
  ASSERT_TRUE(SaveSeen(folder, vault.access.vault, {1, HashOf(1), {}}).ok());
  const fs::path file = FolderOf(vault) / "seen";
  Bytes bytes = ReadFile(file);
  bytes.pop_back();
  WriteFile(file, bytes);
  EXPECT_EQ(Need(LoadSeen(folder, vault.access.vault)).policy_version, 0u);
  EXPECT_EQ(ReadFile(FolderOf(vault) / "seen.damaged-1"), bytes);
  ASSERT_TRUE(SaveSeen(folder, vault.access.vault, {2, HashOf(2), {}}).ok());
  EXPECT_EQ(Need(LoadSeen(folder, vault.access.vault)).policy_version, 2u);
}

TEST(SeenState, ProcessesThatSaveAtOnceLoseNothing) {
  TestVault vault(2, 4, 22);
  std::vector<pid_t> children;
  for (std::uint8_t i = 1; i <= 6; ++i) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      bool good = true;
      for (std::uint64_t seq = 1; seq <= 5; ++seq) {
        SeenState seen;
        seen.heads[WriterOf(i)] = {seq, HashOf(i)};
        good = good && SaveSeen(vault.host.path(), vault.access.vault, seen).ok();
      }
      _exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  const SeenState seen = Need(LoadSeen(vault.host.path(), vault.access.vault));
  ASSERT_EQ(seen.heads.size(), 6u);
  for (std::uint8_t i = 1; i <= 6; ++i) EXPECT_EQ(seen.heads.at(WriterOf(i)).first, 5u);
}

TEST(StateFolderOwner, AFolderThatOthersMayWriteIntoIsRefused) {
  const TemporaryFolder folder;
  const VaultId vault{{7}};
  const std::string path = Need(StateFolder::Open(folder.path(), vault)).path();
  for (const mode_t mode : {0770, 0702, 01777}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    const Result<StateFolder> opened = StateFolder::Open(folder.path(), vault);
    EXPECT_EQ(opened.status().code(), StatusCode::kDenied) << mode;
    EXPECT_NE(opened.status().hint(), "");
  }
  ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
  EXPECT_TRUE(StateFolder::Open(folder.path(), vault).ok());
}

}  // namespace
}  // namespace fenchi
