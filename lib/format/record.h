// Log records, FORMAT.md section 9: what a writer did, signed, in one chain for each writer.
//
// Signatures and hashes cover received bytes: SignedRecord keeps the payload as it came.
// Threads: any.
//
//   FENCHI_ASSIGN_OR_RETURN(Bytes payload, EncodeRecord(record));
//   SignedRecord signed_record = SignRecord(vault, key, payload);
//   FENCHI_ASSIGN_OR_RETURN(OpenedRecord back, OpenRecord(vault, outer_key, writer, seq, object));
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "crypto/signing.h"
#include "fenchi/aead.h"
#include "fenchi/bytes.h"
#include "fenchi/clock.h"
#include "fenchi/random.h"
#include "fenchi/status.h"
#include "format/ids.h"
#include "format/pack_list.h"

namespace fenchi::format {

// A record, named by its place and its hash.
struct RecordRef {
  WriterId writer;
  std::uint64_t seq = 0;
  Hash256 hash;
  friend bool operator==(const RecordRef&, const RecordRef&) = default;
};
struct DomainObjectRef {
  DomainId domain;
  ObjectRef object;
  friend bool operator==(const DomainObjectRef&, const DomainObjectRef&) = default;
};
struct Approval {
  SigningPublicKey admin;
  Signature signature;
  friend bool operator==(const Approval&, const Approval&) = default;
};

struct CommitBody {
  std::uint32_t policy_version = 0;
  std::optional<RecordRef> parent;
  PackList added, reused, dropped;
  std::vector<Bytes> snapshots;  // snapshot objects, one at most for each domain
  std::vector<DomainObjectRef> indexes;
  int seats = 0;                  // n
  std::vector<int> acknowledged;  // seats, ascending
  // Until when places were asked to keep what the snapshots need: asked for, not proven.
  std::optional<Timestamp> lock_until;
  friend bool operator==(const CommitBody&, const CommitBody&) = default;
};
struct SealBody {
  std::uint64_t commit_seq = 0;
  Hash256 commit_hash;
  friend bool operator==(const SealBody&, const SealBody&) = default;
};
struct VoidBody {
  RecordRef commit;
  std::vector<Approval> approvals;
  friend bool operator==(const VoidBody&, const VoidBody&) = default;
};
struct ForgetBody {
  std::vector<SnapshotId> snapshots;
  std::vector<Approval> approvals;
  friend bool operator==(const ForgetBody&, const ForgetBody&) = default;
};
struct TombstoneBody {
  PackList packs;
  std::vector<Approval> approvals;
  std::vector<DomainObjectRef> moved;
  friend bool operator==(const TombstoneBody&, const TombstoneBody&) = default;
};
struct AttestBody {
  DomainId domain;
  PackList packs;
  std::vector<DomainObjectRef> indexes;
  friend bool operator==(const AttestBody&, const AttestBody&) = default;
};
struct CheckpointSnapshot {
  WriterId writer;
  std::uint64_t seq = 0;
  Bytes object;
  friend bool operator==(const CheckpointSnapshot&, const CheckpointSnapshot&) = default;
};
struct CheckpointBody {
  std::vector<RecordRef> heads;
  std::vector<CheckpointSnapshot> snapshots;
  PackList live, buried;  // buried: under tombstone
  std::vector<DomainObjectRef> indexes;
  friend bool operator==(const CheckpointBody&, const CheckpointBody&) = default;
};
// In the order of RecordKind.
using RecordBody = std::variant<CommitBody, SealBody, VoidBody, ForgetBody, TombstoneBody,
                                AttestBody, CheckpointBody>;
RecordKind KindOf(const RecordBody& body);
// The right (policy.h) that a writer needs for a record of this kind.
std::uint32_t RightFor(RecordKind kind);

struct Record {
  WriterId writer;
  std::uint64_t seq = 0;  // 1, 2, ...
  Hash256 previous;       // zeros for seq 1
  Timestamp time;         // a label
  RecordBody body;
  RecordKind kind() const { return KindOf(body); }
  friend bool operator==(const Record&, const Record&) = default;
};
Result<Bytes> EncodeRecord(const Record& record);  // the payload
Result<Record> DecodeRecord(ByteView payload);

struct SignedRecord {
  Bytes payload;
  Signature signature;
  friend bool operator==(const SignedRecord&, const SignedRecord&) = default;
};
Bytes EncodeSignedRecord(const SignedRecord& record);
Result<SignedRecord> DecodeSignedRecord(ByteView bytes);
// Record hash = H(signed record's bytes).
Hash256 RecordHashOf(ByteView signed_record);

Bytes RecordSigningMessage(const VaultId& vault, ByteView payload);
SignedRecord SignRecord(const VaultId& vault, const SigningKey& key, Bytes payload);
// Errors: kDamaged when the signature is not the writer's.
Status CheckRecordSignature(const SignedRecord& record, const VaultId& vault,
                            const SigningPublicKey& writer_key);

// The object: box of type 2, padded. signed_record: EncodeSignedRecord's bytes.
Result<Bytes> SealRecord(Suite suite, const VaultId& vault, ByteView outer_key,
                         const WriterId& writer, std::uint64_t seq, ByteView signed_record,
                         Random& random);
struct OpenedRecord {
  Bytes signed_bytes;  // as received
  SignedRecord signed_record;
  Record record;
  Hash256 hash;
};
// Opens and decodes; checks that writer and seq are those asked for. The signature is NOT checked:
// the caller has the policy.
Result<OpenedRecord> OpenRecord(const VaultId& vault, ByteView outer_key, const WriterId& writer,
                                std::uint64_t seq, ByteView object);

// ---- Approvals of VOID, FORGET and TOMBSTONE ----
// The body's bytes without its approvals: made from a body to be signed, or cut from a received
// payload. Errors: kInvalidArgument for kinds without approvals.
Result<Bytes> BodyWithoutApprovals(const RecordBody& body);
Result<Bytes> BodyWithoutApprovals(ByteView payload);
Bytes ApprovalMessage(const VaultId& vault, RecordKind kind, ByteView body_without_approvals);
// The distinct ones of `admins` whose approval holds for this payload.
Result<std::vector<SigningPublicKey>> ValidApprovals(const VaultId& vault, ByteView payload,
                                                     const std::vector<SigningPublicKey>& admins);

}  // namespace fenchi::format
