// kill -9 at random moments of a backup: the vault opens, older snapshots restore byte for byte,
// and the next run of the same backup resumes, commits and restores.
//
// A process of its own (vault_tool) backs up to three local providers (k = 2) and is killed at a
// moment drawn over the measured time of such a backup. Half of the time the rerun is killed as
// well, up to twice, before it may finish. FENCHI_KILL_SEED chooses another series, FENCHI_KILLS
// another number of kills.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "golden/tree_manifest.h"
#include "simulation/local_vault.h"

namespace fenchi {
namespace {

namespace fs = std::filesystem;
using std::chrono::duration;
using std::chrono::steady_clock;

// A folder of its own, in memory where there is such a place, removed in the end.
class Scratch {
 public:
  Scratch() {
    const std::string place =
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : fs::temp_directory_path();
    std::string pattern = place + "/fenchi-kill-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  fs::path path;
};

int EnvironmentNumber(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}

void WriteNoise(const fs::path& path, std::size_t size, std::mt19937_64& random) {
  std::vector<std::uint64_t> words((size + 7) / 8);
  for (std::uint64_t& word : words) word = random();
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(words.data()), static_cast<std::streamsize>(size));
}

pid_t StartBackup(const fs::path& vault, const fs::path& source) {
  const pid_t child = fork();
  if (child != 0) return child;
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  dup2(nowhere, STDOUT_FILENO);
  dup2(open((vault / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600),
       STDERR_FILENO);
  const std::string tool = FENCHI_VAULT_TOOL;
  execl(tool.c_str(), tool.c_str(), "backup", vault.c_str(), "tree", source.c_str(), nullptr);
  _exit(127);
}

// Exit code, or -signal.
int WaitFor(pid_t child) {
  int state = 0;
  if (waitpid(child, &state, 0) != child) std::abort();
  return WIFEXITED(state) ? WEXITSTATUS(state) : -WTERMSIG(state);
}

std::string LogOf(const fs::path& vault) {
  std::ifstream log(vault / "log");
  return {std::istreambuf_iterator<char>(log), {}};
}

// The template: a vault with one snapshot of `old`, its host's state, and the tree of the next run.
class KillBackup : public ::testing::Test {
 protected:
  void SetUp() override {
    std::mt19937_64 random(7);
    fs::create_directories(scratch_.path / "old/tree/inner");
    for (int i = 0; i < 60; ++i) {
      WriteNoise(scratch_.path / "old/tree/inner" / std::to_string(i), 1000 * i, random);
    }
    fs::copy(scratch_.path / "old", scratch_.path / "new", fs::copy_options::recursive);
    for (int i = 0; i < 16; ++i) {  // packs of the largest class, and a rest
      WriteNoise(New() / ("large " + std::to_string(i)), 4'000'000, random);
    }
    for (int i = 0; i < 100; ++i) {
      WriteNoise(New() / "inner" / ("small " + std::to_string(i)), 10 * i, random);
    }
    ASSERT_TRUE(CreateLocalVault(Template(), {2, 3, Suite::kAes256Gcm}).ok());
    ASSERT_EQ(WaitFor(StartBackup(Template(), scratch_.path / "old/tree")), 0) << LogOf(Template());
    old_tree_ = ScanTree(scratch_.path / "old");
    new_tree_ = ScanTree(scratch_.path / "new");
  }

  fs::path Template() const { return scratch_.path / "template"; }
  fs::path New() const { return scratch_.path / "new/tree"; }

  // Objects at providers are never changed once they are there, so links to them are copies.
  fs::path CopyOfTemplate() const {
    const fs::path vault = scratch_.path / "vault";
    fs::remove_all(vault);
    fs::create_directories(vault);
    for (const auto& entry : fs::directory_iterator(Template())) {
      const bool provider = entry.path().filename().string().starts_with("p");
      fs::copy(entry.path(), vault / entry.path().filename(),
               fs::copy_options::recursive |
                   (provider ? fs::copy_options::create_hard_links : fs::copy_options::none));
    }
    return vault;
  }

  // Restores with another host's empty state and compares every byte and attribute.
  void ExpectRestores(const fs::path& vault, const SnapshotId& id, const TreeManifest& wanted) {
    const fs::path other = scratch_.path / "other-host";
    const fs::path target = scratch_.path / "restored";
    Result<Vault> opened = OpenLocalVault(vault, other);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    const Result<RestoreReport> report = opened->Restore(id, target);
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_TRUE(report->complete());
    EXPECT_EQ(Difference(wanted, ScanTree(target)), "");
    fs::remove_all(target);
    fs::remove_all(other);
  }

  SnapshotList SnapshotsOf(const fs::path& vault) {
    Result<Vault> opened = OpenLocalVault(vault, scratch_.path / "third-host");
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    if (!opened.ok()) return {};
    Result<SnapshotList> list = opened->Snapshots();
    EXPECT_TRUE(list.ok()) << list.status().ToString();
    return list.ok() ? *list : SnapshotList{};
  }

  // Kills the backup after `delay`. Where it ends before: how long it took.
  std::optional<duration<double>> KillAfter(const fs::path& vault, duration<double> delay) {
    const auto start = steady_clock::now();
    const pid_t child = StartBackup(vault, New());
    while (steady_clock::now() - start < delay) {
      int state = 0;
      if (waitpid(child, &state, WNOHANG) == child) {
        EXPECT_TRUE(WIFEXITED(state) && WEXITSTATUS(state) == 0) << state << LogOf(vault);
        return steady_clock::now() - start;
      }
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    kill(child, SIGKILL);
    const int result = WaitFor(child);
    EXPECT_TRUE(result == -SIGKILL || result == 0) << result << LogOf(vault);
    if (result == 0) return steady_clock::now() - start;
    return std::nullopt;
  }

  Scratch scratch_;
  TreeManifest old_tree_;
  TreeManifest new_tree_;
};

TEST_F(KillBackup, LeavesOldSnapshotsWholeAndIsResumedAtEveryMoment) {
  const int seed = EnvironmentNumber("FENCHI_KILL_SEED", 20261121);
  const int kills_wanted = EnvironmentNumber("FENCHI_KILLS", 200);
  std::mt19937_64 random(static_cast<std::uint64_t>(seed));
  std::cout << "seed " << seed << std::endl;
  // 1. How long one such backup takes: the second of two, when everything is in the page cache.
  // Measured again whenever one ends before it is killed, since other work comes and goes.
  duration<double> whole{0};
  for (int i = 0; i < 2; ++i) {
    const fs::path vault = CopyOfTemplate();
    const auto start = steady_clock::now();
    ASSERT_EQ(WaitFor(StartBackup(vault, New())), 0) << LogOf(vault);
    whole = steady_clock::now() - start;
  }
  // 2. Kill, look, run again, restore. Only a kill that met a running process counts.
  int kills = 0, too_late = 0, rounds = 0, left_commit = 0, resumed = 0, had_sealed = 0;
  while (kills < kills_wanted && !HasFailure()) {
    ++rounds;
    const fs::path vault = CopyOfTemplate();
    const int in_a_row = 1 + static_cast<int>(random() % 2 * (1 + random() % 2));
    for (int i = 0; i < in_a_row; ++i) {
      const double part = std::uniform_real_distribution<double>(0, 1)(random);
      if (const auto took = KillAfter(vault, whole * part)) {
        if (i == 0) whole = *took;  // a later one may have found everything stored
        ++too_late;
        break;
      }
      whole *= 1.01;
      ++kills;
    }
    const SnapshotList after = SnapshotsOf(vault);
    ASSERT_GE(after.snapshots.size(), 1u);
    const SnapshotId old = after.snapshots.front().id;
    left_commit += after.incomplete != 0 ? 1 : 0;
    had_sealed += after.snapshots.size() > 1 ? 1 : 0;
    ExpectRestores(vault, old, old_tree_);
    // Whatever is visible is whole.
    for (std::size_t i = 1; i < after.snapshots.size(); ++i) {
      ExpectRestores(vault, after.snapshots[i].id, new_tree_);
    }
    Result<Vault> again = OpenLocalVault(vault);
    ASSERT_TRUE(again.ok()) << again.status().ToString();
    const Result<BackupReport> report = again->BackupTree(New(), {.label = "tree"});
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_TRUE(report->complete());
    resumed += report->packs_resumed != 0 ? 1 : 0;
    // The next run also sends a SEAL that the killed one had only written to its own disk.
    const SnapshotList now = SnapshotsOf(vault);
    EXPECT_GE(now.snapshots.size(), after.snapshots.size() + 1);
    EXPECT_LE(now.snapshots.size(), after.snapshots.size() + 1 + after.incomplete);
    for (std::size_t i = after.snapshots.size(); i < now.snapshots.size(); ++i) {
      ExpectRestores(vault, now.snapshots[i].id, new_tree_);
    }
    EXPECT_EQ(now.snapshots.back().id, report->snapshot);
    if (rounds % 10 == 0) {
      ExpectRestores(vault, old, old_tree_);
      const Result<VerifyReport> health = again->Verify({.depth = VerifyDepth::kTags});
      ASSERT_TRUE(health.ok()) << health.status().ToString();
      EXPECT_TRUE(health->healthy()) << health->damage.front().what;
    }
    if (HasFailure()) std::cout << "round " << rounds << LogOf(vault) << std::endl;
  }
  std::cout << kills << " kills of a running backup and " << too_late << " that came too late, in "
            << rounds << " rounds, backups of " << whole.count() << " s: " << left_commit
            << " left a COMMIT without SEAL, " << had_sealed << " had committed; " << resumed
            << " reruns re-used packs" << std::endl;
  EXPECT_GT(resumed, 0);
}

}  // namespace
}  // namespace fenchi
