#include "fenchi/chunker.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/error.h"
#include "chunking/gear_scan.h"

namespace fenchi {
namespace {

using chunking::GearScan;

// The rolling hash forgets a byte after 64 more: each moves it up one bit, and out of 64.
constexpr std::size_t kWindowBytes = 64;
static_assert(kChunkSizeBytesMin >= kWindowBytes);

// Normalisation (after FastCDC, level 2): 2 bits stricter below the average length and 2 bits
// looser from there on, which brings chunk lengths together around the average.
constexpr int kNormalisationBits = 2;

// A hash is below this with probability 2^-bits: its top `bits` bits are zero.
constexpr std::uint64_t LimitForZeroBits(int bits) { return std::uint64_t{1} << (64 - bits); }

Status CheckFixed(const ChunkerOptions& options) {
  if (options.average_bytes < kChunkSizeBytesMin || options.average_bytes > kChunkSizeBytesMax) {
    return InvalidArgument("fixed chunk size is {} bytes, needs {} to {}", options.average_bytes,
                           kChunkSizeBytesMin, kChunkSizeBytesMax);
  }
  return Status::Ok();
}

Status CheckContentDefined(const ChunkerOptions& options) {
  if (!std::has_single_bit(options.average_bytes)) {
    return InvalidArgument("average chunk size is {} bytes, needs a power of two",
                           options.average_bytes);
  }
  if (options.min_bytes < kChunkSizeBytesMin || options.min_bytes > options.average_bytes ||
      options.average_bytes > options.max_bytes || options.max_bytes > kChunkSizeBytesMax) {
    return InvalidArgument(
        "chunk sizes min {}, average {}, max {} bytes: needs {} <= min <= average <= max <= {}",
        options.min_bytes, options.average_bytes, options.max_bytes, kChunkSizeBytesMin,
        kChunkSizeBytesMax);
  }
  return Status::Ok();
}

}  // namespace

Chunker::Chunker(const ChunkerOptions& options) : options_(options) {
  if (options.kind == ChunkerKind::kFixed) return;
  const int bits = std::countr_zero(options.average_bytes);
  strict_limit_ = LimitForZeroBits(bits + kNormalisationBits);
  loose_limit_ = LimitForZeroBits(bits - kNormalisationBits);
}

Result<Chunker> Chunker::Create(const ChunkerOptions& options) {
  switch (options.kind) {
    case ChunkerKind::kContentDefined:
      FENCHI_RETURN_IF_ERROR(CheckContentDefined(options));
      return Chunker(options);
    case ChunkerKind::kFixed:
      FENCHI_RETURN_IF_ERROR(CheckFixed(options));
      return Chunker(options);
  }
  return InvalidArgument("chunker kind {} is unknown", static_cast<int>(options.kind));
}

std::size_t Chunker::FirstCut(ByteView window, bool last) const {
  Progress progress;
  const Step step = Advance(window, progress);
  return step.cut || last ? step.taken : 0;
}

Chunker::Step Chunker::AdvanceFixed(ByteView data, Progress& progress) const {
  const std::size_t taken = std::min(data.size(), options_.average_bytes - progress.length);
  progress.length += taken;
  return {taken, progress.length == options_.average_bytes};
}

// Takes bytes of `data` until the chunk is complete or the data ends. By length of the chunk:
//   1. up to min - 64: taken unseen, the hash will not remember them.
//   2. up to min - 1:  absorbed; no cut may be here.
//   3. up to average - 1: cut where the hash is below the strict limit.
//   4. up to max:      cut where the hash is below the loose limit, and at max in any case.
// Each part does nothing when the chunk is past it already or the data is used up: that is what
// makes the cuts independent of the feeding.
Chunker::Step Chunker::Advance(ByteView data, Progress& progress) const {
  if (options_.kind == ChunkerKind::kFixed) return AdvanceFixed(data, progress);
  const std::uint8_t* const begin = data.data();
  const std::uint8_t* const end = begin + data.size();
  const std::uint8_t* at = begin;
  std::size_t length = progress.length;
  // The part of the data that brings the chunk up to `target` bytes, no further.
  const auto until = [&](std::size_t target) {
    const std::size_t wanted = target > length ? target - length : 0;
    return at + std::min(wanted, static_cast<std::size_t>(end - at));
  };
  const auto scan_until = [&](std::size_t target, std::uint64_t limit) {
    const std::uint8_t* const stop = until(target);
    const std::uint8_t* const hit = GearScan(at, stop, limit, progress.hash);
    const std::uint8_t* const next = hit != nullptr ? hit : stop;
    length += static_cast<std::size_t>(next - at);
    at = next;
    return hit != nullptr;
  };

  const std::uint8_t* const seen_from = until(options_.min_bytes - kWindowBytes);
  length += static_cast<std::size_t>(seen_from - at);
  at = seen_from;
  bool cut = scan_until(options_.min_bytes - 1, 0);
  if (!cut) cut = scan_until(options_.average_bytes - 1, strict_limit_);
  if (!cut) cut = scan_until(options_.max_bytes, loose_limit_);

  progress.length = length;
  return {static_cast<std::size_t>(at - begin), cut || length == options_.max_bytes};
}

}  // namespace fenchi
