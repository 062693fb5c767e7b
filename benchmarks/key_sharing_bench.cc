// Key sharing of one 32-byte key.
#include "fenchi/key_sharing.h"

#include "input.h"

namespace fenchi::bench {
namespace {

ShareCounts CountsOf(const benchmark::State& state) {
  return {static_cast<int>(state.range(0)), static_cast<int>(state.range(1))};
}

void SplitKeyOf(benchmark::State& state) {
  const SecretBytes key = SecretBytes::Random(kSharedKeySizeBytes, SystemRandom());
  for (auto _ : state) {
    const auto shares = SplitKey(key, CountsOf(state), AsBytes("benchmark"), SystemRandom());
    if (Failed(state, shares.status())) return;
    benchmark::DoNotOptimize(shares.value().data());
  }
}

// From all shares, the last of which is decayed: it is found and named.
void RecoverKeyOf(benchmark::State& state) {
  const SecretBytes key = SecretBytes::Random(kSharedKeySizeBytes, SystemRandom());
  const auto shares = SplitKey(key, CountsOf(state), AsBytes("benchmark"), SystemRandom()).value();
  std::vector<SecretBytes> stored;
  std::vector<NamedShare> items;
  for (const KeyShare& share : shares) stored.push_back(share.Serialize());
  stored.back().mutable_view()[100] ^= 1;
  for (const SecretBytes& bytes : stored) items.push_back({"share", bytes.view()});
  for (auto _ : state) {
    const auto back = RecoverKey(items);
    if (Failed(state, back.status())) return;
    benchmark::DoNotOptimize(back.value().key.view().data());
  }
}

void UsualCounts(benchmark::internal::Benchmark* bench) { bench->Args({2, 3})->Args({3, 5}); }

BENCHMARK(SplitKeyOf)->Apply(UsualCounts);
BENCHMARK(RecoverKeyOf)->Apply(UsualCounts);

}  // namespace
}  // namespace fenchi::bench
