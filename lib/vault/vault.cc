// The facade: opens, then hands each verb to its operation.
#include "fenchi/vault.h"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "base/error.h"
#include "operations/operations.h"
#include "repository/bootstrap.h"
#include "repository/credential_access.h"

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
std::string DirectoryOf(const std::string& given) {
  return given.empty() ? DefaultStateDirectory() : given;
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
  auto executor = MakeExecutor(options.environment, providers.size());
  FENCHI_ASSIGN_OR_RETURN(Access access,
                          CreateVault(providers, unlock, options, std::move(executor)));
  const std::string directory = DirectoryOf(options.state_directory);
  return Vault(std::make_unique<State>(std::move(access), directory, options.environment));
}

Result<Vault> Vault::Open(const std::vector<NamedProvider>& providers, const Unlock& unlock,
                          const OpenOptions& options) {
  auto executor = MakeExecutor(options.environment, providers.size());
  const std::string directory = DirectoryOf(options.state_directory);
  std::optional<SeenState> seen;
  if (options.vault_id) {
    FENCHI_ASSIGN_OR_RETURN(seen, LoadSeen(directory, *options.vault_id));
  }
  FENCHI_ASSIGN_OR_RETURN(Access access,
                          OpenVault(providers, unlock, options, executor, seen ? &*seen : nullptr));
  return Vault(std::make_unique<State>(std::move(access), directory, options.environment));
}

const VaultId& Vault::id() const { return state_->session.access.vault; }
const std::string& Vault::name() const { return state_->session.access.details.vault_name; }
Role Vault::role() const { return state_->session.access.role; }
const std::vector<std::string>& Vault::warnings() const { return state_->session.access.warnings; }

Result<BackupReport> Vault::BackupTree(const std::string& path, const BackupOptions& options) {
  const std::array<std::string, 1> paths = {path};
  return BackupTrees(paths, options);
}
Result<BackupReport> Vault::BackupTrees(std::span<const std::string> paths,
                                        const BackupOptions& options) {
  return fenchi::BackupTrees(state_->session, paths, options);
}
Result<BackupReport> Vault::BackupStream(const StreamReader& input, const std::string& file_name,
                                         const BackupOptions& options) {
  return fenchi::BackupStream(state_->session, input, file_name, options);
}
Result<SnapshotList> Vault::Snapshots() { return ListSnapshots(state_->session); }
Result<SnapshotId> Vault::FindSnapshot(std::string_view text) {
  return fenchi::FindSnapshot(state_->session, text);
}
Status Vault::List(const SnapshotId& snapshot, std::string_view path, bool recursive,
                   const std::function<bool(const ListedEntry&)>& entry) {
  return ListEntries(state_->session, snapshot, path, recursive, entry);
}
Status Vault::Cat(const SnapshotId& snapshot, std::string_view path, const StreamWriter& output) {
  return CatFile(state_->session, snapshot, path, output);
}
Result<RestoreReport> Vault::Restore(const SnapshotId& snapshot, const std::string& target,
                                     const RestoreOptions& options) {
  return RestoreSnapshot(state_->session, snapshot, target, options);
}
Result<VerifyReport> Vault::Verify(const VerifyOptions& options) {
  return VerifyVault(state_->session, options);
}
Result<RepairReport> Vault::Repair(const VerifyReport& report, const RepairOptions& options) {
  return RepairVault(state_->session, report, options);
}
Result<CourierExportReport> Vault::ExportCourier(std::string_view provider, const std::string& path,
                                                 const Observer& observer) {
  return ExportToCourier(state_->session, provider, path, observer);
}
Result<DrillReport> Vault::Drill(const SnapshotId& snapshot, const DrillOptions& options) {
  return DrillSnapshot(state_->session, snapshot, options);
}
Result<VaultStatus> Vault::DescribeStatus() { return DescribeVault(state_->session); }
Result<SecretBytes> Vault::ExportCredential(Role role, std::span<const std::string> key_domains) {
  return ExportCredentialFile(state_->session.access, role, key_domains);
}

}  // namespace fenchi
