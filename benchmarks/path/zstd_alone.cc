#include "zstd_alone.h"

#include <zstd.h>

#include <cstdlib>
#include <cstring>

namespace fenchi::bench {
namespace {

constexpr int kLevel = 3;

}  // namespace

std::size_t CompressAlone(ByteView chunk, Bytes& out) {
  static ZSTD_CCtx* const context = ZSTD_createCCtx();
  const std::size_t bound = ZSTD_compressBound(chunk.size());
  if (out.size() < bound) out.resize(bound);
  const std::size_t size =
      ZSTD_compressCCtx(context, out.data(), out.size(), chunk.data(), chunk.size(), kLevel);
  if (ZSTD_isError(size) != 0) std::abort();
  return size;
}

void CheckAlone(ByteView frame, ByteView chunk) {
  static ZSTD_DCtx* const context = ZSTD_createDCtx();
  static Bytes back;
  if (back.size() < chunk.size()) back.resize(chunk.size());
  const std::size_t size =
      ZSTD_decompressDCtx(context, back.data(), back.size(), frame.data(), frame.size());
  if (ZSTD_isError(size) != 0 || size != chunk.size() ||
      std::memcmp(back.data(), chunk.data(), size) != 0) {
    std::abort();
  }
}

}  // namespace fenchi::bench
