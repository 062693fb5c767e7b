#include "sharing/code_kernel.h"

#include <isa-l/erasure_code.h>
#include <isa-l/raid.h>

#include <algorithm>
#include <cassert>
#include <vector>

namespace fenchi {
namespace {

constexpr std::size_t kKernelAlignmentBytes = 32;
// ISA-L counts in int.
constexpr std::size_t kCallSizeBytesMax = std::size_t{1} << 30;
// ISA-L computes 6 rows at most at once: with many rows each input is read again, from cache if the
// range is cut small enough.
constexpr int kRowsWithoutBlocking = 8;
constexpr std::size_t kBlockSizeBytes = 8 * 1024;

bool IsXor(const CodeMatrix& matrix) {
  return matrix.rows() == 1 && matrix.columns() >= 2 &&
         std::ranges::all_of(matrix.row(0), [](std::uint8_t c) { return c == 1; });
}

bool IsPq(const CodeMatrix& matrix) {
  if (matrix.rows() != 2 || matrix.columns() < 2) return false;
  for (int j = 0; j < matrix.columns(); ++j) {
    if (matrix.at(0, j) != ParityCoefficient(0, j) || matrix.at(1, j) != ParityCoefficient(1, j)) {
      return false;
    }
  }
  return true;
}

}  // namespace

CodeKernel::CodeKernel(const CodeMatrix& coefficients)
    : columns_(coefficients.columns()),
      rows_(coefficients.rows()),
      kind_(IsXor(coefficients)  ? Kind::kXor
            : IsPq(coefficients) ? Kind::kPq
                                 : Kind::kGeneral),
      tables_(coefficients.cells().size() * 32) {
  if (tables_.empty()) return;
  Bytes cells(coefficients.cells().begin(), coefficients.cells().end());
  ec_init_tables(columns_, rows_, cells.data(), tables_.data());
}

void CodeKernel::Run(std::span<const std::uint8_t* const> inputs,
                     std::span<std::uint8_t* const> outputs, std::size_t size_bytes) const {
  assert(std::ssize(inputs) == columns_ && std::ssize(outputs) == rows_);
  if (rows_ == 0 || size_bytes == 0) return;
  // ISA-L's arguments are not const; it writes to the outputs only.
  std::vector<unsigned char*> pointers;
  pointers.reserve(inputs.size() + outputs.size());
  for (const std::uint8_t* input : inputs) pointers.push_back(const_cast<std::uint8_t*>(input));
  for (std::uint8_t* output : outputs) pointers.push_back(output);
  const auto advance = [&pointers](std::size_t bytes) {
    for (unsigned char*& pointer : pointers) pointer += bytes;
  };

  const auto general = [&](std::size_t run) {
    ec_encode_data(static_cast<int>(run), columns_, rows_,
                   const_cast<unsigned char*>(tables_.data()), pointers.data(),
                   pointers.data() + columns_);
    advance(run);
    size_bytes -= run;
  };

  const auto past_aligned = [](const unsigned char* p) {
    return reinterpret_cast<std::uintptr_t>(p) % kKernelAlignmentBytes;
  };
  const std::size_t past = past_aligned(pointers.front());
  if (kind_ != Kind::kGeneral && std::ranges::all_of(pointers, [&](const unsigned char* p) {
        return past_aligned(p) == past;
      })) {
    const auto kernel = kind_ == Kind::kXor ? xor_gen : pq_gen;
    if (past != 0) general(std::min(size_bytes, kKernelAlignmentBytes - past));
    while (size_bytes >= kKernelAlignmentBytes) {
      const std::size_t run =
          std::min(size_bytes, kCallSizeBytesMax) / kKernelAlignmentBytes * kKernelAlignmentBytes;
      // A kernel that declines leaves this range to the general one below.
      if (kernel(columns_ + rows_, static_cast<int>(run),
                 reinterpret_cast<void**>(pointers.data())) != 0) {
        break;
      }
      advance(run);
      size_bytes -= run;
    }
  }
  const std::size_t block = rows_ > kRowsWithoutBlocking ? kBlockSizeBytes : kCallSizeBytesMax;
  while (size_bytes > 0) general(std::min(size_bytes, block));
}

}  // namespace fenchi
