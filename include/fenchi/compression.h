// Compression: the stored form of a chunk.
//
// A stored chunk is one method byte and a payload: 0 = the bytes as they are, 1 = one zstd frame
// (RFC 8878) that states its content size, without dictionary and checksum. On disk, never change:
// FORMAT.md names these two methods and no other.
//
// Promises: what Compress writes has been expanded again and compared before it is returned, and
// is at most one byte longer than the chunk. Expand trusts nothing that it reads: the caller says
// how long the chunk must be, and a frame that says or yields anything else is refused without
// allocating for it. Neither keeps content secret or authentic: compressed sizes tell about
// content, and both work inside what encryption protects.
//
// Threads: an object belongs to one thread at a time; keep one for each, it owns zstd's tables.
//
//   fenchi::Compressor compressor;
//   FENCHI_RETURN_IF_ERROR(compressor.Compress(chunk, fenchi::kCompressionLevelDefault, stored));
//   fenchi::Bytes back(chunk.size());
//   FENCHI_RETURN_IF_ERROR(fenchi::Decompressor().Expand(stored, back));
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "fenchi/bytes.h"
#include "fenchi/export.h"
#include "fenchi/status.h"

namespace fenchi {

// On disk, never change.
enum class CompressionMethod : std::uint8_t {
  kRaw = 0,
  kZstd = 1,
};

inline constexpr int kCompressionLevelNone = 0;
inline constexpr int kCompressionLevelDefault = 3;
inline constexpr int kCompressionLevelMax = 19;

// The longest chunk that is compressed or expanded, and the widest zstd window that is accepted.
inline constexpr std::size_t kCompressionInputBytesMax = std::size_t{4} << 20;
inline constexpr std::size_t kCompressionWindowBytesMax = std::size_t{8} << 20;

// Expands stored chunks. Movable; a moved-from object may only be assigned to or destroyed.
class FENCHI_EXPORT Decompressor {
 public:
  Decompressor();
  ~Decompressor();
  Decompressor(Decompressor&&) noexcept;
  Decompressor& operator=(Decompressor&&) noexcept;

  // Fills all of `out`, whose size is the length that the reference to the chunk promises (0 bytes
  // to 4 MiB), or fails; after a failure the contents of `out` are unspecified. `stored` and `out`
  // must not overlap.
  // Errors: kInvalidArgument when `out` is over 4 MiB; kUnsupported when the method is unknown;
  // kDamaged when `stored` is not exactly one raw payload or one zstd frame, of the form above and
  // with a window of at most 8 MiB, of exactly out.size() bytes.
  Status Expand(ByteView stored, MutableBytes out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Writes stored chunks. Movable; a moved-from object may only be assigned to or destroyed.
class FENCHI_EXPORT Compressor {
 public:
  Compressor();
  ~Compressor();
  Compressor(Compressor&&) noexcept;
  Compressor& operator=(Compressor&&) noexcept;

  // Replaces `out` with the stored form of `chunk` (0 bytes to 4 MiB), 1..1 + chunk.size() bytes.
  //
  // level: 0 = raw, 1..19 = zstd's levels. Raw is written as well when a sample of the chunk hardly
  // shrinks, when the frame is not smaller than the chunk, and when the frame does not expand to
  // the chunk again. `chunk` must not lie inside `out`; the capacity of `out` is reused.
  // Errors: kInvalidArgument when the chunk is over 4 MiB or the level is not 0..19.
  Status Compress(ByteView chunk, int level, Bytes& out);
  // The same without the raw form: writes the zstd form to the front of `out` and gives its size,
  // or 0 where Compress() would write raw. out: chunk.size() bytes; it must not overlap the chunk.
  // Errors: as Compress; kInvalidArgument when `out` has another size.
  Result<std::size_t> Shrink(ByteView chunk, int level, MutableBytes out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fenchi
