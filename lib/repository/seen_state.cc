// The newest log heads and policy that this host has seen: the file `seen`.
//
// Local, not part of the vault format. Map: 1 = 1; 2 = policy version; 3 = hash of its payload;
// 4 = array of [writer id, seq, record hash], ascending by writer id. Not secret, and no more than
// a memory: where it is damaged or lost, an old state cannot be told from the newest any more.
#include <algorithm>

#include "base/error.h"
#include "format/cbor.h"
#include "format/ids.h"
#include "repository/local_state.h"
#include "repository/state_folder.h"

namespace fenchi {
namespace {

constexpr char kSeenFile[] = "seen";
constexpr char kSeenLock[] = "seen.lock";
constexpr std::size_t kSeenSizeMax = std::size_t{8} << 20;  // 65,535 writers

Bytes Encode(const SeenState& seen) {
  format::CborWriter writer;
  writer.Map(4).Key(1).Uint(1).Key(2).Uint(seen.policy_version);
  writer.Key(3).ByteString(seen.policy_hash.view()).Key(4).Array(seen.heads.size());
  for (const auto& [id, head] : seen.heads) {
    writer.Array(3).ByteString(id.view()).Uint(head.first).ByteString(head.second.view());
  }
  return writer.Take();
}

Result<SeenState> ReadSeen(format::CborReader& reader) {
  SeenState seen;
  format::MapReader map(reader, "map");
  FENCHI_RETURN_IF_ERROR(map.Open());
  FENCHI_RETURN_IF_ERROR(format::ReadFormatVersion(map, reader, "seen state"));
  FENCHI_RETURN_IF_ERROR(map.Require(2));
  FENCHI_ASSIGN_OR_RETURN(const std::uint64_t version,
                          reader.UintIn(0, 0xffffffff, "policy version"));
  seen.policy_version = static_cast<std::uint32_t>(version);
  FENCHI_RETURN_IF_ERROR(map.Require(3));
  FENCHI_RETURN_IF_ERROR(reader.Fixed(seen.policy_hash, "policy hash"));
  FENCHI_RETURN_IF_ERROR(map.Require(4));
  FENCHI_ASSIGN_OR_RETURN(const std::size_t count, reader.Array(0, format::kWritersMax, "heads"));
  for (std::size_t i = 0; i < count; ++i) {
    WriterId writer;
    std::pair<std::uint64_t, Hash256> head;
    FENCHI_RETURN_IF_ERROR(reader.Array(3, 3, "head").status());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(writer, "writer id"));
    FENCHI_ASSIGN_OR_RETURN(head.first, reader.Uint());
    FENCHI_RETURN_IF_ERROR(reader.Fixed(head.second, "record hash"));
    reader.Leave();
    if (!seen.heads.emplace(writer, head).second) return Damaged("two heads of one writer");
  }
  reader.Leave();
  FENCHI_RETURN_IF_ERROR(map.Close());
  return seen;
}

Result<SeenState> Load(const StateFolder& folder) {
  FENCHI_ASSIGN_OR_RETURN(const std::optional<Bytes> bytes, folder.Read(kSeenFile, kSeenSizeMax));
  if (!bytes) return SeenState{};
  return format::DecodeWhole(*bytes, kSeenSizeMax, folder.PathOf(kSeenFile), ReadSeen);
}

// What the two know together: per writer, and for the policy, the higher number.
void Merge(SeenState& seen, const SeenState& other) {
  if (other.policy_version > seen.policy_version) {
    seen.policy_version = other.policy_version;
    seen.policy_hash = other.policy_hash;
  }
  for (const auto& [writer, head] : other.heads) {
    const auto [place, added] = seen.heads.emplace(writer, head);
    if (!added && head.first > place->second.first) place->second = head;
  }
}

// A damaged file is kept under another name and counts as lost: it must not stop a restore.
Result<SeenState> LoadOrSetAside(const StateFolder& folder) {
  Result<SeenState> seen = Load(folder);
  if (seen.ok() || seen.status().code() != StatusCode::kDamaged) return seen;
  FENCHI_RETURN_IF_ERROR(folder.SetAside(kSeenFile).status());
  return SeenState{};
}

}  // namespace

Result<SeenState> LoadSeen(const std::string& directory, const VaultId& vault) {
  FENCHI_ASSIGN_OR_RETURN(const StateFolder folder, StateFolder::Open(directory, vault));
  FENCHI_ASSIGN_OR_RETURN(const StateLock lock, folder.Lock(kSeenLock));
  return LoadOrSetAside(folder);
}

Status SaveSeen(const std::string& directory, const VaultId& vault, const SeenState& seen) {
  FENCHI_ASSIGN_OR_RETURN(const StateFolder folder, StateFolder::Open(directory, vault));
  FENCHI_ASSIGN_OR_RETURN(const StateLock lock, folder.Lock(kSeenLock));
  FENCHI_ASSIGN_OR_RETURN(SeenState merged, LoadOrSetAside(folder));
  const Bytes before = Encode(merged);
  Merge(merged, seen);
  const Bytes after = Encode(merged);
  if (after == before) return Status::Ok();
  return folder.Replace(kSeenFile, after);
}

}  // namespace fenchi
