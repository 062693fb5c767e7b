// From nothing to Access: making a vault's `k/` objects, opening them, and new policy versions.
//
// Trust starts at the vault id: genesis by its hash, each policy by the admins of the one before,
// everything else by hashes in the newest policy. FORMAT.md sections 5 and 13.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fenchi/custody.h"
#include "fenchi/options.h"
#include "format/proposal.h"
#include "repository/access.h"
#include "repository/local_state.h"
#include "repository/policy_signing.h"

namespace fenchi {

// Makes a vault over empty providers: checks policy and placement, writes leaf, slots, keyring,
// FORMAT.md, reader, genesis and, last, policy 1 to all of them.
// Errors: as Vault::Create.
Result<Access> CreateVault(const std::vector<NamedProvider>& providers, const CustodyPlan& custody,
                           const CreateOptions& options, std::shared_ptr<Executor> executor);

// Opens a vault. `seen` (may be null) is compared: an older policy than seen is refused.
// Errors: as Vault::Open.
Result<Access> OpenVault(const std::vector<NamedProvider>& providers, const Unlock& unlock,
                         const OpenOptions& options, const std::shared_ptr<Executor>& executor,
                         const SeenState* seen);

// How a share stands to `vault`: by its signed policy and its slots, which no key is needed to
// read. Errors: as Vault::CheckShare.
Result<ShareStanding> StandingOfShare(const std::vector<NamedProvider>& providers,
                                      const VaultId& vault, ByteView share, ShareLabel label,
                                      const std::shared_ptr<Executor>& executor,
                                      const SeenState* seen);

// Signs `next` (version, previous hash, time and details are set here, the details from
// access.details) with the admin key that `access` holds, puts it to >= W providers and makes it
// the policy of `access`. Errors: kDenied without an admin key; kConflict when another next version
// exists (it is then adopted: look at access.policy again and retry); kTooFewProviders: the version
// may lie at some providers, and the next opening then adopts it.
Status PublishPolicy(Access& access, format::Policy next, Clock& clock,
                     Random& random = SystemRandom());

// The same where one admin may not suffice, with details of its own. Published: empty bytes. Else a
// proposal file for the admins.
Result<Bytes> ProposePolicy(Access& access, format::Policy next, format::PolicyDetails details,
                            Clock& clock, Random& random);
// The version that a proposal makes of this policy. Errors: kInvalidArgument when it is of
// something else; kConflict when another version was published since.
Result<DraftVersion> DraftOf(const Access& access, const format::Proposal& proposal);
// Publishes a proposal that enough admins approved; the admin key that `access` holds counts too.
// Errors: as DraftOf and PublishPolicy; kDenied when approvals lack; kDamaged for a wrong one.
Status PublishProposal(Access& access, const format::Proposal& proposal,
                       const std::vector<format::ApprovalFile>& approvals);

// Looks for newer versions of the policy and makes the newest the one of `access`, with its writers
// and seats. Returns how many seats answered: with R of them, no version that is in use was missed.
// Keys are not read again. Cost: one small read for each seat while nothing is new.
// Errors: kTooFewProviders when no seat is present; kDamaged when the chain is broken.
Result<int> RefreshPolicy(Access& access);

// What a host that backs up may write.
inline constexpr std::uint32_t kRightsOfHosts = format::kRightBackup | format::kRightAttest;

// Registers `writer` in the policy unless it is there, and sees to it that the policy that lists it
// lies at >= W providers. Errors: as PublishPolicy; kDenied when the writer was revoked.
Status EnsureWriter(Access& access, const WriterState& writer, Clock& clock,
                    Random& random = SystemRandom());
// The same for a writer that is known by id and key, with these rights if it is new.
Status EnsureWriter(Access& access, const WriterId& id, const SigningPublicKey& key, Clock& clock,
                    Random& random = SystemRandom(), std::uint32_t rights = kRightsOfHosts);

// One `k/` object that must lie at a seat: what verify compares and repair fills.
struct BootstrapObject {
  NameAt name;
  std::string what;  // "genesis", "policy 2", "leaf share", ...
  std::uint64_t size_max = 0;
  Hash256 hash;                          // SHA-256 of its bytes: from the vault id or the policy
  std::function<Result<Bytes>()> fetch;  // the bytes, from wherever they are
};
// `position`: of the seat. Reads nothing by itself; `access` must outlive the list. fetch() of the
// leaf share makes it again from k others, identically.
// Errors of fetch: kDataLoss when the object is at no reachable provider any more.
std::vector<BootstrapObject> BootstrapObjectsFor(const Access& access, std::size_t position);

}  // namespace fenchi
