#include <zstd.h>

#include <cstring>

#include "base/error.h"
#include "compression/zstd_frame.h"
#include "fenchi/compression.h"

namespace fenchi {
namespace {

Status ExpandRaw(ByteView payload, MutableBytes out) {
  if (payload.size() != out.size()) {
    return Damaged("raw chunk has {} bytes, its reference promises {}", payload.size(), out.size());
  }
  if (!out.empty()) std::memcpy(out.data(), payload.data(), out.size());
  return Status::Ok();
}

// Everything that can be known without decoding a block, so that a lie costs nothing.
Status CheckFrame(ByteView frame, std::size_t promised_bytes) {
  FENCHI_ASSIGN_OR_RETURN(const compression::FrameHeader header,
                          compression::ReadFrameHeader(frame));
  if (header.content_bytes != promised_bytes) {
    return Damaged("zstd frame states {} bytes, the chunk's reference promises {}",
                   header.content_bytes, promised_bytes);
  }
  if (header.window_bytes > kCompressionWindowBytesMax) {
    return Damaged("zstd frame wants a window of {} bytes, the limit is {}", header.window_bytes,
                   kCompressionWindowBytesMax);
  }
  const std::size_t frame_bytes = ZSTD_findFrameCompressedSize(frame.data(), frame.size());
  if (ZSTD_isError(frame_bytes)) {
    return Damaged("zstd frame is cut short or broken: {}", ZSTD_getErrorName(frame_bytes));
  }
  if (frame_bytes != frame.size()) {
    return Damaged("stored chunk has {} bytes behind its zstd frame", frame.size() - frame_bytes);
  }
  return Status::Ok();
}

}  // namespace

struct Decompressor::State {
  ~State() { ZSTD_freeDCtx(context); }
  ZSTD_DCtx* context = nullptr;  // made by the first frame
};

Decompressor::Decompressor() : state_(std::make_unique<State>()) {}
Decompressor::~Decompressor() = default;
Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;

Status Decompressor::Expand(ByteView stored, MutableBytes out) {
  if (out.size() > kCompressionInputBytesMax) {
    return InvalidArgument("chunk of {} bytes, the limit is {}", out.size(),
                           kCompressionInputBytesMax);
  }
  if (stored.empty()) return Damaged("stored chunk is empty, its method byte is missing");
  const ByteView payload = stored.subspan(1);
  switch (static_cast<CompressionMethod>(stored[0])) {
    case CompressionMethod::kRaw:
      return ExpandRaw(payload, out);
    case CompressionMethod::kZstd:
      break;
    default:
      return Unsupported("stored chunk has compression method {}, known are 0 and 1", stored[0]);
  }
  FENCHI_RETURN_IF_ERROR(CheckFrame(payload, out.size()));
  if (state_->context == nullptr) state_->context = ZSTD_createDCtx();
  if (state_->context == nullptr) return Internal("no memory for zstd's decoder");
  // Given the whole output at once, zstd uses it as the window, allocates nothing and writes
  // nothing behind it.
  const std::size_t expanded =
      ZSTD_decompressDCtx(state_->context, out.data(), out.size(), payload.data(), payload.size());
  if (ZSTD_isError(expanded)) {
    return Damaged("zstd frame does not decode: {}", ZSTD_getErrorName(expanded));
  }
  if (expanded != out.size()) {
    return Damaged("zstd frame holds {} bytes, states {}", expanded, out.size());
  }
  return Status::Ok();
}

}  // namespace fenchi
