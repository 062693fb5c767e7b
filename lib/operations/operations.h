// The verbs, one source file each. vault.h says what they promise.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "fenchi/courier.h"
#include "fenchi/custody.h"
#include "operations/session.h"

namespace fenchi {

Result<BackupReport> BackupTrees(Session& session, std::span<const std::string> paths,
                                 const BackupOptions& options);
Result<BackupReport> BackupStream(Session& session, const StreamReader& input,
                                  const std::string& file_name, const BackupOptions& options);
Result<SnapshotList> ListSnapshots(Session& session);
Result<SnapshotId> FindSnapshot(Session& session, std::string_view text);
Status ListEntries(Session& session, const SnapshotId& snapshot, std::string_view path,
                   bool recursive, const std::function<bool(const ListedEntry&)>& entry);
Status CatFile(Session& session, const SnapshotId& snapshot, std::string_view path,
               const StreamWriter& output);
Result<RestoreReport> RestoreSnapshot(Session& session, const SnapshotId& snapshot,
                                      const std::string& target, const RestoreOptions& options);
// The same of one that is open; fills in what it did.
struct SnapshotView;
Status RestoreView(SnapshotView& view, const std::string& target, const RestoreOptions& options,
                   RestoreReport& report);
Result<VerifyReport> VerifyVault(Session& session, const VerifyOptions& options);
Result<RepairReport> RepairVault(Session& session, const VerifyReport& report,
                                 const RepairOptions& options);
Result<CourierExportReport> ExportToCourier(Session& session, std::string_view provider,
                                            const std::string& path, const Observer& observer);
Result<DrillReport> DrillSnapshot(Session& session, const SnapshotId& snapshot,
                                  const DrillOptions& options);
Result<VaultStatus> DescribeVault(Session& session);
Result<std::vector<EpochUse>> UseByEpoch(Session& session);
Result<AttestReport> AttestPacks(Session& session, const AttestOptions& options);
Result<PolicyChange> ChangeVaultPolicy(Session& session, const PolicyEdit& edit);
Result<PolicyChange> PublishApproved(Session& session, ByteView proposal,
                                     std::span<const Bytes> approvals);

}  // namespace fenchi
