// Numbers of the vault format: identifiers, limits, pack classes and where a shard lies.
//
// All of them are on disk and never change (FORMAT.md sections 1, 7). Sizes are in bytes; segments,
// blocks, shards and seats count from 0. Pure constants and arithmetic: any thread.
//
//   int blocks = BlocksPerShard(72, 3);                            // 24
//   int index = ShardIndexForSeat(pack, /*seat=*/1, /*seats=*/5);  // the shard that seat 1 holds
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/coding.h"
#include "fenchi/aead.h"
#include "fenchi/bytes.h"

namespace fenchi::format {

inline constexpr std::uint64_t kFormatVersion = 1;

using SlotId = FixedBytes<16, struct SlotIdTag>;
// 16 zero bytes for hosts with the read role, the writer id for write-only hosts (section 8).
using IdScope = FixedBytes<16, struct IdScopeTag>;

// ---- Limits, section 1.2 ----
inline constexpr std::size_t kNameSizeMax = 65535;
inline constexpr std::size_t kPathSizeMax = 1048576;
inline constexpr std::size_t kChunkSizeMax = 4194304;  // encoded nodes too
inline constexpr std::size_t kStoredChunkSizeMax = kChunkSizeMax + 1;
inline constexpr std::size_t kRecordObjectSizeMax = 1048576;  // lists and indexes too
inline constexpr std::size_t kPacksPerListObjectMax = 28000;
inline constexpr std::size_t kPacksInRecordListMax = 8192;
inline constexpr std::size_t kPolicyObjectSizeMax = 262144;
inline constexpr std::size_t kGenesisObjectSizeMax = 65536;  // leaf objects too
inline constexpr std::size_t kSlotsObjectSizeMax = 1048576;
inline constexpr std::size_t kSlotsMax = 64;
inline constexpr std::size_t kKeyringObjectSizeMax = 1048576;
inline constexpr std::size_t kPiecesMax = 7;
inline constexpr std::size_t kEmbeddedItemsMax = 64;
inline constexpr int kListLevelMax = 8;
inline constexpr int kSeatsMax = 255;
inline constexpr int kWritersMax = 65535;
inline constexpr std::uint64_t kFileSizeMax = 0x7fffffffffffffff;
inline constexpr int kGenerations = 8;
inline constexpr std::size_t kProblemsMax = 100;

// ---- Packs and shards, section 7 ----
enum class PackType : std::uint8_t { kData = 1, kMetadata = 2 };
inline constexpr int kMatrixId = 1;

inline constexpr std::array<int, 3> kPackClasses = {12, 72, 240};  // segments
constexpr bool IsPackClass(std::uint64_t segments) {
  return segments == 12 || segments == 72 || segments == 240;
}
inline constexpr std::size_t kSegmentPlainSize = 65520;
inline constexpr std::size_t kSegmentSize = 65536;
inline constexpr std::size_t kBlockSize = 65536;
inline constexpr std::size_t kBlockTagSize = 16;
inline constexpr std::size_t kBlockStride = kBlockSize + kBlockTagSize;
inline constexpr std::size_t kHeaderSize = 4096;
inline constexpr std::size_t kTrailerLengthSize = 4;  // be32 at the very end of a pack
// Plaintext bytes of a pack, trailer and its length included.
constexpr std::size_t PackPlainSize(int segments) { return segments * kSegmentPlainSize; }
inline constexpr std::size_t kPackPlainSizeMax = PackPlainSize(240);

constexpr int BlocksPerShard(int segments, int needed) { return (segments + needed - 1) / needed; }
constexpr std::size_t ShardSize(int segments, int needed) {
  return kHeaderSize + BlocksPerShard(segments, needed) * kBlockStride;
}
// Where block `block` starts in a shard object; its tag follows it.
constexpr std::size_t BlockOffset(int block) { return kHeaderSize + block * kBlockStride; }

// The shard of `pack` that the provider in `seat` holds; seats: the pack's, n at its creation.
inline int ShardIndexForSeat(const PackId& pack, int seat, int seats) {
  if (seat >= seats) return seat;
  return static_cast<int>((static_cast<std::uint64_t>(GetBe32(pack.view())) + seat) % seats);
}
// The inverse: the seat whose provider holds shard `index`.
inline int SeatForShardIndex(const PackId& pack, int index, int seats) {
  if (index >= seats) return index;
  return static_cast<int>((index + seats - GetBe32(pack.view()) % seats) % seats);
}

// Roles of credentials, section 5.6.
enum class Role : std::uint8_t { kRead = 1, kWrite = 2, kVerify = 3, kAdmin = 4 };

// Kinds of log records, section 9.2.
enum class RecordKind : std::uint8_t {
  kCommit = 1,
  kSeal = 2,
  kVoid = 3,
  kForget = 4,
  kTombstone = 5,
  kAttest = 6,
  kCheckpoint = 7,
};

// Seal type 10: a child key in a slot's node.
inline constexpr SealType kSealChildKey = SealType::kChildKey;

}  // namespace fenchi::format
