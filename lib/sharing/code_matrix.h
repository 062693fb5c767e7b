// The erasure code's matrix, and the matrices that decode it.
//
// Parity row i of data column j, over GF(2^8)/0x11d (on disk, never change, FORMAT.md "Split"):
//   g(0, j) = 1;  g(1, j) = 2^j;  g(i, j) = 1 / (2^(i-1) + 2^(-j)) for i >= 2.
//
// Why every square submatrix is invertible: with x_j = 2^(-j) and y_i = 2^(i-1), rows i >= 2 are a
// Cauchy matrix 1 / (y_i + x_j). Row 1 is 1 / (0 + x_j), the Cauchy row of y = 0, and row 0 is the
// limit of y * 1 / (y + x_j) for y to infinity. A Cauchy matrix, with or without that limit row,
// has no zero minor where all y are distinct, all x are distinct, and no y equals an x. 0 equals
// none of the others, and 2^(i-1) = 2^(-j) only where i - 1 + j is a multiple of 255: never for i <
// m, j < k and k + m <= 257. All shard indexes up to 254 obey that.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fenchi/bytes.h"
#include "fenchi/status.h"

namespace fenchi {

// g(row, column) above. row: 0..255, column: 0..254, with row - 1 + column < 255 where row >= 2.
std::uint8_t ParityCoefficient(int row, int column);

// A dense matrix over GF(2^8)/0x11d.
class CodeMatrix {
 public:
  CodeMatrix(int rows, int columns)
      : rows_(rows), columns_(columns), cells_(static_cast<std::size_t>(rows) * columns) {}

  int rows() const { return rows_; }
  int columns() const { return columns_; }
  std::uint8_t& at(int row, int column) { return cells_[Offset(row, column)]; }
  std::uint8_t at(int row, int column) const { return cells_[Offset(row, column)]; }
  MutableBytes row(int row) {
    return MutableBytes(cells_).subspan(Offset(row, 0), static_cast<std::size_t>(columns_));
  }
  ByteView row(int row) const {
    return ByteView(cells_).subspan(Offset(row, 0), static_cast<std::size_t>(columns_));
  }
  // All coefficients, row after row: what ISA-L expands to tables.
  ByteView cells() const { return cells_; }

 private:
  std::size_t Offset(int row, int column) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) +
           static_cast<std::size_t>(column);
  }
  int rows_;
  int columns_;
  Bytes cells_;
};

// target += factor * source, in the field; equal lengths.
void AddMultiple(MutableBytes target, std::uint8_t factor, ByteView source);

// Parity rows first_row .. first_row + rows - 1 over k data columns.
CodeMatrix ParityRows(int k, int first_row, int rows);

// The inverse of a square matrix. Errors: kInternal when it is singular.
Result<CodeMatrix> Inverse(const CodeMatrix& square);

// One row for each of `wanted`: its coefficients over the shards `present`, in their order.
// present: k distinct indexes 0..254; wanted: indexes 0..254.
Result<CodeMatrix> DecodeRows(int k, std::span<const int> present, std::span<const int> wanted);

}  // namespace fenchi
