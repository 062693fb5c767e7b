// The AEAD of both suites, with a kept key and a new nonce each time.
#include "fenchi/aead.h"

#include "input.h"

namespace fenchi::bench {
namespace {

constexpr std::uint8_t kKey[kAeadKeySize] = {1};

void AeadEncrypt(benchmark::State& state, Suite suite) {
  const auto size = static_cast<std::size_t>(state.range(0));
  Aead aead = Aead::Create(suite, kKey).value();
  const Buffer plain = RandomBuffer(size);
  Buffer out(size + kAeadTagSize);
  std::uint64_t message = 0;
  for (auto _ : state) {
    if (Failed(state, aead.Encrypt(SegmentNonce(message++, false), {}, plain.view(), out.bytes())))
      return;
    benchmark::ClobberMemory();
  }
  CountBytes(state, size);
}

void AeadDecrypt(benchmark::State& state, Suite suite) {
  const auto size = static_cast<std::size_t>(state.range(0));
  Aead aead = Aead::Create(suite, kKey).value();
  const AeadNonce nonce = SegmentNonce(0, false);
  Buffer sealed(size + kAeadTagSize), out(size);
  if (Failed(state, aead.Encrypt(nonce, {}, RandomBuffer(size).view(), sealed.bytes()))) return;
  for (auto _ : state) {
    if (Failed(state, aead.Decrypt(nonce, {}, sealed.view(), out.bytes()))) return;
    benchmark::ClobberMemory();
  }
  CountBytes(state, size);
}

// The tag of a shard's block: GMAC with AES.
void AeadTag(benchmark::State& state, Suite suite) {
  const auto size = static_cast<std::size_t>(state.range(0));
  Aead aead = Aead::Create(suite, kKey).value();
  const Buffer message = RandomBuffer(size);
  Buffer tag(kAeadTagSize);
  std::uint64_t number = 0;
  for (auto _ : state) {
    if (Failed(state, aead.Tag(SegmentNonce(number++, false), message.view(), tag.bytes()))) return;
    benchmark::ClobberMemory();
  }
  CountBytes(state, size);
}

// A small object under a long-lived key: salt, HKDF, commitment, key setup.
void SealBox(benchmark::State& state, Suite suite) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const Buffer plain = RandomBuffer(size);
  const SealContext context{suite, SealType::kRecord, VaultId{}, {}};
  for (auto _ : state) {
    Result<Bytes> box = Seal(context, kKey, plain.view(), SystemRandom());
    if (Failed(state, box.status())) return;
    benchmark::DoNotOptimize(box.value().data());
  }
  CountBytes(state, size);
}

constexpr Suite kAes = Suite::kAes256Gcm;
constexpr Suite kChaCha = Suite::kChaCha20Poly1305;
BENCHMARK_CAPTURE(AeadEncrypt, aes256gcm, kAes)->Apply(UsualSizes);
BENCHMARK_CAPTURE(AeadEncrypt, chacha20poly1305, kChaCha)->Apply(UsualSizes);
BENCHMARK_CAPTURE(AeadDecrypt, aes256gcm, kAes)->Apply(UsualSizes);
BENCHMARK_CAPTURE(AeadDecrypt, chacha20poly1305, kChaCha)->Apply(UsualSizes);
BENCHMARK_CAPTURE(AeadTag, aes256gcm, kAes)->Apply(UsualSizes);
BENCHMARK_CAPTURE(AeadTag, chacha20poly1305, kChaCha)->Apply(UsualSizes);
BENCHMARK_CAPTURE(SealBox, aes256gcm, kAes)->Arg(4 * kKiB);
BENCHMARK_CAPTURE(SealBox, chacha20poly1305, kChaCha)->Arg(4 * kKiB);

}  // namespace
}  // namespace fenchi::bench
