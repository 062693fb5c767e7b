// What the figures are measured by: copying memory, and libsodium's encrypted stream.
#include <sodium.h>

#include <cstring>

#include "input.h"

namespace fenchi::bench {
namespace {

void Memcpy(benchmark::State& state) {
  const Buffer from = RandomBuffer(static_cast<std::size_t>(state.range(0)));
  Buffer to(from.view().size());
  for (auto _ : state) {
    std::memcpy(to.bytes().data(), from.view().data(), from.view().size());
    benchmark::ClobberMemory();
  }
  CountBytes(state, from.view().size());
}

// XChaCha20-Poly1305, one message of a stream.
void SodiumSecretstream(benchmark::State& state) {
  if (sodium_init() < 0) return state.SkipWithError("sodium_init");
  const Buffer plain = RandomBuffer(static_cast<std::size_t>(state.range(0)));
  Buffer out(plain.view().size() + crypto_secretstream_xchacha20poly1305_ABYTES);
  const unsigned char key[crypto_secretstream_xchacha20poly1305_KEYBYTES] = {1};
  unsigned char header[crypto_secretstream_xchacha20poly1305_HEADERBYTES];
  crypto_secretstream_xchacha20poly1305_state stream;
  crypto_secretstream_xchacha20poly1305_init_push(&stream, header, key);
  for (auto _ : state) {
    if (crypto_secretstream_xchacha20poly1305_push(&stream, out.bytes().data(), nullptr,
                                                   plain.view().data(), plain.view().size(),
                                                   nullptr, 0, 0) != 0) {
      return state.SkipWithError("push");
    }
    benchmark::ClobberMemory();
  }
  CountBytes(state, plain.view().size());
}

BENCHMARK(Memcpy)->Apply(UsualSizes)->Arg(16 * kMiB);
BENCHMARK(SodiumSecretstream)->Apply(UsualSizes);

}  // namespace
}  // namespace fenchi::bench
