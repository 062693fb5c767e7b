// Changes of the policy that look at the logs, and proposals that come back approved.
#include <utility>

#include "base/error.h"
#include "operations/operations.h"
#include "repository/custody_change.h"

namespace fenchi {
namespace {

// Where every log ends, from >= R: what was approved up to now goes on counting.
Result<std::vector<format::LogHead>> HeadsOf(Session& session) {
  FENCHI_ASSIGN_OR_RETURN(const Freshness freshness, session.Refresh());
  if (!freshness.proven) {
    return TooFewProviders("{} of {} providers answered, {} must, to know where the logs end",
                           freshness.answered, session.access.seats.size(),
                           session.access.policy.quorums.read_quorum)
        .WithHint("bring providers back and run the same command again");
  }
  std::vector<format::LogHead> heads;
  for (const auto& [writer, records] : session.log.records()) {
    if (!records.empty()) heads.push_back({writer, records.size(), records.back().hash});
  }
  if (heads.empty()) return NotFound("no log has a record yet: there is nothing to close");
  return heads;
}

}  // namespace

Result<PolicyChange> ChangeVaultPolicy(Session& session, const PolicyEdit& edit) {
  std::vector<format::LogHead> heads;
  if (edit.close_former_admins) {
    // Records that were approved by the admins before must be in the heads: so the version that
    // changed the admins is at >= W first, and this one follows it.
    if (edit.admins) {
      return InvalidArgument(
          "admins are changed in one version, and former ones closed in the next");
    }
    FENCHI_ASSIGN_OR_RETURN(heads, HeadsOf(session));
  }
  return EditPolicy(session.access, edit, heads, session.clock, session.random);
}

Result<PolicyChange> PublishApproved(Session& session, ByteView proposal,
                                     std::span<const Bytes> approvals) {
  FENCHI_ASSIGN_OR_RETURN(const format::Proposal decoded, format::DecodeProposal(proposal));
  std::vector<format::ApprovalFile> files;
  for (const Bytes& approval : approvals) {
    FENCHI_ASSIGN_OR_RETURN(files.emplace_back(), format::DecodeApprovalFile(approval));
  }
  FENCHI_RETURN_IF_ERROR(RefreshPolicy(session.access).status());
  // What it names must be there before it is used.
  FENCHI_ASSIGN_OR_RETURN(const DraftVersion draft, DraftOf(session.access, decoded));
  FENCHI_RETURN_IF_ERROR(ReadSlotTable(session.access, draft.policy).status());
  FENCHI_RETURN_IF_ERROR(PublishProposal(session.access, decoded, files));
  PolicyChange out;
  out.published = true;
  out.policy_version = session.access.policy.version;
  return out;
}

}  // namespace fenchi
