// Compression of one chunk of 1 MiB, expanding and comparing it again included, and expanding.
#include "fenchi/compression.h"

#include "input.h"

namespace fenchi::bench {
namespace {

void Compress(benchmark::State& state, Buffer (*make)()) {
  const Buffer chunk = make();
  Compressor compressor;
  Bytes stored;
  for (auto _ : state) {
    const int level = static_cast<int>(state.range(0));
    if (Failed(state, compressor.Compress(chunk.view(), level, stored))) return;
    benchmark::ClobberMemory();
  }
  CountBytes(state, chunk.view().size());
  state.counters["ratio"] =
      static_cast<double>(chunk.view().size()) / static_cast<double>(stored.size());
}

void Expand(benchmark::State& state, Buffer (*make)()) {
  const Buffer chunk = make();
  Bytes stored;
  if (Failed(state, Compressor().Compress(chunk.view(), kCompressionLevelDefault, stored))) return;
  Decompressor decompressor;
  Buffer out(chunk.view().size());
  for (auto _ : state) {
    if (Failed(state, decompressor.Expand(stored, out.bytes()))) return;
    benchmark::ClobberMemory();
  }
  CountBytes(state, chunk.view().size());
}

Buffer Random() { return RandomBuffer(kMiB); }
Buffer Text() { return TextBuffer(kMiB); }

BENCHMARK_CAPTURE(Compress, text, Text)->ArgName("level")->Arg(1)->Arg(3);
BENCHMARK_CAPTURE(Compress, random, Random)->ArgName("level")->Arg(3);
BENCHMARK_CAPTURE(Expand, text, Text);
BENCHMARK_CAPTURE(Expand, random, Random);

}  // namespace
}  // namespace fenchi::bench
