// What the tests of this module share: repeatable choices and aligned buffers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "base/coding.h"
#include "fenchi/bytes.h"
#include "fenchi/random.h"

namespace fenchi {

// Repeatable choices on every standard library, which std::uniform_int_distribution does not give.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : seed_(seed), random_(SeededRandom(seed)) {}

  std::string Seed() const { return "seed " + std::to_string(seed_); }
  int Between(int low, int high) {
    std::uint8_t raw[4];
    random_->Fill(raw);
    return low + static_cast<int>(GetBe32(raw) % static_cast<std::uint32_t>(high - low + 1));
  }
  // `count` different ones of `from`, in random order.
  std::vector<int> Choose(std::vector<int> from, int count) {
    for (int i = 0; i < count; ++i) {
      const int last = static_cast<int>(from.size()) - 1;
      std::swap(from[static_cast<std::size_t>(i)],
                from[static_cast<std::size_t>(Between(i, last))]);
    }
    from.resize(static_cast<std::size_t>(count));
    return from;
  }

 private:
  std::uint64_t seed_;
  std::unique_ptr<Random> random_;
};

// Zeros, aligned to 64 bytes.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::size_t size)
      : size_(size), data_(static_cast<std::uint8_t*>(::operator new(size, kAlignment))) {
    std::memset(data_.get(), 0, size);
  }
  MutableBytes view() { return {data_.get(), size_}; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(std::uint8_t* data) const { ::operator delete(data, kAlignment); }
  };
  std::size_t size_;
  std::unique_ptr<std::uint8_t, Free> data_;
};

}  // namespace fenchi
