#include "format/proposal.h"

#include <algorithm>

#include "base/coding.h"
#include "base/error.h"
#include "format/cbor.h"
#include "format/ids.h"
#include "format/policy.h"
#include "format/record.h"

namespace fenchi::format {
namespace {

constexpr std::string_view kProposalMagic = "fpr1";
constexpr std::string_view kApprovalMagic = "fap1";
constexpr std::size_t kChecksumSize = 4;
constexpr std::size_t kEnvelopeSizeMax = kRecordObjectSizeMax + 4096;
constexpr std::uint64_t kKindMax = static_cast<std::uint64_t>(RecordKind::kTombstone);

Bytes WithEnvelope(std::string_view magic, ByteView map) {
  Bytes file(magic.begin(), magic.end());
  Append(file, map);
  Append(file, Sha256(file).view().first(kChecksumSize));
  return file;
}

Result<ByteView> InsideEnvelope(std::string_view magic, ByteView file, std::string_view what) {
  if (file.size() < magic.size() + kChecksumSize || AsText(file.first(magic.size())) != magic) {
    return Damaged("{}: the file does not start with {}", what, magic);
  }
  const ByteView covered = file.first(file.size() - kChecksumSize);
  const Hash256 hash = Sha256(covered);
  if (!std::equal(covered.end(), file.end(), hash.bytes.begin())) {
    return Damaged("{}: the checksum does not fit, the file was changed or cut", what);
  }
  return covered.subspan(magic.size());
}

// Keys 1 to 3, which both have.
Status ReadHead(MapReader& map, CborReader& reader, VaultId& vault, std::uint8_t& kind) {
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(ReadFormatVersion(map, reader, "map"));
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(vault, "vault id"));
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t number, reader.UintIn(0, kKindMax, "kind"));
  kind = static_cast<std::uint8_t>(number);
  return Status::Ok();
}

Result<Proposal> ReadProposal(CborReader& reader) {
  Proposal proposal;
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(ReadHead(map, reader, proposal.vault, proposal.kind));
  FENCHI_RETURN_IF_ERROR(map.Require(4));
  FENCHI_ASSIGN_OR_RETURN(const ByteView content, reader.ByteString());
  proposal.content.assign(content.begin(), content.end());
  FENCHI_RETURN_IF_ERROR(map.Close());
  return proposal;
}

Result<ApprovalFile> ReadApprovalFile(CborReader& reader) {
  ApprovalFile approval;
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(ReadHead(map, reader, approval.vault, approval.kind));
  FENCHI_RETURN_IF_ERROR(map.Require(4));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(approval.content_hash, "hash"));
  FENCHI_RETURN_IF_ERROR(map.Require(5));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(approval.admin, "admin's key"));
  FENCHI_RETURN_IF_ERROR(map.Require(6));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(approval.signature, "signature"));
  FENCHI_RETURN_IF_ERROR(map.Close());
  return approval;
}

Bytes MessageOf(const Proposal& proposal) {
  if (proposal.kind == 0) return PolicySigningMessage(proposal.vault, proposal.content);
  return ApprovalMessage(proposal.vault, static_cast<RecordKind>(proposal.kind), proposal.content);
}

}  // namespace

Result<Bytes> EncodeProposal(const Proposal& proposal) {
  if (proposal.content.size() > kRecordObjectSizeMax || proposal.kind > kKindMax) {
    return InvalidArgument("proposal: its content is too large, or of no kind");
  }
  CborWriter writer;
  writer.Map(4).Key(1).Uint(kFormatVersion).Key(2).ByteString(proposal.vault.view());
  writer.Key(3).Uint(proposal.kind).Key(4).ByteString(proposal.content);
  return WithEnvelope(kProposalMagic, writer.Take());
}

Result<Proposal> DecodeProposal(ByteView file) {
  FENCHI_ASSIGN_OR_RETURN(const ByteView map, InsideEnvelope(kProposalMagic, file, "proposal"));
  return DecodeWhole(map, kEnvelopeSizeMax, "proposal", ReadProposal);
}

Bytes EncodeApprovalFile(const ApprovalFile& approval) {
  CborWriter writer;
  writer.Map(6).Key(1).Uint(kFormatVersion).Key(2).ByteString(approval.vault.view());
  writer.Key(3).Uint(approval.kind).Key(4).ByteString(approval.content_hash.view());
  writer.Key(5).ByteString(approval.admin.view());
  writer.Key(6).ByteString(approval.signature.view());
  return WithEnvelope(kApprovalMagic, writer.Take());
}

Result<ApprovalFile> DecodeApprovalFile(ByteView file) {
  FENCHI_ASSIGN_OR_RETURN(const ByteView map, InsideEnvelope(kApprovalMagic, file, "approval"));
  return DecodeWhole(map, kEnvelopeSizeMax, "approval", ReadApprovalFile);
}

ApprovalFile SignProposal(const Proposal& proposal, const SigningKey& key) {
  return {proposal.vault, proposal.kind, Sha256(proposal.content), key.public_key(),
          key.Sign(MessageOf(proposal))};
}

Status CheckApproval(const ApprovalFile& approval, const Proposal& proposal) {
  if (approval.vault != proposal.vault || approval.kind != proposal.kind ||
      approval.content_hash != Sha256(proposal.content)) {
    return InvalidArgument("the approval of admin {} is of another proposal", approval.admin);
  }
  return VerifySignature(approval.admin.view(), MessageOf(proposal), approval.signature.view())
      .At(fmt::format("approval of admin {}", approval.admin));
}

}  // namespace fenchi::format
