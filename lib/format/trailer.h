// A pack's trailer, FORMAT.md section 7.1: what lies where in it.
//
//   pack plaintext = pieces | zeros | trailer | be32(length of trailer)
//   FENCHI_ASSIGN_OR_RETURN(ByteView raw, FindTrailer(last_segments, PackPlainSize(segments)));
#pragma once

#include <cstdint>
#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/status.h"
#include "format/ids.h"

namespace fenchi::format {

struct TrailerItem {
  ChunkId chunk;
  std::uint64_t plain_size = 0;   // of the chunk
  std::uint64_t stored_size = 0;  // of the whole stored form
  std::uint64_t first = 0;        // of the stored form, the first byte that lies here
  std::uint64_t offset = 0;       // in the pack
  std::uint64_t size = 0;         // bytes that lie here
  friend bool operator==(const TrailerItem&, const TrailerItem&) = default;
};

struct Trailer {
  std::vector<TrailerItem> items;  // ascending offsets, not overlapping
  friend bool operator==(const Trailer&, const Trailer&) = default;
};

// Bytes of one item, encoded, and of what is around up to 2^32 items at most: for packing.
std::size_t TrailerItemSize(const TrailerItem& item);
inline constexpr std::size_t kTrailerRimSizeMax = 9;

Result<Bytes> EncodeTrailer(const Trailer& trailer);
Result<Trailer> DecodeTrailer(ByteView bytes);

// The trailer in the pack's last bytes: `tail` ends where the pack's plaintext ends.
// Errors: kDamaged when its length is not possible in a pack of pack_size bytes; kInvalidArgument
// when it is longer than `tail` (TrailerSizeIn says how much is needed).
Result<ByteView> FindTrailer(ByteView tail, std::size_t pack_size);
// Bytes from the end of the pack that hold trailer and length. tail: at least the last 4 bytes.
Result<std::size_t> TrailerSizeIn(ByteView tail, std::size_t pack_size);

// HMAC(32 fresh random bytes, trailer).
PackId PackIdOf(ByteView random, ByteView trailer);

}  // namespace fenchi::format
