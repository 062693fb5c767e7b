#include "repository/policy_signing.h"

#include <algorithm>
#include <utility>

#include "fenchi/hash.h"
#include "format/derive.h"
#include "format/sealed.h"

namespace fenchi {

Result<DraftVersion> DraftPolicy(format::Policy policy, const format::PolicyDetails& details,
                                 ByteView outer_key, Random& random) {
  FENCHI_ASSIGN_OR_RETURN(const Bytes text, format::EncodePolicyDetails(details));
  const Bytes context = format::PolicyDetailsContext(policy.version);
  FENCHI_ASSIGN_OR_RETURN(
      policy.details,
      format::SealPadded({policy.suite, SealType::kPolicyDetails, policy.vault, context}, outer_key,
                         text, format::kPolicyDetailsPadding, format::kPolicyObjectSizeMax,
                         random));
  DraftVersion draft;
  FENCHI_ASSIGN_OR_RETURN(draft.payload, format::EncodePolicy(policy));
  draft.policy = std::move(policy);
  return draft;
}

format::PolicySignature SignDraft(const DraftVersion& draft, const SigningKey& admin) {
  return {admin.public_key(),
          admin.Sign(format::PolicySigningMessage(draft.policy.vault, draft.payload))};
}

Result<SignedVersion> WithSignatures(DraftVersion draft,
                                     std::vector<format::PolicySignature> signatures) {
  const format::SignedPolicy object{std::move(draft.payload), std::move(signatures)};
  SignedVersion out;
  out.hash = Sha256(object.payload);
  FENCHI_ASSIGN_OR_RETURN(out.object, format::EncodeSignedPolicy(object));
  out.policy = std::move(draft.policy);
  return out;
}

Result<SignedVersion> SignPolicy(format::Policy policy, const format::PolicyDetails& details,
                                 ByteView outer_key, const SigningKey& admin, Random& random) {
  FENCHI_ASSIGN_OR_RETURN(DraftVersion draft,
                          DraftPolicy(std::move(policy), details, outer_key, random));
  format::PolicySignature signature = SignDraft(draft, admin);
  return WithSignatures(std::move(draft), {signature});
}

Result<format::PolicyDetails> OpenDetails(const format::Policy& policy, ByteView outer_key) {
  const Bytes context = format::PolicyDetailsContext(policy.version);
  FENCHI_ASSIGN_OR_RETURN(
      const SecretBytes text,
      format::OpenPadded({policy.suite, SealType::kPolicyDetails, policy.vault, context}, outer_key,
                         policy.details, format::kPolicyDetailsPadding,
                         format::kPolicyObjectSizeMax));
  return format::DecodePolicyDetails(text.view());
}

void TakeVersion(const SignedVersion& version, Access& access) {
  access.policy = version.policy;
  access.policy_hash = version.hash;
  access.policy_objects.push_back(version.object);
  AddPeople(version.policy, access);
  access.policy_holders = version.holders;
  // Newest first, each once: packs are looked for under the newest k first.
  std::erase(access.shards_needed, version.policy.needed);
  access.shards_needed.insert(access.shards_needed.begin(), version.policy.needed);
}

void TakeChain(const PolicyChain& chain, Access& access) {
  access.policy_objects.clear();
  access.admin_eras.clear();
  access.writers.clear();
  access.shards_needed.clear();
  for (const SignedVersion& version : chain.versions) TakeVersion(version, access);
}

}  // namespace fenchi
