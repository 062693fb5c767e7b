#include "vault_fixture.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "base/coding.h"
#include "base/executor.h"
#include "repository/bootstrap.h"

namespace fenchi {

StatusCode CodeOf(const Status& status) { return status.code(); }

void ExpectHelpful(const Status& status) {
  EXPECT_FALSE(status.ok());
  EXPECT_GE(status.message().size(), 10u) << status.ToString();
  EXPECT_FALSE(status.hint().empty()) << status.ToString();
}

Unlock Passphrase(const std::string& text) {
  return Unlock::WithPassphrase(SecretBytes::CopyOf(AsBytes(text)));
}

void VaultTest::SetUp() {
  TreeTest::SetUp();
  const char* given = std::getenv("FENCHI_TEST_SEED");
  seed_ = given != nullptr ? std::strtoull(given, nullptr, 10) : 20261121;
  random_ = SeededRandom(seed_);
  clock_ = SteppingClock({1'700'000'000, 0});
}

void VaultTest::TearDown() {
  if (HasFailure()) std::cerr << "repeat with FENCHI_TEST_SEED=" << seed_ << "\n";
  TreeTest::TearDown();
}

void VaultTest::MakePlaces(const Shape& shape) {
  inner_.clear();
  faults_.clear();
  for (int i = 0; i < shape.providers; ++i) {
    const auto number = static_cast<std::size_t>(i);
    const Domain domain = number < shape.domains.size() ? shape.domains[number] : Domain{};
    const std::string folder = Path("p" + std::to_string(i));
    inner_.push_back(shape.on_disk
                         ? Need(OpenLocalProvider(folder, {.sync = false, .domain = domain}))
                         : OpenMemoryProvider(domain));
    faults_.push_back(std::make_shared<FaultProvider>(inner_.back()));
  }
}

Result<Vault> VaultTest::TryMakeVault(const Shape& shape) {
  MakePlaces(shape);
  CreateOptions options;
  options.policy = shape.policy;
  options.policy.needed = shape.needed;
  options.passphrase_cost = {1, 8};
  options.state_directory = HostDirectory("host");
  options.environment = TestEnvironment();
  Result<Vault> vault = Vault::Create(Named(), Passphrase(), options);
  if (vault.ok()) vault_id_ = vault->id();
  return vault;
}

Vault VaultTest::MakeVault(const Shape& shape) { return Need(TryMakeVault(shape)); }

Result<Vault> VaultTest::TryOpen(const Unlock& unlock, const std::vector<int>& providers,
                                 const std::string& host) {
  OpenOptions options;
  options.vault_id = vault_id_;
  options.state_directory = HostDirectory(host);
  options.environment = TestEnvironment();
  return Vault::Open(Named(providers), unlock, options);
}

Access VaultTest::OpenAccess() {
  OpenOptions options;
  options.vault_id = vault_id_;
  // Past every fault: what is tested is the vault that is open elsewhere.
  std::vector<NamedProvider> named;
  for (int i = 0; i < providers(); ++i) {
    named.push_back({"p" + std::to_string(i), inner_[static_cast<std::size_t>(i)]});
  }
  return Need(OpenVault(named, Passphrase(), options, std::make_shared<Executor>(2), nullptr));
}

std::vector<NamedProvider> VaultTest::Named(const std::vector<int>& providers) const {
  std::vector<NamedProvider> named;
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    const int number = static_cast<int>(i);
    if (!providers.empty() && std::ranges::find(providers, number) == providers.end()) continue;
    named.push_back({"p" + std::to_string(i), faults_[i]});
  }
  return named;
}

void VaultTest::HealAll() {
  for (const auto& fault : faults_) fault->Heal();
}

std::map<std::string, std::uint64_t> VaultTest::Objects(int number,
                                                        const std::string& prefix) const {
  std::map<std::string, std::uint64_t> out;
  const Status listed =
      inner_[static_cast<std::size_t>(number)]->List(prefix, "", [&](const ObjectInfo& object) {
        out[object.name] = object.size_bytes;
        return true;
      });
  EXPECT_TRUE(listed.ok()) << listed.ToString();
  return out;
}

std::uint64_t VaultTest::StoredBytes() const {
  std::uint64_t sum = 0;
  for (int i = 0; i < providers(); ++i) {
    for (const auto& [name, size] : Objects(i)) sum += size;
  }
  return sum;
}

void VaultTest::Lose(int number, const std::string& prefix) {
  std::vector<std::string> names;
  for (const auto& [name, size] : Objects(number, prefix)) names.push_back(name);
  ASSERT_FALSE(names.empty());
  for (const Status& status : Need(inner(number).Delete(names))) ASSERT_TRUE(status.ok());
}

void VaultTest::Once(Verb verb, const std::string& prefix, std::function<void()> then) {
  auto done = std::make_shared<std::atomic<bool>>(false);
  auto call = std::make_shared<std::function<void()>>(std::move(then));
  for (const auto& fault : faults_) {
    fault->FailBefore([=](Verb now, std::string_view name, int) -> std::optional<Status> {
      if (now == verb && name.starts_with(prefix) && !done->exchange(true)) (*call)();
      return std::nullopt;
    });
  }
}

std::string VaultTest::RandomText(std::size_t size) {
  std::string out(size, '\0');
  random_->Fill({reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
  return out;
}

std::uint64_t VaultTest::RandomBelow(std::uint64_t bound) {
  std::array<std::uint8_t, 8> raw{};
  random_->Fill(raw);
  return GetBe64(raw) % bound;
}

void VaultTest::WriteTree(const std::string& below) {
  MakeDir(below);
  MakeDir(below + "/ledger", 0750);
  MakeDir(below + "/ledger/2026", 0700);
  WriteFile(below + "/empty", "");
  WriteFile(below + "/one", "1", 0600);
  WriteFile(below + "/ledger/book.db", RandomText(300'000), 0640);
  WriteFile(below + "/ledger/2026/november", RandomText(5'000));
  WriteFile(below + "/text", std::string(200'000, 'x'));
  ASSERT_EQ(::symlink("ledger/book.db", Path(below + "/link").c_str()), 0);
}

std::vector<ListedEntry> VaultTest::ListAll(Vault& vault, const SnapshotId& snapshot,
                                            const std::string& path, bool recursive) {
  std::vector<ListedEntry> out;
  const Status listed = vault.List(snapshot, path, recursive, [&](const ListedEntry& entry) {
    out.push_back(entry);
    return true;
  });
  EXPECT_TRUE(listed.ok()) << listed.ToString();
  return out;
}

std::vector<std::string> VaultTest::Paths(Vault& vault, const SnapshotId& snapshot,
                                          const std::string& path, bool recursive) {
  std::vector<std::string> out;
  for (const ListedEntry& entry : ListAll(vault, snapshot, path, recursive)) {
    out.push_back(entry.path);
  }
  return out;
}

std::string VaultTest::CatText(Vault& vault, const SnapshotId& snapshot, const std::string& path) {
  std::string out;
  const Status read = vault.Cat(snapshot, path, [&](ByteView bytes) {
    out += AsText(bytes);
    return Status::Ok();
  });
  EXPECT_TRUE(read.ok()) << read.ToString();
  return out;
}

void VaultTest::ExpectRestores(Vault& vault, const SnapshotId& snapshot, const std::string& source,
                               const RestoreOptions& options) {
  const std::string target = NewTarget();
  const Result<RestoreReport> report = vault.Restore(snapshot, target, options);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  for (const Problem& problem : report->lost) {
    ADD_FAILURE() << "lost: " << EscapePath(problem.path) << ": " << problem.status.ToString();
  }
  for (const Problem& problem : report->problems) {
    ADD_FAILURE() << "problem: " << EscapePath(problem.path) << ": " << problem.status.ToString();
  }
  const std::string name = std::filesystem::path(source).filename();
  EXPECT_EQ(Describe(target + "/" + name), Describe(source));
}

bool Names(const std::vector<Problem>& problems, const std::string& path) {
  return std::ranges::any_of(problems, [&](const Problem& p) { return p.path == path; });
}

StreamReader ReaderOf(const std::string& text, std::size_t piece) {
  auto at = std::make_shared<std::size_t>(0);
  return [text, piece, at](MutableBytes out) -> Result<std::size_t> {
    const std::size_t size = std::min({piece, out.size(), text.size() - *at});
    std::memcpy(out.data(), text.data() + *at, size);
    *at += size;
    return size;
  };
}

}  // namespace fenchi
