// Approvals of VOID, FORGET and TOMBSTONE, FORMAT.md section 9.2.
#include <algorithm>
#include <vector>

#include "base/coding.h"
#include "base/error.h"
#include "fenchi/hash.h"
#include "format/cbor.h"
#include "format/record.h"
#include "format/record_body.h"

namespace fenchi::format {
namespace {

constexpr std::uint64_t kApprovalsKey = 2;

// The entries of a body map other than the approvals, as received.
Result<Bytes> CutApprovals(CborReader& reader) {
  std::vector<std::pair<std::uint64_t, ByteView>> kept;
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Map());
  for (std::size_t i = 0; i < count; ++i) {
    FENCHI_ASSIGN_OR_RETURN(const std::uint64_t key, reader.Uint());
    FENCHI_ASSIGN_OR_RETURN(const ByteView value, reader.Skip());
    if (!kept.empty() && key <= kept.back().first) return Damaged("map keys are not ascending");
    if (key != kApprovalsKey) kept.emplace_back(key, value);
  }
  reader.Leave();
  CborWriter writer;
  writer.Map(kept.size());
  for (const auto& [key, value] : kept) writer.Key(key).Raw(value);
  return writer.Take();
}

Result<Bytes> ReadBodyWithoutApprovals(CborReader& reader) {
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t kind, reader.Uint());
  if (!HasApprovals(kind)) return InvalidArgument("records of kind {} need no approval", kind);
  for (const std::uint64_t key : {2, 3, 4, 5}) {
    FENCHI_RETURN_IF_ERROR(map.Require(key));
    FENCHI_RETURN_IF_ERROR(reader.Skip().status());
  }
  FENCHI_RETURN_IF_ERROR(map.Require(6));
  FENCHI_ASSIGN_OR_RETURN(Bytes body, CutApprovals(reader));
  FENCHI_RETURN_IF_ERROR(map.Close());
  return body;
}

const std::vector<Approval>& ApprovalsOf(const RecordBody& body) {
  static const std::vector<Approval> kNone;
  if (const auto* one = std::get_if<VoidBody>(&body)) return one->approvals;
  if (const auto* one = std::get_if<ForgetBody>(&body)) return one->approvals;
  if (const auto* one = std::get_if<TombstoneBody>(&body)) return one->approvals;
  return kNone;
}

}  // namespace

Result<Bytes> BodyWithoutApprovals(const RecordBody& body) {
  const auto kind = static_cast<std::uint64_t>(KindOf(body));
  if (!HasApprovals(kind)) return InvalidArgument("records of kind {} need no approval", kind);
  FENCHI_RETURN_IF_ERROR(CheckBody(body));
  CborWriter writer;
  WriteBody(writer, body, /*approvals=*/false);
  return writer.Take();
}

Result<Bytes> BodyWithoutApprovals(ByteView payload) {
  return DecodeWhole(payload, kRecordObjectSizeMax, "record", ReadBodyWithoutApprovals);
}

Bytes ApprovalMessage(const VaultId& vault, RecordKind kind, ByteView body_without_approvals) {
  const std::string_view label = "fenchi/1/approval";
  Bytes message(label.begin(), label.end());
  message.push_back(0);
  Append(message, vault.view());
  message.push_back(static_cast<std::uint8_t>(kind));
  Append(message, Sha256(body_without_approvals).view());
  return message;
}

Result<std::vector<SigningPublicKey>> ValidApprovals(const VaultId& vault, ByteView payload,
                                                     const std::vector<SigningPublicKey>& admins) {
  FENCHI_ASSIGN_OR_RETURN(const Record record, DecodeRecord(payload));
  FENCHI_ASSIGN_OR_RETURN(const Bytes body, BodyWithoutApprovals(payload));
  const Bytes message = ApprovalMessage(vault, record.kind(), body);
  std::vector<SigningPublicKey> valid;
  for (const Approval& approval : ApprovalsOf(record.body)) {
    if (std::find(admins.begin(), admins.end(), approval.admin) == admins.end()) continue;
    if (!VerifySignature(approval.admin.view(), message, approval.signature.view()).ok()) continue;
    valid.push_back(approval.admin);
  }
  return valid;
}

}  // namespace fenchi::format
