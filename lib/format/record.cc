#include "format/record.h"

#include "base/coding.h"
#include "base/error.h"
#include "fenchi/hash.h"
#include "format/cbor.h"
#include "format/derive.h"
#include "format/policy.h"
#include "format/record_body.h"
#include "format/sealed.h"

namespace fenchi::format {
namespace {

Status CheckRecord(const Record& record) {
  if (record.seq < 1) return InvalidArgument("sequence numbers start at 1");
  if ((record.seq == 1) != record.previous.is_zero()) {
    return InvalidArgument("record 1, and no other, follows none");
  }
  if (record.time.nanoseconds > 999'999'999) return InvalidArgument("nanoseconds");
  return CheckBody(record.body);
}

Result<Record> ReadRecord(CborReader& reader) {
  Record record;
  MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t kind, reader.Uint());
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(record.writer, "writer id"));
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  FENCHI_ASSIGN_OR_RETURN(record.seq, reader.Uint());
  FENCHI_RETURN_IF_ERROR(map.Require(4));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(record.previous, "hash of the record before"));
  FENCHI_RETURN_IF_ERROR(map.Require(5));
  FENCHI_ASSIGN_OR_RETURN(record.time, reader.Time());
  FENCHI_RETURN_IF_ERROR(map.Require(6));
  FENCHI_ASSIGN_OR_RETURN(record.body, ReadBody(reader, kind));
  FENCHI_RETURN_IF_ERROR(map.Close());
  FENCHI_RETURN_IF_ERROR(AsDamage(CheckRecord(record)));
  return record;
}

Result<SignedRecord> ReadSignedRecord(CborReader& reader) {
  SignedRecord record;
  FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "payload and signature").status());
  FENCHI_ASSIGN_OR_RETURN(const ByteView payload, reader.ByteString());
  record.payload.assign(payload.begin(), payload.end());
  FENCHI_RETURN_IF_ERROR(reader.Fixed(record.signature, "signature"));
  reader.Leave();
  return record;
}

}  // namespace

RecordKind KindOf(const RecordBody& body) { return static_cast<RecordKind>(body.index() + 1); }

std::uint32_t RightFor(RecordKind kind) {
  switch (kind) {
    case RecordKind::kCommit:
    case RecordKind::kSeal:
    case RecordKind::kVoid:
      return kRightBackup;
    case RecordKind::kAttest:
      return kRightAttest;
    case RecordKind::kForget:
    case RecordKind::kTombstone:
    case RecordKind::kCheckpoint:
      return kRightPrune;
  }
  return 0;
}

Result<Bytes> EncodeRecord(const Record& record) {
  FENCHI_RETURN_IF_ERROR(CheckRecord(record).At("record"));
  CborWriter writer;
  writer.Map(6).Key(1).Uint(static_cast<std::uint64_t>(record.kind()));
  writer.Key(2).ByteString(record.writer.view()).Key(3).Uint(record.seq);
  writer.Key(4).ByteString(record.previous.view()).Key(5).Time(record.time).Key(6);
  WriteBody(writer, record.body, /*approvals=*/true);
  return writer.Take();
}

Result<Record> DecodeRecord(ByteView payload) {
  return DecodeWhole(payload, kRecordObjectSizeMax, "record", ReadRecord);
}

Bytes EncodeSignedRecord(const SignedRecord& record) {
  CborWriter writer;
  writer.Array(2).ByteString(record.payload).ByteString(record.signature.view());
  return writer.Take();
}

Result<SignedRecord> DecodeSignedRecord(ByteView bytes) {
  return DecodeWhole(bytes, kRecordObjectSizeMax, "signed record", ReadSignedRecord);
}

Hash256 RecordHashOf(ByteView signed_record) { return Sha256(signed_record); }

Bytes RecordSigningMessage(const VaultId& vault, ByteView payload) {
  const std::string_view label = "fenchi/1/record";
  Bytes message(label.begin(), label.end());
  message.push_back(0);
  Append(message, vault.view());
  Append(message, payload);
  return message;
}

SignedRecord SignRecord(const VaultId& vault, const SigningKey& key, Bytes payload) {
  SignedRecord record;
  record.signature = key.Sign(RecordSigningMessage(vault, payload));
  record.payload = std::move(payload);
  return record;
}

Status CheckRecordSignature(const SignedRecord& record, const VaultId& vault,
                            const SigningPublicKey& writer_key) {
  return VerifySignature(writer_key.view(), RecordSigningMessage(vault, record.payload),
                         record.signature.view())
      .At("record");
}

Result<Bytes> SealRecord(Suite suite, const VaultId& vault, ByteView outer_key,
                         const WriterId& writer, std::uint64_t seq, ByteView signed_record,
                         Random& random) {
  const Bytes context = RecordContext(writer, seq);
  return SealPadded({suite, SealType::kRecord, vault, context}, outer_key, signed_record,
                    kRecordPadding, kRecordObjectSizeMax, random);
}

Result<OpenedRecord> OpenRecord(const VaultId& vault, ByteView outer_key, const WriterId& writer,
                                std::uint64_t seq, ByteView object) {
  const Bytes context = RecordContext(writer, seq);
  FENCHI_ASSIGN_OR_RETURN(const SecretBytes bytes,
                          OpenPadded({Suite::kAes256Gcm, SealType::kRecord, vault, context},
                                     outer_key, object, kRecordPadding, kRecordObjectSizeMax));
  OpenedRecord out;
  out.signed_bytes.assign(bytes.view().begin(), bytes.view().end());
  FENCHI_ASSIGN_OR_RETURN(out.signed_record, DecodeSignedRecord(out.signed_bytes));
  FENCHI_ASSIGN_OR_RETURN(out.record, DecodeRecord(out.signed_record.payload));
  if (out.record.writer != writer || out.record.seq != seq) {
    return Damaged("record: it says {} of writer {}, not {} of {}", out.record.seq,
                   out.record.writer, seq, writer);
  }
  out.hash = RecordHashOf(out.signed_bytes);
  return out;
}

}  // namespace fenchi::format
