// The erasure code on one block of each shard, as packs use it. Bytes are those of the data.
#include "fenchi/erasure_code.h"

#include <numeric>

#include "input.h"

namespace fenchi::bench {
namespace {

constexpr std::size_t kBlock = 64 * kKiB;

struct Shards {
  explicit Shards(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) buffers.push_back(RandomBuffer(kBlock, i));
    for (Buffer& buffer : buffers) {
      views.push_back(buffer.view());
      outputs.push_back(buffer.bytes());
    }
  }

  std::vector<Buffer> buffers;
  std::vector<ByteView> views;
  std::vector<MutableBytes> outputs;
};

void ErasureEncode(benchmark::State& state) {
  const int k = static_cast<int>(state.range(0)), n = static_cast<int>(state.range(1));
  const ErasureCode code = ErasureCode::Create(k, n).value();
  const Shards data(static_cast<std::size_t>(k)), parity(static_cast<std::size_t>(n - k));
  for (auto _ : state) {
    if (Failed(state, code.Encode(data.views, parity.outputs))) return;
    benchmark::ClobberMemory();
  }
  CountBytes(state, kBlock * static_cast<std::size_t>(k));
}

// The worst case: as many data shards are absent as may be; the plan is prepared once.
void ErasureDecode(benchmark::State& state) {
  const int k = static_cast<int>(state.range(0)), n = static_cast<int>(state.range(1));
  const int absent = std::min(k, n - k);
  const ErasureCode code = ErasureCode::Create(k, n).value();
  std::vector<int> present(static_cast<std::size_t>(k)), wanted(static_cast<std::size_t>(absent));
  std::iota(present.begin(), present.end(), absent);
  std::iota(wanted.begin(), wanted.end(), 0);
  const ErasureCode::Decoder decoder = code.PrepareDecode(present, wanted).value();
  const Shards inputs(present.size()), outputs(wanted.size());
  for (auto _ : state) {
    if (Failed(state, decoder.Apply(inputs.views, outputs.outputs))) return;
    benchmark::ClobberMemory();
  }
  CountBytes(state, kBlock * static_cast<std::size_t>(k));
}

void UsualCounts(benchmark::internal::Benchmark* bench) {
  bench->Args({2, 3})->Args({3, 5})->Args({6, 9})->Args({10, 14});
}

BENCHMARK(ErasureEncode)->Apply(UsualCounts);
BENCHMARK(ErasureDecode)->Apply(UsualCounts);

}  // namespace
}  // namespace fenchi::bench
