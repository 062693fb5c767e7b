// Hashes: the name of public bytes, the id of a chunk, keys from keys.
#include "fenchi/hash.h"

#include "input.h"

namespace fenchi::bench {
namespace {

constexpr std::uint8_t kKey[32] = {1};

void Sha256Of(benchmark::State& state) {
  const Buffer data = RandomBuffer(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(Sha256(data.view()));
  CountBytes(state, data.view().size());
}

void KeyedHashOf(benchmark::State& state) {
  const Buffer data = RandomBuffer(static_cast<std::size_t>(state.range(0)));
  KeyedHash hash = KeyedHash::Create(kKey).value();
  for (auto _ : state) benchmark::DoNotOptimize(hash(data.view()));
  CountBytes(state, data.view().size());
}

// One 32-byte key; locked memory for it included.
void HkdfKey(benchmark::State& state) {
  for (auto _ : state) {
    const SecretBytes key = HkdfSha512(kKey, kKey, AsBytes("fenchi/1/benchmark"), 32);
    benchmark::DoNotOptimize(key.view().data());
  }
}

BENCHMARK(Sha256Of)->Apply(UsualSizes);
BENCHMARK(KeyedHashOf)->Apply(UsualSizes);
BENCHMARK(HkdfKey);

}  // namespace
}  // namespace fenchi::bench
