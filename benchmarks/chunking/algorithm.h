// The chunkers that docs/adr/0005-chunking.md compares, each as one function.
//
// They live in one program so that they run in turn on the same memory: the same loop moved to
// another translation unit has changed its speed by half before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace chunking_study {

struct Sizes {
  std::size_t min_bytes;
  std::size_t average_bytes;  // a power of two
  std::size_t max_bytes;
};

// The length of the first chunk of `size` bytes at `data`, after which the stream ends. size >= 1.
using CutFunction = std::size_t (*)(const Sizes& sizes, const std::uint8_t* data, std::size_t size);

struct Algorithm {
  std::string name;
  CutFunction cut;
  // Algorithms that name the same one here must cut at the same places as it.
  std::string same_as;
};

// Draws the constants of the candidates anew: how a series deduplicates with one set of constants
// is partly luck, so figures are means over several seeds.
void SeedGear(std::uint64_t seed);
void SeedSieve(std::uint64_t seed);
void SeedLibrary(std::uint64_t seed);

void AddGear(std::vector<Algorithm>& algorithms);
void AddHashless(std::vector<Algorithm>& algorithms);
void AddSieve(std::vector<Algorithm>& algorithms);
void AddLibrary(std::vector<Algorithm>& algorithms);

// 64 bits of a fixed pseudo-random sequence (SplitMix64): the constants of the candidates.
constexpr std::uint64_t Constant(std::uint64_t index) {
  std::uint64_t z = (index + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// A 64-bit word is below this with probability 2^-bits.
constexpr std::uint64_t LimitFor(int bits) {
  return bits <= 0 ? ~std::uint64_t{0} : std::uint64_t{1} << (64 - bits);
}

}  // namespace chunking_study
