#include "format/record_body.h"

#include "base/error.h"
#include "format/check.h"
#include "format/snapshot.h"

namespace fenchi::format {
namespace {

constexpr std::size_t kListMax = 65535;  // heads, snapshots, index objects of one record
constexpr std::uint64_t kUint32Max = 0xffffffff;
constexpr std::uint64_t kLockUntilKey = 64;  // on disk, never change, FORMAT.md section 9.2

// ---- Checks ----

Status CheckRef(const RecordRef& ref) {
  if (ref.seq < 1) return InvalidArgument("record 0 of writer {}", ref.writer);
  return Status::Ok();
}

Status CheckObjects(const std::vector<DomainObjectRef>& objects) {
  for (const DomainObjectRef& object : objects) {
    if (object.object.size < 1 || object.object.size > kRecordObjectSizeMax) {
      return InvalidArgument("an index object of {} bytes", object.object.size);
    }
  }
  return Status::Ok();
}

Status CheckApprovals(const std::vector<Approval>& approvals) {
  if (approvals.size() > 255 || !AllDistinct(approvals, &Approval::admin)) {
    return InvalidArgument("one admin approves twice, or there are more than 255");
  }
  return Status::Ok();
}

Status Check(const CommitBody& body) {
  if (body.policy_version < 1) return InvalidArgument("policy version 0");
  if (body.parent) FENCHI_RETURN_IF_ERROR(CheckRef(*body.parent));
  FENCHI_RETURN_IF_ERROR(CheckPackList(body.added));
  FENCHI_RETURN_IF_ERROR(CheckPackList(body.reused));
  FENCHI_RETURN_IF_ERROR(CheckPackList(body.dropped));
  std::vector<DomainId> domains;
  for (const Bytes& raw : body.snapshots) {
    FENCHI_ASSIGN_OR_RETURN(const SnapshotObject snapshot, DecodeSnapshotObject(raw));
    domains.push_back(snapshot.domain);
  }
  if (!AllDistinct(domains, [](const DomainId& id) { return id; })) {
    return InvalidArgument("two snapshots of one key domain");
  }
  if (body.seats < 1 || body.seats > kSeatsMax) return InvalidArgument("{} seats", body.seats);
  if (!Ascending(body.acknowledged, [](int seat) { return seat; })) {
    return InvalidArgument("acknowledging seats are not ascending");
  }
  for (const int seat : body.acknowledged) {
    if (seat < 0 || seat >= kSeatsMax) return InvalidArgument("seat {}", seat);
  }
  if (body.lock_until && body.lock_until->nanoseconds > 999'999'999) {
    return InvalidArgument("nanoseconds of the lock");
  }
  return CheckObjects(body.indexes);
}

Status Check(const SealBody& body) {
  if (body.commit_seq < 1) return InvalidArgument("record 0");
  return Status::Ok();
}

Status Check(const VoidBody& body) {
  FENCHI_RETURN_IF_ERROR(CheckRef(body.commit));
  return CheckApprovals(body.approvals);
}

Status Check(const ForgetBody& body) {
  if (body.snapshots.empty() ||
      !AllDistinct(body.snapshots, [](const SnapshotId& id) { return id; })) {
    return InvalidArgument("no snapshot, or one twice");
  }
  return CheckApprovals(body.approvals);
}

Status Check(const TombstoneBody& body) {
  FENCHI_RETURN_IF_ERROR(CheckPackList(body.packs));
  if (body.packs.empty()) return InvalidArgument("a tombstone of no packs");
  FENCHI_RETURN_IF_ERROR(CheckApprovals(body.approvals));
  return CheckObjects(body.moved);
}

Status Check(const AttestBody& body) {
  FENCHI_RETURN_IF_ERROR(CheckPackList(body.packs));
  return CheckObjects(body.indexes);
}

Status Check(const CheckpointBody& body) {
  for (const RecordRef& head : body.heads) FENCHI_RETURN_IF_ERROR(CheckRef(head));
  if (!AllDistinct(body.heads, &RecordRef::writer)) {
    return InvalidArgument("two heads of one writer");
  }
  for (const CheckpointSnapshot& snapshot : body.snapshots) {
    if (snapshot.seq < 1) return InvalidArgument("record 0 of writer {}", snapshot.writer);
    FENCHI_RETURN_IF_ERROR(DecodeSnapshotObject(snapshot.object).status());
  }
  FENCHI_RETURN_IF_ERROR(CheckPackList(body.live));
  FENCHI_RETURN_IF_ERROR(CheckPackList(body.buried));
  return CheckObjects(body.indexes);
}

// ---- Writing ----

void WriteRef(CborWriter& writer, const RecordRef& ref) {
  writer.Array(3).ByteString(ref.writer.view()).Uint(ref.seq).ByteString(ref.hash.view());
}

void WriteObjects(CborWriter& writer, const std::vector<DomainObjectRef>& objects) {
  writer.Array(objects.size());
  for (const DomainObjectRef& object : objects) {
    writer.Array(3).ByteString(object.domain.view()).ByteString(object.object.hash.view());
    writer.Uint(object.object.size);
  }
}

void WriteApprovals(CborWriter& writer, const std::vector<Approval>& approvals) {
  writer.Key(2).Array(approvals.size());
  for (const Approval& approval : approvals) {
    writer.Array(2).ByteString(approval.admin.view()).ByteString(approval.signature.view());
  }
}

void Write(CborWriter& writer, const CommitBody& body, bool) {
  const std::size_t optional = (body.parent ? 1 : 0) + (body.lock_until ? 1 : 0);
  writer.Map(8 + optional).Key(1).Uint(body.policy_version);
  if (body.parent) {
    writer.Key(2);
    WriteRef(writer, *body.parent);
  }
  writer.Key(3);
  WritePackList(writer, body.added);
  writer.Key(4);
  WritePackList(writer, body.reused);
  writer.Key(5);
  WritePackList(writer, body.dropped);
  writer.Key(6).Array(body.snapshots.size());
  for (const Bytes& snapshot : body.snapshots) writer.ByteString(snapshot);
  writer.Key(7);
  WriteObjects(writer, body.indexes);
  writer.Key(8).Uint(static_cast<std::uint64_t>(body.seats));
  writer.Key(9).Array(body.acknowledged.size());
  for (const int seat : body.acknowledged) writer.Uint(static_cast<std::uint64_t>(seat));
  if (body.lock_until) writer.Key(kLockUntilKey).Time(*body.lock_until);
}

void Write(CborWriter& writer, const SealBody& body, bool) {
  writer.Map(2).Key(1).Uint(body.commit_seq).Key(2).ByteString(body.commit_hash.view());
}

void Write(CborWriter& writer, const VoidBody& body, bool approvals) {
  writer.Map(1 + approvals).Key(1);
  WriteRef(writer, body.commit);
  if (approvals) WriteApprovals(writer, body.approvals);
}

void Write(CborWriter& writer, const ForgetBody& body, bool approvals) {
  writer.Map(1 + approvals).Key(1).Array(body.snapshots.size());
  for (const SnapshotId& snapshot : body.snapshots) writer.ByteString(snapshot.view());
  if (approvals) WriteApprovals(writer, body.approvals);
}

void Write(CborWriter& writer, const TombstoneBody& body, bool approvals) {
  writer.Map(2 + approvals).Key(1);
  WritePackList(writer, body.packs);
  if (approvals) WriteApprovals(writer, body.approvals);
  writer.Key(3);
  WriteObjects(writer, body.moved);
}

void Write(CborWriter& writer, const AttestBody& body, bool) {
  writer.Map(3).Key(1).ByteString(body.domain.view()).Key(2);
  WritePackList(writer, body.packs);
  writer.Key(3);
  WriteObjects(writer, body.indexes);
}

void Write(CborWriter& writer, const CheckpointBody& body, bool) {
  writer.Map(5).Key(1).Array(body.heads.size());
  for (const RecordRef& head : body.heads) WriteRef(writer, head);
  writer.Key(2).Array(body.snapshots.size());
  for (const CheckpointSnapshot& snapshot : body.snapshots) {
    writer.Array(3).ByteString(snapshot.writer.view()).Uint(snapshot.seq);
    writer.ByteString(snapshot.object);
  }
  writer.Key(3);
  WritePackList(writer, body.live);
  writer.Key(4);
  WritePackList(writer, body.buried);
  writer.Key(5);
  WriteObjects(writer, body.indexes);
}

// ---- Reading ----

Status ReadRef(CborReader& reader, RecordRef& ref) {
  FENCHI_RETURN_IF_ERROR(reader.Array(3, 3, "record reference").status());
  FENCHI_RETURN_IF_ERROR(reader.Fixed(ref.writer, "writer id"));
  FENCHI_ASSIGN_OR_RETURN(ref.seq, reader.Uint());
  FENCHI_RETURN_IF_ERROR(reader.Fixed(ref.hash, "record hash"));
  reader.Leave();
  return Status::Ok();
}

Status ReadList(MapReader& map, CborReader& reader, std::uint64_t key, PackList& list) {
  FENCHI_RETURN_IF_ERROR(map.Require(key));
  FENCHI_ASSIGN_OR_RETURN(list, ReadPackList(reader));
  return Status::Ok();
}

Status ReadObjects(MapReader& map, CborReader& reader, std::uint64_t key,
                   std::vector<DomainObjectRef>& out) {
  FENCHI_RETURN_IF_ERROR(map.Require(key));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(0, kListMax, "index objects"));
  for (std::size_t i = 0; i < count; ++i) {
    DomainObjectRef& object = out.emplace_back();
    FENCHI_RETURN_IF_ERROR(reader.Array(3, 3, "index object").status());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(object.domain, "domain id"));
    FENCHI_RETURN_IF_ERROR(reader.Fixed(object.object.hash, "hash"));
    FENCHI_ASSIGN_OR_RETURN(object.object.size, reader.Uint());
    reader.Leave();
  }
  reader.Leave();
  return Status::Ok();
}

Status ReadApprovals(MapReader& map, CborReader& reader, std::vector<Approval>& out) {
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(0, 255, "approvals"));
  for (std::size_t i = 0; i < count; ++i) {
    Approval& approval = out.emplace_back();
    FENCHI_RETURN_IF_ERROR(reader.Array(2, 2, "approval").status());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(approval.admin, "admin's key"));
    FENCHI_RETURN_IF_ERROR(reader.Fixed(approval.signature, "signature"));
    reader.Leave();
  }
  reader.Leave();
  return Status::Ok();
}

Status ReadSnapshots(CborReader& reader, std::vector<Bytes>& out) {
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(0, kListMax, "snapshots"));
  for (std::size_t i = 0; i < count; ++i) {
    FENCHI_ASSIGN_OR_RETURN(const ByteView raw, reader.ByteString());
    out.emplace_back(raw.begin(), raw.end());
  }
  reader.Leave();
  return Status::Ok();
}

Status ReadSeats(MapReader& map, CborReader& reader, CommitBody& body) {
  FENCHI_RETURN_IF_ERROR(map.Require(8));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t seats, reader.UintIn(1, kSeatsMax, "seats"));
  body.seats = static_cast<int>(seats);
  FENCHI_RETURN_IF_ERROR(map.Require(9));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(0, kSeatsMax, "seats"));
  for (std::size_t i = 0; i < count; ++i) {
    FENCHI_ASSIGN_OR_RETURN(const std::uint64_t seat, reader.UintIn(0, kSeatsMax - 1, "seat"));
    body.acknowledged.push_back(static_cast<int>(seat));
  }
  reader.Leave();
  return Status::Ok();
}

Status Read(MapReader& map, CborReader& reader, CommitBody& body) {
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t version,
                          reader.UintIn(1, kUint32Max, "policy version"));
  body.policy_version = static_cast<std::uint32_t>(version);
  FENCHI_ASSIGN_OR_RETURN(const bool has_parent, map.Optional(2));
  if (has_parent) FENCHI_RETURN_IF_ERROR(ReadRef(reader, body.parent.emplace()));
  FENCHI_RETURN_IF_ERROR(ReadList(map, reader, 3, body.added));
  FENCHI_RETURN_IF_ERROR(ReadList(map, reader, 4, body.reused));
  FENCHI_RETURN_IF_ERROR(ReadList(map, reader, 5, body.dropped));
  FENCHI_RETURN_IF_ERROR(map.Require(6));
  FENCHI_RETURN_IF_ERROR(ReadSnapshots(reader, body.snapshots));
  FENCHI_RETURN_IF_ERROR(ReadObjects(map, reader, 7, body.indexes));
  FENCHI_RETURN_IF_ERROR(ReadSeats(map, reader, body));
  FENCHI_ASSIGN_OR_RETURN(const bool has_lock, map.Optional(kLockUntilKey));
  if (!has_lock) return Status::Ok();
  FENCHI_ASSIGN_OR_RETURN(body.lock_until, reader.Time());
  return Status::Ok();
}

Status Read(MapReader& map, CborReader& reader, SealBody& body) {
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_ASSIGN_OR_RETURN(body.commit_seq, reader.Uint());
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  return reader.Fixed(body.commit_hash, "record hash");
}

Status Read(MapReader& map, CborReader& reader, VoidBody& body) {
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_RETURN_IF_ERROR(ReadRef(reader, body.commit));
  return ReadApprovals(map, reader, body.approvals);
}

Status Read(MapReader& map, CborReader& reader, ForgetBody& body) {
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(1, kListMax, "snapshots"));
  for (std::size_t i = 0; i < count; ++i) {
    FENCHI_RETURN_IF_ERROR(reader.Fixed(body.snapshots.emplace_back(), "snapshot id"));
  }
  reader.Leave();
  return ReadApprovals(map, reader, body.approvals);
}

Status Read(MapReader& map, CborReader& reader, TombstoneBody& body) {
  FENCHI_RETURN_IF_ERROR(ReadList(map, reader, 1, body.packs));
  FENCHI_RETURN_IF_ERROR(ReadApprovals(map, reader, body.approvals));
  return ReadObjects(map, reader, 3, body.moved);
}

Status Read(MapReader& map, CborReader& reader, AttestBody& body) {
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(body.domain, "domain id"));
  FENCHI_RETURN_IF_ERROR(ReadList(map, reader, 2, body.packs));
  return ReadObjects(map, reader, 3, body.indexes);
}

Status Read(MapReader& map, CborReader& reader, CheckpointBody& body) {
  FENCHI_RETURN_IF_ERROR(map.Require(1));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t heads, reader.Array(0, kListMax, "heads"));
  for (std::size_t i = 0; i < heads; ++i) {
    FENCHI_RETURN_IF_ERROR(ReadRef(reader, body.heads.emplace_back()));
  }
  reader.Leave();
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(0, kListMax, "snapshots"));
  for (std::size_t i = 0; i < count; ++i) {
    CheckpointSnapshot& snapshot = body.snapshots.emplace_back();
    FENCHI_RETURN_IF_ERROR(reader.Array(3, 3, "snapshot").status());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(snapshot.writer, "writer id"));
    FENCHI_ASSIGN_OR_RETURN(snapshot.seq, reader.Uint());
    FENCHI_ASSIGN_OR_RETURN(const ByteView raw, reader.ByteString());
    snapshot.object.assign(raw.begin(), raw.end());
    reader.Leave();
  }
  reader.Leave();
  FENCHI_RETURN_IF_ERROR(ReadList(map, reader, 3, body.live));
  FENCHI_RETURN_IF_ERROR(ReadList(map, reader, 4, body.buried));
  return ReadObjects(map, reader, 5, body.indexes);
}

template <typename Body>
Result<RecordBody> ReadAs(CborReader& reader) {
  Body body;
  MapReader map(reader, "body");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(Read(map, reader, body));
  FENCHI_RETURN_IF_ERROR(map.Close());
  return RecordBody(std::move(body));
}

}  // namespace

Status CheckBody(const RecordBody& body) {
  return std::visit([](const auto& one) { return Check(one); }, body);
}

void WriteBody(CborWriter& writer, const RecordBody& body, bool approvals) {
  std::visit([&](const auto& one) { Write(writer, one, approvals); }, body);
}

Result<RecordBody> ReadBody(CborReader& reader, std::uint64_t kind) {
  switch (kind) {
    case 1:
      return ReadAs<CommitBody>(reader);
    case 2:
      return ReadAs<SealBody>(reader);
    case 3:
      return ReadAs<VoidBody>(reader);
    case 4:
      return ReadAs<ForgetBody>(reader);
    case 5:
      return ReadAs<TombstoneBody>(reader);
    case 6:
      return ReadAs<AttestBody>(reader);
    case 7:
      return ReadAs<CheckpointBody>(reader);
    default:
      return Unsupported("a record is of kind {}, this build knows 1 to 7", kind);
  }
}

bool HasApprovals(std::uint64_t kind) { return kind >= 3 && kind <= 5; }

}  // namespace fenchi::format
