#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "compression/expands_to.h"
#include "fenchi/compression.h"

namespace fenchi {
namespace {

// A sample is kSamplePieces pieces spread evenly over the chunk. Smaller chunks are not sampled:
// compressing them whole costs little more.
constexpr std::size_t kSamplePieces = 8;
constexpr std::size_t kSamplePieceBytes = 4096;
constexpr std::size_t kSampleBytes = kSamplePieces * kSamplePieceBytes;
constexpr std::size_t kSampledFromBytes = 4 * kSampleBytes;
constexpr int kSampleLevel = 1;
// The chunk is worth compressing when its sample shrinks by at least 1/32: media and ciphertext
// do not, and everything that expands again later is paid for at every restore.
constexpr std::size_t kSamplePaysBelowBytes = kSampleBytes - kSampleBytes / 32;

void WriteRaw(ByteView chunk, Bytes& out) {
  out.resize(1 + chunk.size());
  out[0] = static_cast<std::uint8_t>(CompressionMethod::kRaw);
  if (!chunk.empty()) std::memcpy(out.data() + 1, chunk.data(), chunk.size());
}

}  // namespace

bool compression::ExpandsTo(Decompressor& decompressor, ByteView stored, ByteView chunk,
                            Bytes& scratch) {
  scratch.reserve(kCompressionInputBytesMax);  // once: growing leaves holes behind
  scratch.resize(chunk.size());
  return decompressor.Expand(stored, scratch).ok() &&
         std::equal(scratch.begin(), scratch.end(), chunk.begin(), chunk.end());
}

struct Compressor::State {
  ~State() { ZSTD_freeCCtx(context); }

  // The frame's size, or 0 when it is larger than `out` or zstd fails: a frame is never empty.
  std::size_t Frame(ByteView in, int level, MutableBytes out);
  bool SampleShrinks(ByteView chunk);
  std::size_t WriteFrame(ByteView chunk, int level, MutableBytes out);

  ZSTD_CCtx* context = nullptr;  // made by the first frame
  std::array<std::uint8_t, kSampleBytes> sample;
  std::array<std::uint8_t, kSamplePaysBelowBytes> sample_frame;
  Decompressor decompressor;
  Bytes scratch;
};

std::size_t Compressor::State::Frame(ByteView in, int level, MutableBytes out) {
  ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
  // The content size is stated, checksum and dictionary id are not: the defaults, written down
  // because the format depends on them. The window never exceeds what readers accept, since zstd
  // narrows it to the known length of the input.
  for (const auto& [parameter, value] :
       {std::pair{ZSTD_c_compressionLevel, level}, std::pair{ZSTD_c_contentSizeFlag, 1},
        std::pair{ZSTD_c_checksumFlag, 0}, std::pair{ZSTD_c_dictIDFlag, 0}}) {
    if (ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value))) return 0;
  }
  const std::size_t size = ZSTD_compress2(context, out.data(), out.size(), in.data(), in.size());
  return ZSTD_isError(size) ? 0 : size;
}

bool Compressor::State::SampleShrinks(ByteView chunk) {
  const std::size_t last_start = chunk.size() - kSamplePieceBytes;
  for (std::size_t i = 0; i < kSamplePieces; ++i) {
    const std::size_t start = last_start * i / (kSamplePieces - 1);
    std::memcpy(sample.data() + i * kSamplePieceBytes, chunk.data() + start, kSamplePieceBytes);
  }
  return Frame(sample, kSampleLevel, sample_frame) != 0;
}

// The zstd form's size, or 0 when it would not be smaller than the chunk itself.
std::size_t Compressor::State::WriteFrame(ByteView chunk, int level, MutableBytes out) {
  if (chunk.size() < 2) return 0;
  out[0] = static_cast<std::uint8_t>(CompressionMethod::kZstd);
  const std::size_t size = Frame(chunk, level, out.first(chunk.size()).subspan(1));
  return size == 0 ? 0 : 1 + size;
}

Compressor::Compressor() : state_(std::make_unique<State>()) {}
Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;

Result<std::size_t> Compressor::Shrink(ByteView chunk, int level, MutableBytes out) {
  if (chunk.size() > kCompressionInputBytesMax) {
    return InvalidArgument("chunk of {} bytes, the limit is {}", chunk.size(),
                           kCompressionInputBytesMax);
  }
  if (level < kCompressionLevelNone || level > kCompressionLevelMax) {
    return InvalidArgument("compression level {}, needs {} to {}", level, kCompressionLevelNone,
                           kCompressionLevelMax);
  }
  if (out.size() != chunk.size()) {
    return InvalidArgument("room for {} bytes, needs {}", out.size(), chunk.size());
  }
  if (level == kCompressionLevelNone) return std::size_t{0};
  if (state_->context == nullptr) state_->context = ZSTD_createCCtx();
  if (state_->context == nullptr) return Internal("no memory for zstd's encoder");
  if (chunk.size() >= kSampledFromBytes && !state_->SampleShrinks(chunk)) return std::size_t{0};
  const std::size_t size = state_->WriteFrame(chunk, level, out);
  // What is uploaded has been read back: a fault of memory or of zstd must show now, not at
  // restore.
  const bool good = size != 0 && compression::ExpandsTo(state_->decompressor, out.first(size),
                                                        chunk, state_->scratch);
  return good ? size : 0;
}

Status Compressor::Compress(ByteView chunk, int level, Bytes& out) {
  out.resize(chunk.size());
  FENCHI_ASSIGN_OR_RETURN(const std::size_t size, Shrink(chunk, level, out));
  if (size == 0) {
    WriteRaw(chunk, out);
  } else {
    out.resize(size);
  }
  return Status::Ok();
}

}  // namespace fenchi
