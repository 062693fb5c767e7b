// Proposals and approvals: files outside the vault, FORMAT.md section 5.7.
//
// What several admins must sign travels as a proposal; each signature comes back as an approval
// file. Neither is secret. One form for policy versions and for records that need approvals.
// Threads: any.
//
//   FENCHI_ASSIGN_OR_RETURN(Proposal proposal, DecodeProposal(file));
//   Bytes approval = EncodeApprovalFile(SignProposal(proposal, key));
#pragma once

#include <cstdint>

#include "crypto/signing.h"
#include "fenchi/bytes.h"
#include "fenchi/hash.h"
#include "fenchi/status.h"

namespace fenchi::format {

struct Proposal {
  VaultId vault;
  std::uint8_t kind = 0;  // 0: a policy version; else that of a record with approvals
  Bytes content;          // the policy's payload, or the body without approvals
  friend bool operator==(const Proposal&, const Proposal&) = default;
};
struct ApprovalFile {
  VaultId vault;
  std::uint8_t kind = 0;
  Hash256 content_hash;  // of the proposal's content
  SigningPublicKey admin;
  Signature signature;
  friend bool operator==(const ApprovalFile&, const ApprovalFile&) = default;
};

Result<Bytes> EncodeProposal(const Proposal& proposal);
// Errors of both: kDamaged, for a wrong checksum too; kUnsupported.
Result<Proposal> DecodeProposal(ByteView file);
Bytes EncodeApprovalFile(const ApprovalFile& approval);
Result<ApprovalFile> DecodeApprovalFile(ByteView file);

ApprovalFile SignProposal(const Proposal& proposal, const SigningKey& key);
// Errors: kInvalidArgument when it approves something else; kDamaged when the signature is wrong.
Status CheckApproval(const ApprovalFile& approval, const Proposal& proposal);

}  // namespace fenchi::format
