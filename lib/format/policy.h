// Signed policies, FORMAT.md section 5.2: the vault's providers, quorums, keys and writers.
//
// A version counts when enough admins of the version before signed exactly its payload bytes: a
// decoded policy is never encoded again, SignedPolicy keeps the bytes. Threads: any.
//
//   FENCHI_ASSIGN_OR_RETURN(SignedPolicy object, DecodeSignedPolicy(bytes));
//   FENCHI_RETURN_IF_ERROR(CheckPolicySignatures(object, vault, before.next_admins));
//   FENCHI_ASSIGN_OR_RETURN(Policy policy, DecodePolicy(object.payload));
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "crypto/key_exchange.h"
#include "crypto/signing.h"
#include "fenchi/aead.h"
#include "fenchi/bytes.h"
#include "fenchi/clock.h"
#include "fenchi/status.h"
#include "format/genesis.h"
#include "format/ids.h"
#include "format/quorums.h"

namespace fenchi::format {

enum class ProviderState : std::uint8_t { kActive = 1, kRetired = 2 };
enum class WriterState : std::uint8_t { kActive = 1, kRevoked = 2 };
inline constexpr std::uint32_t kRightBackup = 1;
inline constexpr std::uint32_t kRightPrune = 2;
inline constexpr std::uint32_t kRightAttest = 4;

struct PolicyProvider {
  ProviderId id;
  int seat = 0;  // 0..254
  ProviderState state = ProviderState::kActive;
  friend bool operator==(const PolicyProvider&, const PolicyProvider&) = default;
};
struct PolicyDomain {
  DomainId id;
  std::uint32_t epoch = 0;
  ExchangePublicKey read_public_key;
  friend bool operator==(const PolicyDomain&, const PolicyDomain&) = default;
};
struct VersionedHash {
  std::uint32_t version = 0;
  Hash256 hash;
  friend bool operator==(const VersionedHash&, const VersionedHash&) = default;
};
struct LeafHash {
  int seat = 0;
  Hash256 hash;
  friend bool operator==(const LeafHash&, const LeafHash&) = default;
};
struct PolicyWriter {
  WriterId id;
  SigningPublicKey public_key;
  std::uint32_t rights = 0;  // kRightBackup | ...
  WriterState state = WriterState::kActive;
  friend bool operator==(const PolicyWriter&, const PolicyWriter&) = default;
};

// A place in a writer's log.
struct LogHead {
  WriterId writer;
  std::uint64_t seq = 0;
  Hash256 hash;  // of that record
  friend bool operator==(const LogHead&, const LogHead&) = default;
};

struct Policy {
  VaultId vault;
  std::uint32_t version = 0;              // 1, 2, ...
  Hash256 previous;                       // H(payload before); the vault id for version 1
  Timestamp time;                         // a label
  int needed = 0;                         // k
  std::vector<PolicyProvider> providers;  // by seat; at most one active in a seat
  Quorums quorums;
  Suite suite = Suite::kAes256Gcm;
  int matrix_id = kMatrixId;
  std::uint32_t epoch = 0;  // 1, 2, ...
  ExchangePublicKey verify_public_key;
  std::vector<PolicyDomain> domains;
  VersionedHash slots;
  VersionedHash keyring;
  std::uint32_t leaf_version = 0;
  std::vector<LeafHash> leaves;  // by seat
  Hash256 format_doc;
  Hash256 reader;
  std::vector<PolicyWriter> writers;
  AdminSet next_admins;
  Bytes details;  // box of type 11
  // Records behind these are approved by admins of this version or later ones only; a writer that
  // is not listed has no record before. Empty: no bound.
  std::vector<LogHead> closed_heads;

  int active_providers() const;  // n
  friend bool operator==(const Policy&, const Policy&) = default;
};

// Errors: kInvalidArgument when something is out of range, repeated or unordered; kPolicy when the
// quorums break a rule.
Result<Bytes> EncodePolicy(const Policy& policy);  // the payload
// Errors: kDamaged; kUnsupported for a version, suite or matrix of later.
Result<Policy> DecodePolicy(ByteView payload);

struct PolicySignature {
  SigningPublicKey admin;
  Signature signature;
  friend bool operator==(const PolicySignature&, const PolicySignature&) = default;
};
struct SignedPolicy {
  Bytes payload;
  std::vector<PolicySignature> signatures;  // 1..255, distinct admins
  friend bool operator==(const SignedPolicy&, const SignedPolicy&) = default;
};
Result<Bytes> EncodeSignedPolicy(const SignedPolicy& policy);
Result<SignedPolicy> DecodeSignedPolicy(ByteView object);

// What an admin signs.
Bytes PolicySigningMessage(const VaultId& vault, ByteView payload);
// Errors: kDamaged when fewer than `admins.threshold` distinct ones of them signed it. Signatures
// by others are ignored.
Status CheckPolicySignatures(const SignedPolicy& policy, const VaultId& vault,
                             const AdminSet& admins);

// ---- Details: what only holders of K_outer read ----
struct ProviderDetails {
  ProviderId id;
  std::string name, vendor, vendor_home, country, region, account, medium;  // empty: not declared
  friend bool operator==(const ProviderDetails&, const ProviderDetails&) = default;
};
struct DomainDetails {
  DomainId id;
  std::string label;
  friend bool operator==(const DomainDetails&, const DomainDetails&) = default;
};
struct Relaxation {
  std::string axis, ground, approver;
  std::int64_t expires_seconds = 0;  // 0: never
  friend bool operator==(const Relaxation&, const Relaxation&) = default;
};
// The register of custodians of one node of a slot.
struct CustodianDetails {
  struct Holder {
    int index = 0;  // of the share, 1..16
    std::string holder, deputy;
    friend bool operator==(const Holder&, const Holder&) = default;
  };
  FixedBytes<16, struct SlotIdTag> slot;
  Bytes path;  // of the node
  std::string group;
  std::vector<Holder> holders;
  friend bool operator==(const CustodianDetails&, const CustodianDetails&) = default;
};
struct WriterDetails {
  WriterId id;
  std::string label;
  friend bool operator==(const WriterDetails&, const WriterDetails&) = default;
};
struct PolicyDetails {
  std::string vault_name;
  std::vector<ProviderDetails> providers;
  std::vector<DomainDetails> domains;
  std::string home_country;  // empty: none
  std::vector<std::string> denied_countries;
  std::vector<Relaxation> relaxations;
  int abroad = 0;  // at least this many providers abroad
  std::vector<CustodianDetails> custodians;
  std::vector<WriterDetails> writers;  // those that were given a label
  friend bool operator==(const PolicyDetails&, const PolicyDetails&) = default;
};
Result<Bytes> EncodePolicyDetails(const PolicyDetails& details);
Result<PolicyDetails> DecodePolicyDetails(ByteView bytes);

}  // namespace fenchi::format
