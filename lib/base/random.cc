#include "fenchi/random.h"

#include <sodium.h>

#include <array>
#include <cstdlib>
#include <mutex>

#include "base/coding.h"

namespace fenchi {
namespace {

class OsRandom final : public Random {
 public:
  OsRandom() {
    if (sodium_init() < 0) std::abort();
  }
  void Fill(MutableBytes out) override {
    if (!out.empty()) randombytes_buf(out.data(), out.size());
  }
};

class ChaChaRandom final : public Random {
 public:
  explicit ChaChaRandom(std::uint64_t seed) {
    if (sodium_init() < 0) std::abort();
    PutBe64(MutableBytes(key_).first(8), seed);
  }
  void Fill(MutableBytes out) override {
    if (out.empty()) return;
    const std::lock_guard lock(mutex_);
    std::array<std::uint8_t, crypto_stream_chacha20_NONCEBYTES> nonce{};
    PutBe64(nonce, counter_++);
    crypto_stream_chacha20(out.data(), out.size(), nonce.data(), key_.data());
  }

 private:
  std::mutex mutex_;
  std::array<std::uint8_t, crypto_stream_chacha20_KEYBYTES> key_{};
  std::uint64_t counter_ = 0;
};

}  // namespace

Random& SystemRandom() {
  static OsRandom random;
  return random;
}

std::unique_ptr<Random> SeededRandom(std::uint64_t seed) {
  return std::make_unique<ChaChaRandom>(seed);
}

}  // namespace fenchi
