// fenchi_backup_job: the backup verb by the public C++ interface, to hold the Python binding to.
//
//   fenchi_backup_job STATE_DIRECTORY PASSWORD_FILE LEVEL SOURCE NAME=DIRECTORY...
//
// Opens the vault that lies in these local providers, backs SOURCE up, and prints the seconds that
// the verb took, opening not counted. `benchmarks/compare` runs it beside the same job in Python.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fenchi/provider.h"
#include "fenchi/vault.h"

namespace {

fenchi::Result<double> BackUp(int argc, char** argv) {
  std::ifstream file(argv[2]);
  std::string password;
  std::getline(file, password);
  std::vector<fenchi::NamedProvider> providers;
  for (int i = 5; i < argc; ++i) {
    const std::string text = argv[i];
    const std::size_t equals = text.find('=');
    FENCHI_ASSIGN_OR_RETURN(auto provider, fenchi::OpenLocalProvider(text.substr(equals + 1)));
    providers.push_back({text.substr(0, equals), std::move(provider)});
  }
  fenchi::OpenOptions options;
  options.state_directory = argv[1];
  const auto unlock =
      fenchi::Unlock::WithPassphrase(fenchi::SecretBytes::CopyOf(fenchi::AsBytes(password)));
  FENCHI_ASSIGN_OR_RETURN(auto vault, fenchi::Vault::Open(providers, unlock, options));
  const auto begin = std::chrono::steady_clock::now();
  FENCHI_RETURN_IF_ERROR(
      vault.BackupTree(argv[4], {.compression_level = std::atoi(argv[3])}).status());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    std::fprintf(stderr, "usage: fenchi_backup_job STATE PASSWORD_FILE LEVEL SOURCE NAME=DIR...\n");
    return 2;
  }
  const fenchi::Result<double> seconds = BackUp(argc, argv);
  if (!seconds.ok()) {
    std::fprintf(stderr, "%s\n", seconds.status().ToString().c_str());
    return 1;
  }
  std::printf("%.6f\n", *seconds);
  return 0;
}
