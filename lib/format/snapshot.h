// Snapshots, FORMAT.md section 8.2: what one backup kept of one key domain.
//
// The object is public among holders of K_outer; its content is read with S only. Snapshot id =
// H(object). Threads: any.
//
//   FENCHI_ASSIGN_OR_RETURN(SnapshotObject object, DecodeSnapshotObject(bytes));
//   FENCHI_ASSIGN_OR_RETURN(SnapshotContent content, OpenSnapshot(vault, data_key, object));
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fenchi/aead.h"
#include "fenchi/bytes.h"
#include "fenchi/clock.h"
#include "fenchi/random.h"
#include "fenchi/status.h"
#include "format/ids.h"
#include "format/tree.h"

namespace fenchi::format {

enum class SnapshotKind : std::uint8_t { kTree = 1, kStream = 2 };

struct SnapshotCounts {
  std::uint64_t files = 0, directories = 0, others = 0;
  std::uint64_t bytes = 0;
  std::uint64_t unreadable = 0, changed = 0;
  friend bool operator==(const SnapshotCounts&, const SnapshotCounts&) = default;
};
struct Problem {
  std::string path;  // raw bytes
  std::string code;
  friend bool operator==(const Problem&, const Problem&) = default;
};

struct SnapshotContent {
  SnapshotKind kind = SnapshotKind::kTree;
  std::string label;
  Timestamp begun, ended;
  std::string host;
  std::vector<std::string> sources;  // raw paths
  TreeList root;                     // may have no entries
  SnapshotCounts counts;
  std::vector<Problem> problems;  // the first 100
  friend bool operator==(const SnapshotContent&, const SnapshotContent&) = default;
};
Result<Bytes> EncodeSnapshotContent(const SnapshotContent& content);
Result<SnapshotContent> DecodeSnapshotContent(ByteView bytes);

struct SnapshotObject {
  DomainId domain;
  RunId run;
  std::uint32_t epoch = 0;
  Bytes wrapped_data_key;  // EncodeWrappedKey of S
  Bytes box;               // type 3 over the content
  friend bool operator==(const SnapshotObject&, const SnapshotObject&) = default;
};
Result<Bytes> EncodeSnapshotObject(const SnapshotObject& object);
Result<SnapshotObject> DecodeSnapshotObject(ByteView bytes);
// H(object bytes).
SnapshotId SnapshotIdOf(ByteView object);

// Fills object.box from the content. data_key: S. object.domain and .run must be set.
Status SealSnapshot(Suite suite, const VaultId& vault, ByteView data_key,
                    const SnapshotContent& content, Random& random, SnapshotObject& object);
Result<SnapshotContent> OpenSnapshot(const VaultId& vault, ByteView data_key,
                                     const SnapshotObject& object);

}  // namespace fenchi::format
