// A vault in one folder: providers p0, p1, ... and the host's state beside them. Nothing is synced
// and the passphrase is cheap, so that tests can make hundreds.
#pragma once

#include <string>

#include "fenchi/vault.h"

namespace fenchi {

struct LocalShape {
  int needed = 2;
  int providers = 3;
  Suite suite = Suite::kAes256Gcm;
};

inline constexpr char kTestPassphrase[] = "a passphrase for tests";

Result<Vault> CreateLocalVault(const std::string& folder, const LocalShape& shape);
// `state`: another host's state folder; empty: the one beside the providers.
Result<Vault> OpenLocalVault(const std::string& folder, const std::string& state = "");

}  // namespace fenchi
