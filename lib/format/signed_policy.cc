// The signed envelope of a policy: signatures over the payload's bytes as they were received.
#include <algorithm>

#include "base/coding.h"
#include "base/error.h"
#include "format/cbor.h"
#include "format/check.h"
#include "format/policy.h"

namespace fenchi::format {
namespace {

Status CheckSignatureList(const SignedPolicy& policy) {
  if (policy.signatures.empty() || policy.signatures.size() > 255) {
    return InvalidArgument("{} signatures, not 1 to 255", policy.signatures.size());
  }
  if (!AllDistinct(policy.signatures, &PolicySignature::admin)) {
    return InvalidArgument("one admin signed twice");
  }
  return Status::Ok();
}

Result<SignedPolicy> ReadSignedPolicy(CborReader& reader) {
  SignedPolicy out;
  FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "signed policy").status());
  FENCHI_ASSIGN_OR_RETURN(const ByteView payload, reader.ByteString());
  out.payload.assign(payload.begin(), payload.end());
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(1, 255, "signatures"));
  for (std::size_t i = 0; i < count; ++i) {
    PolicySignature signature;
    FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "signature").status());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(signature.admin, "admin's key"));
    FENCHI_RETURN_IF_ERROR(reader.Fixed(signature.signature, "signature"));
    reader.Leave();
    out.signatures.push_back(signature);
  }
  reader.Leave();
  reader.Leave();
  FENCHI_RETURN_IF_ERROR(AsDamage(CheckSignatureList(out)));
  return out;
}

}  // namespace

Result<Bytes> EncodeSignedPolicy(const SignedPolicy& policy) {
  FENCHI_RETURN_IF_ERROR(CheckSignatureList(policy).At("signed policy"));
  CborWriter writer;
  writer.Array(2).ByteString(policy.payload).Array(policy.signatures.size());
  for (const PolicySignature& signature : policy.signatures) {
    writer.Array(2).ByteString(signature.admin.view()).ByteString(signature.signature.view());
  }
  Bytes object = writer.Take();
  if (object.size() > kPolicyObjectSizeMax) {
    return InvalidArgument("signed policy: {} bytes are more than {}", object.size(),
                           kPolicyObjectSizeMax);
  }
  return object;
}

Result<SignedPolicy> DecodeSignedPolicy(ByteView object) {
  return DecodeWhole(object, kPolicyObjectSizeMax, "signed policy", ReadSignedPolicy);
}

Bytes PolicySigningMessage(const VaultId& vault, ByteView payload) {
  const std::string_view label = "fenchi/1/policy";
  Bytes message(label.begin(), label.end());
  message.push_back(0);
  Append(message, vault.view());
  Append(message, payload);
  return message;
}

Status CheckPolicySignatures(const SignedPolicy& policy, const VaultId& vault,
                             const AdminSet& admins) {
  const Bytes message = PolicySigningMessage(vault, policy.payload);
  int good = 0;
  for (const SigningPublicKey& admin : admins.keys) {
    good += std::any_of(policy.signatures.begin(), policy.signatures.end(),
                        [&](const PolicySignature& s) {
                          return s.admin == admin &&
                                 VerifySignature(admin.view(), message, s.signature.view()).ok();
                        });
  }
  if (good < admins.threshold) {
    return Damaged("policy: {} admins of the version before signed it, {} must", good,
                   admins.threshold);
  }
  return Status::Ok();
}

}  // namespace fenchi::format
