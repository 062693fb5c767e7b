// A set of matrix rows made ready for ISA-L, and the choice of its fastest kernel that fits.
#pragma once

#include <cstdint>
#include <span>

#include "fenchi/bytes.h"
#include "sharing/code_matrix.h"

namespace fenchi {

// Thread-safe. The bytes that Run writes depend on the coefficients only: never on the kernel
// chosen, the CPU, the alignment or the way a range is cut into calls.
class CodeKernel {
 public:
  explicit CodeKernel(const CodeMatrix& coefficients);

  // outputs[i][b] = sum of coefficients(i, j) * inputs[j][b], for b < size_bytes (0 is fine).
  // As many inputs as columns, as many outputs as rows; outputs overlap nothing.
  void Run(std::span<const std::uint8_t* const> inputs, std::span<std::uint8_t* const> outputs,
           std::size_t size_bytes) const;

 private:
  enum class Kind { kGeneral, kXor, kPq };

  int columns_;
  int rows_;
  Kind kind_;
  Bytes tables_;  // 32 bytes for each coefficient
};

}  // namespace fenchi
