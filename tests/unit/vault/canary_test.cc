// No key, share or passphrase is in a process's memory where it could get out: while a vault is
// open they are in locked pages that no core dump takes along, and after it none is left anywhere.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <unordered_map>

#include "vault_fixture.h"

namespace fenchi {
namespace {

constexpr std::size_t kWindow = 8;  // bytes of a secret in a row that count as found

// Which secret begins with, or holds at a multiple of kWindow, these bytes.
class Needles {
 public:
  void Add(const std::string& kind, ByteView secret) {
    for (std::size_t at = 0; at + kWindow <= secret.size(); at += kWindow) {
      by_window_.emplace(At(secret.data() + at), kind);
    }
    ++count_;
  }
  std::size_t count() const { return count_; }
  const std::string* FoundAt(const std::uint8_t* bytes) const {
    const auto found = by_window_.find(At(bytes));
    return found == by_window_.end() ? nullptr : &found->second;
  }
  bool AnyIn(ByteView bytes) const {
    for (std::size_t at = 0; at + kWindow <= bytes.size(); ++at) {
      if (FoundAt(bytes.data() + at) != nullptr) return true;
    }
    return false;
  }

 private:
  static std::uint64_t At(const std::uint8_t* bytes) {
    std::uint64_t window = 0;
    std::memcpy(&window, bytes, kWindow);
    return window;
  }
  std::unordered_map<std::uint64_t, std::string> by_window_;
  std::size_t count_ = 0;
};

// A mapping of a process, as /proc/PID/smaps tells it.
struct Region {
  std::uint64_t begin = 0, end = 0;
  bool readable = false;
  std::string name;
  std::set<std::string> flags;  // "lo": locked, "dd": in no core dump
  bool kept() const { return flags.contains("lo") && flags.contains("dd"); }
};

std::vector<Region> RegionsOf(pid_t process) {
  std::vector<Region> regions;
  std::ifstream file(fmt::format("/proc/{}/smaps", process));
  for (std::string line; std::getline(file, line);) {
    unsigned long long begin = 0, end = 0;
    char rights[5] = {};
    if (std::sscanf(line.c_str(), "%llx-%llx %4s", &begin, &end, rights) == 3) {
      regions.push_back({begin, end, rights[0] == 'r', line, {}});
    } else if (line.starts_with("VmFlags:") && !regions.empty()) {
      std::istringstream words(line.substr(8));
      for (std::string flag; words >> flag;) regions.back().flags.insert(flag);
    }
  }
  return regions;
}

// The search: what was found, and in which region.
struct Finding {
  std::string kind;
  Region region;
};

std::vector<Finding> Search(pid_t process, const Needles& needles, std::uint64_t& searched) {
  std::vector<Finding> findings;
  const int memory = ::open(fmt::format("/proc/{}/mem", process).c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_GE(memory, 0) << std::strerror(errno);
  for (const Region& region : RegionsOf(process)) {
    if (!region.readable) continue;
    Bytes bytes(region.end - region.begin);
    const ssize_t got =
        ::pread(memory, bytes.data(), bytes.size(), static_cast<off_t>(region.begin));
    if (got <= 0) continue;  // [vvar] and the like
    searched += static_cast<std::uint64_t>(got);
    for (std::size_t at = 0; at + kWindow <= static_cast<std::size_t>(got); ++at) {
      const std::string* kind = needles.FoundAt(bytes.data() + at);
      if (kind != nullptr) findings.push_back({*kind, region});
    }
  }
  ::close(memory);
  return findings;
}

std::string Describe(const std::vector<Finding>& findings) {
  std::string out;
  for (std::size_t i = 0; i < findings.size() && i < 20; ++i) {
    out += fmt::format("{} in {}\n", findings[i].kind, findings[i].region.name);
  }
  return out;
}

class Canary : public VaultTest {
 protected:
  void SetUp() override {
    VaultTest::SetUp();
    int to_child[2], from_child[2];
    ASSERT_EQ(::pipe2(to_child, O_CLOEXEC), 0);
    ASSERT_EQ(::pipe2(from_child, O_CLOEXEC), 0);
    child_ = ::fork();
    ASSERT_GE(child_, 0);
    if (child_ == 0) {
      ::dup2(to_child[0], STDIN_FILENO);
      ::dup2(from_child[1], STDOUT_FILENO);
      ::execl(FENCHI_CANARY_VAULT, FENCHI_CANARY_VAULT, scratch_.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(to_child[0]);
    ::close(from_child[1]);
    go_on_ = to_child[1];
    said_ = from_child[0];
  }
  void TearDown() override {
    ::close(go_on_);  // ends a child that still waits
    ::close(said_);
    int status = 0;
    ::waitpid(child_, &status, 0);
    EXPECT_TRUE(HasFailure() || IsSkipped() || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        << status;
    VaultTest::TearDown();
  }
  void ExpectSaid(const std::string& word) {
    std::string line;
    for (char byte = 0; ::read(said_, &byte, 1) == 1 && byte != '\n';) line += byte;
    ASSERT_EQ(line, word);
  }
  void GoOn() const { ASSERT_EQ(::write(go_on_, "\n", 1), 1); }

  Needles ReadCanaries() {
    Needles needles;
    std::ifstream file(Path("canaries"));
    std::map<std::string, int> kinds;
    for (std::string kind, hex; file >> kind >> hex;) {
      Bytes secret = FromHex(hex).value();
      for (std::uint8_t& byte : secret) byte ^= 0xa5;
      needles.Add(fmt::format("{} {}", kind, ++kinds[kind]), secret);
    }
    EXPECT_EQ(kinds["passphrase"], 2);
    EXPECT_EQ(kinds["share"], 6);
    EXPECT_GT(kinds["drawn"], 15);
    return needles;
  }

  pid_t child_ = -1;
  int go_on_ = -1, said_ = -1;
};

TEST_F(Canary, SecretsAreOnlyInLockedPagesWhileAVaultIsOpenAndNowhereAfterIt) {
  if (std::getenv("FENCHI_TEST_REDUCED") != nullptr) {
    GTEST_SKIP() << "a sanitizer keeps copies of what it watches";
  }
  rlimit lockable = {};
  ::getrlimit(RLIMIT_MEMLOCK, &lockable);
  ExpectSaid("open");
  const Needles needles = ReadCanaries();
  std::uint64_t searched = 0;
  std::vector<Finding> findings = Search(child_, needles, searched);
  EXPECT_GT(searched, 1u << 20);
  // The vault is open, so that its keys are there: this search would find what is to be found.
  EXPECT_GT(findings.size(), 4u);
  if (lockable.rlim_cur >= 1 << 20) {
    std::erase_if(findings, [](const Finding& one) { return one.region.kept(); });
    EXPECT_TRUE(findings.empty()) << Describe(findings);
  }
  GoOn();
  ExpectSaid("closed");
  findings = Search(child_, needles, searched);
  EXPECT_TRUE(findings.empty()) << Describe(findings);
  // Nor at a provider or in this host's state, where the writer's key lies sealed.
  for (const auto& item : std::filesystem::recursive_directory_iterator(scratch_)) {
    if (!item.is_regular_file() || item.path() == Path("canaries")) continue;
    const std::string content = ReadFile(item.path());
    EXPECT_FALSE(needles.AnyIn(AsBytes(content))) << item.path();
  }
  GoOn();
}

}  // namespace
}  // namespace fenchi
