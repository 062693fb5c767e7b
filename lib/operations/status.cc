// The status verb: providers, quorums, placement, how fresh the view is.
#include <algorithm>

#include "fenchi/hash.h"
#include "format/names.h"
#include "operations/operations.h"
#include "repository/placement.h"

namespace fenchi {
namespace {

ProviderStatus StatusOf(const Access& access, std::size_t position) {
  const Seat& seat = access.seats.all()[position];
  ProviderStatus status;
  status.name = seat.name;
  status.seat = seat.number;
  status.domain = seat.domain;
  if (!seat.provider) {
    status.message = seat.absent_reason;
    return status;
  }
  status.location = seat.provider->location();
  Hash256 wanted;
  for (const format::LeafHash& leaf : access.policy.leaves) {
    if (leaf.seat == seat.number) wanted = leaf.hash;
  }
  const Result<ObjectAt> leaf = access.seats.GetAt(
      position,
      [&](const Seat&, int generation) {
        return format::LeafName(access.policy.leaf_version, generation);
      },
      format::kGenesisObjectSizeMax,
      [&](ByteView bytes) {
        return Sha256(bytes) == wanted
                   ? Status::Ok()
                   : Status(StatusCode::kDamaged, "its leaf share is not the one in the policy");
      });
  status.holds_vault = leaf.ok();
  status.reachable = !TellsOfPlace(leaf.status());
  if (!leaf.ok()) {
    status.message = status.reachable
                         ? "is its disk mounted? A new place is filled by `fenchi repair`"
                         : leaf.status().message();
  }
  return status;
}

VaultHead HeadOf(const Session& session) {
  VaultHead head;
  head.policy_version = session.access.policy.version;
  head.policy_hash = session.access.policy_hash;
  for (const auto& [writer, records] : session.log.records()) {
    if (!records.empty()) head.logs.push_back({writer, records.size(), records.back().hash});
  }
  return head;
}

}  // namespace

Result<VaultStatus> DescribeVault(Session& session) {
  const Access& access = session.access;
  VaultStatus out;
  FENCHI_ASSIGN_OR_RETURN(Freshness freshness, session.Refresh());
  FENCHI_ASSIGN_OR_RETURN(History history, session.ReadHistory());
  out.vault = access.vault;
  out.name = access.details.vault_name;
  out.needed = access.needed();
  out.total = access.policy.active_providers();
  out.write_quorum = access.policy.quorums.write_quorum;
  out.read_quorum = access.policy.quorums.read_quorum;
  out.liars = access.policy.quorums.liars;
  out.spare_losses = access.policy.quorums.spare_losses;
  out.policy_version = access.policy.version;
  out.epoch = access.epoch();
  for (const format::DomainDetails& domain : access.details.domains) {
    out.key_domains.push_back(domain.label);
  }
  out.providers.resize(access.seats.size());
  access.seats.executor().ForEach(access.seats.size(),
                                  [&](std::size_t i) { out.providers[i] = StatusOf(access, i); });
  std::vector<std::pair<std::string, Domain>> placed;
  for (const Seat& seat : access.seats.all()) placed.emplace_back(seat.name, seat.domain);
  const PlacementVerdict verdict =
      CheckPlacement(placed, access.needed(), RulesOf(access.details), session.clock.Now());
  out.placement_notes = verdict.violations;
  out.placement_notes.insert(out.placement_notes.end(), verdict.notes.begin(), verdict.notes.end());
  out.snapshots = history.snapshots().size();
  out.incomplete = history.incomplete();
  out.writers = access.policy.writers.size();
  out.head = HeadOf(session);
  out.freshness_proven = freshness.proven;
  return out;
}

}  // namespace fenchi
