#include "fenchi/chunker.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <tuple>

#include "base/error.h"
#include "chunking/cut_scan.h"

namespace fenchi {
namespace {

using chunking::CutLimits;
using chunking::kHashBytes;

static_assert(kChunkSizeBytesMin >= kHashBytes);

// Normalisation (after FastCDC, level 2): 2 bits stricter below the average length and 2 bits
// looser from there on, which brings chunk lengths together around the average.
constexpr int kNormalisationBits = 2;
// How much of that the sieve takes, if the average is large enough. Fewer bits would have the hash
// computed more often, more bits would leave it less to decide.
constexpr int kSieveBits = 11;

// How many times as often as Gear's the hash passes. The excess makes good for text, in which
// places that pass the sieve come in clusters: mean lengths are those of FastCDC. Short chunks need
// more of it, since the sieve has a larger part in where they end.
struct Excess {
  std::uint64_t numerator;
  std::uint64_t denominator;
};
constexpr std::size_t kLongAverageBytes = std::size_t{512} << 10;
constexpr Excess kLongExcess = {9, 8};
constexpr Excess kShortExcess = {21, 16};

// Within both limits is one place in 2^bits, and the excess.
CutLimits LimitsFor(int bits, int sieve_bits, Excess excess) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  const int hash_bits = bits - sieve_bits;
  return {static_cast<std::int16_t>(INT16_MIN + ((1 << (16 - sieve_bits)) - 1)),
          hash_bits == 0 ? kMost : (kMost >> hash_bits) / excess.denominator * excess.numerator};
}

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

// The first length of from..to at which a chunk may end, or 0. `place` is where a chunk of `from`
// bytes ends.
struct Chunker::ContentRule {
  chunking::CutConstants constants;
  CutLimits below_average;
  CutLimits from_average;
  chunking::CutScan scan;
  std::size_t average_bytes;

  std::size_t Cut(const std::uint8_t* place, std::size_t from, std::size_t to) const {
    const std::size_t strict_to = std::min(to, average_bytes - 1);
    for (const auto& [first, last, limits] :
         {std::tuple(from, strict_to, &below_average),
          std::tuple(std::max(from, average_bytes), to, &from_average)}) {
      if (first > last) continue;
      const std::uint8_t* const start = place + (first - from);
      const std::uint8_t* const found = scan(constants, *limits, start, last - first + 1);
      if (found != nullptr) return first + static_cast<std::size_t>(found - start);
    }
    return 0;
  }
};

Chunker::Chunker(const ChunkerOptions& options) : options_(options) {
  if (options.kind == ChunkerKind::kFixed) return;
  const int bits = std::countr_zero(options.average_bytes);
  const int sieve_bits = std::min(kSieveBits, bits - kNormalisationBits);
  const Excess excess = options.average_bytes < kLongAverageBytes ? kShortExcess : kLongExcess;
  rule_ = std::make_shared<const ContentRule>(
      ContentRule{chunking::DeriveCutConstants(options.key),
                  LimitsFor(bits + kNormalisationBits, sieve_bits, excess),
                  LimitsFor(bits - kNormalisationBits, sieve_bits, excess),
                  chunking::AvailableCutScans().back().scan, options.average_bytes});
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

std::size_t Chunker::FirstCut(ByteView window, bool last, std::size_t scanned) const {
  const Step step = Advance(window.first(scanned), window.subspan(scanned));
  return step.cut || last ? scanned + step.taken : 0;
}

// Takes bytes of `data` until the chunk, of which `before` came earlier, is complete or the data
// ends.
//   1. Lengths at which the last 64 bytes lie partly in `before` are tried on a copy of both ends.
//   2. The others are tried in `data`.
//   3. At the largest length the chunk ends in any case.
// Every length is tried once, by its last 64 bytes only: that makes cuts independent of the
// feeding.
Chunker::Step Chunker::Advance(ByteView before, ByteView data) const {
  const std::size_t largest =
      options_.kind == ChunkerKind::kFixed ? options_.average_bytes : options_.max_bytes;
  const std::size_t length = before.size();
  const std::size_t to = std::min(largest, length + data.size());
  const Step all = {to - length, to == largest};
  if (options_.kind == ChunkerKind::kFixed) return all;

  std::size_t from = std::max(options_.min_bytes, length + 1);
  std::size_t cut = 0;
  if (length != 0 && from < length + kHashBytes && from <= to) {
    std::uint8_t ends[2 * kHashBytes];
    const std::size_t old = std::min(length, kHashBytes);
    const std::size_t bridged = std::min(to, length + kHashBytes - 1);
    std::memcpy(ends, before.data() + length - old, old);
    std::memcpy(ends + old, data.data(), bridged - length);
    cut = rule_->Cut(ends + old + (from - length), from, bridged);
    from = bridged + 1;
  }
  if (cut == 0 && from <= to) cut = rule_->Cut(data.data() + (from - length), from, to);
  return cut == 0 ? all : Step{cut - length, true};
}

}  // namespace fenchi
