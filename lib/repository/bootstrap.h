// From nothing to Access: making a vault's `k/` objects, opening them, and new policy versions.
//
// Trust starts at the vault id: genesis by its hash, each policy by the admins of the one before,
// everything else by hashes in the newest policy. FORMAT.md sections 5 and 13.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fenchi/vault.h"
#include "repository/access.h"
#include "repository/local_state.h"

namespace fenchi {

// Makes a vault over empty providers: checks policy and placement, writes leaf, slots, keyring,
// FORMAT.md, reader, genesis and, last, policy 1 to all of them.
// Errors: as Vault::Create.
Result<Access> CreateVault(const std::vector<NamedProvider>& providers, const Unlock& unlock,
                           const CreateOptions& options, std::shared_ptr<Executor> executor);

// Opens a vault. `seen` (may be null) is compared: an older policy than seen is refused.
// Errors: as Vault::Open.
Result<Access> OpenVault(const std::vector<NamedProvider>& providers, const Unlock& unlock,
                         const OpenOptions& options, std::shared_ptr<Executor> executor,
                         const SeenState* seen);

// Signs `next` (version and previous hash are set here) with the admin key that `access` holds, puts
// it to >= W providers and makes it the policy of `access`.
// Errors: kDenied without an admin key; kConflict when another next version exists (it is then
// adopted: read again and retry); kTooFewProviders.
Status PublishPolicy(Access& access, format::Policy next, Clock& clock);

// Registers `writer` in the policy unless it is there. Errors: as PublishPolicy; kDenied when it
// was revoked.
Status EnsureWriter(Access& access, const WriterState& writer, Clock& clock);

// What repair needs: every `k/` object that must lie at a seat.
struct BootstrapObject {
  NameAt name;
  Bytes bytes;         // what belongs there
  std::string what;    // "genesis", "policy 2", "leaf share", ...
};
// `position`: of the seat. The leaf share is rebuilt from k others, identically.
// Errors: kDataLoss when an object is at no provider any more.
Result<std::vector<BootstrapObject>> BootstrapObjectsFor(const Access& access,
                                                         std::size_t position);

}  // namespace fenchi
