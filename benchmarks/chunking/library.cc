// The library's chunker through its public header, and its inner loop at every CPU level.
#include <algorithm>
#include <array>
#include <optional>

#include "algorithm.h"
#include "chunking/cut_scan.h"
#include "fenchi/chunker.h"

namespace chunking_study {
namespace {

std::array<std::uint8_t, 32> key;

// Making a chunker costs some hashing: once for each setting and key.
std::size_t CutLibrary(const Sizes& sizes, const std::uint8_t* data, std::size_t size) {
  static std::optional<fenchi::Chunker> chunker;
  if (!chunker || chunker->options().average_bytes != sizes.average_bytes ||
      chunker->options().key != key) {
    fenchi::ChunkerOptions options;
    options.min_bytes = sizes.min_bytes;
    options.average_bytes = sizes.average_bytes;
    options.max_bytes = sizes.max_bytes;
    options.key = key;
    chunker.emplace(fenchi::Chunker::Create(options).value());
  }
  return chunker->FirstCut({data, size}, true);
}

// The scan alone, with the sieve of the default sizes and cuts of one place in the average: no
// length is skipped.
template <std::size_t kLevel>
std::size_t CutByScan(const Sizes& sizes, const std::uint8_t* data, std::size_t size) {
  static const auto constants = fenchi::chunking::DeriveCutConstants(key);
  constexpr std::uint64_t kSieved = std::uint64_t{1} << 11;
  const fenchi::chunking::CutLimits limits{INT16_MIN + 31,
                                           ~std::uint64_t{0} / sizes.average_bytes * kSieved};
  const std::size_t longest = std::min(size, sizes.max_bytes);
  if (longest < 64) return longest;
  const auto scan = fenchi::chunking::AvailableCutScans()[kLevel].scan;
  const std::uint8_t* const cut = scan(constants, limits, data + 64, longest - 63);
  return cut == nullptr ? longest : static_cast<std::size_t>(cut - data);
}

template <std::size_t kLevel>
void AddLevel(std::vector<Algorithm>& algorithms) {
  const auto levels = fenchi::chunking::AvailableCutScans();
  if (kLevel >= levels.size()) return;
  algorithms.push_back({std::string("fenchi-scan-") + levels[kLevel].name, CutByScan<kLevel>,
                        kLevel == 0 ? "" : "fenchi-scan-plain"});
}

}  // namespace

void SeedLibrary(std::uint64_t seed) { key[0] = static_cast<std::uint8_t>(seed); }

void AddLibrary(std::vector<Algorithm>& algorithms) {
  AddLevel<0>(algorithms);
  AddLevel<1>(algorithms);
  AddLevel<2>(algorithms);
  algorithms.push_back({"fenchi", CutLibrary, ""});
}

}  // namespace chunking_study
