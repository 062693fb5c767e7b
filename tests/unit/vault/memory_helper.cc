// Backs up 300 MB of random data, or a tree, to local providers and prints the most memory that
// this process ever held, in KiB: a program of its own, so that no other test's memory counts.
//
// Usage: vault_memory_helper SCRATCH_DIRECTORY [TREE]
#include <sys/resource.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <string>

#include "fenchi/vault.h"

namespace {

constexpr std::uint64_t kMegabytes = 300;

// A stream of pseudo-random bytes: each buffer from the seeded generator, nothing kept.
fenchi::StreamReader RandomStream(fenchi::Random& random) {
  auto left = std::make_shared<std::uint64_t>(kMegabytes * 1'000'000);
  return [&random, left](fenchi::MutableBytes out) -> fenchi::Result<std::size_t> {
    const std::size_t size = std::min<std::uint64_t>(*left, out.size());
    random.Fill(out.first(size));
    *left -= size;
    return size;
  };
}

fenchi::Status Run(const std::string& scratch, const char* tree) {
  std::vector<fenchi::NamedProvider> providers;
  for (int i = 0; i < 4; ++i) {
    const std::string name = "p" + std::to_string(i);
    FENCHI_ASSIGN_OR_RETURN(auto provider,
                            fenchi::OpenLocalProvider(scratch + "/" + name, {.sync = false}));
    providers.push_back({name, std::move(provider)});
  }
  const auto random = fenchi::SeededRandom(1);
  const auto content = fenchi::SeededRandom(2);
  fenchi::CreateOptions options;
  options.passphrase_cost = {1, 8};
  options.state_directory = scratch + "/state";
  options.environment.random = random.get();
  options.environment.threads = 4;
  const auto unlock =
      fenchi::Unlock::WithPassphrase(fenchi::SecretBytes::CopyOf(fenchi::AsBytes("correct horse")));
  FENCHI_ASSIGN_OR_RETURN(fenchi::Vault vault, fenchi::Vault::Create(providers, unlock, options));
  FENCHI_ASSIGN_OR_RETURN(const fenchi::BackupReport report,
                          tree != nullptr ? vault.BackupTree(tree)
                                          : vault.BackupStream(RandomStream(*content), "dump"));
  std::printf("%llu bytes\n", static_cast<unsigned long long>(report.bytes));
  return fenchi::Status::Ok();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) return 2;
  const fenchi::Status status = Run(argv[1], argc == 3 ? argv[2] : nullptr);
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
  struct rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf("%ld KiB\n", usage.ru_maxrss);
  return 0;
}
