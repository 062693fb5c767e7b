#include "simulation/local_vault.h"

#include <filesystem>
#include <utility>
#include <vector>

namespace fenchi {
namespace {

Result<std::vector<NamedProvider>> Providers(const std::string& folder, int count) {
  std::vector<NamedProvider> out;
  for (int i = 0; i < count; ++i) {
    const std::string name = "p" + std::to_string(i);
    FENCHI_ASSIGN_OR_RETURN(std::shared_ptr<Provider> provider,
                            OpenLocalProvider(folder + "/" + name, {.sync = false}));
    out.push_back({name, std::move(provider)});
  }
  return out;
}

Unlock TestUnlock() {
  return Unlock::WithPassphrase(SecretBytes::CopyOf(AsBytes(kTestPassphrase)));
}

}  // namespace

Result<Vault> CreateLocalVault(const std::string& folder, const LocalShape& shape) {
  std::filesystem::create_directories(folder);
  FENCHI_ASSIGN_OR_RETURN(std::vector<NamedProvider> providers, Providers(folder, shape.providers));
  CreateOptions options;
  options.policy.needed = shape.needed;
  options.policy.suite = shape.suite;
  options.passphrase_cost = {1, 1024};
  options.state_directory = folder + "/state";
  return Vault::Create(std::move(providers), TestUnlock(), options);
}

Result<Vault> OpenLocalVault(const std::string& folder, const std::string& state) {
  int count = 0;
  while (std::filesystem::exists(folder + "/p" + std::to_string(count))) ++count;
  FENCHI_ASSIGN_OR_RETURN(std::vector<NamedProvider> providers, Providers(folder, count));
  OpenOptions options;
  options.state_directory = state.empty() ? folder + "/state" : state;
  return Vault::Open(std::move(providers), TestUnlock(), options);
}

}  // namespace fenchi
