// What the benchmarks work on: repeatable bytes in aligned, touched memory.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/status.h"

namespace fenchi::bench {

inline constexpr std::int64_t kKiB = 1024;
inline constexpr std::int64_t kMiB = 1024 * kKiB;

// Memory aligned to 64 bytes, zeroed and thereby touched before anything is measured.
class Buffer {
 public:
  explicit Buffer(std::size_t size_bytes)
      : lines_((size_bytes + sizeof(Line) - 1) / sizeof(Line)), size_(size_bytes) {}

  MutableBytes bytes() { return {reinterpret_cast<std::uint8_t*>(lines_.data()), size_}; }
  ByteView view() const { return {reinterpret_cast<const std::uint8_t*>(lines_.data()), size_}; }

 private:
  struct alignas(64) Line {
    std::uint8_t bytes[64];
  };
  std::vector<Line> lines_;
  std::size_t size_;
};

Buffer RandomBuffer(std::size_t size_bytes, std::uint64_t seed = 1);
// Lines of an SQL dump with made-up names and numbers: zstd makes it about four times smaller.
Buffer TextBuffer(std::size_t size_bytes);

// Ends the benchmark with an error: no figure is printed for work that was not done.
inline bool Failed(benchmark::State& state, const Status& status) {
  if (status.ok()) return false;
  state.SkipWithError(status.message().c_str());
  return true;
}

inline void CountBytes(benchmark::State& state, std::size_t bytes_each) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(bytes_each));
}

// 4 KiB, 64 KiB (a segment, a shard block) and 1 MiB (a chunk).
inline void UsualSizes(benchmark::internal::Benchmark* bench) {
  bench->Arg(4 * kKiB)->Arg(64 * kKiB)->Arg(kMiB);
}

}  // namespace fenchi::bench
