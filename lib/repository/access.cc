#include "repository/access.h"

#include <algorithm>

#include "base/error.h"

namespace fenchi {

std::string_view RoleName(Role role) {
  switch (role) {
    case Role::kRead:
      return "read";
    case Role::kWrite:
      return "write";
    case Role::kVerify:
      return "verify";
    case Role::kAdmin:
      return "admin";
  }
  return "unknown";
}

Status RequireRole(const Access& access, Role role, std::string_view doing) {
  const bool reads = !access.domains.empty();
  bool has = false;
  std::string_view how = "open the vault with its passphrase or another slot, or a read credential";
  switch (role) {
    case Role::kRead:
      has = reads;
      break;
    case Role::kWrite:
      has = reads || !access.writer_domains.empty();
      how = "open the vault with a slot, or with a read or write credential";
      break;
    case Role::kVerify:
      has = access.verify.has_value();
      how = "open the vault with a slot, or with a verify credential";
      break;
    case Role::kAdmin:
      has = access.admin.has_value();
      how = "bring an admin key besides, or open the vault with an admin credential";
      break;
  }
  if (has) return Status::Ok();
  return Denied("{} needs the {} role; this vault was opened with the {} role", doing,
                RoleName(role), RoleName(access.role))
      .WithHint(how);
}

std::span<const AdminEra> ErasThatApprove(const Access& access, const WriterId& writer,
                                          std::uint64_t seq) {
  const std::span<const AdminEra> all = access.admin_eras;
  for (std::size_t i = all.size(); i-- > 0;) {
    const auto& heads = all[i].closed_heads;
    if (heads.empty()) continue;
    const auto head = std::ranges::find(heads, writer, &format::LogHead::writer);
    const bool behind = head == heads.end() || head->seq < seq;
    if (behind) return all.subspan(i);
  }
  return all;
}

void AddPeople(const format::Policy& policy, Access& access) {
  const bool same = !access.admin_eras.empty() && policy.closed_heads.empty() &&
                    access.admin_eras.back().admins == policy.next_admins;
  if (!same) access.admin_eras.push_back({policy.next_admins, policy.closed_heads});
  for (format::PolicyWriter& known : access.writers) {
    const auto named = std::ranges::find(policy.writers, known.id, &format::PolicyWriter::id);
    known.state = named == policy.writers.end() ? format::WriterState::kRevoked : named->state;
    if (named != policy.writers.end()) known.rights |= named->rights;
  }
  for (const format::PolicyWriter& writer : policy.writers) {
    if (std::ranges::find(access.writers, writer.id, &format::PolicyWriter::id) ==
        access.writers.end()) {
      access.writers.push_back(writer);
    }
  }
}

const format::DomainKeys* Access::FindDomain(const DomainId& id) const {
  const auto found = std::find_if(domains.begin(), domains.end(),
                                  [&](const format::DomainKeys& keys) { return keys.id == id; });
  return found == domains.end() ? nullptr : &*found;
}

Result<const format::DomainKeys*> Access::FindDomain(std::string_view label) const {
  if (domains.empty()) {
    return Denied("this credential reads no key domain")
        .WithHint("open the vault with its passphrase or a read credential");
  }
  if (label.empty()) return &domains.front();
  std::string known;
  for (const format::DomainKeys& keys : domains) {
    if (keys.label == label) return &keys;
    known += (known.empty() ? "" : ", ") + keys.label;
  }
  return NotFound("no key domain is called '{}'; there are: {}", label, known);
}

std::string Access::DomainLabel(const DomainId& id) const {
  for (const format::DomainDetails& domain : details.domains) {
    if (domain.id == id) return domain.label;
  }
  return id.hex();
}

PlacementRules RulesOf(const format::PolicyDetails& details) {
  PlacementRules rules;
  rules.home_country = details.home_country;
  rules.deny_countries = details.denied_countries;
  rules.abroad_min = details.abroad;
  for (const format::Relaxation& relaxation : details.relaxations) {
    rules.relaxations.push_back(
        {relaxation.axis, relaxation.ground, relaxation.approver, relaxation.expires_seconds});
  }
  return rules;
}

int SeatCount(const format::Policy& policy) {
  return policy.providers.empty() ? 0 : policy.providers.back().seat + 1;
}

}  // namespace fenchi
