// The zstd frame header (RFC 8878, section 3.1.1.1), read before zstd itself sees the bytes.
//
// zstd's one-call decoder enforces no window limit, skips skippable frames and joins concatenated
// ones. A stored chunk is one plain frame, so everything else is refused here.
#pragma once

#include <cstddef>
#include <cstdint>

#include "fenchi/bytes.h"
#include "fenchi/status.h"

namespace fenchi::compression {

struct FrameHeader {
  std::uint64_t content_bytes = 0;
  std::uint64_t window_bytes = 0;
  std::size_t header_bytes = 0;  // where the first block starts
};

// Errors: kDamaged when `frame` does not start with a complete header of one ordinary zstd frame
// that states its content size, and has no dictionary id, checksum or reserved bit.
Result<FrameHeader> ReadFrameHeader(ByteView frame);

}  // namespace fenchi::compression
