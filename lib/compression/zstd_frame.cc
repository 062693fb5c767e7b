#include "compression/zstd_frame.h"

#include "base/error.h"

namespace fenchi::compression {
namespace {

constexpr std::uint32_t kMagic = 0xFD2FB528;
constexpr std::uint32_t kSkippableMagic = 0x184D2A50;  // and the 15 that follow it
constexpr std::size_t kMagicBytes = 4;

constexpr std::uint8_t kSingleSegmentBit = 0x20;
constexpr std::uint8_t kReservedBits = 0x18;  // one must be 0, the other has no meaning: 0 as well
constexpr std::uint8_t kChecksumBit = 0x04;
constexpr std::uint8_t kDictionaryBits = 0x03;

std::uint64_t GetLittleEndian(ByteView in) {
  std::uint64_t value = 0;
  for (std::size_t i = in.size(); i-- > 0;) value = value << 8 | in[i];
  return value;
}

Status CheckMagic(ByteView frame) {
  if (frame.size() < kMagicBytes + 1) {
    return Damaged("zstd frame ends inside its header, after {} bytes", frame.size());
  }
  const std::uint64_t magic = GetLittleEndian(frame.first(kMagicBytes));
  if ((magic & ~std::uint64_t{15}) == kSkippableMagic) {
    return Damaged("zstd frame is a skippable frame, which holds no chunk");
  }
  if (magic != kMagic) return Damaged("zstd frame has a wrong magic number");
  return Status::Ok();
}

Status CheckDescriptor(std::uint8_t descriptor) {
  if ((descriptor & kDictionaryBits) != 0) {
    return Damaged("zstd frame asks for a dictionary, chunks have none");
  }
  if ((descriptor & kChecksumBit) != 0) {
    return Damaged("zstd frame has a checksum, stored chunks have none");
  }
  if ((descriptor & kReservedBits) != 0) return Damaged("zstd frame has a reserved bit set");
  if ((descriptor & kSingleSegmentBit) == 0 && descriptor >> 6 == 0) {
    return Damaged("zstd frame does not state its content size");
  }
  return Status::Ok();
}

// Source: RFC 8878 section 3.1.1.1.2. At most 15 * 2^38 bytes, no overflow.
std::uint64_t WindowBytes(std::uint8_t window_descriptor) {
  const std::uint64_t base = std::uint64_t{1} << (10 + (window_descriptor >> 3));
  return base + base / 8 * (window_descriptor & 7);
}

}  // namespace

Result<FrameHeader> ReadFrameHeader(ByteView frame) {
  FENCHI_RETURN_IF_ERROR(CheckMagic(frame));
  const std::uint8_t descriptor = frame[kMagicBytes];
  FENCHI_RETURN_IF_ERROR(CheckDescriptor(descriptor));
  const bool single_segment = (descriptor & kSingleSegmentBit) != 0;
  const std::size_t window_at = kMagicBytes + 1;
  const std::size_t size_at = window_at + (single_segment ? 0 : 1);
  const std::size_t size_length = std::size_t{1} << (descriptor >> 6);  // 1, 2, 4 or 8 bytes
  FrameHeader header;
  header.header_bytes = size_at + size_length;
  if (frame.size() < header.header_bytes) {
    return Damaged("zstd frame ends inside its header, after {} bytes", frame.size());
  }
  header.content_bytes = GetLittleEndian(frame.subspan(size_at, size_length));
  if (size_length == 2) header.content_bytes += 256;  // the RFC's shift for two-byte sizes
  header.window_bytes = single_segment ? header.content_bytes : WindowBytes(frame[window_at]);
  return header;
}

}  // namespace fenchi::compression
