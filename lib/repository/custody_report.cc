// Who can open a vault, in words; and what a proposal changes.
#include <algorithm>
#include <utility>

#include "base/display.h"
#include "base/error.h"
#include "fenchi/hash.h"
#include "format/access.h"
#include "format/names.h"
#include "format/proposal.h"
#include "repository/bootstrap.h"
#include "repository/custody_change.h"
#include "repository/slot_node.h"

namespace fenchi {
namespace {

using format::AccessTerm;

std::vector<Custodian> HoldersIn(const format::CustodianDetails& listed) {
  std::vector<Custodian> out;
  for (const format::CustodianDetails::Holder& one : listed.holders) {
    const auto index = static_cast<std::size_t>(one.index);
    if (out.size() < index) out.resize(index);
    out[index - 1] = {one.holder, one.deputy};
  }
  return out;
}

// The custodians of the nodes of one slot, in the order in which they stand in its expression.
struct SlotRegister {
  std::vector<const format::CustodianDetails*> nodes;
  std::size_t next = 0;
};

std::string NamesOf(const format::CustodianDetails& listed) {
  std::string out;
  for (const format::CustodianDetails::Holder& one : listed.holders) {
    out += (out.empty() ? "" : ", ") + EscapeForDisplay(one.holder);
    if (!one.deputy.empty()) out += fmt::format(" (deputy: {})", EscapeForDisplay(one.deputy));
  }
  return out;
}

// `node` has the shape of `term`.
std::string InWords(const AccessTerm& term, const format::SlotNode& node, SlotRegister& listed) {
  if (term.kind == AccessTerm::Kind::kName) {
    const std::string name = EscapeForDisplay(term.name);
    if (node.kind == format::NodeKind::kToken) {
      return fmt::format("whoever can use the token of '{}'", name);
    }
    return term.name == "passphrase" ? "whoever knows the passphrase"
                                     : "whoever holds '" + name + "'";
  }
  if (term.kind == AccessTerm::Kind::kShares) {
    if (term.name == format::kProvidersGroup) {
      return fmt::format("the shares that lie at any {} providers", term.threshold);
    }
    const std::string group = EscapeForDisplay(term.name);
    if (listed.next >= listed.nodes.size()) {
      return fmt::format("any {} custodians of {}", term.threshold, group);
    }
    const format::CustodianDetails& group_of_node = *listed.nodes[listed.next++];
    return fmt::format("any {} of the {} custodians of {} ({})", term.threshold,
                       group_of_node.holders.size(), group, NamesOf(group_of_node));
  }
  std::string out;
  for (std::size_t i = 0; i < term.children.size(); ++i) {
    const AccessTerm& child = term.children[i];
    const std::string one = InWords(child, node.children[i], listed);
    if (!out.empty()) out += term.kind == AccessTerm::Kind::kAnd ? " together with " : ", or ";
    out += child.children.empty() ? one : "(" + one + ")";
  }
  return out;
}

void ListTokens(const std::string& slot, const AccessTerm& term, const format::SlotNode& node,
                std::vector<CustodyToken>& out) {
  if (node.kind == format::NodeKind::kToken) out.push_back({slot, term.name, node.token.bytes});
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    ListTokens(slot, term.children[i], node.children[i], out);
  }
}

void DescribeSlots(const format::SlotTable& table, const format::PolicyDetails& details, int needed,
                   CustodyReport& out) {
  for (const format::Slot& slot : table.slots) {
    out.slots.push_back(slot.access);
    out.open += (out.open.empty() ? "" : ", OR ") + slot.access;
    SlotRegister listed;
    for (const format::CustodianDetails& node : details.custodians) {
      if (node.slot == slot.id) listed.nodes.push_back(&node);
    }
    std::ranges::sort(listed.nodes, {}, [](const auto* node) { return node->path; });
    // Whoever made the slot wrote the expression: words are only for what the nodes really are.
    const std::optional<AccessTerm> term = TermOf(slot);
    out.described.push_back(term.has_value());
    if (term) {
      out.in_words.push_back(fmt::format("{}, with any {} of the providers",
                                         InWords(*term, slot.node, listed), needed));
      ListTokens(slot.access, *term, slot.node, out.tokens);
    } else {
      out.in_words.push_back(fmt::format("a slot that this version cannot describe; it says '{}'",
                                         EscapeForDisplay(slot.access)));
    }
  }
}

int ThresholdOf(const format::SlotNode& node, ByteView path) {
  if (path.empty()) return node.threshold;
  if (path[0] >= node.children.size()) return 0;
  return ThresholdOf(node.children[path[0]], path.subspan(1));
}

void DescribeGroups(const format::SlotTable& table, const format::PolicyDetails& details,
                    CustodyReport& out) {
  for (const format::CustodianDetails& listed : details.custodians) {
    const auto slot = std::ranges::find(table.slots, listed.slot, &format::Slot::id);
    if (slot == table.slots.end()) continue;
    out.groups.push_back(
        {slot->access, listed.group, ThresholdOf(slot->node, listed.path), HoldersIn(listed)});
  }
}

void DescribePeople(const format::Policy& policy, const format::PolicyDetails& details,
                    CustodyReport& out) {
  for (const format::DomainDetails& domain : details.domains) {
    out.key_domains.push_back(domain.label);
  }
  out.admins.threshold = policy.next_admins.threshold;
  for (const SigningPublicKey& key : policy.next_admins.keys) out.admins.keys.push_back(key.bytes);
  for (const format::PolicyWriter& writer : policy.writers) {
    WriterInfo& info = out.writers.emplace_back();
    info.id = writer.id;
    info.reads = (writer.rights & format::kRightAttest) != 0;
    info.revoked = writer.state == format::WriterState::kRevoked;
    const auto label = std::ranges::find(details.writers, writer.id, &format::WriterDetails::id);
    if (label != details.writers.end()) info.label = label->label;
  }
}

// The version that held at a time, by what its signer's clock said.
Result<format::Policy> PolicyAt(const Access& access, std::optional<Timestamp> at) {
  if (!at) return access.policy;
  for (std::size_t i = access.policy_objects.size(); i-- > 0;) {
    FENCHI_ASSIGN_OR_RETURN(const format::SignedPolicy object,
                            format::DecodeSignedPolicy(access.policy_objects[i]));
    FENCHI_ASSIGN_OR_RETURN(format::Policy policy, format::DecodePolicy(object.payload));
    if (policy.time <= *at) return policy;
  }
  return NotFound("the vault did not exist at that time");
}

}  // namespace

Result<format::SlotTable> ReadSlotTable(const Access& access, const format::Policy& policy) {
  const NameAt name = [&](const Seat&, int generation) {
    return format::SlotsName(policy.slots.version, generation);
  };
  const Result<ObjectAt> found =
      access.seats.GetAny(name, format::kSlotsObjectSizeMax, [&](ByteView object) {
        return Sha256(object) == policy.slots.hash ? Status::Ok()
                                                   : Damaged("it is not what the policy names");
      });
  if (!found.ok()) {
    const bool away = TellsOfPlace(found.status());
    return Status(away ? found.status().code() : StatusCode::kDataLoss,
                  fmt::format("slots {}: no provider that answers holds a good copy: {}",
                              policy.slots.version, found.status().message()),
                  found.status().hint());
  }
  return format::DecodeSlots(found->bytes);
}

Result<CustodyReport> DescribeAccess(const Access& access, std::optional<Timestamp> at) {
  FENCHI_ASSIGN_OR_RETURN(const format::Policy policy, PolicyAt(access, at));
  FENCHI_ASSIGN_OR_RETURN(const format::PolicyDetails details,
                          OpenDetails(policy, access.outer_key.view()));
  FENCHI_ASSIGN_OR_RETURN(const format::SlotTable table, ReadSlotTable(access, policy));
  CustodyReport out;
  out.policy_version = policy.version;
  out.time = policy.time;
  out.epoch = policy.epoch;
  out.needed = policy.needed;
  DescribeSlots(table, details, policy.needed, out);
  DescribeGroups(table, details, out);
  DescribePeople(policy, details, out);
  return out;
}

// ---- Proposals ----

namespace {

void ReviewKeys(const format::Policy& before, const format::Policy& after,
                std::vector<std::string>& out) {
  if (after.epoch != before.epoch) {
    out.push_back(
        fmt::format("the keys are rotated: epoch {} follows epoch {}", after.epoch, before.epoch));
  }
  if (after.next_admins != before.next_admins) {
    out.push_back(fmt::format("{} of {} admins must sign from then on (until then {} of {})",
                              after.next_admins.threshold, after.next_admins.keys.size(),
                              before.next_admins.threshold, before.next_admins.keys.size()));
  }
  for (const SigningPublicKey& key : after.next_admins.keys) {
    if (std::ranges::find(before.next_admins.keys, key) != before.next_admins.keys.end()) continue;
    out.push_back(fmt::format("new admin: {}", key.hex()));
  }
  for (const SigningPublicKey& key : before.next_admins.keys) {
    if (std::ranges::find(after.next_admins.keys, key) != after.next_admins.keys.end()) continue;
    out.push_back(fmt::format("admin no more: {}", key.hex()));
  }
  if (!after.closed_heads.empty()) {
    out.push_back("what admins of earlier versions sign from now on counts no more");
  }
}

void ReviewWriters(const format::Policy& before, const format::Policy& after,
                   std::vector<std::string>& out) {
  for (const format::PolicyWriter& writer : after.writers) {
    const auto known = std::ranges::find(before.writers, writer.id, &format::PolicyWriter::id);
    if (known == before.writers.end()) {
      const bool reads = (writer.rights & format::kRightAttest) != 0;
      out.push_back(fmt::format("new writer {} ({})", writer.id.hex(),
                                reads ? "reads and writes" : "writes only"));
    } else if (known->state != writer.state && writer.state == format::WriterState::kRevoked) {
      out.push_back(fmt::format("writer {} is revoked", writer.id.hex()));
    } else if (*known != writer) {
      out.push_back(fmt::format("writer {} gets another key, rights or state", writer.id.hex()));
    }
  }
  for (const format::PolicyWriter& writer : before.writers) {
    if (std::ranges::find(after.writers, writer.id, &format::PolicyWriter::id) !=
        after.writers.end()) {
      continue;
    }
    out.push_back(fmt::format("writer {} is not listed any more", writer.id.hex()));
  }
}

// What a proposer could slip in beside what he says: every field that nothing else tells of.
void ReviewObjects(const format::Policy& before, const format::Policy& after,
                   std::vector<std::string>& out) {
  const bool rotated = after.epoch != before.epoch;
  if (!rotated && after.keyring != before.keyring) out.push_back("the keyring is replaced");
  if (!rotated && (after.leaves != before.leaves || after.leaf_version != before.leaf_version)) {
    out.push_back("the providers' leaf shares are replaced");
  }
  for (const format::PolicyDomain& domain : before.domains) {
    const auto still = std::ranges::find(after.domains, domain.id, &format::PolicyDomain::id);
    if (still == after.domains.end()) {
      out.push_back(fmt::format("key domain {} is not listed any more", domain.id.hex()));
    } else if (*still != domain && !rotated) {
      out.push_back(fmt::format("key domain {} gets another read key", domain.id.hex()));
    }
  }
}

void ReviewDetails(const format::PolicyDetails& before, const format::PolicyDetails& after,
                   std::vector<std::string>& out) {
  const bool same = before.vault_name == after.vault_name && before.providers == after.providers &&
                    before.home_country == after.home_country &&
                    before.denied_countries == after.denied_countries &&
                    before.relaxations == after.relaxations && before.abroad == after.abroad;
  if (!same) out.push_back("names, places or placement rules change");
}

void ReviewPlaces(const format::Policy& before, const format::Policy& after,
                  std::vector<std::string>& out) {
  if (after.providers != before.providers) out.push_back("the providers change");
  if (after.needed != before.needed) {
    out.push_back(fmt::format("shards needed: {} instead of {}", after.needed, before.needed));
  }
  if (after.quorums != before.quorums) out.push_back("the quorums change");
  if (after.suite != before.suite) out.push_back("the cipher suite for new objects changes");
  if (after.verify_public_key != before.verify_public_key) out.push_back("the verify key changes");
  if (after.format_doc != before.format_doc || after.reader != before.reader) {
    out.push_back("the format document or the reader program beside the data changes");
  }
}

}  // namespace

Result<std::vector<std::string>> ReviewChange(const Access& access, ByteView proposal) {
  FENCHI_ASSIGN_OR_RETURN(const format::Proposal decoded, format::DecodeProposal(proposal));
  FENCHI_ASSIGN_OR_RETURN(const DraftVersion draft, DraftOf(access, decoded));
  FENCHI_ASSIGN_OR_RETURN(const format::PolicyDetails details,
                          OpenDetails(draft.policy, access.outer_key.view()));
  const format::Policy& before = access.policy;
  const format::Policy& after = draft.policy;
  std::vector<std::string> out;
  out.push_back(fmt::format("policy {} follows policy {}", after.version, before.version));
  ReviewKeys(before, after, out);
  if (after.slots != before.slots) {
    FENCHI_ASSIGN_OR_RETURN(const format::SlotTable table, ReadSlotTable(access, after));
    CustodyReport report;
    DescribeSlots(table, details, after.needed, report);
    for (const std::string& words : report.in_words) {
      out.push_back("opens the vault from then on: " + words);
    }
  }
  for (const format::DomainDetails& domain : details.domains) {
    const auto known =
        std::ranges::find(access.details.domains, domain.id, &format::DomainDetails::id);
    if (known == access.details.domains.end()) {
      out.push_back(fmt::format("new key domain '{}'", EscapeForDisplay(domain.label)));
    }
  }
  ReviewWriters(before, after, out);
  ReviewPlaces(before, after, out);
  ReviewObjects(before, after, out);
  ReviewDetails(access.details, details, out);
  return out;
}

}  // namespace fenchi
