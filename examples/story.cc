// The whole story in C++: story EMPTY_DIRECTORY. Makes a small vault over three local providers in
// that directory, backs up, verifies, restores, and drills the loss of one provider. The lines
// between the [readme] marks are the C++ block of README.md.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "fenchi/provider.h"
#include "fenchi/vault.h"

namespace {

fenchi::Unlock Passphrase() {
  return fenchi::Unlock::WithPassphrase(
      fenchi::SecretBytes::CopyOf(fenchi::AsBytes("a dull fox hides nine coins")));
}

// All three, as a new vault needs them. To open a vault, leave out the places that do not answer.
fenchi::Result<std::vector<fenchi::NamedProvider>> OpenProviders() {
  std::vector<fenchi::NamedProvider> providers;
  for (const char* name : {"taipei", "tokyo", "oslo"}) {
    FENCHI_ASSIGN_OR_RETURN(auto provider, fenchi::OpenLocalProvider(name));
    providers.push_back({name, std::move(provider)});
  }
  return providers;
}

// [readme]
fenchi::Status BackUpAndRehearse(const fenchi::OpenOptions& options) {
  FENCHI_ASSIGN_OR_RETURN(auto providers, OpenProviders());  // names and places, three of them
  FENCHI_ASSIGN_OR_RETURN(auto vault, fenchi::Vault::Open(providers, Passphrase(), options));
  FENCHI_ASSIGN_OR_RETURN(auto nightly, vault.BackupTree("ledger", {.label = "nightly"}));
  FENCHI_ASSIGN_OR_RETURN(auto health, vault.Verify({.depth = fenchi::VerifyDepth::kData}));
  if (!health.healthy()) FENCHI_RETURN_IF_ERROR(vault.Repair(health).status());
  FENCHI_ASSIGN_OR_RETURN(auto back, vault.Restore(nightly.snapshot, "restored"));
  FENCHI_ASSIGN_OR_RETURN(auto drill,
                          vault.Drill(nightly.snapshot, {.absent_providers = {"tokyo"}}));
  std::cout << back.files << " files restored, drill " << (drill.passed() ? "passed" : "FAILED")
            << "\n";
  return fenchi::Status::Ok();
}
// [/readme]

// An empty working directory, a source in it, and a new vault.
fenchi::Result<fenchi::VaultId> Prepare(const std::filesystem::path& work) {
  std::filesystem::remove_all(work);
  std::filesystem::create_directories(work / "ledger");
  std::filesystem::current_path(work);
  std::ofstream("ledger/2026.txt") << "opening balance 100\n";
  FENCHI_ASSIGN_OR_RETURN(auto providers, OpenProviders());
  fenchi::CreateOptions options;
  options.policy.name = "story";
  options.policy.needed = 2;
  options.state_directory = "state";
  FENCHI_ASSIGN_OR_RETURN(auto vault, fenchi::Vault::Create(providers, Passphrase(), options));
  return vault.id();
}

fenchi::Status Run(const std::filesystem::path& work) {
  FENCHI_ASSIGN_OR_RETURN(const fenchi::VaultId id, Prepare(work));
  fenchi::OpenOptions options;
  options.vault_id = id;
  options.state_directory = "state";
  FENCHI_RETURN_IF_ERROR(BackUpAndRehearse(options));
  std::ifstream restored("restored/ledger/2026.txt");
  std::string line;
  std::getline(restored, line);
  if (line == "opening balance 100") return fenchi::Status::Ok();
  return fenchi::Status(fenchi::StatusCode::kInternal, "the restored ledger is not the ledger");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: story DIRECTORY (it is emptied first)\n";
    return 2;
  }
  const fenchi::Status status = Run(argv[1]);
  if (!status.ok()) std::cerr << status.ToString() << "\n";
  return status.ok() ? 0 : 1;
}
