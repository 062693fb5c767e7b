// Vault: encrypted backups kept in shards over n providers, any k of which give everything back.
//
// The whole story:
//
//   std::vector<fenchi::NamedProvider> providers = ...;               // n places, one name each
//   auto unlock = fenchi::Unlock::WithPassphrase(std::move(passphrase));
//   FENCHI_ASSIGN_OR_RETURN(fenchi::Vault vault, fenchi::Vault::Open(providers, unlock));
//   FENCHI_ASSIGN_OR_RETURN(auto nightly, vault.BackupTree("/srv/ledger", {.label = "nightly"}));
//   FENCHI_ASSIGN_OR_RETURN(auto health, vault.Verify({.depth = fenchi::VerifyDepth::kData}));
//   if (!health.healthy()) FENCHI_RETURN_IF_ERROR(vault.Repair(health).status());
//   FENCHI_ASSIGN_OR_RETURN(auto back, vault.Restore(nightly.snapshot, "/restore"));
//   FENCHI_ASSIGN_OR_RETURN(auto drill,
//                           vault.Drill(nightly.snapshot, {.absent_providers = {"tokyo"}}));
//
// Promises: fewer than k providers learn nothing but sizes and times; losing any n - k providers,
// one of which may be present and lying, loses nothing that is fully placed; a backup that dies
// leaves nothing visible and nothing broken. docs/THREAT_MODEL.md bounds these claims.
// A Vault is movable; one call at a time. Several processes may use one vault at once.
// Memory: about (1 + n/k) x 15 MiB for each of up to 3 packs in flight, plus the list of entries
// that wait for the open pack.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/courier.h"
#include "fenchi/custody.h"
#include "fenchi/export.h"
#include "fenchi/options.h"
#include "fenchi/report.h"
#include "fenchi/secret.h"
#include "fenchi/status.h"

namespace fenchi {

class FENCHI_EXPORT Vault {
 public:
  // Makes a new vault over empty providers.
  // Errors: kPolicy when the policy is unsafe or the placement breaks it (the message names the
  // rule and the relaxation that would allow it), also when a provider is found to overwrite
  // silently (relaxation "create_only"); kAlreadyExists when a provider holds a vault
  // already; kInvalidArgument, also when two providers are one place; kTooFewProviders; kFull.
  // custody.deliver gets the key shares before anything is written.
  static Result<Vault> Create(const std::vector<NamedProvider>& providers,
                              const CustodyPlan& custody, const CreateOptions& options = {});
  // One that a passphrase opens.
  static Result<Vault> Create(const std::vector<NamedProvider>& providers, const Unlock& unlock,
                              const CreateOptions& options = {});

  // Opens a vault from any k of its providers; absent ones may be left out of the list.
  // Errors: kNotFound when no provider holds a vault; kTooFewProviders; kWrongKey, whose message
  // says what each slot still lacks and names bad key shares; kDamaged when what the providers
  // serve does not follow from the vault id or is older than seen before.
  static Result<Vault> Open(const std::vector<NamedProvider>& providers, const Unlock& unlock,
                            const OpenOptions& options = {});

  // What a share's holder can learn alone, without a key: whether it is of the newest epoch that
  // the providers serve, and which slot it helps to open. Reveals nothing of the share. That it was
  // forged by who knew its context shows only together with threshold - 1 others.
  // Errors: kDamaged for the share; as Open where the vault's policy or slots cannot be read.
  static Result<ShareStanding> CheckShare(const std::vector<NamedProvider>& providers,
                                          ByteView share, const OpenOptions& options = {});

  Vault(Vault&&) noexcept;
  Vault& operator=(Vault&&) noexcept;
  ~Vault();

  const VaultId& id() const;
  const std::string& name() const;
  Role role() const;
  // What the user should know about this opening: providers missing, freshness not proven,
  // vault id taken on trust. Empty when all is well.
  const std::vector<std::string>& warnings() const;

  // Backs up one or more files or directories as one snapshot. Unreadable or changing files are in
  // the report; the rest is saved.
  // Errors: kPolicy, kTooFewProviders, kFull, kDenied (role), kNotFound (no source), kCancelled.
  Result<BackupReport> BackupTree(const std::string& path, const BackupOptions& options = {});
  Result<BackupReport> BackupTrees(std::span<const std::string> paths,
                                   const BackupOptions& options = {});
  // Backs up a stream of unknown length as one file called `file_name`.
  Result<BackupReport> BackupStream(const StreamReader& input, const std::string& file_name,
                                    const BackupOptions& options = {});

  // Oldest first. With fewer than R answers, `freshness_proven` of the report is false.
  // Errors of this and of all verbs below: kTooFewProviders when fewer than k answer or what is
  // wanted is with the others; kDenied when this role cannot; kCancelled.
  Result<SnapshotList> Snapshots();
  // An id in hex, a unique prefix of at least 4 digits, "latest" or "latest:LABEL".
  // Errors: kNotFound; kInvalidArgument when the prefix is too short or fits several.
  Result<SnapshotId> FindSnapshot(std::string_view text);

  // Calls `entry` for `path` (empty: everything at the top) and, if it is a directory, what is
  // directly in it, or all below it with `recursive`; until it returns false. Paths start with the
  // name of what was backed up, without '/'. Errors: kNotFound; kDataLoss.
  Status List(const SnapshotId& snapshot, std::string_view path, bool recursive,
              const std::function<bool(const ListedEntry&)>& entry);
  // Writes one file's content, holes as zeros. Errors: kNotFound; kInvalidArgument when it is not a
  // file; kDataLoss; what `output` answers.
  Status Cat(const SnapshotId& snapshot, std::string_view path, const StreamWriter& output);
  // Restores below `target`, which is created when missing. Never writes outside it. Run again, it
  // compares what is there and goes on. Lost and unwritable files are in the report.
  // Errors: kNotFound, also when RestoreOptions::include names nothing; kInvalidArgument when the
  // target is not a directory; kFull; kDenied; kIo.
  Result<RestoreReport> Restore(const SnapshotId& snapshot, const std::string& target,
                                const RestoreOptions& options = {});

  // Needs only the verify role up to kTags. Damage is in the report, not an error.
  Result<VerifyReport> Verify(const VerifyOptions& options = {});
  // Rebuilds what `report` names, byte for byte, from the good shards. Needs the verify role only.
  Result<RepairReport> Repair(const VerifyReport& report, const RepairOptions& options = {});

  // Writes to a courier medium (fenchi/courier.h) what the named provider lacks: all that belongs
  // there when it is absent. Shards are rebuilt as repair does, with the verify role; the provider
  // is only read. A medium that is there is continued. Nothing of it counts until it is imported.
  // Errors: kInvalidArgument when no provider has the name; kDenied (role); kFull; kDamaged when
  // the medium is broken; kIo; kUnavailable when the provider stops answering.
  Result<CourierExportReport> ExportCourier(std::string_view provider, const std::string& path,
                                            const Observer& observer = {});

  // Restores to scratch without some providers, compares everything, takes the time.
  Result<DrillReport> Drill(const SnapshotId& snapshot, const DrillOptions& options = {});

  // Opens the packs that other writers stored in this opening's key domains, compares every chunk
  // with its id, and says so in the log: read hosts then dedup against them too. Write-only hosts
  // cannot be believed without. Errors: kDenied; kTooFewProviders; kCancelled.
  Result<AttestReport> Attest(const AttestOptions& options = {});

  // Providers, quorums, placement, log heads, unfinished backups.
  Result<VaultStatus> DescribeStatus();

  // ---- Custody: custody.h says what each of these takes and gives ----

  // A credential file's bytes for a role, for the named key domains (empty: all; for the admin role
  // none). A write credential is a new writer in the policy, so that it needs the admin role too.
  // Errors: kDenied when this vault was opened with less, or when several admins must sign: then
  // ChangePolicy makes the credential and a proposal; kNotFound for a label.
  Result<SecretBytes> ExportCredential(Role role, std::span<const std::string> key_domains);

  // Who can open the vault, or could at a time. Any role.
  Result<CustodyReport> DescribeCustody(std::optional<Timestamp> at = {});
  // By epoch, the oldest first, what lies at the providers. Any role.
  // Errors: as Snapshots; kDataLoss when a list of packs is gone.
  Result<std::vector<EpochUse>> DescribeEpochs();
  // A new epoch with new slots: what is not in the plan opens nothing that is written from now on.
  // Rewrites no pack. Needs an opened slot and the admin role.
  // Errors: kInvalidArgument for the plan; kDenied; kTooFewProviders; what plan.deliver answers.
  Result<PolicyChange> Rotate(const CustodyPlan& plan);
  // More alternatives besides those that there are, without a new epoch. As Rotate.
  Result<PolicyChange> AddAccess(const CustodyPlan& plan);
  // Key domains, writers, admins. The admin role; new domains and the first change of a single
  // admin need an opened slot as well.
  Result<PolicyChange> ChangePolicy(const PolicyEdit& edit);
  // What a proposal changes, in sentences: for an admin to read before ApproveProposal. Any role.
  Result<std::vector<std::string>> ReviewProposal(ByteView proposal);
  // Publishes a proposal that enough admins approved. The admin role, whose key counts as one.
  // Errors: kDenied when approvals lack; kConflict when the policy moved on since.
  Result<PolicyChange> Publish(ByteView proposal, std::span<const Bytes> approvals);

 private:
  struct State;
  explicit Vault(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fenchi
