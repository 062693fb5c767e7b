// The chunker on a stream of 16 MiB that comes in pieces of 1 MiB, as files are read.
#include "fenchi/chunker.h"

#include <algorithm>

#include "input.h"

namespace fenchi::bench {
namespace {

constexpr std::size_t kStream = 16 * kMiB;
constexpr std::size_t kPiece = kMiB;

void Cut(benchmark::State& state, ChunkerKind kind, Buffer (*make)()) {
  ChunkerOptions options;
  options.kind = kind;
  const Buffer data = make();
  std::size_t chunks = 0;
  ChunkStream stream(Chunker::Create(options).value(), [&](ByteView) {
    ++chunks;
    return Status::Ok();
  });
  for (auto _ : state) {
    for (std::size_t at = 0; at < kStream; at += kPiece) {
      if (Failed(state, stream.Feed(data.view().subspan(at, kPiece)))) return;
    }
    if (Failed(state, stream.Finish())) return;
  }
  CountBytes(state, kStream);
  state.counters["chunks"] = static_cast<double>(chunks) /
                             static_cast<double>(std::max<std::int64_t>(1, state.iterations()));
}

Buffer Random() { return RandomBuffer(kStream); }
Buffer Text() { return TextBuffer(kStream); }

BENCHMARK_CAPTURE(Cut, random, ChunkerKind::kContentDefined, Random);
BENCHMARK_CAPTURE(Cut, text, ChunkerKind::kContentDefined, Text);
BENCHMARK_CAPTURE(Cut, fixed, ChunkerKind::kFixed, Random);

}  // namespace
}  // namespace fenchi::bench
