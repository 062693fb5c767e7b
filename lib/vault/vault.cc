// The facade: opens, then hands each verb to its operation.
#include "fenchi/vault.h"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/stop.h"
#include "operations/operations.h"
#include "repository/bootstrap.h"
#include "repository/credential_access.h"
#include "repository/custody_change.h"

namespace fenchi {
namespace {

Random& RandomOf(const Environment& environment) {
  return environment.random != nullptr ? *environment.random : SystemRandom();
}
Clock& ClockOf(const Environment& environment) {
  return environment.clock != nullptr ? *environment.clock : SystemClock();
}
std::shared_ptr<Executor> MakeExecutor(const Environment& environment, std::size_t providers) {
  const int cpus = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int threads = environment.threads > 0 ? environment.threads : cpus;
  // Uploads wait more than they compute: one thread for each provider on top.
  return std::make_shared<Executor>(threads + providers);
}
// What ends because the caller asked to stop says so, whatever it met on its way out: what it then
// reports as missing was only not looked at. whole: whether a report has nothing of that kind.
template <typename Verb, typename Whole>
auto Cancellable(const Observer& observer, const Verb& verb, const Whole& whole)
    -> decltype(verb()) {
  const StopScope scope(observer.cancelled);
  auto result = verb();
  if ((!result.ok() || !whole(*result)) && scope.requested()) return StoppedOnRequest();
  return result;
}
template <typename Verb>
auto Cancellable(const Observer& observer, const Verb& verb) -> decltype(verb()) {
  return Cancellable(observer, verb, [](const auto&) { return true; });
}
// A restore that ended because too few providers can be asked, or their byte budgets are used up,
// says besides what to do that nothing of it was in vain.
Result<RestoreReport> GoesOn(Result<RestoreReport> ended) {
  const Status& status = ended.status();
  if (status.code() != StatusCode::kTooFewProviders) return ended;
  const std::string next = status.hint().empty() ? "bring more providers back" : status.hint();
  return Status(status.code(), status.message(),
                next + "; what is restored stays, and the same restore goes on from there");
}
std::string DirectoryOf(const std::string& given) {
  return given.empty() ? DefaultStateDirectory() : given;
}
// What a card says of the policy, as what a host has seen.
SeenState PolicyOf(const VaultHead& head) {
  SeenState seen;
  seen.policy_version = head.policy_version;
  seen.policy_hash = head.policy_hash;
  return seen;
}

}  // namespace

struct Vault::State {
  State(Access access, const std::string& directory, const Environment& environment)
      : session(std::move(access), directory, RandomOf(environment), ClockOf(environment)) {}
  Session session;
};

Vault::Vault(std::unique_ptr<State> state) : state_(std::move(state)) {}
Vault::Vault(Vault&&) noexcept = default;
Vault& Vault::operator=(Vault&&) noexcept = default;
Vault::~Vault() = default;

Result<Vault> Vault::Create(const std::vector<NamedProvider>& providers, const Unlock& unlock,
                            const CreateOptions& options) {
  if (unlock.is_credential() || unlock.passphrases().size() != 1 ||
      !unlock.recipient_keys().empty() || !unlock.tokens().empty() || !unlock.shares().empty()) {
    return InvalidArgument("a new vault is made with a passphrase, or with a custody plan");
  }
  CustodyPlan custody;
  custody.passphrases.emplace("passphrase", unlock.passphrases().front()->Clone());
  custody.passphrase_cost = options.passphrase_cost;
  return Create(providers, custody, options);
}

Result<Vault> Vault::Create(const std::vector<NamedProvider>& providers, const CustodyPlan& custody,
                            const CreateOptions& options) {
  auto executor = MakeExecutor(options.environment, providers.size());
  FENCHI_ASSIGN_OR_RETURN(Access access,
                          CreateVault(providers, custody, options, std::move(executor)));
  const std::string directory = DirectoryOf(options.state_directory);
  return Vault(std::make_unique<State>(std::move(access), directory, options.environment));
}

Result<Vault> Vault::Open(const std::vector<NamedProvider>& providers, const Unlock& unlock,
                          const OpenOptions& options) {
  auto executor = MakeExecutor(options.environment, providers.size());
  const std::string directory = DirectoryOf(options.state_directory);
  std::optional<SeenState> seen;
  if (options.known_head && !options.vault_id) {
    return InvalidArgument("a known head needs the id of its vault");
  }
  if (options.vault_id) {
    FENCHI_ASSIGN_OR_RETURN(seen, LoadSeen(directory, *options.vault_id));
  }
  if (options.known_head && options.known_head->policy_version > seen->policy_version) {
    seen->policy_version = options.known_head->policy_version;
    seen->policy_hash = options.known_head->policy_hash;
  }
  FENCHI_ASSIGN_OR_RETURN(Access access,
                          OpenVault(providers, unlock, options, executor, seen ? &*seen : nullptr));
  auto state = std::make_unique<State>(std::move(access), directory, options.environment);
  // Only now: a card that was wrong must not keep this host from its own vault.
  if (options.known_head) {
    FENCHI_RETURN_IF_ERROR(SaveSeen(directory, *options.vault_id, PolicyOf(*options.known_head)));
    for (const LogEnd& log : options.known_head->logs) {
      state->session.known_ends[log.writer] = {log.seq, log.hash};
    }
  }
  return Vault(std::move(state));
}

const VaultId& Vault::id() const { return state_->session.access.vault; }
const std::string& Vault::name() const { return state_->session.access.details.vault_name; }
Role Vault::role() const { return state_->session.access.role; }
const std::vector<std::string>& Vault::warnings() const { return state_->session.access.warnings; }

Result<ShareStanding> Vault::CheckShare(const std::vector<NamedProvider>& providers, ByteView share,
                                        const OpenOptions& options) {
  FENCHI_ASSIGN_OR_RETURN(ShareLabel label, ReadShareLabel(share));
  const VaultId vault = options.vault_id.value_or(label.vault);
  std::optional<SeenState> seen;
  FENCHI_ASSIGN_OR_RETURN(seen, LoadSeen(DirectoryOf(options.state_directory), vault));
  auto executor = MakeExecutor(options.environment, providers.size());
  return StandingOfShare(providers, vault, share, std::move(label), executor, &*seen);
}

// ---- Verbs: the role is checked before anything is touched ----

#define FENCHI_REQUIRE(role, doing) \
  FENCHI_RETURN_IF_ERROR(RequireRole(state_->session.access, role, doing))

Result<BackupReport> Vault::BackupTree(const std::string& path, const BackupOptions& options) {
  const std::array<std::string, 1> paths = {path};
  return BackupTrees(paths, options);
}
Result<BackupReport> Vault::BackupTrees(std::span<const std::string> paths,
                                        const BackupOptions& options) {
  FENCHI_REQUIRE(Role::kWrite, "a backup");
  return Cancellable(options.observer,
                     [&] { return fenchi::BackupTrees(state_->session, paths, options); });
}
Result<BackupReport> Vault::BackupStream(const StreamReader& input, const std::string& file_name,
                                         const BackupOptions& options) {
  FENCHI_REQUIRE(Role::kWrite, "a backup");
  return Cancellable(options.observer, [&] {
    return fenchi::BackupStream(state_->session, input, file_name, options);
  });
}
Result<SnapshotList> Vault::Snapshots() { return ListSnapshots(state_->session); }
Result<SnapshotId> Vault::FindSnapshot(std::string_view text) {
  FENCHI_REQUIRE(Role::kRead, "finding a snapshot by its label or id");
  return fenchi::FindSnapshot(state_->session, text);
}
Status Vault::List(const SnapshotId& snapshot, std::string_view path, bool recursive,
                   const std::function<bool(const ListedEntry&)>& entry) {
  FENCHI_REQUIRE(Role::kRead, "listing files");
  return ListEntries(state_->session, snapshot, path, recursive, entry);
}
Status Vault::Cat(const SnapshotId& snapshot, std::string_view path, const StreamWriter& output) {
  FENCHI_REQUIRE(Role::kRead, "reading a file");
  return CatFile(state_->session, snapshot, path, output);
}
Result<RestoreReport> Vault::Restore(const SnapshotId& snapshot, const std::string& target,
                                     const RestoreOptions& options) {
  FENCHI_REQUIRE(Role::kRead, "a restore");
  return Cancellable(
      options.observer,
      [&] { return GoesOn(RestoreSnapshot(state_->session, snapshot, target, options)); },
      [](const auto& done) { return done.complete(); });
}
Result<VerifyReport> Vault::Verify(const VerifyOptions& options) {
  if (options.depth == VerifyDepth::kData) FENCHI_REQUIRE(Role::kRead, "checking the data");
  if (options.depth != VerifyDepth::kExists) FENCHI_REQUIRE(Role::kVerify, "checking tags");
  return Cancellable(
      options.observer, [&] { return VerifyVault(state_->session, options); },
      [](const auto& done) { return done.healthy(); });
}
Result<RepairReport> Vault::Repair(const VerifyReport& report, const RepairOptions& options) {
  FENCHI_REQUIRE(Role::kVerify, "a repair");
  return Cancellable(
      options.observer, [&] { return RepairVault(state_->session, report, options); },
      [](const auto& done) { return done.complete(); });
}
Result<CourierExportReport> Vault::ExportCourier(std::string_view provider, const std::string& path,
                                                 const Observer& observer) {
  FENCHI_REQUIRE(Role::kVerify, "a courier");
  return Cancellable(observer,
                     [&] { return ExportToCourier(state_->session, provider, path, observer); });
}
Result<DrillReport> Vault::Drill(const SnapshotId& snapshot, const DrillOptions& options) {
  FENCHI_REQUIRE(Role::kRead, "a drill");
  return Cancellable(options.observer,
                     [&] { return DrillSnapshot(state_->session, snapshot, options); });
}
Result<AttestReport> Vault::Attest(const AttestOptions& options) {
  FENCHI_REQUIRE(Role::kRead, "attesting packs");
  return Cancellable(
      options.observer, [&] { return AttestPacks(state_->session, options); },
      [](const auto& done) { return done.refused.empty(); });
}
Result<VaultStatus> Vault::DescribeStatus() { return DescribeVault(state_->session); }

Result<SecretBytes> Vault::ExportCredential(Role role, std::span<const std::string> key_domains) {
  if (role != Role::kWrite) {
    return ExportCredentialFile(state_->session.access, role, key_domains);
  }
  FENCHI_REQUIRE(Role::kAdmin, "making a write credential");
  if (state_->session.access.policy.next_admins.threshold != 1) {
    return Denied("a new writer takes {} of the vault's admins",
                  state_->session.access.policy.next_admins.threshold)
        .WithHint("propose the writer as a change of the policy, for the admins to approve");
  }
  PolicyEdit edit;
  edit.add_writers.push_back({Role::kWrite, {key_domains.begin(), key_domains.end()}, ""});
  FENCHI_ASSIGN_OR_RETURN(PolicyChange change, ChangePolicy(edit));
  if (!change.published) return Denied("the admin key of this opening is not one of the vault's");
  return std::move(change.credentials.front());
}
Result<CustodyReport> Vault::DescribeCustody(std::optional<Timestamp> at) {
  FENCHI_RETURN_IF_ERROR(state_->session.Refresh().status());  // others may have changed it
  return DescribeAccess(state_->session.access, at);
}
Result<std::vector<EpochUse>> Vault::DescribeEpochs() { return UseByEpoch(state_->session); }
Result<PolicyChange> Vault::Rotate(const CustodyPlan& plan) {
  FENCHI_REQUIRE(Role::kAdmin, "rotating the keys");
  Session& session = state_->session;
  return RotateKeys(session.access, plan, session.clock, session.random);
}
Result<PolicyChange> Vault::AddAccess(const CustodyPlan& plan) {
  FENCHI_REQUIRE(Role::kAdmin, "adding a slot");
  Session& session = state_->session;
  return AddSlots(session.access, plan, session.clock, session.random);
}
Result<PolicyChange> Vault::ChangePolicy(const PolicyEdit& edit) {
  FENCHI_REQUIRE(Role::kAdmin, "changing the policy");
  return ChangeVaultPolicy(state_->session, edit);
}
Result<std::vector<std::string>> Vault::ReviewProposal(ByteView proposal) {
  return ReviewChange(state_->session.access, proposal);
}
Result<PolicyChange> Vault::Publish(ByteView proposal, std::span<const Bytes> approvals) {
  FENCHI_REQUIRE(Role::kAdmin, "publishing a proposal");
  return PublishApproved(state_->session, proposal, approvals);
}

#undef FENCHI_REQUIRE

}  // namespace fenchi
