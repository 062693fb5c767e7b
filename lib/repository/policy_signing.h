// Making policy versions: details sealed, payload signed, and what an Access then says.
#pragma once

#include <vector>

#include "crypto/signing.h"
#include "fenchi/random.h"
#include "fenchi/status.h"
#include "format/policy.h"
#include "repository/access.h"
#include "repository/policy_chain.h"

namespace fenchi {

// A version that nobody has signed yet.
struct DraftVersion {
  format::Policy policy;
  Bytes payload;
};
// Seals `details` into the policy, whose other fields are complete. Errors: as
// format::EncodePolicy.
Result<DraftVersion> DraftPolicy(format::Policy policy, const format::PolicyDetails& details,
                                 ByteView outer_key, Random& random);
format::PolicySignature SignDraft(const DraftVersion& draft, const SigningKey& admin);
Result<SignedVersion> WithSignatures(DraftVersion draft,
                                     std::vector<format::PolicySignature> signatures);

// All three, for one admin.
Result<SignedVersion> SignPolicy(format::Policy policy, const format::PolicyDetails& details,
                                 ByteView outer_key, const SigningKey& admin, Random& random);

// Errors: kWrongKey when the outer key is not this policy's; kDamaged.
Result<format::PolicyDetails> OpenDetails(const format::Policy& policy, ByteView outer_key);

// Sets policy, hash, objects, holders and shards_needed of `access`; not details, not seats.
void TakeChain(const PolicyChain& chain, Access& access);
// Puts one version behind those that `access` has.
void TakeVersion(const SignedVersion& version, Access& access);

}  // namespace fenchi
