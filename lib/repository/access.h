// Access: what an opened vault can do: its keys by role, its policy, its seats.
//
// Made by bootstrap.h (slots) or from a credential file. A domain reader's Access holds only its
// own domains; a verifier's holds no domain at all. Immutable once made, so any thread may read it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "crypto/signing.h"
#include "fenchi/bytes.h"
#include "fenchi/clock.h"
#include "fenchi/options.h"
#include "fenchi/random.h"
#include "fenchi/secret.h"
#include "format/credential.h"
#include "format/keyring.h"
#include "format/policy.h"
#include "repository/seats.h"

namespace fenchi {

// Admins that one version of the chain named, or several in a row.
struct AdminEra {
  format::AdminSet admins;
  // Behind these log records earlier eras approve nothing. Empty: no bound.
  std::vector<format::LogHead> closed_heads;
};

struct Access {
  VaultId vault;
  Role role = Role::kRead;
  format::Policy policy;           // the newest one of the accepted chain
  Hash256 policy_hash;             // H(its payload)
  std::vector<int> shards_needed;  // every k that the chain ever had, newest first
  Bytes genesis_object;
  std::vector<Bytes> policy_objects;  // of versions 1, 2, ... to the newest, as they were read
  // Whom any version of the chain named, so that what they signed in their time goes on counting:
  std::vector<AdminEra> admin_eras;           // oldest first
  std::vector<format::PolicyWriter> writers;  // state as in the newest version, rights of them all
  int policy_holders = 0;                     // providers that held the newest one when it was read
  format::PolicyDetails details;
  SecretBytes outer_key;
  SecretBytes name_key;
  std::optional<KeyPair> verify;                     // verify role and full readers
  std::vector<format::DomainKeys> domains;           // that this opening may read
  std::vector<format::WriterDomain> writer_domains;  // that it may add to and not read
  std::optional<format::CredentialWriter> writer;    // which writer it is; else the host's own
  std::optional<SigningKey> admin;  // brought, of an admin credential, or the 1-of-1 default's
  std::optional<SecretBytes> keyring_admin_seed;  // the 1-of-1 default's, where it lies there
  std::optional<SecretBytes> root;                // of the epoch: where a slot was opened
  Seats seats;
  std::vector<std::string> warnings;

  Suite suite() const { return policy.suite; }
  std::uint32_t epoch() const { return policy.epoch; }
  int needed() const { return policy.needed; }
  const format::DomainKeys* FindDomain(const DomainId& id) const;
  // By label; empty text: the first. Errors: kNotFound naming the labels that there are.
  Result<const format::DomainKeys*> FindDomain(std::string_view label) const;
  std::string DomainLabel(const DomainId& id) const;  // from details; hex when not named there
};

// kDenied unless `access` has what the role holds. `doing`: "restoring", "a backup". A reader may
// also write. Touches nothing.
Status RequireRole(const Access& access, Role role, std::string_view doing);
std::string_view RoleName(Role role);  // "read"

// The eras whose admins may approve the record `seq` of `writer`.
std::span<const AdminEra> ErasThatApprove(const Access& access, const WriterId& writer,
                                          std::uint64_t seq);

// Adds those whom `policy`, the version after the ones already added, names.
void AddPeople(const format::Policy& policy, Access& access);

// The placement rules that the signed policy records.
PlacementRules RulesOf(const format::PolicyDetails& details);

// Seats that the policy ever gave out: the `seats` of new packs, FORMAT.md section 7.2.
int SeatCount(const format::Policy& policy);

}  // namespace fenchi
