// A real small disk (tmpfs): full, and unmounted under our feet.
//
// Each test runs in a child process with a mount namespace of its own: as root, or where the system
// lets users make namespaces. Elsewhere it is skipped with its reason; FaultProvider's quota and
// the deleted root cover the same ground above the file system.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>

#include "contract/temporary_directory.h"
#include "storage/local_provider.h"

namespace fenchi {
namespace {

namespace fs = std::filesystem;

constexpr int kCannotMount = 77;

Status PutSized(Provider& provider, const std::string& name, std::size_t size,
                bool replace = false) {
  const Bytes bytes(size, 0x5a);
  MemorySource source(bytes);
  return provider.Put(name, source, {.replace = replace});
}

bool WriteFile(const char* path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file.good();
}

// A mount namespace of our own; for others than root in a user namespace where we are root.
bool EnterNamespace() {
  const std::string user = std::to_string(geteuid()), group = std::to_string(getegid());
  if (user == "0") return unshare(CLONE_NEWNS) == 0;
  return unshare(CLONE_NEWNS | CLONE_NEWUSER) == 0 &&
         WriteFile("/proc/self/uid_map", "0 " + user + " 1") &&
         WriteFile("/proc/self/setgroups", "deny") &&
         WriteFile("/proc/self/gid_map", "0 " + group + " 1");
}

// Runs `body` with a 64 KiB disk mounted at `disk`; its failed expectations fail the test.
void WithSmallDisk(const std::function<void(const std::string& disk)>& body) {
  const TemporaryDirectory directory;
  const pid_t child = fork();
  if (child == 0) {
    if (!EnterNamespace() || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", directory.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
      _exit(kCannotMount);
    }
    body(directory.path());
    std::cout.flush();
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kCannotMount) GTEST_SKIP() << "no right to mount a small disk here";
  EXPECT_EQ(WEXITSTATUS(status), 0) << "see the failures above";
}

std::size_t CountFiles(const std::string& directory) {
  std::size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_directory()) ++count;
  }
  return count;
}

TEST(FullDisk, IsReportedAndLeavesNothingBehindInAnyWayOfWriting) {
  WithSmallDisk([](const std::string& disk) {
    for (const LocalLimits limits : {LocalLimits{}, LocalLimits{.unnamed_files = false},
                                     LocalLimits{.unnamed_files = false, .hard_links = false}}) {
      const auto provider = OpenLimitedLocalProvider(disk + "/root", {}, limits);
      ASSERT_TRUE(provider.ok()) << provider.status().ToString();
      const std::uint64_t free_before = *(*provider)->FreeSpaceBytes();
      EXPECT_LE(free_before, 64u << 10);
      for (const bool replace : {false, true}) {
        const Status put = PutSized(**provider, "d/large", 1 << 20, replace);
        EXPECT_EQ(put.code(), StatusCode::kFull) << put.ToString();
        EXPECT_FALSE(put.hint().empty());
      }
      EXPECT_EQ(CountFiles(disk), 0u);
      EXPECT_EQ(*(*provider)->FreeSpaceBytes(), free_before);
      EXPECT_TRUE(PutSized(**provider, "d/small", 16 << 10).ok());
      EXPECT_EQ(PutSized(**provider, "d/small", 1 << 20, true).code(), StatusCode::kFull);
      const Result<Bytes> kept = GetAll(**provider, "d/small", 1 << 20);
      EXPECT_TRUE(kept.ok() && kept->size() == 16 << 10);
      const std::vector<std::string> names = {"d/small"};
      EXPECT_TRUE((*provider)->Delete(names).ok());
    }
  });
}

TEST(FullDisk, FillsToTheBrimWithoutHarmToWhatIsThere) {
  WithSmallDisk([](const std::string& disk) {
    const auto provider = OpenLocalProvider(disk + "/root");
    ASSERT_TRUE(provider.ok());
    int stored = 0;
    Status put;
    while ((put = PutSized(**provider, "d/n" + std::to_string(stored), 4096)).ok()) ++stored;
    EXPECT_EQ(put.code(), StatusCode::kFull) << put.ToString();
    EXPECT_GT(stored, 5);
    for (int i = 0; i < stored; ++i) {
      const auto bytes = GetAll(**provider, "d/n" + std::to_string(i), 4096);
      EXPECT_TRUE(bytes.ok() && *bytes == Bytes(4096, 0x5a));
    }
  });
}

TEST(UnmountedDisk, IsUnavailableAndNothingIsWrittenBelowItsMountPoint) {
  WithSmallDisk([](const std::string& disk) {
    const auto provider = OpenLocalProvider(disk);
    ASSERT_TRUE(provider.ok());
    ASSERT_TRUE(PutSized(**provider, "a", 10).ok());
    ASSERT_EQ(umount2(disk.c_str(), MNT_DETACH), 0) << std::strerror(errno);
    const std::vector<std::string> names = {"a"};
    EXPECT_EQ(PutSized(**provider, "b", 10).code(), StatusCode::kUnavailable);
    EXPECT_EQ((*provider)->Stat(names).status().code(), StatusCode::kUnavailable);
    EXPECT_EQ(CountFiles(disk), 0u);
  });
}

}  // namespace
}  // namespace fenchi
