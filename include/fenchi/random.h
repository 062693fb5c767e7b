// Where random bytes come from: passed in, so that every test can repeat itself from a seed.
#pragma once

#include <cstdint>
#include <memory>

#include "fenchi/bytes.h"
#include "fenchi/export.h"

namespace fenchi {

class FENCHI_EXPORT Random {
 public:
  virtual ~Random() = default;
  // Fills all of `out`. Thread-safe. Cannot fail: a system without random bytes ends the process.
  virtual void Fill(MutableBytes out) = 0;
};

// The operating system's generator, for everything but tests. Lives as long as the process.
FENCHI_EXPORT Random& SystemRandom();

// A repeatable stream (ChaCha20 keyed by the seed). WARNING: for tests only.
FENCHI_EXPORT std::unique_ptr<Random> SeededRandom(std::uint64_t seed);

}  // namespace fenchi
