// Bodies of log records, FORMAT.md section 9.2: for record.cc and approval.cc alone.
#pragma once

#include "format/cbor.h"
#include "format/record.h"

namespace fenchi::format {

// Errors: kInvalidArgument when something is out of range, repeated or unordered.
Status CheckBody(const RecordBody& body);
// approvals: whether key 2 of VOID, FORGET and TOMBSTONE is written.
void WriteBody(CborWriter& writer, const RecordBody& body, bool approvals);
// Errors: kDamaged; kUnsupported for a kind of later.
Result<RecordBody> ReadBody(CborReader& reader, std::uint64_t kind);

// Kinds whose key 2 holds approvals.
bool HasApprovals(std::uint64_t kind);

}  // namespace fenchi::format
